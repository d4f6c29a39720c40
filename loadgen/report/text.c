#include "loadgen/report/text.h"

#include "loadgen/figures/sentences.h"
#include "loadgen/report/report_formats.h"

void report_write_text(const struct report *report, FILE *out, unsigned columns)
{
	if (report->is_interrupted)
		fprintf(out, "%s\n", SAYS_interrupted);
	for (unsigned i = 0; i < report->sentence_count; i++)
		report_text_paragraph(out, report->sentences[i], columns, 0);
	if (report->sentence_count > 0)
		fputc('\n', out);
	report_text_goals(report, out);
	report_text_bursts(report, out, columns);
	report_text_loads(report, out);
	report_text_rates(report, out);
	for (unsigned i = 0; i < report->curve_count; i++)
		report_text_curve(report, out, &report->curves[i]);
	report_text_speedup(report, out);
	report_text_turnings(report, out);
	report_text_items(report, out);
	report_text_differences(report, out);
	report_text_check(report, out, columns);
}
