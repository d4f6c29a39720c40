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

static bool has_only_curves(const struct report *report)
{
	for (unsigned i = 0; i < report->load_count; i++) {
		if (!html_load_is_of_curve(report, report->loads[i]))
			return false;
	}
	return true;
}

static struct row row_of(const struct report *report, unsigned index)
{
	struct row row = {.first = report->loads[index]};

	for (unsigned i = index; i < report->load_count; i++) {
		const struct report_load *load = report->loads[i];

		if (load->arm == row.first->arm && html_load_is_same(load, row.first))
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
		if (html_load_is_same(report->loads[i], like))
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

static void write_group_head(const struct report *report, FILE *out, const struct report_load *load)
{
	bool is_named = load->group != NULL && load->group[0] != '\0' && !html_load_is_of_distance(load);

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
		if (html_load_is_same(report->loads[i], report->loads[index]) &&
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
			    html_load_is_same(report->loads[i], report->loads[index]))
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
		    (are_curves_shown || !html_load_is_of_curve(report, report->loads[i])))
			write_group(report, out, i);
	}
	fputs("</table></div>\n", out);
}
