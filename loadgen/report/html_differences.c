#include "loadgen/report/html.h"

#include <math.h>
#include <string.h>

static void write_measure(FILE *out, const char *name, double value, const char *unit)
{
	fputs("<td data-name=\"", out);
	html_text(out, name);
	fputs("\">", out);
	if (unit != NULL && strcmp(unit, "ms") == 0) {
		html_milliseconds(out, value);
	} else {
		html_amount(out, value);
		if (unit != NULL && unit[0] != '\0') {
			fputs(" ", out);
			html_text(out, unit);
		}
	}
	fputs("</td>", out);
}

static void write_ratio(FILE *out, const struct difference *numbers)
{
	if (!isfinite(numbers->ratio)) {
		fputs("<td data-name=\"ratio\">–</td>", out);
		return;
	}
	fprintf(out, "<td data-name=\"ratio\">× %.3g<small>", numbers->ratio);
	if (isfinite(numbers->interval.low) && isfinite(numbers->interval.high))
		fprintf(out, " %.3g–%.3g</small></td>", numbers->interval.low, numbers->interval.high);
	else
		fputs(" too few rounds</small></td>", out);
}

static void write_difference(const struct report *report, FILE *out, const struct report_difference *difference)
{
	const struct difference *numbers = &difference->difference;
	const char *sign = difference->verdict == NULL                  ? ""
			   : strcmp(difference->verdict, "faster") == 0 ? "▲ "
			   : strcmp(difference->verdict, "slower") == 0 ? "▼ "
									: "";

	fputs("<tr><th scope=\"row\">", out);
	html_text(out, difference->what);
	fputs("<small> ", out);
	html_text(out, difference->group);
	fputs("</small></th><td data-name=\"compared\" class=\"words\">", out);
	html_text(out, report_arm_name(report, difference->b));
	fputs(" to ", out);
	html_text(out, report_arm_name(report, difference->a));
	fputs("</td>", out);
	write_measure(out, report_arm_name(report, difference->a), numbers->a, difference->unit);
	write_measure(out, report_arm_name(report, difference->b), numbers->b, difference->unit);
	write_ratio(out, numbers);
	fprintf(out, "<td data-name=\"verdict\" class=\"words verdict-word\">%s", sign);
	html_text(out, difference->verdict);
	fputs("</td></tr>\n", out);
}

void report_html_differences(const struct report *report, FILE *out)
{
	if (report->difference_count == 0)
		return;
	fputs("<section id=\"differences\"><h2>Differences</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	      "aria-label=\"Table of the differences\"><table class=\"stack\"><caption><span>b compared with a: the "
	      "ratio b/a with its 95 % "
	      "interval. An interval that holds 1 shows no difference.</span></caption>\n<thead><tr><th "
	      "scope=\"col\">figure</th>"
	      "<th scope=\"col\" class=\"words\">b to a</th><th scope=\"col\">a</th><th scope=\"col\">b</th>"
	      "<th scope=\"col\">b/a</th><th scope=\"col\" class=\"words\">b is</th></tr></thead>\n<tbody>\n",
	      out);
	for (unsigned i = 0; i < report->difference_count; i++)
		write_difference(report, out, &report->differences[i]);
	fputs("</tbody></table></div></section>\n", out);
}
