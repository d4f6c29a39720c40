#include "loadgen/commands/options.h"

#include <stdio.h>
#include <string.h>

#include "loadgen/commands/option_name.h"
#include "loadgen/commands/option_value.h"

/* One option at argv[*at]; leaves *at on its last word. */
static int read_option(struct load_options *options, int argc, char *const *argv, int *at, char *why, size_t why_size)
{
	char name[OPTION_NAME_MAX + 1], text[160];
	const char *word = argv[*at], *equals = word[1] == '-' ? strchr(word, '=') : NULL, *value;
	bool is_attached = word[1] != '-' && word[1] != '\0' && word[2] != '\0'; /* -c64 */
	size_t length = is_attached ? 2 : equals == NULL ? strlen(word) : (size_t)(equals - word);
	const struct option_row *row;

	snprintf(name, sizeof(name), "%.*s", (int)length, word);
	row = length > OPTION_NAME_MAX ? NULL : option_name_find(name, options->command);
	if (row == NULL)
		return option_name_refuse(name, options->command, why, why_size);
	if (row->type == OPTION_FLAG) {
		*(bool *)((char *)options + row->offset) = true;
		if (equals != NULL)
			snprintf(why, why_size, "%s takes no value", row->name);
		return equals == NULL ? 0 : -1;
	}
	value = is_attached ? word + 2 : equals != NULL ? equals + 1 : *at + 1 < argc ? argv[++*at] : NULL;
	if (value == NULL || value[0] == '\0') {
		snprintf(why, why_size, "%s needs a value: %s", row->name, row->value);
		return -1;
	}
	if (!option_value_set(options, row, value)) {
		snprintf(why, why_size, "%s %s: expected %s", row->name, value,
			 option_value_expected(row, text, sizeof(text)));
		return -1;
	}
	return 0;
}

static int check_together(const struct load_options *options, char *why, size_t why_size)
{
	unsigned count = options->arguments.count;
	const char *wrong = NULL;

	if (count < option_commands[options->command].min || count > option_commands[options->command].max) {
		snprintf(why, why_size, "%s: expected %s, got %u argument%s", option_commands[options->command].name,
			 option_commands[options->command].max == 0 ? "only options"
								    : option_commands[options->command].usage,
			 count, count == 1 ? "" : "s");
		return -1;
	}
	if (options->rate > 0 && (options->connections > 0 || options->pipeline > 0))
		wrong = "--rate is an open loop, --connections and --pipeline belong to a closed one: give one or the "
			"other";
	else if (options->rate <= 0 && options->command == COMMAND_RUN && options->max_in_flight > 0)
		wrong = "--max-in-flight belongs to an open loop (--rate)";
	else if (options->targets.count == 1)
		wrong = "--target is needed at least twice: there is nothing to compare with";
	else if (options->targets.count > 0 &&
		 (options->program || options->delay_count || options->modes || options->compute_path))
		wrong = "--target measures what runs already; --program, --modes, --database-delay and --compute-path "
			"start services";
	else if (options->compute_count > 0 && options->compute_path == NULL)
		wrong = "--compute-threads needs what is to be computed: --compute-path";
	else if (options->compute_count > 0 && options->compute_threads[0] != 1)
		wrong = "--compute-threads: the first is what the others are compared with: 1";
	else if (options->pipeline > 1 && options->no_keep_alive)
		wrong = "--pipeline needs connections that stay open, --no-keep-alive closes them";
	else if (options->pipeline > 1 && options->redirects > 0)
		wrong = "--follow sends a request again behind its answer, which --pipeline does not leave room for";
	if (wrong != NULL)
		snprintf(why, why_size, "%s", wrong);
	return wrong == NULL ? 0 : -1;
}

static int find_command(const char *name)
{
	for (int i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(name, option_commands[i].name) == 0)
			return i;
	return -1;
}

int options_read(struct load_options *options, int argc, char *const *argv, char *why, size_t why_size)
{
	int command = find_command(argv[1]);
	bool is_over = false;

	*options = (struct load_options){0};
	if (command < 0) {
		snprintf(why, why_size,
			 "unknown command '%s'; expected run, burst, sweep, compare, diff, loop or version", argv[1]);
		return -1;
	}
	options->command = (enum command_name)command;
	for (int at = 2; at < argc; at++) {
		if (!is_over && (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0)) {
			options->help = true;
			return 0;
		}
		if (!is_over && strcmp(argv[at], "--") == 0) {
			is_over = true;
		} else if (!is_over && argv[at][0] == '-' && argv[at][1] != '\0') {
			if (read_option(options, argc, argv, &at, why, why_size) != 0)
				return -1;
		} else if (options->arguments.count == STRINGS_MAX) {
			snprintf(why, why_size, "more than %d arguments", STRINGS_MAX);
			return -1;
		} else {
			options->arguments.at[options->arguments.count++] = argv[at];
		}
	}
	return check_together(options, why, why_size);
}
