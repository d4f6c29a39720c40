#include "config/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include <jansson.h>

enum {
	FILE_BYTES_MAX = 64 * 1024, /* the whole table with every help text is a tenth of it */
	SPELLED_MAX = 64,           /* MEANTIME_DB_SHARED_CONNECTIONS and its NUL are half of it */
	HELP_COLUMN = 31,
	HELP_WIDTH = 100,
	STRING_MAX = 4096,
};

enum option_type { TYPE_string, TYPE_uint, TYPE_mode, TYPE_level, TYPE_output };

struct row {
	const char *field;
	enum option_type type;
	size_t offset;
	uint32_t min, max; /* of a number; of a string's length */
	const char *help;
};

static const struct row rows[] = {
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

_Static_assert(ARRAY_LENGTH(rows) <= ARRAY_LENGTH(((struct options *)NULL)->origins), "an origin for each option");

static const char *const modes[] = {[MODE_SYNC] = "sync", [MODE_THREADS] = "threads", [MODE_ASYNC] = "async"};
static const char *const levels[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "error"};
static const char *const outputs[] = {[LOG_TO_STDERR] = "stderr", [LOG_TO_STDOUT] = "stdout"};

/* The types whose value is one of a few words; its number is the word's place. */
static const struct vocabulary {
	const char *const *words;
	unsigned count;
	const char *expected, *placeholder;
} vocabularies[] = {
    [TYPE_mode] = {modes, ARRAY_LENGTH(modes), "sync, threads or async", "MODE"},
    [TYPE_level] = {levels, ARRAY_LENGTH(levels), "debug, info, warning or error", "LEVEL"},
    [TYPE_output] = {outputs, ARRAY_LENGTH(outputs), "stderr or stdout", "OUTPUT"},
};

/* An option is written in its own way in the JSON file, on the command line and in the environment. */
enum spelling { SPELLED_AS_KEY, SPELLED_AS_FLAG, SPELLED_AS_VARIABLE };

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
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		options->origins[i] = "default";
}

void options_cleanup(struct options *options)
{
	arena_cleanup(&options->arena);
}

static int PRINTF_LIKE(2, 3) fail(struct options *options, const char *format, ...)
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

/* db_connections, --db-connections, MEANTIME_DB_CONNECTIONS */
static void spell(const char *field, enum spelling spelling, char spelled[static SPELLED_MAX])
{
	size_t length = (size_t)snprintf(spelled, SPELLED_MAX, "%s%s", prefixes[spelling], field);

	for (size_t i = strlen(prefixes[spelling]); i < length; i++) {
		if (spelling == SPELLED_AS_FLAG && spelled[i] == '_')
			spelled[i] = '-';
		if (spelling == SPELLED_AS_VARIABLE && spelled[i] >= 'a' && spelled[i] <= 'z')
			spelled[i] = (char)(spelled[i] - 'a' + 'A');
	}
}

static const struct row *find_row(struct text name, enum spelling spelling)
{
	char spelled[SPELLED_MAX];

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		spell(rows[i].field, spelling, spelled);
		if (text_equal(name, text_of(spelled)))
			return &rows[i];
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

	spell(field, spelling, spelled);
	distance = edit_distance(name, text_of(spelled));
	if (distance < *nearest) {
		*nearest = distance;
		memcpy(best, spelled, sizeof(spelled));
	}
}

/* `place` is where the name stands. */
static int fail_unknown(struct options *options, const char *place, struct text name, enum spelling spelling)
{
	unsigned nearest = (unsigned)(name.length - strlen(prefixes[spelling])) / 4 + 2;
	int shown = name.length > 60 ? 60 : (int)name.length;
	char best[SPELLED_MAX] = "";

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		consider(name, rows[i].field, spelling, &nearest, best);
	if (spelling != SPELLED_AS_KEY)
		consider(name, "config", spelling, &nearest, best);
	if (best[0] != '\0')
		return fail(options, "%s: no option is called \"%.*s\"; did you mean %s?", place, shown, name.at, best);
	return fail(options, "%s: no option is called \"%.*s\"; meantime serve --help lists them", place, shown,
		    name.at);
}

/* Values */

static void expectation(const struct row *row, char text[static 128])
{
	if (row->type == TYPE_uint)
		snprintf(text, 128, "an integer from %" PRIu32 " to %" PRIu32, row->min, row->max);
	else if (row->type == TYPE_string)
		snprintf(text, 128, "a string of %" PRIu32 " to %" PRIu32 " bytes", row->min, row->max);
	else
		snprintf(text, 128, "%s", vocabularies[row->type].expected);
}

