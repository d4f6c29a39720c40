#include "loadgen/report/html.h"

#include <math.h>

enum { WIDTH = 640, LINE = 5, TOP = 4 };

static double end_of(const struct report *report)
{
	double end = 0;

	for (unsigned i = 0; i < report->items_count; i++)
		for (unsigned j = 0; j < report->items[i].done; j++)
			end = fmax(end, report->items[i].items[j].done_s);
	return end > 0 ? end : 1;
}

static void write_bar(FILE *out, const char *kind, double from, double to, unsigned line)
{
	fprintf(out, "<rect class=\"%s\" x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\"/>", kind, from,
		TOP + line * LINE, fmax(0.5, to - from), LINE - 1);
}

/* A line an item, in the order of making: it waits, then it is processed. */
static void write_picture(FILE *out, const struct report_items *run, double end)
{
	double scale = WIDTH / end;

	fprintf(out, "<figure data-kind=\"items\"><figcaption>");
	html_text(out, run->name);
	if (run->producers == 0)
		fprintf(out, ": a program makes %u items, then processes them", run->count);
	else
		fprintf(out, ": %u producers make %u items, a consumer processes them meanwhile", run->producers,
			run->count);
	fprintf(out, "</figcaption><svg viewBox=\"0 0 %d %u\" role=\"img\" aria-label=\"", WIDTH,
		run->done * LINE + 2 * TOP);
	html_text(out, run->name);
	fputs(": when each item waits, and when it is processed\">", out);
	for (unsigned i = 0; i < run->done; i++) {
		write_bar(out, "q", run->items[i].made_s * scale, run->items[i].got_s * scale, i);
		write_bar(out, "d", run->items[i].got_s * scale, run->items[i].done_s * scale, i);
	}
	fputs("</svg></figure>\n", out);
}

static void write_cell(FILE *out, double ms)
{
	fputs("<td>", out);
	html_milliseconds(out, ms);
	fputs("</td>", out);
}

static void write_row(FILE *out, const struct report_items *run)
{
	fputs("<tr><th scope=\"row\">", out);
	html_text(out, run->name);
	fprintf(out, "<small>, %u of %u items</small></th>", run->done, run->count);
	write_cell(out, run->first_ms);
	write_cell(out, run->p50_ms);
	write_cell(out, run->max_ms);
	write_cell(out, run->last_ms);
	write_cell(out, run->seconds * 1e3);
	fputs("</tr>\n", out);
}

void report_html_items(const struct report *report, FILE *out)
{
	double end = end_of(report);

	if (report->items_count == 0)
		return;
	fprintf(
	    out,
	    "<section id=\"items\"><h2>How long each item waits</h2>\n<p>A line an item. It waits from made to got, "
	    "and is then processed. To make one takes %.3g ms, to process one %.3g ms; the pictures end at %.2f s."
	    "</p>\n",
	    report->items[0].make_ms, report->items[0].process_ms, end);
	for (unsigned i = 0; i < report->items_count; i++)
		write_picture(out, &report->items[i], end);
	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of the waits\"><table>"
	      "<caption><span>Waits of items, from made to got.</span></caption>\n<thead><tr><th "
	      "scope=\"col\">program</th>"
	      "<th scope=\"col\">first</th><th scope=\"col\">median</th><th scope=\"col\">longest</th>"
	      "<th scope=\"col\">last</th><th scope=\"col\">all over</th></tr></thead>\n<tbody>\n",
	      out);
	for (unsigned i = 0; i < report->items_count; i++)
		write_row(out, &report->items[i]);
	fputs("<tr><th scope=\"row\">the notes, synchronous<small>, 400 items</small></th><td>20.49 s</td><td>–</td>"
	      "<td>–</td><td>10.11 s</td><td>30.60 s</td></tr>\n<tr><th scope=\"row\">the notes, a queue</th>"
	      "<td>0.00 s</td><td>–</td><td>–</td><td>0.00 s</td><td>–</td></tr>\n</tbody></table></div></section>\n",
	      out);
}
