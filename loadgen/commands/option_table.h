/* option_table.h - every option of meantime-load, its commands, type, bounds and help; and the commands.
 *
 * Thread:  any; constant.
 */
#pragma once

#include "base/compiler.h"
#include "loadgen/commands/options.h"

enum { OPTION_NAME_MAX = 32 }; /* characters of a name */

enum option_type {
	OPTION_FLAG,
	OPTION_COUNT,
	OPTION_RATE,
	OPTION_TIME,
	OPTION_TIMES,
	OPTION_COUNTS,
	OPTION_STRING,
	OPTION_STRINGS,
	OPTION_ARRIVALS,
};

struct option_row {
	const char *name, *letter; /* "--connections"; "-c", or NULL */
	enum option_type type;
	unsigned commands; /* a bit for each, 1 << COMMAND_... */
	size_t offset;     /* of its field in struct load_options */
	double min, max;   /* of a count or rate; of a time in seconds */
	const char *value, *help;
};

struct option_command {
	const char *name, *usage, *what;
	unsigned min, max; /* arguments */
};

extern const struct option_row option_rows[];
extern const size_t option_row_count;
extern const struct option_command option_commands[COMMAND_COUNT];
