/* compare: the service in its modes, or targets that run already, side by side. */
#include <string.h>

#include "loadgen/commands/compare_arms.h"
#include "loadgen/commands/curve.h"
#include "loadgen/report/findings.h"
#include "loadgen/commands/speedup.h"
#include "loadgen/figures/verdict.h"

enum {
	CLIENTS_USUAL = 64,
	WAITING_USUAL = 32,
	UP_TO_USUAL = 64,
	ROUNDS_USUAL = 5,
	QUICK_ROUNDS = 4,
	REPEATS_USUAL = 3
};
enum { BURST_MAX = 16, CURVE_ROUNDS = 2 };

struct compare {
	struct command *command;
	struct compare_arms arms;
	double delay_ms; /* of the database, now */
	double duration_s, warmup_s;
	unsigned rounds;
	struct gain gains[NUMBERS_MAX]; /* of the last arm over the first, by delay */
};

/* Bursts */

static const char *const usual_burst[] = {"/wait/400", "/wait/300", "/wait/100"};

static unsigned burst_requests(const struct load_options *options)
{
	return options->burst_paths.count > 0 ? options->burst_paths.count : ARRAY_LENGTH(usual_burst);
}

static unsigned burst_repeats(const struct load_options *options)
{
	return (unsigned)(options->repeats > 0 ? options->repeats : REPEATS_USUAL);
}

static int measure_bursts(struct compare *compare)
{
	struct command *command = compare->command;
	const struct strings *paths = &command->options->burst_paths;
	unsigned count = burst_requests(command->options), repeats = burst_repeats(command->options);
	const char *urls[BURST_MAX];

	for (unsigned arm = 0; arm < compare->arms.count && !command_is_interrupted(command); arm++) {
		for (unsigned i = 0; i < count && i < BURST_MAX; i++)
			urls[i] = compare_arms_url(&compare->arms, arm,
						   paths->count > 0        ? paths->at[i]
						   : compare->arms.is_ours ? usual_burst[i]
									   : NULL);
		live_begin(command->live, command_burst_seconds(count, repeats), "%s, burst of %u",
			   compare->arms.names[arm], count);
		if (command_measure_burst(command, arm, urls, count, repeats) != 0)
			return -1;
	}
	return 0;
}

/* Loads */

static const char *group_of(const struct compare *compare, const char *path, unsigned clients)
{
	struct arena *arena = &compare->command->report->arena;

	path = path == NULL ? "the URL" : path;
	return compare->delay_ms > 0
		   ? arena_printf(arena, "%s, %u clients, database %.3g ms away", path, clients, compare->delay_ms)
		   : arena_printf(arena, "%s, %u clients", path, clients);
}

static struct report_load *measure_one(struct compare *compare, struct request_set *set, unsigned arm, unsigned round,
				       unsigned clients)
{
	struct command *command = compare->command;
	struct load_plan plan = command_plan(command, set, compare->duration_s, compare->warmup_s);
	struct report_load *load;

	plan.connections = clients;
	live_begin(command->live, command_load_seconds(command, compare->duration_s, compare->warmup_s),
		   "%s, round %u of %u", compare->arms.names[arm], round, compare->rounds);
	live_detail(command->live, set->requests[0]->label);
	load = command_measure(command, arm, &plan);
	if (load != NULL) {
		load->round = round;
		load->delay_ms = compare->delay_ms;
	}
	return load;
}

/* Every arm against every earlier one; said is how the last one does, the gain is the one over the first. */
static void compare_arms(struct compare *compare, const char *group, struct report_load *(*loads)[ROUNDS_MAX],
			 const struct report_difference **gain)
{
	struct report *report = compare->command->report;
	const struct report_difference *difference;

	for (unsigned b = 1; b < compare->arms.count; b++)
		for (unsigned a = 0; a < b; a++) {
			struct verdict_side of_a = {a, loads[a], compare->rounds},
					    of_b = {b, loads[b], compare->rounds};

			difference = verdict_add(report, group, &of_a, &of_b, compare->command->request_options.seed);
			if (difference == NULL || b + 1 < compare->arms.count)
				continue;
			report_say(report, "%s", difference->sentence);
			if (a == 0)
				*gain = difference;
		}
}

/* --slo, on the requests of all rounds together, as the table shows them. */
static void judge_arms(struct compare *compare, struct report_load *(*loads)[ROUNDS_MAX])
{
	for (unsigned arm = 0; arm < compare->arms.count; arm++)
		command_judge(compare->command, arm, (const struct report_load *const *)loads[arm], compare->rounds);
}

/* Rounds in turns, A B C, C B A: what disturbs the machine disturbs all alike. */
static int measure_group(struct compare *compare, const char *path, unsigned clients,
			 const struct report_difference **gain)
{
	struct command *command = compare->command;
	struct report_load *loads[ARMS_MAX][ROUNDS_MAX];
	struct request_set sets[ARMS_MAX];
	const char *group = group_of(compare, path, clients);
	unsigned set_count = 0;
	int result = 0;

	*gain = NULL;
	for (; set_count < compare->arms.count && result == 0; set_count++)
		result = command_requests(command, &sets[set_count], compare_arms_url(&compare->arms, set_count, path));
	for (unsigned round = 0; round < compare->rounds && result == 0; round++)
		for (unsigned i = 0; i < compare->arms.count && result == 0 && !command_is_interrupted(command); i++) {
			unsigned arm = round % 2 == 0 ? i : compare->arms.count - 1 - i;

			loads[arm][round] = measure_one(compare, &sets[arm], arm, round + 1, clients);
			if (loads[arm][round] == NULL)
				result = -1;
			else
				loads[arm][round]->group = group;
		}
	if (result == 0 && !command_is_interrupted(command)) {
		compare_arms(compare, group, loads, gain);
		judge_arms(compare, loads);
	}
	for (unsigned i = 0; i < set_count; i++)
		request_set_cleanup(&sets[i]);
	return result;
}

