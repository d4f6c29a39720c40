/* What is said of one load, and of the loads of a sweep over rates. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "loadgen/report/findings.h"
#include "loadgen/report/format.h"
#include "loadgen/figures/sentences.h"
#include "loadgen/engine/sort.h"
#include "loadgen/figures/tally.h"

void find_run(struct report *report, const struct report_load *load)
{
	if (load->model != LOAD_OPEN || load->requests == 0)
		return;
	if (!load->steadiness.is_known)
		report_say(report, SAYS_steady_unknown);
	else if (!load->steadiness.is_steady)
		report_say(report, SAYS_backlog, load->steadiness.growth_per_s);
	else if (load->check.is_sound && failures_of(load) == 0)
		report_say(report, SAYS_steady);
}

/* What came of the requests that were due within the window. */
struct answers {
	double rate, good_per_s; /* the good ones that came within it */
	uint64_t refused, not_sent, others;
	double good_p50_ms, good_p99_ms, refused_p99_ms; /* NAN: too few to say */
	bool is_sound;
};

static double percentile_ms(uint64_t *times_ns, uint64_t count, double percent)
{
	double *times_ms = memory_alloc((count + 1) * sizeof(*times_ms)), value;

	sort_u64(times_ns, count);
	for (uint64_t i = 0; i < count; i++)
		times_ms[i] = (double)times_ns[i] / 1e6;
	value = count < percentile_needs(percent) ? NAN : percentile_of(times_ms, count, percent, INFINITY).value;
	free(times_ms);
	return value;
}

static bool is_refusal(const struct record *record)
{
	return record->outcome == OUTCOME_ANSWERED && (record->status == 503 || record->status == 429);
}

static struct answers answers_of(const struct report_load *load)
{
	const struct record_log *log = &load->measurement.records;
	uint64_t *good = memory_alloc((log->count + 1) * sizeof(*good)), good_count = 0;
	uint64_t *refused = memory_alloc((log->count + 1) * sizeof(*refused));
	struct answers answers = {.rate = load->rate, .good_per_s = load->throughput, .is_sound = load->check.is_sound};

	for (uint64_t i = 0; i < log->count; i++) {
		const struct record *record = record_log_at(log, i);

		if (record->is_warmup)
			continue;
		if (record_is_good(record))
			good[good_count++] = record_response_ns(record);
		else if (is_refusal(record))
			refused[answers.refused++] = record_response_ns(record);
		else if (record->outcome == OUTCOME_NOT_SENT)
			answers.not_sent++;
		else
			answers.others++;
	}
	answers.good_p50_ms = percentile_ms(good, good_count, 50);
	answers.good_p99_ms = percentile_ms(good, good_count, 99);
	answers.refused_p99_ms = percentile_ms(refused, answers.refused, 99);
	free(good);
	free(refused);
	return answers;
}

static void say_answers(struct report *report, const struct answers *answers)
{
	char texts[5][FORMATTED];
	const char *rate = format_count(answers->rate, texts[0]), *good = format_count(answers->good_per_s, texts[1]),
		   *p50 = format_ms(answers->good_p50_ms, texts[2]), *p99 = format_ms(answers->good_p99_ms, texts[3]),
		   *refused_p99 = format_ms(answers->refused_p99_ms, texts[4]);

	if (answers->not_sent > 0)
		report_say(report, SAYS_rate_not_sent, rate, (unsigned long long)answers->not_sent, good, p50, p99,
			   (unsigned long long)answers->refused, refused_p99, (unsigned long long)answers->others);
	else
		report_say(report, SAYS_rate, rate, good, p50, p99, (unsigned long long)answers->refused, refused_p99,
			   (unsigned long long)answers->others);
}

/* Of the rates above the one with the most good answers: what is left of these. */
static void say_what_is_left(struct report *report, const struct answers *all, unsigned count)
{
	const struct answers *best = all, *worst = NULL;
	char rate[FORMATTED];

	for (unsigned i = 0; i < count; i++) {
		if (!all[i].is_sound)
			return;
		if (all[i].good_per_s > best->good_per_s)
			best = &all[i];
	}
	for (unsigned i = 0; i < count; i++)
		if (all[i].rate > best->rate && (worst == NULL || all[i].good_per_s < worst->good_per_s))
			worst = &all[i];
	if (worst != NULL && best->good_per_s > 0)
		report_say(report, SAYS_rates_left, 100 * worst->good_per_s / best->good_per_s,
			   format_count(worst->rate, rate));
}

void find_rates(struct report *report)
{
	struct answers *all = memory_alloc((report->load_count + 1) * sizeof(*all));

	for (unsigned i = 0; i < report->load_count; i++) {
		all[i] = answers_of(report->loads[i]);
		say_answers(report, &all[i]);
	}
	say_what_is_left(report, all, report->load_count);
	free(all);
}
