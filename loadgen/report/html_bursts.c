#include "loadgen/report/html.h"

#include <math.h>

static void write_burst(const struct report *report, FILE *out, const struct report_burst *burst)
{
	fputs("<tr><th scope=\"row\">", out);
	html_text(out, report_arm_name(report, burst->arm));
	fprintf(out, "</th><td>%u</td><td>", burst->bar_count);
	html_milliseconds(out, burst->makespan);
	fputs("<small> ", out);
	html_milliseconds(out, burst->makespan_low);
	fputs("–", out);
	html_milliseconds(out, burst->makespan_high);
	if (isfinite(burst->overlap))
		fprintf(out, "</small></td><td>%.2f<small> %.2f–%.2f</small></td></tr>\n", burst->overlap,
			burst->overlap_low, burst->overlap_high);
	else
		fputs("</small></td><td>–</td></tr>\n", out);
}

void report_html_bursts(const struct report *report, FILE *out)
{
	if (report->burst_count == 0)
		return;
	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of the bursts\"><table>"
	      "<caption><span>Requests released at the same instant. Overlap: 0 when they queue behind each other, 1 "
	      "when they "
	      "run all at once.</span></caption>\n<thead><tr><th scope=\"col\">arm</th><th scope=\"col\">requests</th>"
	      "<th scope=\"col\">until the last answer</th><th scope=\"col\">overlap</th></tr></thead>\n<tbody>\n",
	      out);
	for (unsigned i = 0; i < report->burst_count; i++)
		write_burst(report, out, &report->bursts[i]);
	fputs("</tbody></table></div>\n", out);
}
