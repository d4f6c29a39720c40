#include "loadgen/report/html.h"

#include <math.h>

static void write_point(FILE *out, const struct report_speedup_point *point, double most)
{
	fprintf(out, "<tr><th scope=\"row\">%u</th><td>", point->threads);
	html_milliseconds(out, point->ms);
	fputs("<small> ", out);
	html_milliseconds(out, point->low_ms);
	fputs("–", out);
	html_milliseconds(out, point->high_ms);
	fprintf(
	    out,
	    "</small></td><td>× %.2f</td><td class=\"bar\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" "
	    "aria-hidden=\"true\"><rect class=\"arm0\" width=\"%.1f\" height=\"10\"/></svg></td>",
	    point->speedup, 100 * fmin(1, point->speedup / most));
	if (isfinite(point->bound))
		fprintf(out, "<td>× %.2f</td></tr>\n", point->bound);
	else
		fputs("<td>–</td></tr>\n", out);
}

void report_html_speedup(const struct report *report, FILE *out)
{
	const struct report_speedup *speedup = &report->speedup;
	double most = 1;

	if (speedup->point_count == 0)
		return;
	for (unsigned i = 0; i < speedup->point_count; i++)
		most = fmax(most, fmax(speedup->points[i].speedup,
				       isfinite(speedup->points[i].bound) ? speedup->points[i].bound : 0));
	fputs("<section id=\"speedup\"><h2>More compute threads</h2>\n<div class=\"scroll\" tabindex=\"0\" "
	      "role=\"region\" "
	      "aria-label=\"Table of the speed-up\"><table><caption><span><code>",
	      out);
	html_text(out, speedup->path);
	fprintf(
	    out,
	    "</code>, one at a time, on %u cores: medians of the rounds, lowest–highest small; the bound is Amdahl's, "
	    "for a serial share of %.1f&nbsp;%%.</span></caption>\n<thead><tr><th scope=\"col\">threads</th>"
	    "<th scope=\"col\">time</th><th scope=\"col\">speed-up</th><td></td><th "
	    "scope=\"col\">bound</th></tr></thead>\n"
	    "<tbody>\n",
	    speedup->cores, speedup->serial_share * 100);
	for (unsigned i = 0; i < speedup->point_count; i++)
		write_point(out, &speedup->points[i], most);
	fputs("</tbody></table></div></section>\n", out);
}
