#include "config/options_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

const struct option_row option_rows[OPTION_COUNT] = {
#define OPTION(field, type, standard, min, max, help)                                                                  \
	{#field, TYPE_##type, offsetof(struct options, field), min, max, help},
#include "config/options.def"
#undef OPTION
};

/* a database of any length fits the buffers that it is shown from */
#define OPTION(field, type, standard, min, max, help)                                                                  \
	_Static_assert(TYPE_##type != TYPE_string || (max) <= STRING_MAX, #field " may be too long to be shown");
#include "config/options.def"
#undef OPTION

_Static_assert(OPTION_COUNT <= ARRAY_LENGTH(((struct options *)NULL)->origins), "an origin for each option");

static const char *const modes[] = {[MODE_SYNC] = "sync", [MODE_THREADS] = "threads", [MODE_ASYNC] = "async"};
static const char *const poolers[] = {
    [POOLER_NONE] = "none", [POOLER_SESSION] = "session", [POOLER_TRANSACTION] = "transaction"};
static const char *const switches[] = {[SWITCH_OFF] = "off", [SWITCH_ON] = "on"};
static const char *const levels[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "error"};
static const char *const outputs[] = {"stderr", "stdout"};

const struct option_vocabulary option_vocabularies[] = {
    [TYPE_mode] = {modes, ARRAY_LENGTH(modes), "sync, threads or async", "MODE"},
    [TYPE_pooler] = {poolers, ARRAY_LENGTH(poolers), "none, session or transaction", "KIND"},
    [TYPE_switch] = {switches, ARRAY_LENGTH(switches), "on or off", "SWITCH"},
    [TYPE_level] = {levels, ARRAY_LENGTH(levels), "debug, info, warning or error", "LEVEL"},
    [TYPE_output] = {outputs, ARRAY_LENGTH(outputs), "stderr, stdout or a path with a \"/\" in it", "OUTPUT"},
};

const char *mode_name(enum mode mode)
{
	return modes[mode];
}

void options_init(struct options *options)
{
	*options = (struct options){
#define OPTION(field, type, standard, min, max, help) .field = standard,
#include "config/options.def"
#undef OPTION
	};
	arena_init(&options->arena, NULL, 0);
	for (size_t i = 0; i < OPTION_COUNT; i++)
		options->origins[i] = "default";
}

void options_cleanup(struct options *options)
{
	arena_cleanup(&options->arena);
}

int option_fail(struct options *options, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vsnprintf(options->error, sizeof(options->error), format, values);
	va_end(values);
	options->is_usage_error = false;
	return -1;
}

/* Names */

static const char *const prefixes[] = {
    [SPELLED_AS_KEY] = "", [SPELLED_AS_FLAG] = "--", [SPELLED_AS_VARIABLE] = "MEANTIME_"};

void option_spell(const char *field, enum spelling spelling, char spelled[static SPELLED_MAX])
{
	size_t length = (size_t)snprintf(spelled, SPELLED_MAX, "%s%s", prefixes[spelling], field);

	for (size_t i = strlen(prefixes[spelling]); i < length; i++) {
		if (spelling == SPELLED_AS_FLAG && spelled[i] == '_')
			spelled[i] = '-';
		if (spelling == SPELLED_AS_VARIABLE && spelled[i] >= 'a' && spelled[i] <= 'z')
			spelled[i] = (char)(spelled[i] - 'a' + 'A');
	}
}

const struct option_row *option_find(struct text name, enum spelling spelling)
{
	char spelled[SPELLED_MAX];

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		option_spell(option_rows[i].field, spelling, spelled);
		if (text_equal(name, text_of(spelled)))
			return &option_rows[i];
	}
	return NULL;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many characters to insert, drop or replace to make one of the other (Levenshtein); `b` is the spelled one. */
static unsigned edit_distance(struct text a, struct text b)
{
	unsigned row[SPELLED_MAX];

	for (unsigned j = 0; j <= b.length; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.length; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b.length; j++) {
			unsigned replaced = diagonal + (a.at[i - 1] != b.at[j - 1]);

			diagonal = row[j];
			row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[b.length];
}

static void consider(struct text name, const char *field, enum spelling spelling, unsigned *nearest,
		     char best[SPELLED_MAX])
{
	char spelled[SPELLED_MAX];
	unsigned distance;

	option_spell(field, spelling, spelled);
	distance = edit_distance(name, text_of(spelled));
	if (distance < *nearest) {
		*nearest = distance;
		memcpy(best, spelled, sizeof(spelled));
	}
}

int option_fail_unknown(struct options *options, const char *place, struct text name, enum spelling spelling)
{
	unsigned nearest = (unsigned)(name.length - strlen(prefixes[spelling])) / 4 + 2;
	int shown = name.length > 60 ? 60 : (int)name.length;
	char best[SPELLED_MAX] = "";

	for (size_t i = 0; i < OPTION_COUNT; i++)
		consider(name, option_rows[i].field, spelling, &nearest, best);
	if (spelling != SPELLED_AS_KEY)
		consider(name, "config", spelling, &nearest, best);
	if (best[0] != '\0')
		return option_fail(options, "%s: no option is called \"%.*s\"; did you mean %s?", place, shown, name.at,
				   best);
	return option_fail(options, "%s: no option is called \"%.*s\"; meantime serve --help lists them", place, shown,
			   name.at);
}

/* Values */

void option_expectation(const struct option_row *row, char text[static 128])
{
	if (row->type == TYPE_uint)
		snprintf(text, 128, "an integer from %" PRIu32 " to %" PRIu32, row->min, row->max);
	else if (row->type == TYPE_string)
		snprintf(text, 128, "a string of %" PRIu32 " to %" PRIu32 " bytes", row->min, row->max);
	else
		snprintf(text, 128, "%s", option_vocabularies[row->type].expected);
}

/* A string may hold a password: of a wrong one only the length is said. */
static int fail_value(struct options *options, const struct option_row *row, const char *value, const char *place)
{
	char expected[128];

	option_expectation(row, expected);
	if (row->type == TYPE_string)
		return option_fail(options, "%s: %s must be %s, not of %zu", place, row->field, expected,
				   strlen(value));
	return option_fail(options, "%s: %s must be %s, not \"%.60s\"", place, row->field, expected, value);
}

/* Decimal digits and nothing else. */
static bool read_uint(const char *value, uint32_t min, uint32_t max, uint32_t *number)
{
	uint64_t sum = 0;

	for (const char *at = value; *at != '\0'; at++) {
		if (*at < '0' || *at > '9')
			return false;
		sum = sum * 10 + (uint64_t)(*at - '0');
		if (sum > max)
			return false;
	}
	if (value[0] == '\0' || sum < min)
		return false;
	*number = (uint32_t)sum;
	return true;
}

static bool read_word(const char *value, const struct option_vocabulary *vocabulary, unsigned *number)
{
	for (unsigned i = 0; i < vocabulary->count; i++)
		if (strcmp(vocabulary->words[i], value) == 0) {
			*number = i;
			return true;
		}
	return false;
}

static bool store_string(struct options *options, const struct option_row *row, const char *value)
{
	size_t length = strlen(value);

	if (length < row->min || length > row->max)
		return false;
	*(option_string *)(void *)((char *)options + row->offset) = arena_copy(&options->arena, text_of(value));
	return true;
}

/* A word that is misspelt is no file. */
static bool is_output(const char *value)
{
	unsigned word;

	return strchr(value, '/') != NULL || read_word(value, &option_vocabularies[TYPE_output], &word);
}

static bool store(struct options *options, const struct option_row *row, const char *value)
{
	void *field = (char *)options + row->offset;

	switch (row->type) {
	case TYPE_uint:
		return read_uint(value, row->min, row->max, field);
	case TYPE_mode:
	case TYPE_pooler:
	case TYPE_switch:
	case TYPE_level:
		return read_word(value, &option_vocabularies[row->type], field);
	case TYPE_output:
		return is_output(value) && store_string(options, row, value);
	case TYPE_string:
		return store_string(options, row, value);
	}
	return false;
}

int option_set_row(struct options *options, const struct option_row *row, const char *value, const char *origin,
		   const char *place)
{
	if (!store(options, row, value))
		return fail_value(options, row, value, place);
	options->origins[row - option_rows] = arena_copy(&options->arena, text_of(origin));
	return 0;
}

int options_set(struct options *options, const char *field, const char *value, const char *origin)
{
	const struct option_row *row = option_find(text_of(field), SPELLED_AS_KEY);

	if (row == NULL)
		return option_fail_unknown(options, origin, text_of(field), SPELLED_AS_KEY);
	return option_set_row(options, row, value, origin, origin);
}

const char *options_origin(const struct options *options, const char *field)
{
	return options->origins[option_find(text_of(field), SPELLED_AS_KEY) - option_rows];
}

/* The command line */

struct flag {
	struct text name; /* with its dashes */
	const char *value;
};

/* Reads argv[*at], and the next one where the value is there. */
static int read_flag(struct options *options, int argc, char *const *argv, int *at, struct flag *flag)
{
	const char *argument = argv[(*at)++], *equals = strchr(argument, '=');

	/* a connection string without its option holds a password */
	if (strncmp(argument, "--", 2) != 0 && (strstr(argument, "://") != NULL || equals != NULL))
		return option_fail(options, "a value without an option was not expected; options are --name VALUE or "
					    "--name=VALUE, as --database URL");
	if (strncmp(argument, "--", 2) != 0 || argument[2] == '\0')
		return option_fail(options, "\"%.60s\" was not expected; options are --name VALUE or --name=VALUE",
				   argument);
	flag->name = (struct text){argument, equals != NULL ? (size_t)(equals - argument) : strlen(argument)};
	flag->value = equals != NULL ? equals + 1 : NULL;
	if (!text_equal(flag->name, TEXT("--config")) && option_find(flag->name, SPELLED_AS_FLAG) == NULL)
		return option_fail_unknown(options, "command line", flag->name, SPELLED_AS_FLAG);
	if (flag->value != NULL)
		return 0;
	/* a forgotten value would otherwise swallow the next option */
	if (*at == argc || strncmp(argv[*at], "--", 2) == 0)
		return option_fail(options, "%s: a value is missing; %s VALUE or %s=VALUE was expected", argument,
				   argument, argument);
	flag->value = argv[(*at)++];
	return 0;
}

static int take_flag(struct options *options, int argc, char *const *argv, int *at, struct flag *flag)
{
	int result = read_flag(options, argc, argv, at, flag);

	options->is_usage_error = result < 0;
	return result;
}

/* The file ranks below the rest, so it has to be known first. */
static int load_named_file(struct options *options, int argc, char *const *argv, char *const *environment)
{
	const char *file = option_find_variable(environment, "MEANTIME_CONFIG");
	struct flag flag;

	for (int at = 0; at < argc;) {
		if (take_flag(options, argc, argv, &at, &flag) < 0)
			return -1;
		if (text_equal(flag.name, TEXT("--config")))
			file = flag.value;
	}
	return file != NULL ? options_load_file(options, file) : 0;
}

static int load_command_line(struct options *options, int argc, char *const *argv)
{
	const struct option_row *row;
	const char *origin;
	struct flag flag;

	for (int at = 0; at < argc;) {
		if (take_flag(options, argc, argv, &at, &flag) < 0)
			return -1;
		row = option_find(flag.name, SPELLED_AS_FLAG);
		if (row == NULL)
			continue;
		origin = arena_copy(&options->arena, flag.name);
		if (option_set_row(options, row, flag.value, origin, origin) < 0)
			return -1;
	}
	return 0;
}

int options_load(struct options *options, int argc, char *const *argv, char *const *environment)
{
	options_init(options);
	if (load_named_file(options, argc, argv, environment) < 0)
		return -1;
	if (options_load_environment(options, environment) < 0)
		return -1;
	return load_command_line(options, argc, argv);
}
