/* queue: items that are made and processed, by a synchronous program and by programs that a queue of the service joins. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "loadgen/commands/command.h"
#include "loadgen/engine/items.h"
#include "loadgen/report/findings.h"

enum { PRODUCERS = 2, ITEMS_USUAL = 40, MAKE_MS = 50, PROCESS_MS = 20, TIMEOUT_MS = 10000 };

static uint64_t given_or(uint64_t given, uint64_t usual)
{
	return given > 0 ? given : usual;
}

/* -1 and command->why: one is no header. */
static int read_headers(struct command *command, const char **headers)
{
	const struct strings *given = &command->options->headers;
	struct buffer lines = buffer_in(&command->report->arena);

	for (unsigned i = 0; i < given->count; i++) {
		if (strchr(given->at[i], ':') == NULL || strpbrk(given->at[i], "\r\n") != NULL) {
			snprintf(command->why, sizeof(command->why), "--header %s: expected 'NAME: VALUE'",
				 given->at[i]);
			return -1;
		}
		buffer_add(&lines, text_of(given->at[i]));
		buffer_add(&lines, TEXT("\r\n"));
	}
	*headers = arena_copy(&command->report->arena, buffer_text(&lines));
	return 0;
}

/* A queue of its own, so that no other's jobs are taken. */
static const char *queue_path(struct command *command, const char *path)
{
	size_t length = strlen(path);

	while (length > 0 && path[length - 1] == '/')
		length--;
	return arena_printf(&command->report->arena, "%.*s/queues/meantime-load-%d-%llx", (int)length, path,
			    (int)getpid(), (unsigned long long)clock_now_ns());
}

static int run_one(struct command *command, struct items_plan *plan, bool is_synchronous)
{
	const char *name = is_synchronous ? "synchronous" : "queue";
	double work_ms = (double)(plan->make_ns * (is_synchronous ? PRODUCERS : 1)) / 1e6 * plan->each +
			 (is_synchronous ? (double)plan->process_ns / 1e6 * PRODUCERS * plan->each : 0);
	struct items_run run;
	int result;

	plan->is_synchronous = is_synchronous;
	live_say(command->live, "%s, %.1f s", name, work_ms / 1e3);
	result = items_run(plan, &run, command->why, sizeof(command->why));
	if (result == 0)
		report_add_items(command->report, name, plan, &run);
	items_cleanup(&run);
	return result;
}

int command_queue(struct command *command)
{
	const struct load_options *options = command->options;
	struct report *report = command->report;
	const char *url = options->arguments.at[0], *path;
	struct target target;
	struct items_plan plan = {
	    .target = &target,
	    .producers = PRODUCERS,
	    .each = (unsigned)given_or(options->items, ITEMS_USUAL),
	    .make_ns = given_or(options->make_ns, MAKE_MS * NS_PER_MS),
	    .process_ns = given_or(options->process_ns, PROCESS_MS * NS_PER_MS),
	    .timeout_ns = given_or(options->timeout_ns, TIMEOUT_MS * NS_PER_MS),
	    .is_interrupted = command->is_interrupted,
	};

	if (target_parse(&target, url, &report->arena, &path, command->why, sizeof(command->why)) != 0 ||
	    read_headers(command, &plan.headers) != 0)
		return EXIT_USAGE;
	plan.queue = queue_path(command, path);
	if (strlen(plan.queue) > 180) {
		snprintf(command->why, sizeof(command->why), "%s: the path is too long", url);
		return EXIT_USAGE;
	}
	report->arms[report->arm_count++] = (struct report_arm){.name = "target", .url = url};
	for (unsigned i = 0; i < 2 && !command_is_interrupted(command); i++)
		if (run_one(command, &plan, i == 0) != 0)
			return EXIT_USAGE;
	report->is_interrupted = command_is_interrupted(command);
	find_items(report);
	return EXIT_GOOD;
}
