/* options_parts.h - the inside of the options, for config/options*.c only.
 *
 *   options.c              the table; names and values; command line
 *   options_environment.c  the environment
 *   options_file.c         the JSON file
 *   options_folder.c       what an installed program finds beside itself
 *   options_show.c         help and log
 */
#pragma once

#include <stddef.h>

#include "base/compiler.h"
#include "base/text.h"
#include "config/options.h"

enum {
	SPELLED_MAX = 64, /* MEANTIME_FETCH_CONNECT_TIMEOUT_MS and its NUL are half of it */
	STRING_MAX = 4096,
};

enum option_type { TYPE_string, TYPE_uint, TYPE_mode, TYPE_pooler, TYPE_switch, TYPE_level, TYPE_output };

struct option_row {
	const char *field;
	enum option_type type;
	size_t offset;
	uint32_t min, max; /* of a number; of a string's length */
	const char *help;
};

enum option_number {
#define OPTION(field, type, standard, min, max, help) OPTION_##field,
#include "config/options.def"
#undef OPTION
	OPTION_COUNT
};

extern const struct option_row option_rows[OPTION_COUNT];

/* The types whose value is one of a few words; its number is the word's place. */
struct option_vocabulary {
	const char *const *words;
	unsigned count;
	const char *expected, *placeholder;
};

extern const struct option_vocabulary option_vocabularies[];

/* An option is written in its own way in the JSON file, on the command line and in the environment:
 * db_connections, --db-connections, MEANTIME_DB_CONNECTIONS. */
enum spelling { SPELLED_AS_KEY, SPELLED_AS_FLAG, SPELLED_AS_VARIABLE };

void option_spell(const char *field, enum spelling spelling, char spelled[static SPELLED_MAX]);
const struct option_row *option_find(struct text name, enum spelling spelling);
/* "an integer from 1 to 256" */
void option_expectation(const struct option_row *row, char text[static 128]);
/* `origin` is kept, `place` is what a message begins with. */
int option_set_row(struct options *options, const struct option_row *row, const char *value, const char *origin,
		   const char *place);
int PRINTF_LIKE(2, 3) option_fail(struct options *options, const char *format, ...);
/* `place` is where the name stands. */
int option_fail_unknown(struct options *options, const char *place, struct text name, enum spelling spelling);
/* Returns NULL when the variable is not there or empty, as compose files leave it. */
const char *option_find_variable(char *const *environment, const char *name);
