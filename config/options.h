/* options.h - every option of the service, from its default, the JSON file, the environment and the command line.
 *
 * Each later origin wins over the earlier ones. A wrong value stops the start and names its origin.
 *
 * Life:    options_load(), or options_init() and its parts one by one -> constant -> options_cleanup().
 * Owner:   strings are in the options' own arena.
 * Errors:  -1 and a message that names the option, where its value came from, and what was expected.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/log.h"

enum mode { MODE_SYNC, MODE_THREADS, MODE_ASYNC };
const char *mode_name(enum mode mode);

/* What stands between the service and PostgreSQL. */
enum pooler { POOLER_NONE, POOLER_SESSION, POOLER_TRANSACTION };

enum { SWITCH_OFF, SWITCH_ON };

typedef const char *option_string;
typedef uint32_t option_uint;
typedef enum mode option_mode;
typedef enum pooler option_pooler;
typedef unsigned option_switch;
typedef enum log_level option_level;
typedef const char *option_output;

struct options {
#define OPTION(field, type, standard, min, max, help) option_##type field;
#include "config/options.def"
#undef OPTION
	struct arena arena;
	/* in the table's order: "default", "FILE", "MEANTIME_X", "--x"; static or in the arena */
	const char *origins[96];
	/* variables that Kubernetes has set for a Service, passed over; and the first one's name */
	unsigned service_links;
	const char *service_link;
	char error[512];     /* the message of the last -1 */
	bool is_usage_error; /* it is about the words of the command line, not about a value */
};

void options_init(struct options *options);
void options_cleanup(struct options *options);
/* One value by the name of its field ("listen", "db_connections"); `origin` is what an error message names. */
MUST_CHECK int options_set(struct options *options, const char *field, const char *value, const char *origin);
/* A JSON object whose keys are field names; an unknown key or a wrong type is an error with file and line. */
MUST_CHECK int options_load_file(struct options *options, const char *file);
/* MEANTIME_*: a variable of that prefix that names no option is an error. MEANTIME_CONFIG, which options_load() reads,
 * is none, and neither is what Kubernetes sets for a Service whose name begins with "meantime". DATABASE_URL counts as
 * MEANTIME_DATABASE with a lower rank than it. What is empty counts as not there, as compose files leave it. */
MUST_CHECK int options_load_environment(struct options *options, char *const *environment);
/* Everything, options_init() included: defaults, the file (--config or MEANTIME_CONFIG), environment, then the command
 * line. There it is --name VALUE or --name=VALUE; of the same option twice, the later wins. argv[0] is the first
 * argument behind the sub-command. */
MUST_CHECK int options_load(struct options *options, int argc, char *const *argv, char *const *environment);
/* Where the default folder of endpoints is missing, the installed one is taken. It is ../share/meantime/endpoints
 * beside the folder of the program at this path. */
void options_find_folders(struct options *options, const char *program);
/* With the running program. */
void options_find_own_folders(struct options *options);
/* Where the value of the field comes from: "--listen", "MEANTIME_LISTEN", the file's name, or "default". */
const char *options_origin(const struct options *options, const char *field);
/* "  --loops N   help (1 to 256; default 1; MEANTIME_LOOPS)" for each, and --config, wrapped at 100 columns. */
void options_print_help(FILE *out);
/* The values that are not defaults, with their origin, to the log; a password in `database` is not shown. */
void options_log(const struct options *options);
