/* report_formats.h - a report in each of the formats that it is shown in, and back from its JSON.
 *
 * Errors:  the writers of files return -1 when writing failed; report_read_json() says `why`.
 */
#pragma once

#include <stdio.h>

#include "loadgen/figures/report.h"

/* For people, on a terminal or in a file; paragraphs are not wider than `columns`. */
void report_write_text(const struct report *report, FILE *out, unsigned columns);
/* The whole report but single requests; docs/report-format.md describes it. Returns a new string for free(). */
char *report_json(const struct report *report);
/* And back, as far as diff needs it: arms, loads with blocks. */
int report_read_json(struct report *report, const char *file, char *why, size_t why_size);
/* One page, no network. */
int report_write_html(const struct report *report, FILE *out);
/* A line a request. */
int report_write_csv(const struct report *report, FILE *out);
int report_write_ndjson(const struct report *report, FILE *out);
/* Chrome trace events; at most TRACE_REQUESTS_MAX requests an arm: the bursts, then around the slowest. */
enum { TRACE_REQUESTS_MAX = 20000 };
int report_write_trace(const struct report *report, FILE *out);
