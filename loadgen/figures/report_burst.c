/* Bursts as they were measured become the picture of one of them. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "loadgen/figures/report.h"
#include "loadgen/figures/tally.h"

/* One repeat: the records are in the order in which they were sent. */
struct repeat {
	uint64_t first; /* record */
	double makespan_ms;
};

static int by_makespan(const void *a, const void *b)
{
	double x = ((const struct repeat *)a)->makespan_ms, y = ((const struct repeat *)b)->makespan_ms;

	return (x > y) - (x < y);
}

static struct repeat repeat_at(const struct measurement *m, uint64_t first, unsigned length)
{
	struct repeat repeat = {.first = first};

	for (unsigned i = 0; i < length; i++)
		repeat.makespan_ms =
		    fmax(repeat.makespan_ms, (double)record_response_ns(record_log_at(&m->records, first + i)) / 1e6);
	return repeat;
}

static double ms_between(uint64_t from_ns, uint64_t to_ns)
{
	return to_ns <= from_ns ? 0 : (double)(to_ns - from_ns) / 1e6;
}

/* Seen from outside: the server's own figures, and the rest of the wait before its clock started. A service that
 * serves one at a time leaves the others unread. */
static struct report_bar bar_of(struct report *report, const char *label, double solo_ms, const struct record *record)
{
	struct report_bar bar = {
	    .label = arena_copy(&report->arena, text_of(label)),
	    .solo = solo_ms,
	    .sent = ms_between(record->intended_ns, record->sent_ns),
	    .first = ms_between(record->intended_ns, record->first_ns),
	    .done = ms_between(record->intended_ns, record->done_ns),
	    .queue = NAN,
	    .database = NAN,
	    .status = record->status,
	    .outcome = (enum outcome)record->outcome,
	};

	if (record->total_us != TIMING_UNKNOWN)
		bar.queue_before = fmax(0, bar.done - record->total_us / 1e3);
	if (record->queue_us != TIMING_UNKNOWN)
		bar.queue = record->queue_us / 1e3;
	if (record->database_us != TIMING_UNKNOWN)
		bar.database = record->database_us / 1e3;
	bar.rest = fmax(0, bar.done - bar.queue_before - (isnan(bar.queue) ? 0 : bar.queue) -
			       (isnan(bar.database) ? 0 : bar.database));
	return bar;
}

static void add_overlap(struct report_burst *burst, const double *solo_ms, const struct repeat *repeats, unsigned count)
{
	struct tally tally = {0};

	burst->makespan = repeats[count / 2].makespan_ms;
	burst->makespan_low = repeats[0].makespan_ms;
	burst->makespan_high = repeats[count - 1].makespan_ms;
	tally_add_burst(&tally, burst);
	burst->overlap = burst->overlap_low = burst->overlap_high = NAN;
	if (tally.failed > 0) /* failures are quick: no figure is made of them */
		return;
	burst->overlap = overlap_of(solo_ms, burst->bar_count, burst->makespan);
	burst->overlap_low = overlap_of(solo_ms, burst->bar_count, burst->makespan_high);
	burst->overlap_high = overlap_of(solo_ms, burst->bar_count, burst->makespan_low);
}

struct report_burst *report_add_burst(struct report *report, unsigned arm, const struct load_plan *plan,
				      const double *solo_ms, struct measurement *measurement)
{
	struct report_burst *burst = &report->bursts[report->burst_count];
	unsigned length = plan->requests->count, repeats_done = (unsigned)(measurement->records.count / length);
	struct repeat *repeats;

	if (report->burst_count == ARRAY_LENGTH(report->bursts) || length > ARRAY_LENGTH(burst->bars) ||
	    repeats_done == 0)
		return NULL;
	report->burst_count++;
	*burst = (struct report_burst){.arm = arm, .repeats = repeats_done, .bar_count = length};
	burst->measurement = *measurement;
	*measurement = (struct measurement){0};
	repeats = memory_alloc(repeats_done * sizeof(*repeats));
	for (unsigned i = 0; i < repeats_done; i++)
		repeats[i] = repeat_at(&burst->measurement, (uint64_t)i * length, length);
	qsort(repeats, repeats_done, sizeof(*repeats), by_makespan);
	add_overlap(burst, solo_ms, repeats, repeats_done);
	for (unsigned i = 0; i < length; i++)
		burst->bars[i] =
		    bar_of(report, plan->requests->requests[i]->label, solo_ms[i],
			   record_log_at(&burst->measurement.records, repeats[repeats_done / 2].first + i));
	free(repeats);
	if (burst->measurement.is_interrupted)
		report->is_interrupted = true;
	return burst;
}
