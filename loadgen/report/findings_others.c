/* What is said of compute threads, of distances, of loops, and of two files. */
#include <math.h>
#include <string.h>

#include "loadgen/report/findings.h"
#include "loadgen/figures/sentences.h"

static const double SHARE_SEEN = 0.001; /* less than that is noise */

/* The point that is fastest, and how far its rounds are apart. */
static const struct report_speedup_point *fastest(const struct report_speedup *speedup, double *noise)
{
	const struct report_speedup_point *best = &speedup->points[0];

	for (unsigned i = 1; i < speedup->point_count; i++)
		if (speedup->points[i].speedup > best->speedup)
			best = &speedup->points[i];
	*noise = (best->high_ms - best->low_ms) / 2 / best->ms;
	return best;
}

void find_speedup(struct report *report)
{
	const struct report_speedup *speedup = &report->speedup;
	const struct report_speedup_point *first = &speedup->points[0], *best;
	double most, noise;

	if (speedup->point_count == 0)
		return;
	best = fastest(speedup, &noise);
	most = fmin(best->threads, speedup->cores) / first->threads;
	if (speedup->others_share > OTHERS_MAX)
		report_say(report, SAYS_speedup_withheld, speedup->path, speedup->others_share * 100, OTHERS_MAX * 100);
	else if (isnan(speedup->serial_share))
		report_say(report, SAYS_speedup_unknown, speedup->path);
	else if (best->speedup > most && best->threads > first->threads)
		report_say(report, SAYS_speedup_at, speedup->path, best->threads, most, first->threads, noise * 100);
	else if (speedup->serial_share < SHARE_SEEN)
		report_say(report, SAYS_speedup_straight, speedup->path, best->threads, best->speedup, first->threads,
			   speedup->cores);
	else
		report_say(report, SAYS_speedup_share, speedup->path, best->threads, best->speedup, first->threads,
			   speedup->serial_share * 100, 1 / speedup->serial_share);
}

static bool has_verdict(const struct report_difference *difference)
{
	return difference != NULL && strncmp(difference->verdict, "no ", 3) != 0;
}

void find_gains(struct report *report, const char *first, const char *last, const char *path, const struct gain *gains,
		unsigned count)
{
	char line[1024];
	int at = 0;

	if (count < 2)
		return;
	for (unsigned i = 0; i < count && (size_t)at < sizeof(line) - 64; i++) {
		const char *comma = at > 0 ? "," : "";

		if (has_verdict(gains[i].difference))
			at += snprintf(line + at, sizeof(line) - (size_t)at, "%s %.3g x at %.3g ms", comma,
				       gains[i].difference->difference.ratio, gains[i].delay_ms);
		else
			at += snprintf(line + at, sizeof(line) - (size_t)at, "%s %s at %.3g ms", comma,
				       gains[i].difference == NULL ? "not measured" : gains[i].difference->verdict,
				       gains[i].delay_ms);
	}
	report_say(report, SAYS_gains, last, first, path == NULL ? "the URL" : path, line);
}

void find_loop(struct report *report, uint64_t items)
{
	const struct report_turning *ours = &report->turnings[0];

	if (report->turning_count == 0)
		return;
	report_say(report, SAYS_loop_ours, (unsigned long long)items, ours->seconds, (unsigned long long)ours->turns,
		   (unsigned long long)ours->events_seen, (unsigned long long)ours->events_made);
	for (unsigned i = 1; i < report->turning_count; i++) {
		const struct report_turning *peer = &report->turnings[i];
		double low = peer->low_seconds / ours->high_seconds, high = peer->high_seconds / ours->low_seconds;

		if (low <= 1 && high >= 1)
			report_say(report, SAYS_loop_alike, peer->name, low, high);
		else
			report_say(report, SAYS_loop_peer, peer->name, peer->seconds / ours->seconds, low, high);
	}
}

static bool is_unchanged(const struct report_difference *difference)
{
	return strcmp(difference->verdict, "no difference shown") == 0;
}

void find_changes(struct report *report, const struct report *a, const struct report *b)
{
	const struct report_machine *of_a = &a->machine, *of_b = &b->machine;
	unsigned unchanged = 0;

	for (unsigned i = 0; i < report->difference_count; i++)
		if (is_unchanged(&report->differences[i]))
			unchanged++;
		else
			report_say(report, "%s", report->differences[i].sentence);
	report_say(report, SAYS_diff_unchanged, unchanged, report->difference_count);
	if (strcmp(of_a->processor, of_b->processor) != 0 || of_a->cores != of_b->cores ||
	    strcmp(of_a->kernel, of_b->kernel) != 0)
		report_say(report, SAYS_diff_machines, of_a->processor, of_a->cores, of_a->kernel, of_b->processor,
			   of_b->cores, of_b->kernel);
	for (unsigned i = 0; i < 2; i++)
		if (!(i == 0 ? a : b)->is_sound) {
			report_say(report, SAYS_diff_not_sound, report->arms[i].name);
			report->is_sound = false;
		}
}
