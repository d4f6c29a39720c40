/* What is said of items that a queue joins, and of the synchronous program beside it. */
#include <math.h>

#include "loadgen/figures/sentences.h"
#include "loadgen/engine/items.h"
#include "loadgen/report/findings.h"
#include "loadgen/report/format.h"

static const double LATE_MAX = 0.1;

static void find_items_run(struct report *report, const struct report_items *run, bool *is_whole)
{
	if (run->done < run->count) {
		*is_whole = false;
		report->has_failed = report->has_failed || !report->is_interrupted;
		if (!report->is_interrupted)
			report_say_first(report, SAYS_items_lost, run->name, run->count - run->done, run->count);
	}
	if (run->again > 0) {
		report->has_failed = true;
		*is_whole = false;
		report_say_first(report, SAYS_items_again, run->name, run->again);
	}
	if (run->late_share > LATE_MAX) {
		report->is_sound = false;
		report_say_first(report, SAYS_items_late, run->name, run->late_share * 100);
	}
	if (run->said != NULL)
		report_say(report, SAYS_items_no_wait, ITEMS_POLL_MS, run->said);
}

void find_items(struct report *report)
{
	const struct report_items *alone = &report->items[0], *joined = &report->items[1];
	char first[FORMATTED], then[FORMATTED];
	bool is_whole = report->items_count == 2;

	for (unsigned i = 0; i < report->items_count; i++)
		find_items_run(report, &report->items[i], &is_whole);
	if (!is_whole || !report->is_sound)
		return;
	report_say(report, SAYS_items_first, format_ms(alone->first_ms, first), alone->count,
		   format_ms(joined->first_ms, then));
	report_say(report, SAYS_items_all, joined->seconds, alone->seconds);
}
