#include "loadgen/report/html.h"

void report_html_goals(const struct report *report, FILE *out)
{
	if (report->goal_count == 0)
		return;
	fputs("<ul class=\"goals\">\n", out);
	for (unsigned i = 0; i < report->goal_count; i++) {
		const struct report_goal *goal = &report->goals[i];

		fprintf(out, "<li class=\"%s\">%s <code>", goal->is_known && goal->is_met ? "good" : "bad",
			!goal->is_known ? "? not known:"
			: goal->is_met  ? "✓ met:"
					: "✗ missed:");
		html_text(out, goal->text);
		fputs("</code>", out);
		if (goal->arm != NULL) {
			fputs(" by ", out);
			html_text(out, goal->arm);
		}
		if (goal->why != NULL) {
			fputs(": ", out);
			html_text(out, goal->why);
		}
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}
