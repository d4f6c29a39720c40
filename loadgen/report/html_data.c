#include "loadgen/report/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* What a browser draws without effort, and a page that still can be mailed. */
enum { POINTS_PER_LOAD = 2000, POINTS_PER_PAGE = 40000, SLOWEST = 200 };

static bool is_failure(const struct record *record)
{
	return record->outcome != OUTCOME_ANSWERED || record->status >= 400;
}

static bool is_in_window(const struct record *record)
{
	return !record->is_warmup && record->done_ns >= record->intended_ns;
}

/* Which requests of a load are drawn. */
struct thinning {
	uint64_t every, every_failure; /* each so manieth */
	uint64_t slow_ns;              /* and what took longer */
};

/* Keeps the SLOWEST largest, ascending. */
static void keep_slowest(uint64_t *slowest, uint64_t ns)
{
	size_t i = 0;

	if (ns <= slowest[0])
		return;
	for (; i + 1 < SLOWEST && slowest[i + 1] < ns; i++)
		slowest[i] = slowest[i + 1];
	slowest[i] = ns;
}

static struct thinning thinning_of(const struct record_log *records, size_t budget)
{
	uint64_t slowest[SLOWEST] = {0}, count = 0, failures = 0;
	size_t slow = budget / 4 < SLOWEST ? budget / 4 : SLOWEST;

	for (uint64_t i = 0; i < records->count; i++) {
		const struct record *record = record_log_at(records, i);

		if (!is_in_window(record))
			continue;
		count++;
		failures += is_failure(record);
		keep_slowest(slowest, record_response_ns(record));
	}
	/* half of the budget for the even sample, a quarter each for failures and for the slowest */
	return (struct thinning){.every = count > budget ? count / (budget / 2) + 1 : 1,
				 .every_failure = failures / (budget / 4) + 1,
				 .slow_ns = count > budget ? slowest[SLOWEST - slow] : UINT64_MAX};
}

static double rounded(double value, double digits)
{
	double scale = value > 0 ? pow(10, digits - 1 - floor(log10(value))) : 1;

	return round(value * scale) / scale;
}

struct chosen {
	const struct record **records;
	size_t count;
};

static struct chosen choose(const struct record_log *records, size_t budget)
{
	struct thinning thinning = thinning_of(records, budget);
	struct chosen chosen = {memory_alloc(budget * sizeof(struct record *)), 0};
	uint64_t seen = 0, failures = 0;

	for (uint64_t i = 0; i < records->count && chosen.count < budget; i++) {
		const struct record *record = record_log_at(records, i);
		bool is_chosen;

		if (!is_in_window(record))
			continue;
		is_chosen = seen++ % thinning.every == 0 || record_response_ns(record) > thinning.slow_ns;
		if (is_failure(record))
			is_chosen = failures++ % thinning.every_failure == 0;
		if (is_chosen)
			chosen.records[chosen.count++] = record;
	}
	return chosen;
}

static void write_failed(struct json_out *json, const struct chosen *chosen)
{
	json_out_open(json, "failed", '[');
	for (size_t i = 0; i < chosen->count; i++) {
		const struct record *record = chosen->records[i];
		char status[16];

		if (!is_failure(record))
			continue;
		snprintf(status, sizeof(status), "%u", record->status);
		json_out_open(json, NULL, '[');
		json_out_count(json, NULL, i);
		json_out_string(json, NULL,
				record->outcome == OUTCOME_ANSWERED ? status
								    : outcome_word((enum outcome)record->outcome));
		json_out_close(json);
	}
	json_out_close(json);
}

static void write_points(struct json_out *json, unsigned index, const struct measurement *measurement, size_t budget)
{
	struct chosen chosen = choose(&measurement->records, budget);
	double from_ns = (double)measurement->window_from_ns;

	json_out_open(json, NULL, '{');
	json_out_count(json, "load", index);
	json_out_open(json, "at_ms", '[');
	for (size_t i = 0; i < chosen.count; i++)
		json_out_number(json, NULL, round(((double)chosen.records[i]->intended_ns - from_ns) / 1e5) / 10);
	json_out_close(json);
	json_out_open(json, "response_ms", '[');
	for (size_t i = 0; i < chosen.count; i++)
		json_out_number(json, NULL, rounded((double)record_response_ns(chosen.records[i]) / 1e6, 4));
	json_out_close(json);
	write_failed(json, &chosen);
	json_out_close(json);
	free(chosen.records);
}

