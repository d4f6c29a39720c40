/* meantime-load: options -> command -> report -> files and exit status. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/memory.h"
#include "loadgen/commands/command.h"
#include "loadgen/report/findings.h"
#include "loadgen/report/report_formats.h"

enum { BODY_BYTES_MAX = REQUEST_BYTES_MAX, COLUMNS_USUAL = 100, COLUMNS_MIN = 60, COLUMNS_MAX = 120 };

/* Where a part of the report goes. */
struct output {
	const char *option, *file;
	FILE *out;
	int (*write)(const struct report *report, FILE *out);
};

static volatile bool is_interrupted;

static void on_signal(int number)
{
	if (is_interrupted)
		_exit(128 + number);
	is_interrupted = true;
}

static void watch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void print_usage(FILE *out)
{
	fputs("meantime-load - the latency of every request\n\nusage: meantime-load COMMAND [OPTION...]\n\n", out);
	options_print_commands(out);
	fputs("  version                 the version\n"
	      "\nmeantime-load COMMAND --help lists the options of each.\n",
	      out);
}

/* Outputs */

static int write_json(const struct report *report, FILE *out)
{
	char *text = report_json(report);
	int result = fputs(text, out) < 0 || fputc('\n', out) < 0 ? -1 : 0;

	free(text);
	return result;
}

/* Opened before anything is measured, so that a wrong path is known at once. */
static int open_outputs(struct output *outputs, size_t count, char *why, size_t why_size)
{
	for (size_t i = 0; i < count; i++) {
		if (outputs[i].file == NULL)
			continue;
		outputs[i].out = strcmp(outputs[i].file, "-") == 0 ? stdout : fopen(outputs[i].file, "we");
		if (outputs[i].out == NULL) {
			snprintf(why, why_size, "%s %s: %s", outputs[i].option, outputs[i].file, strerror(errno));
			return -1;
		}
	}
	return 0;
}

static int write_outputs(const struct report *report, struct output *outputs, size_t count)
{
	int result = 0;

	for (size_t i = 0; i < count; i++) {
		bool is_good;

		if (outputs[i].out == NULL)
			continue;
		is_good = outputs[i].write(report, outputs[i].out) == 0 && !ferror(outputs[i].out);
		is_good = (outputs[i].out == stdout ? fflush(stdout) : fclose(outputs[i].out)) == 0 && is_good;
		if (!is_good) {
			fprintf(stderr, "meantime-load: %s %s could not be written: %s\n", outputs[i].option,
				outputs[i].file, strerror(errno));
			result = -1;
		}
	}
	return result;
}

