#include "loadgen/report/text.h"

#include <string.h>

#include "loadgen/figures/sentences.h"
#include "loadgen/report/format.h"

void report_text_goals(const struct report *report, FILE *out)
{
	char text[FORMATTED];

	for (unsigned i = 0; i < report->goal_count; i++) {
		const struct report_goal *goal = &report->goals[i];
		bool is_time = strcmp(goal->unit, "ms") == 0;
		const char *value = is_time ? format_ms(goal->value, text) : format_count(goal->value, text),
			   *space = is_time ? "" : " ", *unit = is_time ? "" : goal->unit;

		if (!goal->is_known)
			fprintf(out, SAYS_goal_not_known, goal->arm, goal->text,
				goal->why != NULL ? goal->why : "too few requests");
		else if (goal->is_met)
			fprintf(out, SAYS_goal_met, goal->arm, goal->text, value, space, unit);
		else if (goal->why != NULL)
			fprintf(out, SAYS_goal_missed, goal->arm, goal->text, goal->why, "", "");
		else
			fprintf(out, SAYS_goal_missed, goal->arm, goal->text, value, space, unit);
		fputc('\n', out);
	}
	if (report->goal_count > 0)
		fputc('\n', out);
}