void report_html_points(struct json_out *json, const struct report *report)
{
	size_t budget = report->load_count > 0 ? POINTS_PER_PAGE / report->load_count : 0;

	json_out_open(json, "points", '[');
	for (unsigned i = 0; i < report->load_count; i++) {
		if (report->loads[i]->measurement.records.count > 0)
			write_points(json, i, &report->loads[i]->measurement,
				     budget < POINTS_PER_LOAD ? budget : POINTS_PER_LOAD);
	}
	json_out_close(json);
}

struct counted {
	double value;
	uint64_t count;
};

static int by_value(const void *a, const void *b)
{
	const struct counted *left = a, *right = b;

	return (left->value > right->value) - (left->value < right->value);
}

/* The first round of a load on its arm: it stands for all of them. */
static bool is_first_round(const struct report *report, unsigned index)
{
	for (unsigned i = 0; i < index; i++) {
		if (report->loads[i]->arm == report->loads[index]->arm &&
		    html_load_is_same(report->loads[i], report->loads[index]))
			return false;
	}
	return true;
}

static size_t append_blocks(struct counted *all, size_t length, const struct blocks *blocks)
{
	for (size_t i = 0; i < blocks->count; i++) {
		for (size_t j = 0; j < blocks->blocks[i].length; j++)
			all[length++] = (struct counted){blocks->blocks[i].values[j], blocks->blocks[i].counts[j]};
	}
	return length;
}

/* The blocks of every round, one ascending list; NULL when there are none. For free(). */
static struct counted *pool(const struct report *report, const struct report_load *like, size_t *length,
			    uint64_t *at_least)
{
	size_t capacity = 0;
	struct counted *all;

	*length = 0;
	*at_least = 0;
	for (unsigned i = 0; i < report->load_count; i++) {
		const struct report_load *load = report->loads[i];

		if (load->arm == like->arm && html_load_is_same(load, like)) {
			for (size_t j = 0; j < load->blocks.count; j++)
				capacity += load->blocks.blocks[j].length;
		}
	}
	if (capacity == 0)
		return NULL;
	all = memory_alloc(capacity * sizeof(*all));
	for (unsigned i = 0; i < report->load_count; i++) {
		const struct report_load *load = report->loads[i];

		if (load->arm == like->arm && html_load_is_same(load, like)) {
			*length = append_blocks(all, *length, &load->blocks);
			*at_least += load->response.at_least_count;
		}
	}
	qsort(all, *length, sizeof(*all), by_value);
	return all;
}

/* Points at 1/(1-p) = 1, 1.12, 1.26 ... up to where the number of requests supports no percentile any more. */
static void write_spectrum(struct json_out *json, const struct counted *all, size_t length)
{
	uint64_t count = 0, passed = 0;
	size_t at = 0;
	double most;

	for (size_t i = 0; i < length; i++)
		count += all[i].count;
	most = 1 / (1 - pow(0.05, 1 / (double)count));
	json_out_count(json, "count", count);
	json_out_open(json, "points", '[');
	for (unsigned step = 0; step < 400 && count > 0; step++) {
		double over = pow(10, step / 20.0), rank = ceil((double)count * (1 - 1 / over));

		if (over > most)
			break;
		while (at + 1 < length && (double)(passed + all[at].count) < fmax(rank, 1))
			passed += all[at++].count;
		json_out_open(json, NULL, '[');
		json_out_number(json, NULL, rounded(over, 4));
		json_out_number(json, NULL, rounded(all[at].value, 5));
		json_out_close(json);
	}
	json_out_close(json);
}

static void write_pooled(struct json_out *json, const struct report *report, unsigned index)
{
	size_t length;
	uint64_t at_least;
	struct counted *all = pool(report, report->loads[index], &length, &at_least);

	if (all == NULL)
		return;
	json_out_open(json, NULL, '{');
	json_out_count(json, "load", index);
	json_out_count(json, "at_least_count", at_least);
	write_spectrum(json, all, length);
	json_out_close(json);
	free(all);
}

void report_html_spectra(struct json_out *json, const struct report *report)
{
	json_out_open(json, "spectra", '[');
	for (unsigned i = 0; i < report->load_count; i++) {
		if (is_first_round(report, i))
			write_pooled(json, report, i);
	}
	json_out_close(json);
}
