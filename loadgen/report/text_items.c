#include "loadgen/report/text.h"

#include <math.h>

#include "loadgen/report/format.h"

enum { LINES_MAX = 16, COLUMNS = 50 };

static double end_of(const struct report *report)
{
	double end = 0;

	for (unsigned i = 0; i < report->items_count; i++)
		for (unsigned j = 0; j < report->items[i].done; j++)
			end = fmax(end, report->items[i].items[j].done_s);
	return end;
}

/* '.' while it waits, '#' while it is processed. */
static void write_item(FILE *out, const struct report_item *item, unsigned number, double end)
{
	double scale = COLUMNS / end;
	char wait[FORMATTED];

	fprintf(out, "  %6u %9s |", number, format_ms((item->got_s - item->made_s) * 1e3, wait));
	report_text_repeated(out, ' ', item->made_s * scale);
	report_text_repeated(out, '.', (item->got_s - item->made_s) * scale);
	report_text_repeated(out, '#', fmax(1, (item->done_s - item->got_s) * scale));
	fputc('\n', out);
}

/* So many of them that the first and the last are there. */
static void write_run(FILE *out, const struct report_items *run, double end)
{
	unsigned lines = run->done < LINES_MAX ? run->done : LINES_MAX;

	if (run->producers == 0)
		fprintf(out, "%s: a program makes %u items, then processes them:\n", run->name, run->count);
	else
		fprintf(out, "%s: %u producers make %u items, a consumer processes them meanwhile:\n", run->name,
			run->producers, run->count);
	fprintf(out, "  %6s %9s\n", "item", "waits");
	for (unsigned i = 0; i < lines; i++) {
		unsigned at = lines > 1 ? i * (run->done - 1) / (lines - 1) : 0;

		write_item(out, &run->items[at], at + 1, end);
	}
	fputc('\n', out);
}

void report_text_items(const struct report *report, FILE *out)
{
	double end = end_of(report);

	if (report->items_count == 0)
		return;
	fprintf(out,
		"From made to got ('.'), processed ('#'); to make an item takes %.3g ms, to process it %.3g ms:\n\n",
		report->items[0].make_ms, report->items[0].process_ms);
	for (unsigned i = 0; i < report->items_count; i++)
		write_run(out, &report->items[i], end);
	fprintf(out, "  %-26s %9s %9s %9s %9s %9s\n", "waits", "first", "median", "longest", "last", "all over");
	for (unsigned i = 0; i < report->items_count; i++) {
		const struct report_items *run = &report->items[i];
		char first[FORMATTED], p50[FORMATTED], max[FORMATTED], last[FORMATTED], all[FORMATTED];

		fprintf(out, "  %-26s %9s %9s %9s %9s %9s\n", run->name, format_ms(run->first_ms, first),
			format_ms(run->p50_ms, p50), format_ms(run->max_ms, max), format_ms(run->last_ms, last),
			format_ms(run->seconds * 1e3, all));
	}
	fprintf(out, "  %-26s %9s %9s %9s %9s %9s\n", "notes, 400, synchronous", "20.49 s", "-", "-", "10.11 s",
		"30.60 s");
	fprintf(out, "  %-26s %9s %9s %9s %9s %9s\n\n", "notes, a queue", "0.00 s", "-", "-", "0.00 s", "-");
}
