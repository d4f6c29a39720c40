#include "loadgen/report/html.h"

#include <math.h>
#include <string.h>

#include "loadgen/figures/tally.h"

/* A row of the table of arms: one load on one arm, all its rounds. */
struct row {
	const struct report_load *first;
	const struct report_load *rounds[LEVEL_RUNS_MAX];
	unsigned round_count;
};

bool report_html_is_of_curve(const struct report *report, const struct report_load *load)
{
	unsigned others[2], other_count = 0;

	for (unsigned i = 0; i < report->load_count && other_count < 2; i++) {
		unsigned concurrency = report->loads[i]->concurrency;

		if (concurrency == load->concurrency || !report_html_is_same_experiment(report->loads[i], load))
			continue;
		if (other_count == 0 || others[0] != concurrency)
			others[other_count++] = concurrency;
	}
	return other_count == 2;
}

static bool has_only_curves(const struct report *report)
{
	for (unsigned i = 0; i < report->load_count; i++) {
		if (!report_html_is_of_curve(report, report->loads[i]))
			return false;
	}
	return true;
}

static struct row row_of(const struct report *report, unsigned index)
{
	struct row row = {.first = report->loads[index]};

	for (unsigned i = index; i < report->load_count; i++) {
		const struct report_load *load = report->loads[i];

		if (load->arm == row.first->arm && report_html_is_same_load(load, row.first))
			row.rounds[row.round_count++] = load;
	}
	return row;
}

static void write_value(FILE *out, const char *name, double milliseconds, bool is_at_least)
{
	fprintf(out, "<td data-name=\"%s\">%s", name, is_at_least ? "≥ " : "");
	html_milliseconds(out, milliseconds);
	fputs("</td>", out);
}

/* Of the requests of all rounds together, as in the text. */
static void write_percentile(FILE *out, const char *name, const struct report_times *times, double percent)
{
	for (unsigned i = 0; i < times->percentile_count; i++) {
		const struct percentile *percentile = &times->percentiles[i];

		if (fabs(percentile->percent - percent) > 1e-9 || !percentile->is_supported)
			continue;
		write_value(out, name, percentile->value, percentile->is_at_least);
		return;
	}
	fprintf(out, "<td data-name=\"%s\" class=\"faint\">too few</td>", name);
}

static void write_max(FILE *out, const struct row *row)
{
	double max = NAN;
	bool is_at_least = false;

	for (unsigned i = 0; i < row->round_count; i++) {
		if (row->rounds[i]->response.count == 0)
			continue;
		max = fmax(max, row->rounds[i]->response.max);
		is_at_least |= row->rounds[i]->response.at_least_count > 0;
	}
	write_value(out, "max", max, is_at_least);
}

/* Every status and every other end, by count. */
static void write_tally(FILE *out, const struct row *row)
{
	struct arena arena = {0};
	struct tally tally = {0};

	for (unsigned i = 0; i < row->round_count; i++)
		tally_add_load(&tally, row->rounds[i]);
	fputs("<br><small>", out);
	html_text(out, tally_words(&tally, &arena));
	fputs("</small>", out);
	arena_cleanup(&arena);
}

static void write_failures(FILE *out, const struct row *row)
{
	uint64_t failures = 0, requests = 0;

	for (unsigned i = 0; i < row->round_count; i++) {
		failures += failures_of(row->rounds[i]);
		requests += row->rounds[i]->requests;
	}
	fprintf(out, "<td data-name=\"failures\" class=\"tally%s\">", failures > 0 ? " bad" : "");
	html_amount(out, (double)failures);
	if (failures > 0 && requests > 0)
		fprintf(out, "<small> %.2g&nbsp;%%</small>", 100 * (double)failures / (double)requests);
	write_tally(out, row);
	fputs("</td>", out);
}

static double throughput_of(const struct row *row, double *low, double *high)
{
	double values[LEVEL_RUNS_MAX];

	*low = INFINITY;
	*high = 0;
	for (unsigned i = 0; i < row->round_count; i++) {
		values[i] = row->rounds[i]->throughput;
		*low = fmin(*low, values[i]);
		*high = fmax(*high, values[i]);
	}
	return median_of(values, row->round_count);
}

/* Requests a second, their range, and a bar beside the best of the group. */
static void write_throughput(FILE *out, const struct row *row, double best)
{
	double low, high, throughput = throughput_of(row, &low, &high);

	fputs("<td data-name=\"requests/s\">", out);
	html_amount(out, throughput);
	if (row->round_count > 1) {
		fputs("<small> ", out);
		html_amount(out, low);
		fputs("–", out);
		html_amount(out, high);
		fputs("</small>", out);
	}
	fprintf(out,
		"</td><td class=\"bar\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
		"<rect class=\"arm%u\" width=\"%.1f\" height=\"10\"/></svg></td>",
		row->first->arm % 6, best > 0 ? 100 * fmax(0, fmin(1, throughput / best)) : 0.0);
}

