/* sweep --rates: one target over the rate of an open loop: how many good answers are left when more is asked for. */

#include "loadgen/commands/command.h"
#include "loadgen/report/findings.h"

enum { IN_FLIGHT_USUAL = 1000, CONNECTIONS_UP = 64 };
static const double DURATION_S = 2, WARMUP_S = 0.3;

static int measure(struct command *command, struct request_set *set, double rate)
{
	const struct load_options *options = command->options;
	struct load_plan plan = command_plan(command, set, DURATION_S, WARMUP_S);
	struct report_load *load;

	plan.model = LOAD_OPEN;
	plan.rate = rate;
	plan.arrivals = options->arrivals;
	plan.max_in_flight = (unsigned)(options->max_in_flight > 0 ? options->max_in_flight : IN_FLIGHT_USUAL);
	plan.connections = plan.max_in_flight < CONNECTIONS_UP ? plan.max_in_flight : CONNECTIONS_UP;
	live_begin(command->live, command_load_seconds(command, DURATION_S, WARMUP_S), "%g a second", rate);
	load = command_measure(command, 0, &plan);
	if (load == NULL)
		return -1;
	load->group = "curve over rates";
	return 0;
}

int command_rates(struct command *command)
{
	const struct load_options *options = command->options;
	struct request_set set;
	unsigned count = 0;
	int result = command_requests(command, &set, options->arguments.at[0]);

	command->report->arms[command->report->arm_count++] =
	    (struct report_arm){.name = "target", .url = options->arguments.at[0]};
	live_expect(command->live, options->rate_count * command_load_seconds(command, DURATION_S, WARMUP_S));
	while (result == 0 && count < options->rate_count && !command_is_interrupted(command))
		result = measure(command, &set, (double)options->rates[count++]);
	if (result == 0) {
		find_rates(command->report);
		command_judge_errors(command, 0);
	}
	request_set_cleanup(&set);
	return result == 0 ? EXIT_GOOD : EXIT_USAGE;
}
