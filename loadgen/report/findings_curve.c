/* What is said of a curve: its bound, and the load that meets a goal. */
#include <math.h>

#include "loadgen/report/findings.h"
#include "loadgen/report/format.h"
#include "loadgen/figures/sentences.h"

static const double BOUND_MET = 0.8;
static const double LAW_END_MAX = 4; /* times what was measured: beyond that it is a guess */
static const double LAW_R2_MIN = 0.9;
static const double CLIENTS_ENOUGH = 1.2; /* times what can wait at once */

static const struct report_level *best_level(const struct report_curve *curve)
{
	const struct report_level *best = &curve->levels[0];

	for (unsigned i = 1; i < curve->level_count; i++)
		if (curve->levels[i].throughput > best->throughput)
			best = &curve->levels[i];
	return best;
}

double find_law_end(const struct report_curve *curve)
{
	const struct usl *usl = &curve->usl;
	double end = NAN;

	if (!usl->is_fitted || usl->r2 < LAW_R2_MIN)
		return NAN;
	if (usl->has_peak)
		end = usl->x_max;
	else if (usl->sigma_interval.low > 0 && isfinite(usl->ceiling))
		end = usl->ceiling;
	return end <= LAW_END_MAX * best_level(curve)->throughput ? end : NAN;
}

static bool waits_in_line(const struct report_curve *curve)
{
	return curve->knee_state == KNEE_REACHED;
}

static bool has_enough_clients(const struct report_curve *curve)
{
	return waits_in_line(curve) ||
	       curve->levels[curve->level_count - 1].concurrency >= CLIENTS_ENOUGH * curve->little_threads;
}

static const char *say_little(struct report *report, const struct report_curve *curve, double others)
{
	const struct report_level *best = best_level(curve);
	const char *name = report->arms[curve->arm].name, *measured, *wait, *bound;
	double share = best->throughput / curve->little;
	char texts[3][FORMATTED];

	measured = format_count(best->throughput, texts[0]);
	wait = format_ms(curve->little_wait_ms, texts[1]);
	bound = format_count(curve->little, texts[2]);
	if (share > 1 && share - 1 <= best->noise)
		return arena_printf(&report->arena, SAYS_little_at, name, measured, best->concurrency,
				    curve->little_threads, wait, bound, best->noise * 100);
	if (share > 1)
		return arena_printf(&report->arena, SAYS_little_exceeded, name, measured, best->concurrency,
				    curve->little_threads, wait, bound);
	if (share > BOUND_MET && has_enough_clients(curve))
		return arena_printf(&report->arena, SAYS_little_near, name, measured, best->concurrency, share * 100,
				    curve->little_threads, wait, bound);
	if (!waits_in_line(curve))
		return arena_printf(&report->arena, SAYS_little_unreached, name, measured, best->concurrency,
				    share * 100, curve->little_threads, wait, bound);
	if (others > OTHERS_MAX)
		return arena_printf(&report->arena, SAYS_bound_withheld, name, others * 100, OTHERS_MAX * 100);
	return arena_printf(&report->arena, SAYS_little_far, name, measured, best->concurrency, share * 100,
			    curve->little_threads, wait, bound);
}

static const char *why_no_end(const struct report_curve *curve)
{
	if (!curve->usl.is_fitted)
		return curve->usl.why;
	if (curve->usl.r2 < LAW_R2_MIN)
		return "the fitted law does not describe what was measured";
	return "the fitted law has no end near what was measured";
}

static const char *say_law(struct report *report, const struct report_curve *curve, double others)
{
	const struct report_level *best = best_level(curve);
	const char *name = report->arms[curve->arm].name, *why = why_no_end(curve);
	double end = find_law_end(curve), share = best->throughput / end;
	char measured[FORMATTED], bound[FORMATTED];

	format_count(best->throughput, measured);
	format_count(end, bound);
	if (!isnan(end) && others > OTHERS_MAX)
		return arena_printf(&report->arena, SAYS_bound_withheld, name, others * 100, OTHERS_MAX * 100);
	if (share <= 1)
		return arena_printf(&report->arena, SAYS_law_within, name, measured, best->concurrency, share * 100,
				    bound);
	if (share - 1 <= best->noise)
		return arena_printf(&report->arena, SAYS_law_at, name, measured, best->concurrency, bound,
				    best->noise * 100);
	if (!isnan(end))
		why = "more was measured than the fitted law allows";
	return arena_printf(&report->arena, SAYS_no_bound, name, measured, best->concurrency, why);
}

static bool is_sound(const struct report_curve *curve)
{
	for (unsigned i = 0; i < curve->level_count; i++)
		if (!curve->levels[i].is_sound)
			return false;
	return true;
}

void find_bound(struct report *report, struct report_curve *curve)
{
	double others = curve->others_share;

	curve->bound_sentence = NULL;
	if (curve->level_count == 0 || !(best_level(curve)->throughput > 0))
		return;
	if (!is_sound(curve))
		curve->bound_sentence =
		    arena_printf(&report->arena, SAYS_bound_not_sound, report->arms[curve->arm].name);
	else if (!isnan(curve->little))
		curve->bound_sentence = say_little(report, curve, others);
	else
		curve->bound_sentence = say_law(report, curve, others);
}

/* The goal */

static bool is_missed_above(const struct report_curve *curve)
{
	for (unsigned i = 0; i < curve->level_count; i++)
		if (curve->levels[i].concurrency > curve->slo_load && curve->levels[i].goal == LEVEL_MISSES)
			return true;
	return false;
}

void find_goal(struct report *report, const struct report_curve *curve)
{
	const struct report_level *lowest = &curve->levels[0];
	const char *confirmed = curve->is_slo_confirmed ? "" : "; not confirmed by a longer run";
	char rate[FORMATTED];

	format_count(curve->slo_throughput, rate);
	if (!isnan(curve->slo_load))
		report_say(report, is_missed_above(curve) ? SAYS_goal_up_to : SAYS_goal_all, curve->slo_load, rate,
			   confirmed);
	else if (curve->level_count > 0 && lowest->concurrency == 1 && lowest->goal == LEVEL_MISSES)
		report_say(report, SAYS_goal_never);
	else
		report_say(report, SAYS_goal_unknown);
	for (unsigned i = 0; i < curve->level_count; i++)
		if (curve->levels[i].goal == LEVEL_UNKNOWN)
			report_say(report, SAYS_level_passed_over, curve->levels[i].concurrency,
				   curve->levels[i].concurrency == 1 ? "" : "s");
}
