#include "loadgen/commands/curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "loadgen/report/findings.h"

/* An arm is over when so many levels in a row answered hardly more than one before them. The law of the curve is plain
 * by then, and what follows would only wait in line. */
enum { LEVELS_WITHOUT_GAIN = 3 };
static const double GAIN = 1.03;
static const double SHARED = 1.1; /* so much over Little's bound is no noise */
static const double ERRORS_TOO_MANY = 0.5;
static const double LENGTHEN_MAX_S = 30; /* a level that needs longer for its percentile is passed over */
static const double LENGTHEN_BY = 1.1;   /* more than is needed: rates vary */
static const double WAITS = 1.5;         /* times the knee: a request there waits in line */

int curves_init(struct curves *curves, struct command *command, const struct curve_plan *plan, unsigned first_arm,
		const char *const *urls, unsigned count)
{
	struct report *report = command->report;

	*curves = (struct curves){.command = command, .plan = *plan, .first_arm = first_arm};
	for (unsigned i = 0; i < count; i++) {
		struct curve *curve = &curves->curves[i];

		if (report->curve_count == ARRAY_LENGTH(report->curves)) {
			snprintf(command->why, sizeof(command->why), "more than %zu curves in one report",
				 ARRAY_LENGTH(report->curves));
			return -1;
		}
		curve->report = &report->curves[report->curve_count++];
		*curve->report = (struct report_curve){.arm = first_arm + i,
						       .delay_ms = plan->delay_ms,
						       .knee = NAN,
						       .little = NAN,
						       .slo_load = NAN,
						       .slo_throughput = NAN,
						       .others_share = NAN};
		curves->count++;
		curve->has_requests = true;
		if (command_requests(command, &curve->requests, urls[i]) != 0)
			return -1;
	}
	return 0;
}

void curves_cleanup(struct curves *curves)
{
	for (unsigned i = 0; i < curves->count; i++)
		if (curves->curves[i].has_requests)
			request_set_cleanup(&curves->curves[i].requests);
}

/* Levels */

static double share_failed(struct report_load *const *loads, unsigned count)
{
	uint64_t requests = 0, failed = 0;

	for (unsigned i = 0; i < count; i++) {
		requests += loads[i]->requests;
		failed += failures_of(loads[i]);
	}
	return requests > 0 ? (double)failed / (double)requests : 0;
}

static void set_percentiles(struct report_level *level, const struct report_times *times)
{
	level->p50_ms = level->p90_ms = level->p99_ms = NAN;
	level->max_ms = times->count > 0 ? times->max : NAN;
	for (unsigned i = 0; i < times->percentile_count; i++) {
		const struct percentile *percentile = &times->percentiles[i];

		if (!percentile->is_supported)
			continue;
		if (percentile->percent == 50)
			level->p50_ms = percentile->value;
		else if (percentile->percent == 90)
			level->p90_ms = percentile->value;
		else if (percentile->percent == 99)
			level->p99_ms = percentile->value;
	}
	level->p99_is_supported = !isnan(level->p99_ms);
}

/* Is there an answer for each of the goals? What is missed is missed, whatever the others are. */
static enum level_goal judge_goals(const struct command *command, const struct report_times *times, double error_share)
{
	bool is_known = true;

	if (command->goal_count == 0)
		return LEVEL_NOT_ASKED;
	if (error_share > 0)
		return LEVEL_MISSES;
	for (unsigned i = 0; i < command->goal_count; i++) {
		double value;
		bool is_value_known, is_met = goal_is_met(&command->goals[i], times, &value, &is_value_known);

		if (is_value_known && !is_met)
			return LEVEL_MISSES;
		is_known = is_known && is_value_known;
	}
	return is_known ? LEVEL_MEETS : LEVEL_UNKNOWN;
}

static void add_throughput(struct report_level *level, struct level *fitted, struct report_load *const *loads,
			   unsigned count)
{
	double sorted[ROUNDS_MAX], in_flight = 0, range;
	uint64_t requests = 0;

	for (unsigned i = 0; i < count; i++) {
		requests += loads[i]->requests;
		sorted[i] = level->repeats[i] = fitted->repeats[i] = loads[i]->throughput;
		in_flight += loads[i]->in_flight / count;
	}
	level->repeat_count = fitted->repeat_count = count;
	level->throughput = fitted->throughput = median_of(sorted, count);
	level->throughput_interval = (struct interval){sorted[0], sorted[count - 1]};
	level->in_flight = fitted->in_flight = in_flight;
	range = (sorted[count - 1] - sorted[0]) / 2 / fmax(level->throughput, 1e-9);
	level->noise = fmax(range, 1.96 / sqrt((double)(requests + 1)));
}

