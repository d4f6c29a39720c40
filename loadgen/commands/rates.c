/* sweep --rates: one target over the rate of an open loop: how many good answers are left when more is asked for. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "loadgen/commands/command.h"
#include "loadgen/report/format.h"
#include "loadgen/engine/sort.h"

enum { IN_FLIGHT_USUAL = 1000, CONNECTIONS_UP = 64 };
static const double DURATION_S = 2, WARMUP_S = 0.3;

/* What came of the requests that were due within the window. */
struct answers {
	double rate;
	double good_per_s; /* that came within it: what is still queued at its end is none yet */
	uint64_t good, refused, others;
	double good_p50_ms, good_p99_ms, refused_p99_ms; /* NAN: there were none */
};

static double percentile_ms(uint64_t *times_ns, uint64_t count, double part)
{
	if (count == 0)
		return NAN;
	sort_u64(times_ns, count);
	return (double)times_ns[(uint64_t)(part * (double)(count - 1))] / 1e6;
}

static bool is_refusal(const struct record *record)
{
	return record->outcome == OUTCOME_ANSWERED && (record->status == 503 || record->status == 429);
}

static bool is_good(const struct record *record)
{
	return record->outcome == OUTCOME_ANSWERED && record->status >= 200 && record->status < 400;
}

static bool is_within(const struct report_load *load, const struct record *record)
{
	double done_s = (double)record->done_ns / 1e9;

	return done_s >= load->warmup_s && done_s < load->warmup_s + load->duration_s;
}

static void count_answers(const struct report_load *load, struct answers *answers)
{
	const struct record_log *log = &load->measurement.records;
	uint64_t *good = memory_alloc_zeroed(log->count + 1, sizeof(*good));
	uint64_t *refused = memory_alloc_zeroed(log->count + 1, sizeof(*refused));

	for (uint64_t i = 0; i < log->count; i++) {
		const struct record *record = record_log_at(log, i);

		answers->good_per_s += is_good(record) && is_within(load, record) ? 1 / load->duration_s : 0;
		if (record->is_warmup)
			continue;
		if (is_good(record))
			good[answers->good++] = record_response_ns(record);
		else if (is_refusal(record))
			refused[answers->refused++] = record_response_ns(record);
		else
			answers->others++;
	}
	answers->rate = load->rate;
	answers->good_p50_ms = percentile_ms(good, answers->good, 0.5);
	answers->good_p99_ms = percentile_ms(good, answers->good, 0.99);
	answers->refused_p99_ms = percentile_ms(refused, answers->refused, 0.99);
	free(good);
	free(refused);
}

static void say_answers(struct report *report, const struct answers *answers)
{
	char rate[FORMATTED], good[FORMATTED], p50[FORMATTED], p99[FORMATTED], refused[FORMATTED];

	report_say(report, "At %s/s: %s/s good, p50 %s, p99 %s; %llu refused, p99 %s; %llu failed otherwise.",
		   format_count(answers->rate, rate), format_count(answers->good_per_s, good),
		   format_ms(answers->good_p50_ms, p50), format_ms(answers->good_p99_ms, p99),
		   (unsigned long long)answers->refused, format_ms(answers->refused_p99_ms, refused),
		   (unsigned long long)answers->others);
}

/* Of the rates above the one with the most good answers: what is left of these. */
static void say_what_is_left(struct report *report, const struct answers *all, unsigned count)
{
	const struct answers *best = all, *worst = NULL;
	char rate[FORMATTED];

	for (unsigned i = 1; i < count; i++)
		if (all[i].good_per_s > best->good_per_s)
			best = &all[i];
	for (unsigned i = 0; i < count; i++)
		if (all[i].rate > best->rate && (worst == NULL || all[i].good_per_s < worst->good_per_s))
			worst = &all[i];
	if (worst != NULL && best->good_per_s > 0)
		report_say(report, "Of the most good answers a second, %.0f %% are left at %s/s.",
			   100 * worst->good_per_s / best->good_per_s, format_count(worst->rate, rate));
}

static int measure(struct command *command, struct request_set *set, double rate, struct answers *answers)
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
	count_answers(load, answers);
	return 0;
}

int command_rates(struct command *command)
{
	const struct load_options *options = command->options;
	struct answers all[NUMBERS_MAX] = {0};
	struct request_set set;
	unsigned count = 0;
	int result = command_requests(command, &set, options->arguments.at[0]);

	command->report->arms[command->report->arm_count++] =
	    (struct report_arm){.name = "target", .url = options->arguments.at[0]};
	live_expect(command->live, options->rate_count * command_load_seconds(command, DURATION_S, WARMUP_S));
	while (result == 0 && count < options->rate_count && !command_is_interrupted(command)) {
		result = measure(command, &set, (double)options->rates[count], &all[count]);
		if (result == 0)
			say_answers(command->report, &all[count++]);
	}
	if (result == 0) {
		say_what_is_left(command->report, all, count);
		command_judge_errors(command, 0);
	}
	request_set_cleanup(&set);
	return result == 0 ? EXIT_GOOD : EXIT_USAGE;
}
