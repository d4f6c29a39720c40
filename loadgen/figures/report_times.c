/* Of the records of one load or several, the times of one kind. */
#include "loadgen/figures/report_times.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "loadgen/engine/sort.h"

bool report_times_response(const struct record *record, uint64_t *ns)
{
	*ns = record_response_ns(record);
	return record_has_time(record);
}

bool report_times_service(const struct record *record, uint64_t *ns)
{
	*ns = record_service_ns(record);
	return record_has_time(record) && record->sent_ns > 0;
}

bool report_times_queue(const struct record *record, uint64_t *ns)
{
	*ns = record->queue_us * NS_PER_US;
	return record_is_good(record) && record->queue_us != TIMING_UNKNOWN;
}

bool report_times_database(const struct record *record, uint64_t *ns)
{
	*ns = record->database_us * NS_PER_US;
	return record_is_good(record) && record->database_us != TIMING_UNKNOWN;
}

static void add_percentiles(const struct report *report, struct report_times *times, const uint64_t *sorted_ns,
			    double at_least_from)
{
	double *sorted = memory_alloc(times->count * sizeof(*sorted)), sum = 0;

	for (uint64_t i = 0; i < times->count; i++) {
		sorted[i] = (double)sorted_ns[i] / 1e6;
		sum += sorted[i];
	}
	times->mean = sum / (double)times->count;
	times->min = sorted[0];
	times->max = sorted[times->count - 1];
	for (unsigned i = 0; i < report->percent_count; i++)
		times->percentiles[times->percentile_count++] =
		    percentile_of(sorted, times->count, report->percents[i], at_least_from);
	free(sorted);
}

struct report_times report_times_of(const struct report *report, const struct measurement *const *measurements,
				    unsigned measurement_count, report_times_reader *read)
{
	struct report_times times = {0};
	uint64_t most = 1, *all, ns;
	double at_least_from = INFINITY;

	for (unsigned i = 0; i < measurement_count; i++)
		most += measurements[i]->records.count;
	all = memory_alloc(most * sizeof(*all));
	for (unsigned i = 0; i < measurement_count; i++)
		for (uint64_t j = 0; j < measurements[i]->records.count; j++) {
			const struct record *record = record_log_at(&measurements[i]->records, j);

			if (!measurement_holds(measurements[i], record) || !read(record, &ns))
				continue;
			all[times.count++] = ns;
			if (record_is_at_least(record)) {
				times.at_least_count++;
				at_least_from = fmin(at_least_from, (double)ns / 1e6);
			}
		}
	if (times.count > 0) {
		sort_u64(all, times.count);
		add_percentiles(report, &times, all, at_least_from);
	}
	free(all);
	return times;
}

struct report_times report_pooled_times(const struct report *report, const struct report_load *const *loads,
					unsigned count)
{
	const struct measurement *measurements[LEVEL_RUNS_MAX];

	for (unsigned i = 0; i < count && i < LEVEL_RUNS_MAX; i++)
		measurements[i] = &loads[i]->measurement;
	return report_times_of(report, measurements, count, report_times_response);
}
