/* A load as it was measured becomes the row of a report. */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "loadgen/figures/report_check.h"
#include "loadgen/figures/report_times.h"
#include "loadgen/figures/slices.h"

enum { MOMENTS_WANTED = 100, MOMENT_MIN_MS = 100, BLOCKS_WANTED = 10 };

/* Throughput: good answers from the last answer before the window to the last one within it. A closed loop of few
 * clients answers in batches, and a window that cuts off half of a batch's wait would say too little. */

struct span {
	uint64_t from_ns, to_ns;
	double good; /* answers */
};

static void find_ends(const struct measurement *m, struct span *span, uint64_t *longest_ns)
{
	uint64_t first_ns = 0, last_ns = 0;

	*longest_ns = 0;
	for (uint64_t i = 0; i < m->records.count; i++) {
		const struct record *record = record_log_at(&m->records, i);

		if (!record_is_good(record) || record->done_ns >= m->window_to_ns)
			continue;
		if (record->done_ns < m->window_from_ns) {
			first_ns = record->done_ns > first_ns ? record->done_ns : first_ns;
			continue;
		}
		span->good += 1;
		last_ns = record->done_ns > last_ns ? record->done_ns : last_ns;
		if (record_response_ns(record) > *longest_ns)
			*longest_ns = record_response_ns(record);
	}
	*span = (struct span){first_ns > 0 ? first_ns : m->window_from_ns, last_ns, span->good};
}

/* What was under way at the end of the window took no longer than others: it was not a standstill. */
static bool ends_as_usual(const struct measurement *m, uint64_t last_ns, uint64_t longest_ns)
{
	longest_ns += longest_ns / 4;
	if (m->window_to_ns - last_ns > longest_ns)
		return false;
	for (uint64_t i = 0; i < m->records.count; i++) {
		const struct record *record = record_log_at(&m->records, i);

		if (record->intended_ns < m->window_to_ns && record->done_ns >= m->window_to_ns &&
		    (!record_is_good(record) || record_response_ns(record) > longest_ns))
			return false;
	}
	return true;
}

static double throughput_of(const struct report_load *load, const struct measurement *m)
{
	struct span span = {0};
	uint64_t longest_ns;

	find_ends(m, &span, &longest_ns);
	if (load->model == LOAD_CLOSED && span.to_ns > span.from_ns && ends_as_usual(m, span.to_ns, longest_ns))
		return span.good * 1e9 / (double)(span.to_ns - span.from_ns);
	return span.good / load->duration_s;
}

/* Counts */

static void add_counts(struct report_load *load, const struct measurement *m)
{
	uint64_t from = m->window_from_ns, to = m->window_to_ns;
	double inside = 0;

	for (uint64_t i = 0; i < m->records.count; i++) {
		const struct record *record = record_log_at(&m->records, i);
		uint64_t a = record->intended_ns > from ? record->intended_ns : from,
			 b = record->done_ns < to ? record->done_ns : to;

		inside += b > a ? (double)(b - a) : 0;
		if (!measurement_holds(m, record))
			continue;
		load->requests++;
		load->outcomes[record->outcome]++;
		load->statuses[record->status < ARRAY_LENGTH(load->statuses) ? record->status : 0]++;
		load->bytes += record->bytes;
	}
	if (load->duration_s > 0) {
		load->throughput = throughput_of(load, m);
		load->in_flight = inside / 1e9 / load->duration_s;
	}
}

static double rank_ms(const uint64_t *sorted, uint64_t count, double share)
{
	return count == 0 ? NAN : (double)sorted[(uint64_t)ceil((double)count * share - 1e-9) - 1] / 1e6;
}

/* Requests under way, summed as nanoseconds into the slices that they touch. */
static void add_in_flight(const struct slices *slices, const struct record *record, double *whole, double *part)
{
	uint64_t end = slices->from_ns + slices->count * slices->length_ns,
		 a = record->intended_ns > slices->from_ns ? record->intended_ns : slices->from_ns,
		 b = record->done_ns < end ? record->done_ns : end;
	unsigned first, last;

	if (b <= a)
		return;
	first = slices_find(slices, a);
	last = slices_find(slices, b);
	if (first == last) {
		part[first] += (double)(b - a);
		return;
	}
	part[first] += (double)(slices->from_ns + (first + 1) * slices->length_ns - a);
	if (last < slices->count)
		part[last] += (double)(b - slices->from_ns - last * slices->length_ns);
	whole[first + 1] += 1; /* differences: so many requests were under way from here */
	whole[last] -= 1;      /* to here */
}

static void count_moments(const struct measurement *m, const struct slices *slices, struct report_moment *moments)
{
	double *whole = memory_alloc_zeroed(slices->count + 2, sizeof(*whole)),
	       *part = memory_alloc_zeroed(slices->count + 2, sizeof(*part)), under_way = 0;

	for (uint64_t i = 0; i < m->records.count; i++) {
		const struct record *record = record_log_at(&m->records, i);
		unsigned sent = slices_find(slices, record->intended_ns), done = slices_find(slices, record->done_ns);

		if (sent < slices->count)
			moments[sent].sent += 1;
		if (done < slices->count && record_is_good(record))
			moments[done].done += 1;
		else if (done < slices->count)
			moments[done].failed += 1;
		add_in_flight(slices, record, whole, part);
	}
	for (unsigned i = 0; i < slices->count; i++) {
		under_way += whole[i];
		moments[i].in_flight = under_way + part[i] / (double)slices->length_ns;
	}
	free(whole);
	free(part);
}