static unsigned columns_of(FILE *out)
{
	struct winsize size;

	if (ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return COLUMNS_USUAL;
	return size.ws_col < COLUMNS_MIN ? COLUMNS_MIN : size.ws_col > COLUMNS_MAX ? COLUMNS_MAX : size.ws_col;
}

/* Options that are more than words */

static int read_body(struct command *command)
{
	const char *body = command->options->body;
	FILE *file;
	char *text;
	size_t length;

	if (body == NULL)
		return 0;
	if (body[0] != '@') {
		command->request_options.body = text_of(body);
		return 0;
	}
	file = fopen(body + 1, "re");
	if (file == NULL) {
		snprintf(command->why, sizeof(command->why), "--body %s: %s", body, strerror(errno));
		return -1;
	}
	text = memory_alloc(BODY_BYTES_MAX + 1);
	length = fread(text, 1, BODY_BYTES_MAX + 1, file);
	if (ferror(file) || length > BODY_BYTES_MAX) {
		snprintf(command->why, sizeof(command->why), "--body %s: it cannot be read, or is longer than %d MiB",
			 body, BODY_BYTES_MAX >> 20);
		free(text);
		length = SIZE_MAX;
	} else {
		command->request_options.body =
		    (struct text){arena_copy(&command->report->arena, (struct text){text, length}), length};
		free(text);
	}
	fclose(file);
	return length == SIZE_MAX ? -1 : 0;
}

static int read_goals(struct command *command)
{
	const struct load_options *options = command->options;
	struct error_limit limit;

	if (options->goals.count > ARRAY_LENGTH(command->goals)) {
		snprintf(command->why, sizeof(command->why), "--slo: at most %zu of them",
			 ARRAY_LENGTH(command->goals));
		return -1;
	}
	for (unsigned i = 0; i < options->goals.count; i++)
		if (!goal_read(options->goals.at[i], &command->goals[command->goal_count++])) {
			snprintf(command->why, sizeof(command->why),
				 "--slo %s: expected something like p99<50ms, p99.9<1s, mean<5ms, max<2s, with a unit",
				 options->goals.at[i]);
			return -1;
		}
	if (options->max_errors != NULL && !error_limit_read(options->max_errors, &limit)) {
		snprintf(command->why, sizeof(command->why),
			 "--max-errors %s: expected a number, or a share such as 1%%", options->max_errors);
		return -1;
	}
	return 0;
}

static int prepare(struct command *command)
{
	const struct load_options *options = command->options;

	command->request_options = (struct request_options){
	    .method = options->method,
	    .headers = options->headers.at,
	    .header_count = options->headers.count,
	    .is_keep_alive = !options->no_keep_alive,
	    .seed = options->has_seed ? options->seed : 1,
	};
	if (read_body(command) != 0 || read_goals(command) != 0)
		return -1;
	for (unsigned i = 0; i < command->goal_count; i++)
		if (command->goals[i].kind == GOAL_PERCENTILE) {
			command->report->slo_limit_ms = command->goals[i].limit_ms;
			command->report->slo_percent = command->goals[i].percent;
			break;
		}
	for (unsigned i = 0; i < command->goal_count; i++)
		if (command->goals[i].kind == GOAL_PERCENTILE &&
		    !report_want_percentile(command->report, command->goals[i].percent)) {
			snprintf(command->why, sizeof(command->why), "--slo: more than %d percentiles",
				 PERCENTILES_MAX);
			return -1;
		}
	return 0;
}

/* Exit status */

static int status_of(const struct report *report)
{
	if (report->has_failed)
		return EXIT_MISSED;
	if (!report->is_sound)
		return EXIT_UNSOUND;
	for (unsigned i = 0; i < report->goal_count; i++)
		if (!report->goals[i].is_known)
			return EXIT_UNSOUND;
	for (unsigned i = 0; i < report->goal_count; i++)
		if (!report->goals[i].is_met)
			return EXIT_MISSED;
	return EXIT_GOOD;
}

static int run(struct command *command, struct output *outputs, size_t count)
{
	static int (*const commands[COMMAND_COUNT])(struct command *) = {
	    [COMMAND_RUN] = command_run,         [COMMAND_BURST] = command_burst, [COMMAND_SWEEP] = command_sweep,
	    [COMMAND_COMPARE] = command_compare, [COMMAND_DIFF] = command_diff,   [COMMAND_LOOP] = command_loop,
	    [COMMAND_QUEUE] = command_queue,
	};
	FILE *out = stdout;
	int status;

	if (prepare(command) != 0 || open_outputs(outputs, count, command->why, sizeof(command->why)) != 0)
		return EXIT_USAGE;
	watch_signals();
	status = commands[command->options->command](command);
	live_end(command->live);
	if (status != EXIT_GOOD)
		return status;
	if (is_interrupted)
		command->report->is_interrupted = true;
	find_conclusion(command->report, command->options->max_errors != NULL);
	for (size_t i = 0; i < count; i++)
		if (outputs[i].out == stdout)
			out = stderr;
	report_write_text(command->report, out, columns_of(out));
	if (fflush(out) != 0) {
		fprintf(stderr, "meantime-load: the report could not be written: %s\n", strerror(errno));
		status = EXIT_USAGE;
	}
	if (write_outputs(command->report, outputs, count) != 0)
		status = EXIT_USAGE;
	return status != EXIT_GOOD ? status : status_of(command->report);
}

int main(int argc, char **argv)
{
	struct load_options options;
	struct report *report;
	struct live live;
	struct command command = {.options = &options, .live = &live, .is_interrupted = &is_interrupted};
	int status;

	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		print_usage(stdout);
		return EXIT_GOOD;
	}
	if (strcmp(argv[1], "version") == 0 || strcmp(argv[1], "--version") == 0) {
		puts("meantime-load " MEANTIME_VERSION);
		return EXIT_GOOD;
	}
	if (options_read(&options, argc, argv, command.why, sizeof(command.why)) != 0) {
		fprintf(stderr, "meantime-load: %s\n", command.why);
		return EXIT_USAGE;
	}
	if (options.help) {
		options_print_help(options.command, stdout);
		return EXIT_GOOD;
	}
	struct output outputs[] = {
	    {"--json", options.json, NULL, write_json},
	    {"--csv", options.csv, NULL, report_write_csv},
	    {"--ndjson", options.ndjson, NULL, report_write_ndjson},
	    {"--trace", options.trace, NULL, report_write_trace},
	    {"--html", options.html, NULL, report_write_html},
	};
	report = memory_alloc(sizeof(*report));
	report_init(report, argv[1], argc, argv);
	command.report = report;
	live_init(&live, options.quiet);
	status = run(&command, outputs, ARRAY_LENGTH(outputs));
	if (command.why[0] != '\0' && status != EXIT_GOOD)
		fprintf(stderr, "meantime-load: %s\n", command.why);
	report_cleanup(report);
	free(report);
	return status;
}