/* Levels stay in the order of their concurrency, whenever they were measured. */
static unsigned make_room(struct curve *curve, unsigned concurrency)
{
	struct report_curve *report = curve->report;
	unsigned at = report->level_count;

	while (at > 0 && report->levels[at - 1].concurrency > concurrency)
		at--;
	memmove(&report->levels[at + 1], &report->levels[at], (report->level_count - at) * sizeof(report->levels[0]));
	memmove(&curve->levels[at + 1], &curve->levels[at], (report->level_count - at) * sizeof(curve->levels[0]));
	report->level_count++;
	return at;
}

/* The shortest wait there is: under load the database's time grows, and no bound may depend on the load it bounds. */
static void remember_lowest(struct curve *curve, struct report_load *const *loads, unsigned count)
{
	const struct report_load *load = loads[count / 2];

	curve->report->what = load->what;
	curve->response_at_one_ms = load->service.count > 0 && load->concurrency == 1 ? load->service.mean : NAN;
	curve->wait_ms = load->database.count > 0 ? load->database.mean : NAN;
}

static void add_level(struct curves *curves, struct curve *curve, unsigned concurrency,
		      struct report_load *const *loads, unsigned count, unsigned count_with_longer)
{
	unsigned at = make_room(curve, concurrency);
	struct report_level *level = &curve->report->levels[at];
	struct report_times times =
	    report_pooled_times(curves->command->report, (const struct report_load *const *)loads, count_with_longer);

	*level =
	    (struct report_level){.concurrency = concurrency, .error_share = share_failed(loads, count_with_longer)};
	add_throughput(level, &curve->levels[at], loads, count);
	set_percentiles(level, &times);
	level->is_sound = true;
	for (unsigned i = 0; i < count_with_longer; i++)
		level->is_sound = level->is_sound && loads[i]->check.is_sound;
	level->goal = judge_goals(curves->command, &times, level->error_share);
	if (at == 0)
		remember_lowest(curve, loads, count);
	curve->without_gain = level->throughput > curve->best * GAIN ? 0 : curve->without_gain + 1;
	curve->best = fmax(curve->best, level->throughput);
	curve->is_over = curve->report->level_count == LEVELS_MAX || level->error_share > ERRORS_TOO_MANY ||
			 (curve->without_gain >= LEVELS_WITHOUT_GAIN && curve->report->level_count >= USL_LEVELS_MIN);
}

static struct report_load *measure_once(struct curves *curves, unsigned arm, unsigned concurrency, double duration_s,
					unsigned round, bool is_longer)
{
	struct command *command = curves->command;
	struct curve *curve = &curves->curves[arm];
	struct load_plan plan = command_plan(command, &curve->requests, duration_s, curves->plan.warmup_s);
	struct report_load *load;

	plan.connections = concurrency;
	if (is_longer)
		plan.duration_ns = (uint64_t)(duration_s * 1e9);
	live_begin(command->live, (double)(plan.warmup_ns + plan.duration_ns) / 1e9, "%s, %u clients, round %u of %u",
		   command->report->arms[curve->report->arm].name, concurrency, round, curves->plan.rounds);
	live_detail(command->live, curve->requests.requests[0]->label);
	load = command_measure(command, curve->report->arm, &plan);
	if (load != NULL) {
		load->round = round;
		load->group = curves->plan.group;
		load->delay_ms = curves->plan.delay_ms;
	}
	return load;
}

/* How many more seconds a level needs for the percentiles of the goals; 0 when they are known, or it would be too long. */
static double seconds_needed(const struct command *command, struct report_load *const *loads, unsigned count)
{
	struct report_times times =
	    report_pooled_times(command->report, (const struct report_load *const *)loads, count);
	double measured_s = 0, needed_s;
	size_t needs = 0;

	for (unsigned i = 0; i < count; i++)
		measured_s += loads[i]->duration_s;
	for (unsigned i = 0; i < command->goal_count; i++)
		if (command->goals[i].kind == GOAL_PERCENTILE && percentile_needs(command->goals[i].percent) > needs)
			needs = percentile_needs(command->goals[i].percent);
	if (times.count == 0 || share_failed(loads, count) > 0 || judge_goals(command, &times, 0) != LEVEL_UNKNOWN)
		return 0;
	needed_s = LENGTHEN_BY * (double)(needs - times.count) * measured_s / (double)times.count;
	return needed_s <= LENGTHEN_MAX_S ? needed_s : 0;
}

/* Unknown is unknown: with too few requests for a goal's percentile, the level is measured once more, for longer. */
static int lengthen(struct curves *curves, unsigned arm, unsigned concurrency, struct report_load **loads,
		    unsigned *count)
{
	double needed_s = curves->plan.seeks_goal ? seconds_needed(curves->command, loads, *count) : 0;

	if (needed_s <= 0)
		return 0;
	loads[*count] = measure_once(curves, arm, concurrency, needed_s, *count + 1, true);
	return loads[(*count)++] == NULL ? -1 : 0;
}

