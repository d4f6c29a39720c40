/* sweep: one target over concurrency, the load that still meets the goal, and the bounds. */
#include <math.h>

#include "loadgen/commands/curve.h"
#include "loadgen/figures/search.h"
#include "loadgen/report/findings.h"

enum { ROUNDS_USUAL = 3, UP_TO_USUAL = 1024, CONFIRMATIONS_MAX = 3, SEARCH_STEPS_MAX = 24 };
static const double CONFIRM_MAX_S = 60;

/* The level of this concurrency, if it has been measured. */
static int find_level(const struct curve *curve, unsigned concurrency)
{
	for (unsigned i = 0; i < curve->report->level_count; i++)
		if (curve->report->levels[i].concurrency == concurrency)
			return (int)i;
	return -1;
}

static void tell_level(struct search *search, const struct report_level *level)
{
	if (level->goal == LEVEL_UNKNOWN)
		search_pass_over(search, level->concurrency);
	else
		search_tell(search, level->concurrency, level->goal == LEVEL_MEETS);
}

static void tell_levels(struct search *search, const struct curve *curve)
{
	for (unsigned i = 0; i < curve->report->level_count; i++)
		tell_level(search, &curve->report->levels[i]);
}

/* A level more, even when the curve is over: the goal may lie between two levels, or far beyond the knee. */
static int measure_more(struct curves *curves, unsigned concurrency)
{
	curves->curves[0].is_over = false;
	return curves_measure_level(curves, concurrency, curves->plan.duration_s);
}

/* Twice as long as a round, and long enough for the percentiles. */
static double seconds_to_confirm(const struct command *command, const struct report_level *level, double round_s)
{
	double seconds = 2 * round_s;

	for (unsigned i = 0; i < command->goal_count; i++)
		if (command->goals[i].kind == GOAL_PERCENTILE && level->throughput > 0)
			seconds = fmax(seconds,
				       1.2 * (double)percentile_needs(command->goals[i].percent) / level->throughput);
	return fmin(seconds, fmax(2 * round_s, CONFIRM_MAX_S));
}

/* Once more and twice as long: of many tries one is good by luck. */
static int confirm(struct curves *curves, const struct report_level *level, bool *is_good, bool *is_bad)
{
	struct command *command = curves->command;
	struct load_plan plan =
	    command_plan(command, &curves->curves[0].requests, curves->plan.duration_s, curves->plan.warmup_s);
	struct report_load *load;
	double value;
	bool is_known;

	plan.connections = level->concurrency;
	plan.duration_ns = (uint64_t)(seconds_to_confirm(command, level, (double)plan.duration_ns / 1e9) * 1e9);
	live_begin(command->live, (double)(plan.warmup_ns + plan.duration_ns) / 1e9, "confirming %u clients",
		   level->concurrency);
	load = command_measure(command, 0, &plan);
	if (load == NULL)
		return -1;
	load->group = "confirmation";
	*is_good = failures_of(load) == 0;
	*is_bad = !*is_good;
	for (unsigned i = 0; i < command->goal_count; i++)
		if (!goal_is_met(&command->goals[i], &load->response, &value, &is_known) || !is_known) {
			*is_good = false;
			*is_bad |= is_known;
		}
	return 0;
}

static int search_goal(struct curves *curves, uint64_t up_to)
{
	struct curve *curve = &curves->curves[0];
	struct search search;
	unsigned confirmations = 0;
	bool is_good = false, is_bad;
	double next;

	search_init(&search, (double)up_to, 1.1);
	tell_levels(&search, curve);
	while (!command_is_interrupted(curves->command) && !is_good) {
		next = search_next(&search);
		if (next > 0 && search.steps < SEARCH_STEPS_MAX && curve->report->level_count < LEVELS_MAX) {
			if (measure_more(curves, (unsigned)next) != 0)
				return -1;
			if (find_level(curve, (unsigned)next) >= 0)
				tell_level(&search, &curve->report->levels[find_level(curve, (unsigned)next)]);
			continue;
		}
		if (search.highest_good < 1 || confirmations++ == CONFIRMATIONS_MAX)
			break;
		if (confirm(curves, &curve->report->levels[find_level(curve, (unsigned)search.highest_good)], &is_good,
			    &is_bad) != 0)
			return -1;
		if (!is_good && !is_bad)
			break;
		if (is_bad)
			search_tell(&search, search.highest_good, false);
	}
	if (search.highest_good >= 1) {
		int level = find_level(curve, (unsigned)search.highest_good);

		curve->report->slo_load = search.highest_good;
		curve->report->slo_throughput = level < 0 ? NAN : curve->report->levels[level].throughput;
		curve->report->is_slo_confirmed = is_good;
	}
	return 0;
}

static bool is_missed_by_one(const struct report_curve *curve)
{
	return curve->level_count > 0 && curve->levels[0].concurrency == 1 && curve->levels[0].goal == LEVEL_MISSES;
}

/* Of a sweep the goal is met when some load meets it. */
static void judge(struct command *command, const struct report_curve *curve)
{
	struct report *report = command->report;
	bool is_met = !isnan(curve->slo_load), is_known = is_met || is_missed_by_one(curve);

	for (unsigned i = 0; i < command->goal_count && report->goal_count < GOALS_MAX; i++)
		report->goals[report->goal_count++] = (struct report_goal){
		    .text = command->goals[i].text,
		    .arm = report->arms[curve->arm].name,
		    .value = is_met ? curve->slo_load : NAN,
		    .limit = command->goals[i].limit_ms,
		    .unit = "clients",
		    .is_met = is_met,
		    .is_known = is_known,
		    .why = is_known ? NULL : "too few requests",
		};
	if (command->goal_count > 0)
		find_goal(report, curve);
	command_judge_errors(command, curve->arm);
}

int command_sweep(struct command *command)
{
	const struct load_options *options = command->options;
	struct report *report = command->report;
	const char *url = options->arguments.at[0];
	uint64_t up_to = options->up_to > 0 ? options->up_to : UP_TO_USUAL;
	struct curve_plan plan = {
	    .rounds = (unsigned)(options->rounds > 0 ? options->rounds : ROUNDS_USUAL),
	    .duration_s = 2,
	    .warmup_s = 0.3,
	    .group = "curve",
	    .seeks_goal = true,
	};
	struct curves curves;
	int result;

	if (options->rate_count > 0)
		return command_rates(command);
	report->arms[report->arm_count++] =
	    (struct report_arm){.name = "target", .url = url, .threads = (unsigned)options->threads};
	result = curves_init(&curves, command, &plan, 0, &url, 1);
	live_expect(command->live, curves_seconds(command, &plan, options->level_count, up_to));
	if (result == 0)
		result = curves_measure(&curves, options->levels, options->level_count, up_to);
	if (result == 0 && command->goal_count > 0 && curves.curves[0].report->level_count > 0)
		result = search_goal(&curves, up_to);
	if (result == 0) {
		curves_finish(&curves);
		judge(command, curves.curves[0].report);
		if (curves.curves[0].report->bound_sentence != NULL)
			report_say(report, "%s", curves.curves[0].report->bound_sentence);
	}
	curves_cleanup(&curves);
	return result == 0 ? EXIT_GOOD : EXIT_USAGE;
}
