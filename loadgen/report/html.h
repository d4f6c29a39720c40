/* html.h - the parts of the page: what is plain HTML, and what the page's script draws from.
 *
 * Everything that a report holds may be hostile (names, URLs). It gets into the page by html_text() alone, and as JSON
 * without any '<' into what the script draws from.
 */
#pragma once

#include <stdio.h>

#include "base/json_out.h"
#include "loadgen/figures/report.h"

/* Made by page/embed.cmake of page/report.html, .css and .js; the hashes are for the Content-Security-Policy. */
extern const char PAGE_HTML[], PAGE_CSS[], PAGE_JS[], PAGE_CSS_HASH[], PAGE_JS_HASH[];

/* html_text.c */
void html_text(FILE *out, const char *text);            /* escaped; nothing for NULL */
void html_milliseconds(FILE *out, double milliseconds); /* "820 µs", "1.23 ms", "3.00 s"; "–" for NAN */
void html_amount(FILE *out, double amount);             /* "12,345", "3.2"; "–" for NAN */

/* html_grid.c: the first screen. */
void report_html_grid(const struct report *report, FILE *out);
/* html_arms.c, html_bursts.c, html_differences.c, html_goals.c, html_items.c, html_speedup.c: readable without the script. */
void report_html_arms(const struct report *report, FILE *out);
void report_html_bursts(const struct report *report, FILE *out);
void report_html_differences(const struct report *report, FILE *out);
void report_html_goals(const struct report *report, FILE *out);
void report_html_items(const struct report *report, FILE *out);
void report_html_speedup(const struct report *report, FILE *out);
/* html_check.c */
void report_html_check(const struct report *report, FILE *out);

/* html_data.c: what the JSON does not hold. */
void report_html_points(struct json_out *json, const struct report *report);
void report_html_spectra(struct json_out *json, const struct report *report);

/* html_load.c: which loads belong together, and how one is called. */
/* Were `a` and `b` the same load, but perhaps on another arm, where its URL may differ, or in another round? */
bool html_load_is_same(const struct report_load *a, const struct report_load *b);
/* Were they, but for their concurrency? */
bool html_load_is_same_experiment(const struct report_load *a, const struct report_load *b);
/* Is it a level of a curve, which has a picture of its own? */
bool html_load_is_of_curve(const struct report *report, const struct report_load *load);
/* Is it one of several with the database at a distance? Its words say at which. */
bool html_load_is_of_distance(const struct report_load *load);
/* "GET /countries/{n}", or "each its own" where the arms are asked for different things. */
void html_load_name(FILE *out, const struct report *report, const struct report_load *load);
/* "64 at once, database 5.00 ms away" */
void html_load_words(FILE *out, const struct report_load *load);
