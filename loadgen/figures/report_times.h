/* report_times.h - the times of the requests of one load, or of several as of one. Percentiles are exact, over every record
 * due within the window that has such a time.
 *
 * Thread: the report's.
 */
#pragma once

#include "loadgen/figures/report.h"

/* Returns whether the record has a time of this kind. */
typedef bool report_times_reader(const struct record *record, uint64_t *ns);

bool report_times_response(const struct record *record, uint64_t *ns);
bool report_times_service(const struct record *record, uint64_t *ns);
bool report_times_queue(const struct record *record, uint64_t *ns);
bool report_times_database(const struct record *record, uint64_t *ns);

struct report_times report_times_of(const struct report *report, const struct measurement *const *measurements,
				    unsigned measurement_count, report_times_reader *read);