static void add_moments(struct report *report, struct report_load *load, const struct measurement *m)
{
	uint64_t length_ns = (m->window_to_ns - m->window_from_ns) / MOMENTS_WANTED;
	struct slices slices;
	double length_s;

	if (length_ns < MOMENT_MIN_MS * NS_PER_MS)
		length_ns = MOMENT_MIN_MS * NS_PER_MS;
	slices = slices_of(m, length_ns);
	length_s = (double)length_ns / 1e9;
	load->moment_count = slices.count;
	load->moments = arena_alloc_zeroed(&report->arena, (slices.count + 1) * sizeof(*load->moments));
	count_moments(m, &slices, load->moments);
	for (unsigned i = 0; i < slices.count; i++) {
		struct report_moment *moment = &load->moments[i];
		const uint64_t *sorted = slices.times_ns + slices.starts[i];
		uint64_t count = slices.starts[i + 1] - slices.starts[i];

		moment->at_s = ((double)i + 0.5) * length_s;
		moment->sent /= length_s;
		moment->done /= length_s;
		moment->failed /= length_s;
		moment->p50_ms = rank_ms(sorted, count, 0.5);
		moment->p99_ms = rank_ms(sorted, count, 0.99);
	}
	slices_cleanup(&slices);
}

static struct histogram histogram_of(struct arena *arena, const uint64_t *sorted, uint64_t count)
{
	struct histogram histogram = {.values = arena_alloc(arena, (count + 1) * sizeof(double)),
				      .counts = arena_alloc(arena, (count + 1) * sizeof(uint64_t))};
	unsigned last = BUCKET_COUNT;

	for (uint64_t i = 0; i < count; i++) {
		unsigned bucket = bucket_of_ns(sorted[i]);

		if (bucket != last) {
			histogram.values[histogram.length] = (double)bucket_middle_ns(bucket) / 1e6;
			histogram.counts[histogram.length++] = 0;
			last = bucket;
		}
		histogram.counts[histogram.length - 1]++;
	}
	return histogram;
}

static void add_blocks(struct report *report, struct report_load *load, const struct measurement *m)
{
	uint64_t window = m->window_to_ns - m->window_from_ns,
		 length_ns = window < BLOCKS_WANTED * NS_PER_S ? window / BLOCKS_WANTED : NS_PER_S;
	struct slices slices;

	if (length_ns == 0)
		return;
	slices = slices_of(m, length_ns);
	load->blocks.count = slices.count;
	load->blocks.blocks = arena_alloc(&report->arena, (slices.count + 1) * sizeof(*load->blocks.blocks));
	load->blocks.rates = arena_alloc_zeroed(&report->arena, (slices.count + 1) * sizeof(*load->blocks.rates));
	for (unsigned i = 0; i < slices.count; i++) {
		uint64_t count = slices.starts[i + 1] - slices.starts[i];

		load->blocks.blocks[i] = histogram_of(&report->arena, slices.times_ns + slices.starts[i], count);
	}
	for (uint64_t i = 0; i < m->records.count; i++) {
		const struct record *record = record_log_at(&m->records, i);
		unsigned done = slices_find(&slices, record->done_ns);

		if (done < slices.count && record_is_good(record))
			load->blocks.rates[done] += 1e9 / (double)length_ns;
	}
	slices_cleanup(&slices);
}

static void add_steadiness(struct report_load *load)
{
	double *in_flight = memory_alloc((load->moment_count + 1) * sizeof(*in_flight)),
	       *at = memory_alloc((load->moment_count + 1) * sizeof(*at));

	for (unsigned i = 0; i < load->moment_count; i++) {
		in_flight[i] = load->moments[i].in_flight;
		at[i] = load->moments[i].at_s;
	}
	load->steadiness = steadiness_of(in_flight, at, load->moment_count);
	free(in_flight);
	free(at);
}

static const char *what_of(struct report *report, const struct load_plan *plan)
{
	const struct request_set *set = plan->requests;

	return set->count == 1
		   ? arena_copy(&report->arena, text_of(set->requests[0]->label))
		   : arena_printf(&report->arena, "%s and %u more", set->requests[0]->label, set->count - 1);
}

struct report_load *report_add_load(struct report *report, unsigned arm, const struct load_plan *plan,
				    struct measurement *measurement)
{
	struct report_load *load = arena_alloc_zeroed(&report->arena, sizeof(*load));
	const struct measurement *m = &load->measurement;

	if (report->load_count == LEVEL_RUNS_MAX)
		return NULL;
	report->loads[report->load_count++] = load;
	load->measurement = *measurement;
	*measurement = (struct measurement){0};
	load->arm = arm;
	load->what = what_of(report, plan);
	load->group = "load";
	load->model = plan->model;
	load->concurrency = plan->model == LOAD_CLOSED ? plan->connections * (plan->pipeline > 1 ? plan->pipeline : 1)
						       : plan->max_in_flight;
	load->pipeline = plan->pipeline;
	load->rate = plan->rate;
	load->arrivals = plan->arrivals;
	load->warmup_s = (double)m->window_from_ns / 1e9;
	load->duration_s =
	    m->window_to_ns > m->window_from_ns ? (double)(m->window_to_ns - m->window_from_ns) / 1e9 : 0;
	load->malformed_what = m->malformed_what;
	load->is_interrupted = m->is_interrupted;
	add_counts(load, m);
	load->response = report_times_of(report, &m, 1, report_times_response);
	load->service = report_times_of(report, &m, 1, report_times_service);
	load->queue = report_times_of(report, &m, 1, report_times_queue);
	load->database = report_times_of(report, &m, 1, report_times_database);
	if (load->duration_s > 0) {
		add_moments(report, load, m);
		add_blocks(report, load, m);
	}
	add_steadiness(load);
	report_check_load(report, load);
	return load;
}
