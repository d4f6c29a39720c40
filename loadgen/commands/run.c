/* run: one load. */
#include <math.h>

#include "base/clock.h"
#include "loadgen/commands/command.h"
#include "loadgen/report/findings.h"

enum { CONNECTIONS_USUAL = 64, IN_FLIGHT_USUAL = 1000, CONNECTIONS_OPEN_LOOP = 64 };

static unsigned least(uint64_t a, uint64_t b)
{
	return (unsigned)(a < b ? a : b);
}

static bool is_bounded_by_time(const struct load_options *options)
{
	return options->requests == 0 || options->duration_ns > 0;
}

static void set_model(const struct load_options *options, struct load_plan *plan)
{
	plan->requests_max = options->requests;
	if (options->rate > 0) {
		plan->model = LOAD_OPEN;
		plan->rate = options->rate;
		plan->arrivals = options->arrivals;
		plan->max_in_flight = (unsigned)(options->max_in_flight > 0 ? options->max_in_flight : IN_FLIGHT_USUAL);
		/* so many are there before the first is due; further ones are opened when they are needed */
		plan->connections = options->no_keep_alive ? 0 : least(plan->max_in_flight, CONNECTIONS_OPEN_LOOP);
	} else {
		plan->connections = (unsigned)(options->connections > 0 ? options->connections : CONNECTIONS_USUAL);
		plan->pipeline = (unsigned)(options->pipeline > 0 ? options->pipeline : 1);
	}
	/* with --requests alone, the time is no limit but the longest that there may be */
	if (!is_bounded_by_time(options))
		plan->duration_ns = 24 * 3600 * NS_PER_S;
	if (options->requests > 0 && !options->has_warmup)
		plan->warmup_ns = 0;
}

int command_run(struct command *command)
{
	struct report *report = command->report;
	struct request_set set;
	struct load_plan plan;
	struct report_load *load;
	int status = EXIT_USAGE;

	report->arms[report->arm_count++] =
	    (struct report_arm){.name = "target", .url = command->options->arguments.at[0]};
	if (command_requests(command, &set, command->options->arguments.at[0]) == 0) {
		plan = command_plan(command, &set, 10, 1);
		set_model(command->options, &plan);
		live_begin(command->live,
			   is_bounded_by_time(command->options) ? (double)(plan.warmup_ns + plan.duration_ns) / 1e9 : 0,
			   "%s", set.requests[0]->label);
		load = command_measure(command, 0, &plan);
		if (load != NULL) {
			find_run(report, load);
			command_judge(command, 0, (const struct report_load *const *)&load, 1);
			command_judge_errors(command, 0);
			status = EXIT_GOOD;
		}
	}
	request_set_cleanup(&set);
	return status;
}