/* A string may hold a password: of a wrong one only the length is said. */
static int fail_value(struct options *options, const struct row *row, const char *value, const char *place)
{
	char expected[128];

	expectation(row, expected);
	if (row->type == TYPE_string)
		return fail(options, "%s: %s must be %s, not of %zu", place, row->field, expected, strlen(value));
	return fail(options, "%s: %s must be %s, not \"%.60s\"", place, row->field, expected, value);
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

static bool read_word(const char *value, const struct vocabulary *vocabulary, unsigned *number)
{
	for (unsigned i = 0; i < vocabulary->count; i++)
		if (strcmp(vocabulary->words[i], value) == 0) {
			*number = i;
			return true;
		}
	return false;
}

static bool store(struct options *options, const struct row *row, const char *value)
{
	void *field = (char *)options + row->offset;
	size_t length = strlen(value);

	switch (row->type) {
	case TYPE_uint:
		return read_uint(value, row->min, row->max, field);
	case TYPE_mode:
	case TYPE_level:
	case TYPE_output:
		return read_word(value, &vocabularies[row->type], field);
	case TYPE_string:
		if (length < row->min || length > row->max)
			return false;
		*(option_string *)field = arena_copy(&options->arena, text_of(value));
		return true;
	}
	return false;
}

/* `origin` is kept, `place` is what a message begins with. */
static int set_row(struct options *options, const struct row *row, const char *value, const char *origin,
		   const char *place)
{
	if (!store(options, row, value))
		return fail_value(options, row, value, place);
	options->origins[row - rows] = arena_copy(&options->arena, text_of(origin));
	return 0;
}

int options_set(struct options *options, const char *field, const char *value, const char *origin)
{
	const struct row *row = find_row(text_of(field), SPELLED_AS_KEY);

	if (row == NULL)
		return fail_unknown(options, origin, text_of(field), SPELLED_AS_KEY);
	return set_row(options, row, value, origin, origin);
}

const char *options_origin(const struct options *options, const char *field)
{
	return options->origins[find_row(text_of(field), SPELLED_AS_KEY) - rows];
}

/* The JSON file */

/* Returns the file as a string in the arena, or NULL and an error. */
static const char *read_file(struct options *options, const char *file, size_t *length)
{
	FILE *stream = fopen(file, "rb");
	char *bytes;
	int error;

	if (stream == NULL) {
		fail(options, "%s: can not be opened: %s", file, strerror(errno));
		return NULL;
	}
	bytes = arena_alloc(&options->arena, FILE_BYTES_MAX + 1);
	errno = 0;
	*length = fread(bytes, 1, FILE_BYTES_MAX + 1, stream);
	error = ferror(stream) ? errno : 0;
	fclose(stream);
	if (error != 0) {
		fail(options, "%s: can not be read: %s", file, strerror(error));
		return NULL;
	}
	if (*length > FILE_BYTES_MAX) {
		fail(options, "%s: is larger than %d bytes, the limit of a configuration file", file, FILE_BYTES_MAX);
		return NULL;
	}
	bytes[*length] = '\0';
	return bytes;
}

/* jansson does not say where a key stands: it is looked for in the text, with its quotes and its colon. Returns 0 when
 * it is not there as it is spelled, but with escapes. */
static unsigned line_of_key(const char *text, const char *key)
{
	size_t length = strlen(key);
	unsigned line = 1;

	for (const char *at = text; *at != '\0'; at++) {
		line += *at == '\n';
		if (*at != '"' || strncmp(at + 1, key, length) != 0 || at[1 + length] != '"')
			continue;
		if (at[2 + length + strspn(at + 2 + length, " \t\r\n")] == ':')
			return line;
	}
	return 0;
}

static const char *json_type_name(const json_t *value)
{
	static const char *const names[] = {
	    [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",  [JSON_STRING] = "a string",
	    [JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
	    [JSON_FALSE] = "false",      [JSON_NULL] = "null",
	};

	return names[json_typeof(value)];
}

static int set_from_json(struct options *options, const char *key, const json_t *value, const char *file,
			 const char *place)
{
	const struct row *row = find_row(text_of(key), SPELLED_AS_KEY);
	char number[32], expected[128];

	if (row == NULL)
		return fail_unknown(options, place, text_of(key), SPELLED_AS_KEY);
	if (row->type == TYPE_uint && json_is_integer(value)) {
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return set_row(options, row, number, file, place);
	}
	if (row->type != TYPE_uint && json_is_string(value))
		return set_row(options, row, json_string_value(value), file, place);
	expectation(row, expected);
	return fail(options, "%s: %s must be %s, not %s", place, row->field, expected, json_type_name(value));
}

static int set_all_from_json(struct options *options, json_t *root, const char *text, const char *file)
{
	const char *key;
	json_t *value;

	json_object_foreach(root, key, value)
	{
		unsigned line = line_of_key(text, key);
		const char *place = line > 0 ? arena_printf(&options->arena, "%s:%u", file, line) : file;

		if (set_from_json(options, key, value, file, place) < 0)
			return -1;
	}
	return 0;
}

int options_load_file(struct options *options, const char *file)
{
	json_error_t error;
	size_t length;
	const char *text = read_file(options, file, &length);
	json_t *root;
	int result;

	if (text == NULL)
		return -1;
	root = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (root == NULL)
		return fail(options, "%s:%d:%d: %s", file, error.line, error.column, error.text);
	if (json_is_object(root))
		result = set_all_from_json(options, root, text, file);
	else
		result = fail(options, "%s:1: an object of options, {\"loops\": 1}, was expected, not %s", file,
			      json_type_name(root));
	json_decref(root);
	return result;
}

/* The environment */

/* Returns the value of "NAME=value" when `variable` is that one, else NULL. */
static const char *value_of(const char *variable, const char *name)
{
	size_t length = strlen(name);

	return strncmp(variable, name, length) == 0 && variable[length] == '=' ? variable + length + 1 : NULL;
}

/* Returns NULL when the variable is not there or empty, as compose files leave it. */
static const char *find_variable(char *const *environment, const char *name)
{
	const char *value;

	for (; *environment != NULL; environment++) {
		value = value_of(*environment, name);
		if (value != NULL)
			return value[0] != '\0' ? value : NULL;
	}
	return NULL;
}

static int set_from_variable(struct options *options, const char *variable)
{
	const char *equals = strchr(variable, '=');
	struct text name = {variable, equals != NULL ? (size_t)(equals - variable) : strlen(variable)};
	const struct row *row = find_row(name, SPELLED_AS_VARIABLE);
	const char *origin;

	if (text_equal(name, TEXT("MEANTIME_CONFIG")))
		return 0;
	if (row == NULL || equals == NULL)
		return fail_unknown(options, "environment", name, SPELLED_AS_VARIABLE);
	if (equals[1] == '\0')
		return 0;
	origin = arena_copy(&options->arena, name);
	return set_row(options, row, equals + 1, origin, origin);
}

int options_load_environment(struct options *options, char *const *environment)
{
	const char *url = find_variable(environment, "DATABASE_URL");

	if (url != NULL && options_set(options, "database", url, "DATABASE_URL") < 0)
		return -1;
	for (; *environment != NULL; environment++)
		if (strncmp(*environment, "MEANTIME_", 9) == 0 && set_from_variable(options, *environment) < 0)
			return -1;
	return 0;
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

	if (strncmp(argument, "--", 2) != 0 || argument[2] == '\0')
		return fail(options, "\"%.60s\" was not expected; options are --name VALUE or --name=VALUE", argument);
	flag->name = (struct text){argument, equals != NULL ? (size_t)(equals - argument) : strlen(argument)};
	flag->value = equals != NULL ? equals + 1 : NULL;
	if (!text_equal(flag->name, TEXT("--config")) && find_row(flag->name, SPELLED_AS_FLAG) == NULL)
		return fail_unknown(options, "command line", flag->name, SPELLED_AS_FLAG);
	if (flag->value != NULL)
		return 0;
	/* a forgotten value would otherwise swallow the next option */
	if (*at == argc || strncmp(argv[*at], "--", 2) == 0)
		return fail(options, "%s: a value is missing; %s VALUE or %s=VALUE was expected", argument, argument,
			    argument);
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
	const char *file = find_variable(environment, "MEANTIME_CONFIG");
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
	const struct row *row;
	const char *origin;
	struct flag flag;

	for (int at = 0; at < argc;) {
		if (take_flag(options, argc, argv, &at, &flag) < 0)
			return -1;
		row = find_row(flag.name, SPELLED_AS_FLAG);
		if (row == NULL)
			continue;
		origin = arena_copy(&options->arena, flag.name);
		if (set_row(options, row, flag.value, origin, origin) < 0)
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

/* What is shown */

/* Cut where `text` ends: it is only shown to people. */
static void add_text(char text[static STRING_MAX], const char *more, size_t length)
{
	size_t used = strlen(text), room = STRING_MAX - 1 - used;

	length = length < room ? length : room;
	memcpy(text + used, more, length);
	text[used + length] = '\0';
}

/* The end of a value behind "password=": to the '&' in a URL; else quoted, or to the next blank (libpq's rules). */
static const char *password_end(const char *at, bool is_url)
{
	const char *stops = is_url ? "&" : *at == '\'' ? "'" : " \t\r\n";
	bool is_quoted = !is_url && *at == '\'';

	at += is_quoted;
	while (*at != '\0' && strchr(stops, *at) == NULL)
		at += !is_url && at[0] == '\\' && at[1] != '\0' ? 2 : 1;
	return at + (is_quoted && *at == '\'');
}

/* Marks what may be part of a password, rather too much than too little: what follows the first ':' (of a URL, behind
 * its scheme) up to the last '@', and each "password =". */
static void mark_passwords(const char *database, bool *is_hidden)
{
	const char *scheme = strstr(database, "://"), *last_at = strrchr(database, '@'), *at = database;
	bool is_url = scheme != NULL && strcspn(database, " =") > (size_t)(scheme - database);
	const char *colon = strchr(is_url ? scheme + 3 : database, ':');

	if (colon != NULL && last_at != NULL && colon < last_at)
		memset(is_hidden + (colon + 1 - database), true, (size_t)(last_at - colon - 1));
	while ((at = strstr(at, "password")) != NULL) {
		const char *value;

		at += strlen("password");
		at += strspn(at, " \t\r\n");
		if (*at != '=')
			continue;
		value = at + 1 + strspn(at + 1, " \t\r\n");
		memset(is_hidden + (value - database), true, (size_t)(password_end(value, is_url) - value));
	}
}

static void add_without_password(char text[static STRING_MAX], const char *database)
{
	bool is_hidden[STRING_MAX + 1] = {false};

	mark_passwords(database, is_hidden);
	for (size_t i = 0; database[i] != '\0'; i++) {
		if (!is_hidden[i])
			add_text(text, database + i, 1);
		else if (i == 0 || !is_hidden[i - 1])
			add_text(text, "***", 3);
	}
}

static void describe_value(const struct options *options, const struct row *row, char text[static STRING_MAX])
{
	const void *field = (const char *)options + row->offset;

	text[0] = '\0';
	switch (row->type) {
	case TYPE_uint:
		snprintf(text, STRING_MAX, "%" PRIu32, *(const option_uint *)field);
		break;
	case TYPE_mode:
	case TYPE_level:
	case TYPE_output:
		snprintf(text, STRING_MAX, "%s", vocabularies[row->type].words[*(const unsigned *)field]);
		break;
	case TYPE_string:
		add_without_password(text, *(const option_string *)field);
		break;
	}
}

/* Writes the words of `text` in lines that begin at HELP_COLUMN; the first one is there already. */
static void print_wrapped(FILE *out, const char *text)
{
	size_t column = HELP_COLUMN;

	while (*text != '\0') {
		size_t length = strcspn(text, " ");

		if (column > HELP_COLUMN && column + 1 + length > HELP_WIDTH) {
			fprintf(out, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		}
		column += (size_t)fprintf(out, "%s%.*s", column > HELP_COLUMN ? " " : "", (int)length, text);
		text += length + (text[length] == ' ');
	}
	fputc('\n', out);
}

static void print_option(FILE *out, const struct options *defaults, const struct row *row)
{
	const char *placeholder = row->type == TYPE_string ? "TEXT"
				  : row->type == TYPE_uint ? "N"
							   : vocabularies[row->type].placeholder;
	char flag[SPELLED_MAX], variable[SPELLED_MAX], head[96], range[64] = "", standard[STRING_MAX],
								 text[STRING_MAX + 512];

	spell(row->field, SPELLED_AS_FLAG, flag);
	spell(row->field, SPELLED_AS_VARIABLE, variable);
	describe_value(defaults, row, standard);
	if (row->type == TYPE_uint)
		snprintf(range, sizeof(range), "%" PRIu32 " to %" PRIu32 "; ", row->min, row->max);
	snprintf(head, sizeof(head), "  %s %s", flag, placeholder);
	snprintf(text, sizeof(text), "%s (%s%s%s%s%s)", row->help, range, standard[0] != '\0' ? "default " : "",
		 standard, standard[0] != '\0' ? "; " : "", variable);
	fprintf(out, "%-*s", HELP_COLUMN, head);
	print_wrapped(out, text);
}

void options_print_help(FILE *out)
{
	struct options defaults;

	options_init(&defaults);
	fprintf(out, "%-*s", HELP_COLUMN, "  --config FILE");
	print_wrapped(out, "JSON file of options, {\"loops\": 2}; keys have _ for - (MEANTIME_CONFIG)");
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		print_option(out, &defaults, &rows[i]);
	options_cleanup(&defaults);
}

void options_log(const struct options *options)
{
	char text[STRING_MAX];

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		if (strcmp(options->origins[i], "default") == 0)
			continue;
		describe_value(options, &rows[i], text);
		log_info("options", "%s is %s (from %s)", rows[i].field, text, options->origins[i]);
	}
}
