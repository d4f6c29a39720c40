/* text.h - the report for people in its parts: what was found first, then pictures and tables, then how far the figures can
 * be trusted.
 */
#pragma once

#include <stdio.h>

#include "base/compiler.h"
#include "loadgen/figures/report.h"
#include "loadgen/figures/tally.h"

/* Each writes nothing where the report holds nothing of its kind. */
void report_text_goals(const struct report *report, FILE *out);
void report_text_bursts(const struct report *report, FILE *out, unsigned columns);
/* text_loads.c: all loads but those of curves; and those of a sweep over rates, whose figures are sentences. */
void report_text_loads(const struct report *report, FILE *out);
void report_text_rates(const struct report *report, FILE *out);
void report_text_curve(const struct report *report, FILE *out, const struct report_curve *curve);
void report_text_speedup(const struct report *report, FILE *out);
void report_text_items(const struct report *report, FILE *out);
void report_text_turnings(const struct report *report, FILE *out);
void report_text_differences(const struct report *report, FILE *out);
void report_text_check(const struct report *report, FILE *out, unsigned columns);

/* text_tally.c: every status and every other end, by count: a figure says nothing without what it is of. */
/* `malformed_what` is of the first malformed response, or NULL. */
void report_text_tally(const struct report *report, FILE *out, unsigned arm, const struct tally *tally,
		       const char *malformed_what);
/* The loads are of one arm. */
void report_text_tally_of_loads(const struct report *report, FILE *out, struct report_load *const *loads,
				unsigned count);

/* text_line.c */
/* Words that are too long for a line go on the next one, indented. */
void report_text_paragraph(FILE *out, const char *text, unsigned columns, unsigned indent);
/* A line of its own, indented by two. */
void report_text_line(FILE *out, const char *format, ...) PRINTF_LIKE(2, 3);
/* `mark`, `count` times, to the nearest. */
void report_text_repeated(FILE *out, char mark, double count);
