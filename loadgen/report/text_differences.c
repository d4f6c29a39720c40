#include "loadgen/report/text.h"

#include <math.h>
#include <string.h>

#include "loadgen/report/format.h"

static void print_difference(const struct report *report, FILE *out, const struct report_difference *difference)
{
	bool is_time = strcmp(difference->unit, "ms") == 0;
	char a[FORMATTED], b[FORMATTED], ratio[FORMATTED], names[80], interval[40];

	snprintf(ratio, sizeof(ratio), isnan(difference->difference.ratio) ? "-" : "%.3g",
		 difference->difference.ratio);
	snprintf(names, sizeof(names), "%s / %s", report_arm_name(report, difference->b),
		 report_arm_name(report, difference->a));
	if (isinf(difference->difference.interval.high))
		snprintf(interval, sizeof(interval), "not known");
	else
		snprintf(interval, sizeof(interval), "%.3g..%.3g", difference->difference.interval.low,
			 difference->difference.interval.high);
	fprintf(out, "  %-18.18s %-10s %9s %9s %7s %15s  %s\n", names, difference->what,
		is_time ? format_ms(difference->difference.b, b) : format_count(difference->difference.b, b),
		is_time ? format_ms(difference->difference.a, a) : format_count(difference->difference.a, a), ratio,
		interval, difference->verdict);
}

void report_text_differences(const struct report *report, FILE *out)
{
	if (report->difference_count == 0)
		return;
	fprintf(out, "Differences (medians of the rounds, their ratio with its 95 %% interval, what the first is):\n");
	for (unsigned i = 0; i < report->difference_count; i++) {
		const struct report_difference *difference = &report->differences[i];

		if (i == 0 || strcmp(difference->group, report->differences[i - 1].group) != 0)
			fprintf(out, "%s:\n", difference->group);
		print_difference(report, out, difference);
	}
	fputc('\n', out);
}
