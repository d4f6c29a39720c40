/* json.h - the report as JSON, in parts: for --json whole, for the page without what it does not draw.
 *
 * docs/report-format.md says what every key means; REPORT_JSON_VERSION grows when a key changes its meaning or goes away.
 */
#pragma once

#include "base/json_out.h"
#include "loadgen/figures/report.h"

enum { REPORT_JSON_VERSION = 2 };
#define REPORT_JSON_FORMAT "meantime-load report"

/* The blocks are for `diff`; the page does not draw them. */
void report_json_write(struct json_out *json, const char *key, const struct report *report, bool with_blocks);
/* json_load.c */
/* `outcomes` and `statuses` by count. */
void report_json_write_tally(struct json_out *json, const uint64_t *outcomes, const uint64_t *statuses);
void report_json_write_load(struct json_out *json, const struct report_load *load, bool with_blocks);
/* json_figures.c */
void report_json_write_burst(struct json_out *json, const struct report_burst *burst);
void report_json_write_curve(struct json_out *json, const struct report_curve *curve);
void report_json_write_interval(struct json_out *json, const char *key, struct interval interval);
