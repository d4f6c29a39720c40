#include "loadgen/report/text.h"

#include "loadgen/report/format.h"

void report_text_turnings(const struct report *report, FILE *out)
{
	if (report->turning_count == 0)
		return;
	fprintf(out, "Items through the queue, medians of %u rounds; their latency is from made to got:\n",
		report->turnings[0].rounds);
	fprintf(out, "  %-20s %9s  %-17s %9s %9s %9s %9s\n", "", "seconds", "of the rounds", "times us", "p50", "p99",
		"max");
	for (unsigned i = 0; i < report->turning_count; i++) {
		const struct report_turning *row = &report->turnings[i];
		char p50[FORMATTED], p99[FORMATTED], max[FORMATTED], range[40];

		snprintf(range, sizeof(range), "%.3f..%.3f", row->low_seconds, row->high_seconds);
		fprintf(out, "  %-20.20s %9.3f  %-17s %9.1f %9s %9s %9s\n", row->name, row->seconds, range,
			row->seconds / report->turnings[0].seconds, format_ms(row->p50_us / 1e3, p50),
			format_ms(row->p99_us / 1e3, p99), format_ms(row->max_us / 1e3, max));
	}
	fputc('\n', out);
}
