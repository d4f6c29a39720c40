#include "loadgen/report/text.h"

#include <math.h>

#include "loadgen/report/format.h"

enum { BAR_MIN = 20, BAR_BESIDE = 66 };

static double longest_makespan(const struct report *report)
{
	double longest = 0;

	for (unsigned i = 0; i < report->burst_count; i++)
		longest = fmax(longest, report->bursts[i].makespan);
	return longest;
}

static void print_bar(FILE *out, const struct report_bar *bar, double ms_a_character)
{
	char done[FORMATTED], queued[FORMATTED], database[FORMATTED];
	double waited = bar->queue_before + (isnan(bar->queue) ? 0 : bar->queue),
	       worked = isnan(bar->database) ? 0 : bar->database;
	double first = round(waited / ms_a_character), second = round((waited + worked) / ms_a_character),
	       third = round(bar->done / ms_a_character);

	fprintf(out, "  %-18.18s %8s |", bar->label, format_ms(bar->done, done));
	report_text_repeated(out, '.', first);
	report_text_repeated(out, '#', second - first);
	report_text_repeated(out, '=', third - fmax(first, second));
	if (bar->outcome != OUTCOME_ANSWERED)
		fprintf(out, "  %s", outcome_word(bar->outcome));
	else if (bar->status < 200 || bar->status >= 300)
		fprintf(out, "  status %u", bar->status);
	else if (!isnan(bar->database))
		fprintf(out, "  queued %s, database %s", format_ms(waited, queued), format_ms(bar->database, database));
	fputc('\n', out);
}

void report_text_bursts(const struct report *report, FILE *out, unsigned columns)
{
	unsigned room = columns > BAR_BESIDE + BAR_MIN ? columns - BAR_BESIDE : BAR_MIN;
	double scale = longest_makespan(report) / room;
	char makespan[FORMATTED];

	if (report->burst_count == 0)
		return;
	fputs("Released at the same instant; queued '.', database '#', rest '=':\n", out);
	for (unsigned i = 0; i < report->burst_count; i++) {
		const struct report_burst *burst = &report->bursts[i];
		struct tally tally = {0};

		fprintf(out, "\n%s%s%s\n", report_arm_name(report, burst->arm),
			report->arms[burst->arm].note ? ": " : "",
			report->arms[burst->arm].note ? report->arms[burst->arm].note : "");
		for (unsigned j = 0; j < burst->bar_count; j++)
			print_bar(out, &burst->bars[j], scale > 0 ? scale : 1);
		fprintf(out, "  all over in %s", format_ms(burst->makespan, makespan));
		if (!isnan(burst->overlap))
			fprintf(out, ", overlap %.2f (%.2f to %.2f in %u repeats; 0 queued, 1 overlapped)",
				burst->overlap, burst->overlap_low, burst->overlap_high, burst->repeats);
		fputc('\n', out);
		tally_add_burst(&tally, burst);
		report_text_tally(report, out, burst->arm, &tally, NULL);
	}
	fputc('\n', out);
}
