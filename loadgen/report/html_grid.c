#include "loadgen/report/html.h"

#include <math.h>
#include <string.h>

#include "loadgen/figures/tally.h"

/* The first screen: what is decided by. A row a load, a column an arm; each cell says how many times the first arm's. */

/* One load on one arm. */
struct cell {
	const struct report_load *rounds[LEVEL_RUNS_MAX];
	unsigned round_count;
};

static struct cell cell_of(const struct report *report, const struct report_load *like, unsigned arm)
{
	struct cell cell = {0};

	for (unsigned i = 0; i < report->load_count; i++)
		if (report->loads[i]->arm == arm && html_load_is_same(report->loads[i], like))
			cell.rounds[cell.round_count++] = report->loads[i];
	return cell;
}

static bool fails(const struct cell *cell)
{
	struct tally tally = {0};

	for (unsigned i = 0; i < cell->round_count; i++)
		tally_add_load(&tally, cell->rounds[i]);
	return tally_fails(&tally);
}

static double rate_of(const struct cell *cell)
{
	double values[LEVEL_RUNS_MAX];

	for (unsigned i = 0; i < cell->round_count; i++)
		values[i] = cell->rounds[i]->throughput;
	return median_of(values, cell->round_count);
}

/* Of the arm and the first, in requests/s; NULL: they were not compared. */
static const struct report_difference *difference_of(const struct report *report, const char *group, unsigned arm)
{
	for (unsigned i = 0; i < report->difference_count; i++) {
		const struct report_difference *difference = &report->differences[i];

		if (difference->a == 0 && difference->b == arm && difference->is_more_better &&
		    strcmp(difference->group, group) == 0)
			return difference;
	}
	return NULL;
}

static void open_big(FILE *out, unsigned arm, const char *more)
{
	fprintf(out, "<strong class=\"big text%u%s\">", arm % 6, more);
}

/* Three digits that count, and no more than two behind the point. */
static int decimals_of(double value)
{
	return value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
}

/* "8.7 ×", and its interval. */
static void write_factor(FILE *out, const struct report *report, const struct report_difference *difference)
{
	const struct difference *numbers = &difference->difference;
	const struct interval *interval = &numbers->interval;
	bool is_shown = numbers->verdict != VERDICT_NO_DIFFERENCE;

	if (!report->is_sound || !isfinite(numbers->ratio) ||
	    strncmp(difference->verdict, "no verdict", strlen("no verdict")) == 0) {
		fputs("<strong class=\"big faint\">no verdict</strong>", out);
		return;
	}
	open_big(out, difference->b, is_shown ? "" : " faint");
	fprintf(out, "%.*f&nbsp;×</strong><small>", decimals_of(numbers->ratio), numbers->ratio);
	if (isfinite(interval->low) && isfinite(interval->high))
		fprintf(out, "%.*f to %.*f ", decimals_of(numbers->ratio), interval->low, decimals_of(numbers->ratio),
			interval->high);
	fputs(is_shown ? "times " : "times, no difference shown to ", out);
	html_text(out, report_arm_name(report, difference->a));
	fputs("</small>", out);
}

static void write_p99(FILE *out, const struct report *report, const struct cell *cell)
{
	struct report_times times = report_pooled_times(report, cell->rounds, cell->round_count);

	for (unsigned i = 0; i < times.percentile_count; i++) {
		const struct percentile *percentile = &times.percentiles[i];

		if (fabs(percentile->percent - 99) > 1e-9 || !percentile->is_supported)
			continue;
		fputs(percentile->is_at_least ? ", <span class=\"whole\">p99 ≥ " : ", <span class=\"whole\">p99 ", out);
		html_milliseconds(out, percentile->value);
		fputs("</span>", out);
	}
}

/* The figures of the first arm, or of one that was not compared, are large themselves; else the factor is. */
static void write_cell(FILE *out, const struct report *report, const struct report_load *like, unsigned arm)
{
	struct cell cell = cell_of(report, like, arm);
	const struct report_difference *difference = difference_of(report, like->group, arm);

	if (cell.round_count == 0) {
		fputs("<td>–</td>", out);
		return;
	}
	fputs("<td>", out);
	if (fails(&cell)) {
		fputs("<strong class=\"big bad\">fails</strong><small>", out);
	} else if (difference != NULL) {
		write_factor(out, report, difference);
		fputs("<small>", out);
	} else {
		open_big(out, arm, "");
		html_amount(out, rate_of(&cell));
		fputs("/s</strong><small>good answers", out);
	}
	if (difference != NULL && !fails(&cell)) {
		html_amount(out, rate_of(&cell));
		fputs(" answers/s", out);
	}
	if (!fails(&cell))
		write_p99(out, report, &cell);
	fputs("</small></td>", out);
}

static void write_load_row(FILE *out, const struct report *report, const struct report_load *load)
{
	fputs("<tr><th scope=\"row\">", out);
	html_load_name(out, report, load);
	fputs("<small>", out);
	html_load_words(out, load);
	fputs("</small></th>", out);
	for (unsigned arm = 0; arm < report->arm_count; arm++)
		write_cell(out, report, load, arm);
	fputs("</tr>\n", out);
}

static const struct report_burst *burst_of(const struct report *report, unsigned arm)
{
	for (unsigned i = 0; i < report->burst_count; i++)
		if (report->bursts[i].arm == arm)
			return &report->bursts[i];
	return NULL;
}

static bool burst_fails(const struct report_burst *burst)
{
	struct tally tally = {0};

	tally_add_burst(&tally, burst);
	return tally_fails(&tally);
}