/* Curves */

static struct curve_plan curve_plan(const struct compare *compare)
{
	return (struct curve_plan){
	    .rounds = CURVE_ROUNDS,
	    .duration_s = compare->duration_s / 2,
	    .warmup_s = compare->warmup_s,
	    .delay_ms = compare->delay_ms,
	    .group = "curve",
	};
}

static uint64_t curve_up_to(const struct compare *compare)
{
	uint64_t asked = compare->command->options->up_to;

	return asked > 0 ? asked : UP_TO_USUAL;
}

static int measure_curves(struct compare *compare, const char *path)
{
	struct command *command = compare->command;
	const struct load_options *options = command->options;
	struct curve_plan plan = curve_plan(compare);
	const char *urls[ARMS_MAX];
	struct curves curves;
	int result;

	for (unsigned i = 0; i < compare->arms.count; i++)
		urls[i] = compare_arms_url(&compare->arms, i, path);
	result = curves_init(&curves, command, &plan, 0, urls, compare->arms.count);
	if (result == 0)
		result = curves_measure(&curves, options->levels, options->level_count, curve_up_to(compare));
	if (result == 0) {
		curves_finish(&curves);
		for (unsigned i = 0; i < curves.count; i++)
			if (curves.curves[i].report->bound_sentence != NULL)
				report_say(command->report, "%s", curves.curves[i].report->bound_sentence);
	}
	curves_cleanup(&curves);
	return result;
}

/* The whole */

/* For the live line; services that start are not counted. */
static void expect_all(struct compare *compare, unsigned groups)
{
	struct command *command = compare->command;
	const struct load_options *options = command->options;
	struct curve_plan plan = curve_plan(compare);
	double group = command_load_seconds(command, compare->duration_s, compare->warmup_s) * compare->rounds,
	       curve = curves_seconds(command, &plan, options->level_count, curve_up_to(compare)),
	       burst = command_burst_seconds(burst_requests(options), burst_repeats(options));

	live_expect(command->live, compare->arms.count * (groups * group + curve + burst));
	if (options->compute_path != NULL)
		live_expect(command->live, speedup_seconds(options, command->report->machine.cores));
}

static int measure_all(struct compare *compare)
{
	struct command *command = compare->command;
	const struct load_options *options = command->options;
	const char *path = options->path != NULL   ? options->path
			   : compare->arms.is_ours ? "/countries/DE"
						   : NULL,
		   *wait_path = options->wait_path != NULL ? options->wait_path
				: compare->arms.is_ours    ? "/wait/20"
							   : NULL;
	unsigned clients = (unsigned)(options->connections > 0 ? options->connections : CLIENTS_USUAL),
		 waiting = (unsigned)(options->waiting_clients > 0 ? options->waiting_clients : WAITING_USUAL),
		 delays = options->delay_count > 0 ? options->delay_count : 1;
	int result = 0;

	expect_all(compare, delays + (wait_path != NULL));
	for (unsigned i = 0; i < delays && result == 0 && !command_is_interrupted(command); i++) {
		const struct report_difference *ignored;

		compare->delay_ms = compare->gains[i].delay_ms =
		    options->delay_count > 0 ? (double)options->delays_ns[i] / 1e6 : 0;
		result = compare_arms_start(&compare->arms, compare->delay_ms);
		if (result == 0 && i == 0) {
			result = measure_bursts(compare);
			find_bursts(command->report);
		}
		if (result == 0)
			result = measure_group(compare, path, clients, &compare->gains[i].difference);
		if (result == 0 && i == 0 && wait_path != NULL)
			result = measure_group(compare, wait_path, waiting, &ignored);
		if (result == 0 && i == 0)
			result = measure_curves(compare, wait_path != NULL ? wait_path : path);
		compare_arms_stop(&compare->arms);
	}
	if (result == 0)
		find_gains(command->report, compare->arms.names[0], compare->arms.names[compare->arms.count - 1], path,
			   compare->gains, options->delay_count);
	if (result == 0 && options->compute_path != NULL && !command_is_interrupted(command)) {
		struct arm_settings settings =
		    compare_arms_settings(command, compare->arms.names[compare->arms.count - 1]);

		result = speedup_measure(command, &settings, options->compute_path);
	}
	return result;
}

int command_compare(struct command *command)
{
	const struct load_options *options = command->options;
	struct compare compare = {
	    .command = command,
	    .rounds = options->quick ? QUICK_ROUNDS : ROUNDS_USUAL,
	    .duration_s = options->quick ? 1 : 2,
	    .warmup_s = options->quick ? 0.15 : 0.3,
	};
	int result;

	if (options->rounds > 0)
		compare.rounds = (unsigned)options->rounds;
	result = compare_arms_init(&compare.arms, command);
	if (result == 0)
		result = measure_all(&compare);
	for (unsigned arm = 0; result == 0 && arm < compare.arms.count; arm++)
		command_judge_errors(command, arm);
	return result == 0 ? EXIT_GOOD : EXIT_USAGE;
}
