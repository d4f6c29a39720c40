#include "config/options_parts.h"

#include <inttypes.h>
#include <string.h>

enum {
	HELP_COLUMN = 31,
	HELP_WIDTH = 100,
};

/* Cut where `text` ends: it is only shown to people. */
static void add_text(char text[static STRING_MAX], const char *more, size_t length)
{
	size_t used = strlen(text), room = STRING_MAX - 1 - used;

	length = length < room ? length : room;
	memcpy(text + used, more, length);
	text[used + length] = '\0';
}

/* The end of a value behind "key=": to the '&' in a URL; else quoted, or to the next blank (libpq's rules). */
static const char *value_end(const char *at, bool is_url)
{
	const char *stops = is_url ? "&" : *at == '\'' ? "'" : " \t\r\n";
	bool is_quoted = !is_url && *at == '\'';

	at += is_quoted;
	while (*at != '\0' && strchr(stops, *at) == NULL)
		at += !is_url && at[0] == '\\' && at[1] != '\0' ? 2 : 1;
	return at + (is_quoted && *at == '\'');
}

/* Marks the value of each "key =". */
static void mark_values(const char *database, const char *key, bool is_url, bool *is_hidden)
{
	const char *at = database, *value;

	while ((at = strstr(at, key)) != NULL) {
		at += strlen(key);
		at += strspn(at, " \t\r\n");
		if (*at != '=')
			continue;
		value = at + 1 + strspn(at + 1, " \t\r\n");
		memset(is_hidden + (value - database), true, (size_t)(value_end(value, is_url) - value));
	}
}

/* Marks what may be part of a secret, rather too much than too little. It is what follows the first ':' (of a URL,
 * behind its scheme) up to the last '@'. It is each password, too, and the settings in `options`, which may be an
 * application's own. Of a page's URL it is all of the query. */
static void mark_secrets(const char *database, bool *is_hidden)
{
	const char *scheme = strstr(database, "://"), *last_at = strrchr(database, '@');
	bool is_url = scheme != NULL && strcspn(database, " =") > (size_t)(scheme - database);
	const char *colon = strchr(is_url ? scheme + 3 : database, ':');
	const char *query = strncmp(database, "http", 4) == 0 ? strchr(database, '?') : NULL;

	if (colon != NULL && last_at != NULL && colon < last_at)
		memset(is_hidden + (colon + 1 - database), true, (size_t)(last_at - colon - 1));
	if (query != NULL)
		memset(is_hidden + (query + 1 - database), true, strlen(query + 1));
	mark_values(database, "password", is_url, is_hidden);
	mark_values(database, "options", is_url, is_hidden);
}

static void add_without_secrets(char text[static STRING_MAX], const char *database)
{
	bool is_hidden[STRING_MAX + 1] = {false};

	mark_secrets(database, is_hidden);
	for (size_t i = 0; database[i] != '\0'; i++) {
		if (!is_hidden[i])
			add_text(text, database + i, 1);
		else if (i == 0 || !is_hidden[i - 1])
			add_text(text, "***", 3);
	}
}

static void describe_value(const struct options *options, const struct option_row *row, char text[static STRING_MAX])
{
	const void *field = (const char *)options + row->offset;

	text[0] = '\0';
	switch (row->type) {
	case TYPE_uint:
		snprintf(text, STRING_MAX, "%" PRIu32, *(const option_uint *)field);
		break;
	case TYPE_mode:
	case TYPE_pooler:
	case TYPE_switch:
	case TYPE_level:
		snprintf(text, STRING_MAX, "%s", option_vocabularies[row->type].words[*(const unsigned *)field]);
		break;
	case TYPE_output:
	case TYPE_string:
		add_without_secrets(text, *(const option_string *)field);
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

static void print_option(FILE *out, const struct options *defaults, const struct option_row *row)
{
	const char *placeholder = row->type == TYPE_string ? "TEXT"
				  : row->type == TYPE_uint ? "N"
							   : option_vocabularies[row->type].placeholder;
	char flag[SPELLED_MAX], variable[SPELLED_MAX], head[96], range[64] = "", standard[STRING_MAX],
								 text[STRING_MAX + 512];

	option_spell(row->field, SPELLED_AS_FLAG, flag);
	option_spell(row->field, SPELLED_AS_VARIABLE, variable);
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
	for (size_t i = 0; i < OPTION_COUNT; i++)
		print_option(out, &defaults, &option_rows[i]);
	options_cleanup(&defaults);
}

void options_log(const struct options *options)
{
	char text[STRING_MAX];

	if (options->service_links == 1)
		log_info("options", "passed over as a service link of Kubernetes: %s", options->service_link);
	else if (options->service_links > 1)
		log_info("options", "passed over as service links of Kubernetes: %s and %u more", options->service_link,
			 options->service_links - 1);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (strcmp(options->origins[i], "default") == 0)
			continue;
		describe_value(options, &option_rows[i], text);
		log_info("options", "%s is %s (from %s)", option_rows[i].field, text, options->origins[i]);
	}
}