static void write_burst_cell(FILE *out, const struct report *report, unsigned arm)
{
	const struct report_burst *burst = burst_of(report, arm), *first = burst_of(report, 0);

	if (burst == NULL) {
		fputs("<td>–</td>", out);
		return;
	}
	if (burst_fails(burst)) {
		fputs("<td><strong class=\"big bad\">fails</strong></td>", out);
		return;
	}
	fputs("<td>", out);
	open_big(out, arm, "");
	html_milliseconds(out, burst->makespan);
	fputs("</strong><small>until the last answer", out);
	if (first != NULL && arm > 0 && burst->makespan > 0 && !burst_fails(first)) {
		fprintf(out, ", %.3g times as soon as ", first->makespan / burst->makespan);
		html_text(out, report_arm_name(report, 0));
	}
	fputs("</small></td>", out);
}

static void write_burst_row(FILE *out, const struct report *report)
{
	fprintf(out, "<tr><th scope=\"row\">%u requests<small>released at the same instant</small></th>",
		report->bursts[0].bar_count);
	for (unsigned arm = 0; arm < report->arm_count; arm++)
		write_burst_cell(out, report, arm);
	fputs("</tr>\n", out);
}

/* The arm's curve of the same thing; where the arms are asked for different things, its only one at this distance. */
static const struct report_curve *curve_of(const struct report *report, const struct report_curve *like, unsigned arm)
{
	const struct report_curve *only = NULL;
	unsigned count = 0;

	for (unsigned i = 0; i < report->curve_count; i++) {
		const struct report_curve *each = &report->curves[i];

		if (each->arm != arm || each->delay_ms != like->delay_ms || each->level_count == 0)
			continue;
		if (strcmp(each->what, like->what) == 0)
			return each;
		only = each;
		count++;
	}
	return count == 1 && arm != like->arm ? only : NULL;
}

/* The most that a curve came to. */
static void write_curve_cell(FILE *out, const struct report *report, const struct report_curve *like, unsigned arm)
{
	const struct report_curve *curve = curve_of(report, like, arm);
	const struct report_level *best = NULL;

	for (unsigned i = 0; curve != NULL && i < curve->level_count; i++)
		if (best == NULL || curve->levels[i].throughput > best->throughput)
			best = &curve->levels[i];
	if (best == NULL) {
		fputs("<td>–</td>", out);
		return;
	}
	if (best->error_share > FAILURES_MAX) {
		fputs("<td><strong class=\"big bad\">fails</strong></td>", out);
		return;
	}
	fputs("<td>", out);
	open_big(out, arm, "");
	html_amount(out, best->throughput);
	fprintf(out, "/s</strong><small>the most, at %u at once", best->concurrency);
	if (isfinite(curve->knee))
		fprintf(out, "; more than %.0f wait in line", fmax(1, floor(curve->knee)));
	if (isfinite(curve->slo_load))
		fprintf(out, "; the goal holds up to %.0f", curve->slo_load);
	fputs("</small></td>", out);
}

/* A curve that stands in a row already? */
static bool is_first_curve(const struct report *report, unsigned index)
{
	const struct report_curve *curve = &report->curves[index];

	for (unsigned i = 0; i < index; i++)
		if (report->curves[i].level_count > 0 && curve_of(report, &report->curves[i], curve->arm) == curve)
			return false;
	return curve->level_count > 0;
}

static void write_curve_rows(FILE *out, const struct report *report)
{
	for (unsigned i = 0; i < report->curve_count; i++) {
		const struct report_curve *curve = &report->curves[i];

		if (!is_first_curve(report, i))
			continue;
		fputs("<tr><th scope=\"row\"><code>", out);
		html_text(out, curve->what);
		fputs("</code><small>more and more at once", out);
		if (curve->delay_ms > 0) {
			fputs(", database ", out);
			html_milliseconds(out, curve->delay_ms);
			fputs(" away", out);
		}
		fputs("</small></th>", out);
		for (unsigned arm = 0; arm < report->arm_count; arm++)
			write_curve_cell(out, report, curve, arm);
		fputs("</tr>\n", out);
	}
}

static bool is_first_load(const struct report *report, unsigned index)
{
	for (unsigned i = 0; i < index; i++)
		if (html_load_is_same(report->loads[i], report->loads[index]))
			return false;
	return true;
}

static void write_head(FILE *out, const struct report *report)
{
	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"What is decided by\"><table "
	      "class=\"grid\">"
	      "<thead><tr><th scope=\"col\">load</th>",
	      out);
	for (unsigned arm = 0; arm < report->arm_count; arm++) {
		fprintf(out, "<th scope=\"col\" class=\"text%u\">", arm % 6);
		html_text(out, report->arms[arm].name);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n<tbody>\n", out);
}

/* A curve that ended early has fewer levels than one is known by. */
static bool is_level(const struct report *report, const struct report_load *load)
{
	return html_load_is_of_curve(report, load) ||
	       (report->curve_count > 0 && load->group != NULL && strncmp(load->group, "curve", strlen("curve")) == 0);
}

void report_html_grid(const struct report *report, FILE *out)
{
	if (report->arm_count == 0 || (report->load_count == 0 && report->burst_count == 0))
		return;
	write_head(out, report);
	if (report->burst_count > 0)
		write_burst_row(out, report);
	for (unsigned i = 0; i < report->load_count; i++)
		if (is_first_load(report, i) && !is_level(report, report->loads[i]))
			write_load_row(out, report, report->loads[i]);
	write_curve_rows(out, report);
	fputs("</tbody></table></div>\n", out);
}