static double best_of(const struct report *report, const struct report_load *like)
{
	double best = 0;

	for (unsigned i = 0; i < report->load_count; i++) {
		if (report_html_is_same_load(report->loads[i], like))
			best = fmax(best, report->loads[i]->throughput);
	}
	return best;
}

static void write_row(const struct report *report, FILE *out, unsigned index)
{
	struct row row = row_of(report, index);
	struct report_times times = report_pooled_times(report, row.rounds, row.round_count);

	fputs("<tr><th scope=\"row\">", out);
	html_text(out, report_arm_name(report, row.first->arm));
	fputs("</th>", out);
	write_throughput(out, &row, best_of(report, row.first));
	write_percentile(out, "p50", &times, 50);
	write_percentile(out, "p99", &times, 99);
	write_max(out, &row);
	write_failures(out, &row);
	fputs("</tr>\n", out);
}

/* One of several with the database at a distance: the words of the load say at which. */
static bool is_of_distance(const struct report_load *load)
{
	return load->group != NULL && strncmp(load->group, "delay ", strlen("delay ")) == 0;
}

void html_load_words(FILE *out, const struct report_load *load)
{
	if (load->model == LOAD_OPEN) {
		html_amount(out, load->rate);
		fputs(load->arrivals == ARRIVALS_POISSON ? " requests/s, random arrivals" : " requests/s due", out);
	} else {
		html_amount(out, load->concurrency);
		fputs(" at once", out);
		if (load->pipeline > 1)
			fprintf(out, ", %u on each connection", load->pipeline);
	}
	if (load->delay_ms > 0) {
		fputs(", database ", out);
		html_milliseconds(out, load->delay_ms);
		fputs(" away", out);
	} else if (is_of_distance(load)) {
		fputs(", database not delayed", out);
	}
}

void html_load_name(FILE *out, const struct report *report, const struct report_load *load)
{
	for (unsigned i = 0; i < report->load_count; i++)
		if (report_html_is_same_load(report->loads[i], load) && report->loads[i]->what != NULL &&
		    load->what != NULL && strcmp(report->loads[i]->what, load->what) != 0) {
			fputs("each its own", out);
			return;
		}
	fputs("<code>", out);
	html_text(out, load->what);
	fputs("</code>", out);
}

static void write_group_head(const struct report *report, FILE *out, const struct report_load *load)
{
	bool is_named = load->group != NULL && load->group[0] != '\0' && !is_of_distance(load);

	fputs("<tbody><tr class=\"group\"><th colspan=\"7\" scope=\"rowgroup\">", out);
	html_text(out, is_named ? load->group : "");
	fputs(is_named ? ": " : "", out);
	html_load_name(out, report, load);
	fputs(", ", out);
	html_load_words(out, load);
	fputs("</th></tr>\n", out);
}

/* Is no load before it the same, on any arm (or on its arm only)? */
static bool is_first(const struct report *report, unsigned index, bool of_arm)
{
	for (unsigned i = 0; i < index; i++) {
		if (report_html_is_same_load(report->loads[i], report->loads[index]) &&
		    (!of_arm || report->loads[i]->arm == report->loads[index]->arm))
			return false;
	}
	return true;
}

/* All arms of the load at `index`, as they were met. */
static void write_group(const struct report *report, FILE *out, unsigned index)
{
	write_group_head(report, out, report->loads[index]);
	for (unsigned arm = 0; arm < ARMS_MAX; arm++) {
		for (unsigned i = index; i < report->load_count; i++) {
			if (report->loads[i]->arm == arm && is_first(report, i, true) &&
			    report_html_is_same_load(report->loads[i], report->loads[index]))
				write_row(report, out, i);
		}
	}
	fputs("</tbody>\n", out);
}

void report_html_arms(const struct report *report, FILE *out)
{
	bool are_curves_shown = has_only_curves(report);

	if (report->load_count == 0)
		return;
	fputs(
	    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of the arms\"><table "
	    "class=\"arms stack\">"
	    "<caption><span>Response times from when each request was due. Where a load ran several rounds: the median "
	    "of "
	    "their requests/s, lowest–highest small, and percentiles of all their requests together.</span></caption>\n"
	    "<thead><tr><th scope=\"col\">arm</th><th scope=\"col\">requests/s</th><td></td><th scope=\"col\">p50</th>"
	    "<th scope=\"col\">p99</th><th scope=\"col\">max</th><th scope=\"col\">failures</th></tr></thead>\n",
	    out);
	for (unsigned i = 0; i < report->load_count; i++) {
		if (is_first(report, i, false) &&
		    (are_curves_shown || !report_html_is_of_curve(report, report->loads[i])))
			write_group(report, out, i);
	}
	fputs("</table></div>\n", out);
}

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