int curves_measure_level(struct curves *curves, unsigned concurrency, double duration_s)
{
	struct report_load *loads[ARMS_MAX][ROUNDS_MAX + 1];
	unsigned rounds = curves->plan.rounds;

	for (unsigned round = 0; round < rounds; round++)
		for (unsigned i = 0; i < curves->count; i++) {
			unsigned arm = round % 2 == 0 ? i : curves->count - 1 - i;

			if (curves->curves[arm].is_over)
				continue;
			loads[arm][round] = measure_once(curves, arm, concurrency, duration_s, round + 1, false);
			if (loads[arm][round] == NULL)
				return -1;
			if (command_is_interrupted(curves->command))
				return 0; /* the level is not whole: its loads are in the report, it is not */
		}
	for (unsigned arm = 0; arm < curves->count; arm++) {
		unsigned count = rounds;

		if (curves->curves[arm].is_over)
			continue;
		if (lengthen(curves, arm, concurrency, loads[arm], &count) != 0)
			return -1;
		add_level(curves, &curves->curves[arm], concurrency, loads[arm], rounds, count);
	}
	return 0;
}

static unsigned count_over(const struct curves *curves)
{
	unsigned count = 0;

	for (unsigned i = 0; i < curves->count; i++)
		count += curves->curves[i].is_over;
	return count;
}

/* 1, 2, 4 ... up_to, unless they were given. */
static unsigned levels_up_to(unsigned level_count, uint64_t up_to)
{
	unsigned count = 1;

	for (uint64_t concurrency = 1; concurrency < up_to; concurrency *= 2)
		count++;
	return level_count > 0 ? level_count : count;
}

double curves_seconds(struct command *command, const struct curve_plan *plan, unsigned level_count, uint64_t up_to)
{
	return levels_up_to(level_count, up_to) * plan->rounds *
	       command_load_seconds(command, plan->duration_s, plan->warmup_s);
}

/* Of arms that are over the further levels are not waited for. */
static void expect_less(struct curves *curves, unsigned arms, unsigned levels)
{
	if (arms > 0 && levels > 0)
		live_expect(curves->command->live,
			    -(double)arms * curves_seconds(curves->command, &curves->plan, levels, 0));
}

int curves_measure(struct curves *curves, const uint64_t *levels, unsigned level_count, uint64_t up_to)
{
	uint64_t concurrency = level_count > 0 ? levels[0] : 1;
	unsigned left = levels_up_to(level_count, up_to);

	for (unsigned i = 0; count_over(curves) < curves->count && !command_is_interrupted(curves->command); i++) {
		unsigned over = count_over(curves);

		if (curves_measure_level(curves, (unsigned)concurrency, curves->plan.duration_s) != 0)
			return -1;
		expect_less(curves, count_over(curves) - over, --left);
		if (level_count > 0 ? i + 1 == level_count : concurrency >= up_to)
			break;
		if (level_count > 0)
			concurrency = levels[i + 1];
		else
			concurrency = concurrency * 2 < up_to ? concurrency * 2 : up_to;
	}
	return 0;
}

/* Bounds */

static void find_knee(struct curve *curve)
{
	struct report_curve *report = curve->report;
	double knee = knee_of(curve->response_at_one_ms / 1e3, 0, curve->best);

	if (isnan(knee) || !(curve->best > 0))
		return;
	report->knee_state =
	    report->levels[report->level_count - 1].concurrency >= WAITS * knee ? KNEE_REACHED : KNEE_NOT_REACHED;
	if (report->knee_state == KNEE_REACHED)
		report->knee = knee;
}

static void find_bounds(struct curves *curves, struct curve *curve)
{
	const struct report_arm *arm = &curves->command->report->arms[curve->report->arm];
	struct report_curve *report = curve->report;

	report->usl = usl_fit(curve->levels, report->level_count, curves->command->request_options.seed);
	find_knee(curve);
	report->others_share = find_others_share(curves->command->report, report->arm, curves->plan.group);
	if (arm->threads > 0 && curve->wait_ms > 0) {
		report->little_threads = arm->threads;
		report->little_wait_ms = curve->wait_ms;
		report->little = little_bound(arm->threads, curve->wait_ms / 1e3);
		/* more than one a connection: its statements are quick ones, that share */
		if (arm->pipelined > arm->threads && curve->best > SHARED * report->little) {
			report->little_threads = arm->pipelined;
			report->little = little_bound(arm->pipelined, curve->wait_ms / 1e3);
		}
	}
}

void curves_finish(struct curves *curves)
{
	for (unsigned i = 0; i < curves->count; i++) {
		struct curve *curve = &curves->curves[i];

		if (curve->report->level_count == 0) {
			curve->report->what = "";
			continue;
		}
		find_bounds(curves, curve);
		find_bound(curves->command->report, curve->report);
	}
}
