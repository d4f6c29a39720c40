/* What is said of bursts. */
#include <math.h>

#include "loadgen/report/findings.h"
#include "loadgen/report/format.h"
#include "loadgen/figures/sentences.h"

static bool is_good(const struct report_bar *bar)
{
	return bar->outcome == OUTCOME_ANSWERED && bar->status >= 200 && bar->status < 400;
}

/* Why there is no overlap to speak of. */
static const char *why_unknown(struct report *report, const struct report_burst *burst)
{
	for (unsigned i = 0; i < burst->bar_count; i++) {
		const struct report_bar *bar = &burst->bars[i];

		if (isnan(bar->solo))
			return arena_printf(&report->arena, "%s failed when it was alone", bar->label);
		if (!is_good(bar) && bar->outcome == OUTCOME_ANSWERED)
			return arena_printf(&report->arena, "%s was answered with status %u", bar->label, bar->status);
		if (!is_good(bar))
			return arena_printf(&report->arena, "%s: %s", bar->label, outcome_word(bar->outcome));
	}
	return burst->bar_count < 2 ? "it is one request" : "one failed in another repeat";
}

void find_burst(struct report *report)
{
	const struct report_burst *burst = &report->bursts[0];
	char text[FORMATTED];

	if (report->burst_count == 0)
		return;
	format_ms(burst->makespan, text);
	if (isnan(burst->overlap))
		report_say(report, SAYS_burst_unknown, burst->bar_count, why_unknown(report, burst));
	else if (burst->overlap > 0.9)
		report_say(report, SAYS_burst_overlaps, burst->bar_count, text, burst->overlap);
	else if (burst->overlap < 0.1)
		report_say(report, SAYS_burst_queues, burst->bar_count, text, burst->overlap);
	else
		report_say(report, SAYS_burst_in_part, burst->bar_count, text, burst->overlap);
}

void find_bursts(struct report *report)
{
	char text[FORMATTED], line[1024];
	unsigned said = 0;
	int at = 0;

	for (unsigned i = 0; i < report->burst_count && (size_t)at < sizeof(line) - 100; i++) {
		const struct report_burst *burst = &report->bursts[i];

		if (isnan(burst->overlap))
			continue;
		at += snprintf(line + at, sizeof(line) - (size_t)at, "%s after %s in %.40s (overlap %.2f)",
			       said++ == 0 ? "" : ",", format_ms(burst->makespan, text), report->arms[burst->arm].name,
			       burst->overlap);
	}
	if (said >= 2)
		report_say(report, SAYS_bursts_compared, report->bursts[0].bar_count, line);
}
