/* What is said first: which arm fails, what is not sound; and what redirects are taken for. */
#include <math.h>
#include <string.h>

#include "loadgen/report/findings.h"
#include "loadgen/figures/sentences.h"
#include "loadgen/figures/tally.h"

static bool is_of_curve(const struct report_load *load)
{
	return strncmp(load->group, "curve", 5) == 0;
}

/* A level of a curve is its concurrency, or its rate. */
static bool is_same_level(const struct report_load *a, const struct report_load *b)
{
	return a->arm == b->arm && a->concurrency == b->concurrency && fabs(a->rate - b->rate) < 1e-9;
}

/* All loads that belong together with `like`: its group, of a curve its level. */
static struct tally tally_of_group(const struct report *of, const struct report_load *like)
{
	struct tally tally = {0};

	for (unsigned i = 0; i < of->load_count; i++)
		if (of->loads[i]->arm == like->arm && strcmp(of->loads[i]->group, like->group) == 0 &&
		    (!is_of_curve(like) || is_same_level(of->loads[i], like)))
			tally_add_load(&tally, of->loads[i]);
	return tally;
}

static struct tally tally_of_arm(const struct report *of, unsigned arm)
{
	struct tally tally = {0};

	for (unsigned i = 0; i < of->load_count; i++)
		if (of->loads[i]->arm == arm)
			tally_add_load(&tally, of->loads[i]);
	for (unsigned i = 0; i < of->burst_count; i++)
		if (of->bursts[i].arm == arm)
			tally_add_burst(&tally, &of->bursts[i]);
	return tally;
}

/* Above capacity a curve may fail: that is what it tells. */
static bool arm_fails(const struct report *of, unsigned arm)
{
	unsigned levels = 0, failing = 0;

	for (unsigned i = 0; i < of->burst_count; i++) {
		struct tally tally = {0};

		tally_add_burst(&tally, &of->bursts[i]);
		if (of->bursts[i].arm == arm && tally_fails(&tally))
			return true;
	}
	for (unsigned i = 0; i < of->load_count; i++) {
		struct tally tally;

		if (of->loads[i]->arm != arm)
			continue;
		tally = tally_of_group(of, of->loads[i]);
		if (tally_fails(&tally) && !is_of_curve(of->loads[i]))
			return true;
		levels += is_of_curve(of->loads[i]);
		failing += is_of_curve(of->loads[i]) && tally_fails(&tally);
	}
	return levels > 0 && failing == levels;
}

/* Has all of it failed? Then no limit on errors makes it good. */
static bool all_fails(const struct report *of)
{
	for (unsigned arm = 0; arm < of->arm_count; arm++) {
		struct tally tally = tally_of_arm(of, arm);

		if (tally.failed < tally.requests || tally.requests == 0)
			return false;
	}
	return of->arm_count > 0;
}

static const char *name_of(struct report *report, const struct report *of, unsigned arm, const char *name)
{
	return name == NULL ? of->arms[arm].name : arena_printf(&report->arena, "%s: %s", name, of->arms[arm].name);
}

static void say_failures(struct report *report, const char *name, const struct tally *tally, bool fails)
{
	const char *worst = tally_worst(tally, &report->arena);

	if (fails) {
		report_say_first(report, SAYS_arm_fails, name, (unsigned long long)tally->failed,
				 (unsigned long long)tally->requests, worst);
		report->has_failed = true;
	} else if (tally->failed > 0) {
		report_say_first(report, SAYS_some_fail, (unsigned long long)tally->failed,
				 (unsigned long long)tally->requests, name, worst);
	}
}

static void say_redirects(struct report *report, const char *name, const struct tally *tally)
{
	uint64_t redirects = tally_redirects(tally), good = tally->requests - tally->failed;

	if (redirects > 0 && redirects == good)
		report_say_first(report, SAYS_all_redirects, name);
	else if (redirects > 0)
		report_say(report, SAYS_some_redirects, (unsigned long long)redirects, (unsigned long long)good, name);
}

/* From the last to the first, each in front: so they stand in order, and those that fail before those that have failures. */
void find_failing(struct report *report, const struct report *of, const char *name)
{
	for (unsigned turn = 0; turn < 2; turn++)
		for (unsigned arm = of->arm_count; arm-- > 0;) {
			struct tally tally = tally_of_arm(of, arm);
			bool fails = arm_fails(of, arm);

			if (turn == 0)
				say_redirects(report, name_of(report, of, arm, name), &tally);
			if (fails == (turn == 1))
				say_failures(report, name_of(report, of, arm, name), &tally, fails);
		}
}

static void say_not_sound(struct report *report)
{
	for (unsigned i = 0; i < report->load_count; i++)
		if (report->loads[i]->check.reason_count > 0) {
			report_say_first(report, SAYS_not_sound, report->loads[i]->check.reasons[0]);
			return;
		}
}

void find_conclusion(struct report *report, bool has_error_limit)
{
	if (!report->is_sound) {
		say_not_sound(report);
		for (unsigned i = 0; i < report->goal_count; i++) {
			report->goals[i].is_known = report->goals[i].is_met = false;
			report->goals[i].why = "the measurement is not sound";
		}
	}
	find_failing(report, report, NULL);
	if (has_error_limit && !all_fails(report))
		report->has_failed = false;
}

double find_others_share(const struct report *report, unsigned arm, const char *group)
{
	double share = 0, time_s = 0;

	for (unsigned i = 0; i < report->load_count; i++) {
		const struct report_load *load = report->loads[i];

		if (load->arm != arm || strcmp(load->group, group) != 0)
			continue;
		share += load->check.others_share * load->duration_s;
		time_s += load->duration_s;
	}
	return time_s > 0 ? share / time_s : NAN;
}
