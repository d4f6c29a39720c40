#include "loadgen/report/text.h"

#include <math.h>

#include "loadgen/report/format.h"

void report_text_speedup(const struct report *report, FILE *out)
{
	const struct report_speedup *speedup = &report->speedup;
	double most = 1;

	if (speedup->point_count == 0)
		return;
	for (unsigned i = 0; i < speedup->point_count; i++)
		most = fmax(most, speedup->points[i].speedup);
	fprintf(out, "%s over compute threads, one at a time, on %u cores:\n", speedup->path, speedup->cores);
	fprintf(out, "  %7s %9s  %-19s %8s %14s\n", "threads", "median", "of the rounds", "speed-up", "Amdahl's bound");
	for (unsigned i = 0; i < speedup->point_count; i++) {
		const struct report_speedup_point *point = &speedup->points[i];
		char median[FORMATTED], low[FORMATTED], high[FORMATTED], range[FORMATTED * 2 + 4];

		snprintf(range, sizeof(range), "%s..%s", format_ms(point->low_ms, low),
			 format_ms(point->high_ms, high));
		fprintf(out, "  %7u %9s  %-19s %8.2f ", point->threads, format_ms(point->ms, median), range,
			point->speedup);
		if (isnan(point->bound))
			fprintf(out, "%14s  ", "-");
		else
			fprintf(out, "%14.2f  ", point->bound);
		report_text_repeated(out, '#', 20 * point->speedup / most);
		fputc('\n', out);
	}
	fputc('\n', out);
}
