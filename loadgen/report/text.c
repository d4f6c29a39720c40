/* The report for people: what was found first, then pictures and tables, then how far the figures can be trusted. */
#include <math.h>
#include <stdarg.h>

#include "loadgen/figures/report.h"
#include "loadgen/figures/report_check.h"
#include "loadgen/figures/sentences.h"
#include "loadgen/figures/tally.h"
#include "loadgen/report/findings.h"
#include "loadgen/report/format.h"

enum { BAR_MIN = 20, BAR_BESIDE = 66, CURVE_BAR = 24 };

/* Words that are too long for a line go on the next one, indented. */
static void print_paragraph(FILE *out, const char *text, unsigned columns, unsigned indent)
{
	unsigned column = 0;

	while (*text != '\0') {
		unsigned length = (unsigned)strcspn(text, " ");

		if (column > 0 && column + length + 1 > columns) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > 0) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", (int)length, text);
		column += length;
		text += length + (text[length] == ' ');
	}
	fputc('\n', out);
}

static void print_repeated(FILE *out, char mark, double count)
{
	for (double i = 0.5; i < count; i++)
		fputc(mark, out);
}

/* Bursts */

static double longest_makespan(const struct report *report)
{
	double longest = 0;

	for (unsigned i = 0; i < report->burst_count; i++)
		longest = fmax(longest, report->bursts[i].makespan);
	return longest;
}

static void print_bar(FILE *out, const struct report_bar *bar, double ms_a_character)
{
	char done[FORMATTED], queued[FORMATTED], database[FORMATTED];
	double waited = bar->queue_before + (isnan(bar->queue) ? 0 : bar->queue),
	       worked = isnan(bar->database) ? 0 : bar->database;
	double first = round(waited / ms_a_character), second = round((waited + worked) / ms_a_character),
	       third = round(bar->done / ms_a_character);

	fprintf(out, "  %-18.18s %8s |", bar->label, format_ms(bar->done, done));
	print_repeated(out, '.', first);
	print_repeated(out, '#', second - first);
	print_repeated(out, '=', third - fmax(first, second));
	if (bar->outcome != OUTCOME_ANSWERED)
		fprintf(out, "  %s", outcome_word(bar->outcome));
	else if (bar->status < 200 || bar->status >= 300)
		fprintf(out, "  status %u", bar->status);
	else if (!isnan(bar->database))
		fprintf(out, "  queued %s, database %s", format_ms(waited, queued), format_ms(bar->database, database));
	fputc('\n', out);
}

/* Every status and every other end, by count: a figure says nothing without what it is of. */
static void print_tally(const struct report *report, FILE *out, unsigned arm, const struct tally *tally,
			const char *malformed_what)
{
	struct arena arena = {0};

	if (tally->requests > 0)
		fprintf(out, "  %s: %s%s%s\n", report_arm_name(report, arm), tally_words(tally, &arena),
			malformed_what != NULL ? "; first malformed: " : "",
			malformed_what != NULL ? malformed_what : "");
	arena_cleanup(&arena);
}

static void print_bursts(const struct report *report, FILE *out, unsigned columns)
{
	unsigned room = columns > BAR_BESIDE + BAR_MIN ? columns - BAR_BESIDE : BAR_MIN;
	double scale = longest_makespan(report) / room;
	char makespan[FORMATTED];

	if (report->burst_count == 0)
		return;
	fputs("Released at the same instant; queued '.', database '#', rest '=':\n", out);
	for (unsigned i = 0; i < report->burst_count; i++) {
		const struct report_burst *burst = &report->bursts[i];
		struct tally tally = {0};

		fprintf(out, "\n%s%s%s\n", report_arm_name(report, burst->arm),
			report->arms[burst->arm].note ? ": " : "",
			report->arms[burst->arm].note ? report->arms[burst->arm].note : "");
		for (unsigned j = 0; j < burst->bar_count; j++)
			print_bar(out, &burst->bars[j], scale > 0 ? scale : 1);
		fprintf(out, "  all over in %s", format_ms(burst->makespan, makespan));
		if (!isnan(burst->overlap))
			fprintf(out, ", overlap %.2f (%.2f to %.2f in %u repeats; 0 queued, 1 overlapped)",
				burst->overlap, burst->overlap_low, burst->overlap_high, burst->repeats);
		fputc('\n', out);
		tally_add_burst(&tally, burst);
		print_tally(report, out, burst->arm, &tally, NULL);
	}
	fputc('\n', out);
}

/* Loads */

static bool is_first_of_group(const struct report *report, unsigned index)
{
	for (unsigned i = 0; i < index; i++)
		if (strcmp(report->loads[i]->group, report->loads[index]->group) == 0)
			return false;
	return true;
}

static void print_percentile(FILE *out, const struct report_times *times, double percent, bool *is_cut)
{
	char text[FORMATTED];

	for (unsigned i = 0; i < times->percentile_count; i++) {
		const struct percentile *percentile = &times->percentiles[i];

		if (fabs(percentile->percent - percent) > 1e-9)
			continue;
		if (!percentile->is_supported) {
			*is_cut = true;
			break;
		}
		fprintf(out, " %9s", format_bound(percentile->value, percentile->is_at_least, text));
		return;
	}
	fprintf(out, " %9s", "-");
}

/* What one row of the table says: a load, or all rounds of an arm together. */
struct row {
	const char *name;
	double throughput, low, high; /* of the rounds: median, lowest, highest */
	struct report_times response;
	uint64_t failures;
};

static void print_row(FILE *out, const struct row *row, bool has_rounds, bool *is_cut)
{
	static const double percents[] = {50, 90, 99, 99.9};
	char rate[FORMATTED], low[FORMATTED], high[FORMATTED], max[FORMATTED], range[2 * FORMATTED + 2] = "";

	if (has_rounds)
		snprintf(range, sizeof(range), "%s..%s", format_count(row->low, low), format_count(row->high, high));
	fprintf(out, "  %-12.12s %9s", row->name, format_count(row->throughput, rate));
	if (has_rounds)
		fprintf(out, " %14s", range);
	for (unsigned i = 0; i < ARRAY_LENGTH(percents); i++)
		print_percentile(out, &row->response, percents[i], is_cut);
	fprintf(out, " %9s %8llu\n",
		row->response.count == 0 ? "-" : format_bound(row->response.max, row->response.at_least_count > 0, max),
		(unsigned long long)row->failures);
}

static struct row row_of(const struct report *report, const struct report_load *load)
{
	return (struct row){report_arm_name(report, load->arm),
			    load->throughput,
			    load->throughput,
			    load->throughput,
			    load->response,
			    failures_of(load)};
}

/* Percentiles are of the requests of all rounds; the rate is the median of the rounds, between its extremes. */
static struct row row_of_rounds(const struct report *report, struct report_load *const *loads, unsigned count)
{
	double rates[LEVEL_RUNS_MAX];
	struct row row = {.name = report_arm_name(report, loads[0]->arm),
			  .response = report_pooled_times(report, (const struct report_load *const *)loads, count)};

	for (unsigned i = 0; i < count; i++) {
		rates[i] = loads[i]->throughput;
		row.failures += failures_of(loads[i]);
	}
	row.throughput = median_of(rates, count);
	row.low = rates[0];
	row.high = rates[count - 1];
	return row;
}

/* From when they were due, and from when they were sent. In an open loop these differ when the generator or a missing
 * connection held them up. */
static void print_service_row(FILE *out, const struct report_load *load, bool *is_cut)
{
	static const double percents[] = {50, 90, 99, 99.9};
	char max[FORMATTED];

	if (load->model != LOAD_OPEN || load->service.count == 0)
		return;
	fprintf(out, "  %-12s %9s", "  from send", "");
	for (unsigned i = 0; i < ARRAY_LENGTH(percents); i++)
		print_percentile(out, &load->service, percents[i], is_cut);
	fprintf(out, " %9s\n", format_ms(load->service.max, max));
}

static void print_load_kind(FILE *out, const struct report_load *load, unsigned rounds)
{
	char rate[FORMATTED];

	fprintf(out, "%s, ", load->what);
	if (load->model == LOAD_OPEN)
		fprintf(out, "open loop, %s requests/s due (%s arrivals)", format_count(load->rate, rate),
			load->arrivals == ARRIVALS_POISSON ? "Poisson" : "constant");
	else if (load->pipeline > 1)
		fprintf(out, "closed loop, %u clients with %u pipelined each", load->concurrency / load->pipeline,
			load->pipeline);
	else
		fprintf(out, "closed loop, %u client%s", load->concurrency, load->concurrency == 1 ? "" : "s");
	if (rounds > 1)
		fprintf(out, ", %u rounds of %.3g s, percentiles of all rounds together", rounds, load->duration_s);
	else
		fprintf(out, ", %.3g s", load->duration_s);
	if (load->delay_ms > 0)
		fprintf(out, ", database %.3g ms away", load->delay_ms);
	fputs(":\n", out);
}

static void print_tally_of_loads(const struct report *report, FILE *out, struct report_load *const *loads,
				 unsigned count)
{
	const char *malformed_what = NULL;
	struct tally tally = {0};

	for (unsigned i = 0; i < count; i++) {
		tally_add_load(&tally, loads[i]);
		if (malformed_what == NULL)
			malformed_what = loads[i]->malformed_what;
	}
	if (count > 0)
		print_tally(report, out, loads[0]->arm, &tally, malformed_what);
}

static unsigned rounds_of(const struct report *report, unsigned arm, const char *group, struct report_load **loads)
{
	unsigned count = 0;

	for (unsigned i = 0; i < report->load_count; i++)
		if (report->loads[i]->arm == arm && strcmp(report->loads[i]->group, group) == 0)
			loads[count++] = report->loads[i];
	return count;
}

static void print_arm(const struct report *report, FILE *out, struct report_load *const *loads, unsigned count,
		      bool has_rounds, bool *is_cut)
{
	struct row row = has_rounds ? row_of_rounds(report, loads, count) : row_of(report, loads[0]);

	print_row(out, &row, has_rounds, is_cut);
	if (!has_rounds)
		print_service_row(out, loads[0], is_cut);
}

static void print_group(const struct report *report, FILE *out, const char *group)
{
	struct report_load *loads[LEVEL_RUNS_MAX];
	bool is_cut = false, has_rounds = false, has_kind = false;

	for (unsigned arm = 0; arm < report->arm_count; arm++)
		has_rounds |= rounds_of(report, arm, group, loads) > 1;
	for (unsigned arm = 0; arm < report->arm_count; arm++) {
		unsigned count = rounds_of(report, arm, group, loads);

		if (count == 0)
			continue;
		if (!has_kind) {
			print_load_kind(out, loads[0], count);
			fprintf(out, "  %-12s %9s", "", "answers/s");
			if (has_rounds)
				fprintf(out, " %14s", "of the rounds");
			fprintf(out, " %9s %9s %9s %9s %9s %8s\n", "p50", "p90", "p99", "p99.9", "max", "failures");
		}
		has_kind = true;
		print_arm(report, out, loads, count, has_rounds, &is_cut);
	}
	for (unsigned arm = 0; arm < report->arm_count; arm++)
		print_tally_of_loads(report, out, loads, rounds_of(report, arm, group, loads));
	if (is_cut)
		fprintf(out, "  -: too few requests to say (p90 needs %zu, p99 %zu, p99.9 %zu)\n", percentile_needs(90),
			percentile_needs(99), percentile_needs(99.9));
	fputc('\n', out);
}

static void print_loads(const struct report *report, FILE *out)
{
	for (unsigned i = 0; i < report->load_count; i++)
		if (is_first_of_group(report, i) && strncmp(report->loads[i]->group, "curve", 5) != 0)
			print_group(report, out, report->loads[i]->group);
}

/* The loads of a sweep over rates, whose figures are sentences. */
static void print_rates(const struct report *report, FILE *out)
{
	struct report_load *loads[LEVEL_RUNS_MAX];
	unsigned count = rounds_of(report, 0, "curve over rates", loads);

	if (count == 0)
		return;
	print_tally_of_loads(report, out, loads, count);
	fputc('\n', out);
}

/* Curves */

static void PRINTF_LIKE(2, 3) print_line(FILE *out, const char *format, ...)
{
	va_list values;

	fputs("  ", out);
	va_start(values, format);
	vfprintf(out, format, values);
	va_end(values);
	fputc('\n', out);
}

/* The loads that a curve is made of. */
static unsigned curve_loads(const struct report *report, const struct report_curve *curve, struct report_load **loads)
{
	unsigned count = 0;

	for (unsigned i = 0; i < report->load_count; i++)
		if (report->loads[i]->arm == curve->arm && strcmp(report->loads[i]->group, "curve") == 0 &&
		    fabs(report->loads[i]->delay_ms - curve->delay_ms) < 1e-9)
			loads[count++] = report->loads[i];
	return count;
}

static void print_level(FILE *out, const struct report_level *level, double most)
{
	char rate[FORMATTED], p50[FORMATTED], p99[FORMATTED];

	fprintf(out, "  %6u %9.1f %10s %9s %9s  ", level->concurrency, level->in_flight,
		format_count(level->throughput, rate), format_ms(level->p50_ms, p50),
		format_ms(level->p99_is_supported ? level->p99_ms : NAN, p99));
	print_repeated(out, '#', most > 0 ? level->throughput / most * CURVE_BAR : 0);
	if (level->error_share > 0)
		fprintf(out, "  %.2g %% failed", level->error_share * 100);
	fputc('\n', out);
}

static void print_usl(FILE *out, const struct usl *usl)
{
	char peak[FORMATTED];

	if (!usl->is_fitted) {
		fprintf(out, "  Universal Scalability Law: not fitted: %s\n", usl->why);
		return;
	}
	fprintf(
	    out,
	    "  Universal Scalability Law: lambda %.4g/s (%.4g to %.4g), sigma %.3g (%.3g to %.3g), kappa %.3g (%.3g to "
	    "%.3g), R2 %.3f\n",
	    usl->lambda, usl->lambda_interval.low, usl->lambda_interval.high, usl->sigma, usl->sigma_interval.low,
	    usl->sigma_interval.high, usl->kappa, usl->kappa_interval.low, usl->kappa_interval.high, usl->r2);
	if (usl->has_peak)
		print_line(out, SAYS_peak, format_count(usl->x_max, peak), usl->n_max);
	else
		print_line(out, SAYS_no_peak);
}

static void print_curve(const struct report *report, FILE *out, const struct report_curve *curve)
{
	struct report_load *loads[LEVEL_RUNS_MAX];
	char text[FORMATTED];
	double most = 0;

	for (unsigned i = 0; i < curve->level_count; i++)
		most = fmax(most, curve->levels[i].throughput);
	fprintf(out, "%s, %s over concurrency:\n  %6s %9s %10s %9s %9s\n", report_arm_name(report, curve->arm),
		curve->what, "N", "under way", "answers/s", "p50", "p99");
	for (unsigned i = 0; i < curve->level_count; i++)
		print_level(out, &curve->levels[i], most);
	print_usl(out, &curve->usl);
	if (curve->usl.is_fitted && curve->usl.sigma_interval.low > 0 && !isinf(curve->usl.ceiling))
		fprintf(out, "  Amdahl's ceiling (lambda / sigma): %s/s\n", format_count(curve->usl.ceiling, text));
	if (!isnan(curve->little)) {
		fprintf(out, "  Little's bound: %g waiting at once / ", curve->little_threads);
		fprintf(out, "%s in the database = ", format_ms(curve->little_wait_ms, text));
		fprintf(out, "%s/s\n", format_count(curve->little, text));
	}
	if (curve->knee_state == KNEE_REACHED)
		print_line(out, SAYS_knee, curve->knee);
	else if (curve->knee_state == KNEE_NOT_REACHED)
		print_line(out, SAYS_knee_unreached, curve->levels[curve->level_count - 1].concurrency);
	if (!isnan(curve->slo_load))
		fprintf(out, "  the goal is met up to %.0f clients (%s/s)%s\n", curve->slo_load,
			format_count(curve->slo_throughput, text),
			curve->is_slo_confirmed ? ", confirmed by a longer run" : "");
	print_tally_of_loads(report, out, loads, curve_loads(report, curve, loads));
	fputc('\n', out);
}

/* Differences, goals, self-check */

static void print_difference(const struct report *report, FILE *out, const struct report_difference *difference)
{
	bool is_time = strcmp(difference->unit, "ms") == 0;
	char a[FORMATTED], b[FORMATTED], ratio[FORMATTED], names[80], interval[40];

	snprintf(ratio, sizeof(ratio), isnan(difference->difference.ratio) ? "-" : "%.3g",
		 difference->difference.ratio);
	snprintf(names, sizeof(names), "%s / %s", report_arm_name(report, difference->b),
		 report_arm_name(report, difference->a));
	if (isinf(difference->difference.interval.high))
		snprintf(interval, sizeof(interval), "not known");
	else
		snprintf(interval, sizeof(interval), "%.3g..%.3g", difference->difference.interval.low,
			 difference->difference.interval.high);
	fprintf(out, "  %-18.18s %-10s %9s %9s %7s %15s  %s\n", names, difference->what,
		is_time ? format_ms(difference->difference.b, b) : format_count(difference->difference.b, b),
		is_time ? format_ms(difference->difference.a, a) : format_count(difference->difference.a, a), ratio,
		interval, difference->verdict);
}

static void print_differences(const struct report *report, FILE *out)
{
	if (report->difference_count == 0)
		return;
	fprintf(out, "Differences (medians of the rounds, their ratio with its 95 %% interval, what the first is):\n");
	for (unsigned i = 0; i < report->difference_count; i++) {
		const struct report_difference *difference = &report->differences[i];

		if (i == 0 || strcmp(difference->group, report->differences[i - 1].group) != 0)
			fprintf(out, "%s:\n", difference->group);
		print_difference(report, out, difference);
	}
	fputc('\n', out);
}

static void print_goals(const struct report *report, FILE *out)
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

/* The histogram of the load whose sends were latest. */
static void print_lateness(const struct report *report, FILE *out, unsigned columns)
{
	char line[512];
	int at;
	const struct report_check *check = NULL;
	uint64_t all = 0;

	for (unsigned i = 0; i < report->load_count; i++)
		if (check == NULL || report->loads[i]->check.lateness_p99_us > check->lateness_p99_us)
			check = &report->loads[i]->check;
	for (unsigned i = 0; check != NULL && i < check->lateness_count; i++)
		all += check->lateness[i].count;
	if (all == 0)
		return;
	at = snprintf(line, sizeof(line), "  sends late by");
	for (unsigned i = 0; i < check->lateness_count; i++) {
		double share = 100 * (double)check->lateness[i].count / (double)all;

		if (share >= 0.05 && (size_t)at < sizeof(line) - 32)
			at += isinf(check->lateness[i].to_us)
				  ? snprintf(line + at, 32, " more: %.1f%%", share)
				  : snprintf(line + at, 32, " <%gus: %.1f%%", check->lateness[i].to_us, share);
	}
	print_paragraph(out, line, columns, 4);
}

static const char *others_words(double share, char text[static FORMATTED])
{
	snprintf(text, FORMATTED, isnan(share) ? "not known" : "%.0f %%", share * 100);
	return text;
}

static void print_check(const struct report *report, FILE *out, unsigned columns)
{
	struct report_worst worst = report_worst_of(report);
	char p50[FORMATTED], p99[FORMATTED], max[FORMATTED], others[FORMATTED];

	if (report->load_count == 0 || strcmp(report->command, "diff") == 0)
		return;
	others_words(worst.others_share, others);
	format_ms(worst.lateness_p99_us / 1e3, p99);
	if (report->is_sound) {
		fprintf(out, SAYS_sound, p99, worst.cpu_share * 100, others);
		fputc('\n', out);
		if (worst.cpu_share > 0.95)
			print_line(out, SAYS_lower_bound);
		return;
	}
	fprintf(out, SAYS_unsound, report->load_count, report->load_count == 1 ? "" : "s");
	fputc('\n', out);
	fprintf(out, "  sends late: p50 %s, p99 %s, at most %s; own CPU %.0f %% of a core, others' %s\n",
		format_ms(worst.lateness_p50_us / 1e3, p50), p99, format_ms(worst.lateness_max_us / 1e3, max),
		worst.cpu_share * 100, others);
	if (worst.cpu_share > 0.95)
		print_line(out, SAYS_lower_bound);
	print_lateness(report, out, columns);
	fprintf(out,
		"  connections missing %llu, connects failed %llu, connections opened again %llu; Little's law off by "
		"%.2g %%\n",
		(unsigned long long)(worst.wanted > worst.up ? worst.wanted - worst.up : 0),
		(unsigned long long)worst.connect_failures, (unsigned long long)worst.reconnects,
		worst.little_residual * 100);
	for (unsigned i = 0; i < report->load_count; i++)
		for (unsigned j = 0; j < report->loads[i]->check.reason_count; j++) {
			fprintf(out, "  %s, %s: ", report_arm_name(report, report->loads[i]->arm),
				report->loads[i]->group);
			print_paragraph(out, report->loads[i]->check.reasons[j], columns - 20, 4);
		}
}

static void print_speedup(const struct report *report, FILE *out)
{
	const struct report_speedup *speedup = &report->speedup;
	double most = 1;

	if (speedup->point_count == 0)
		return;
	for (unsigned i = 0; i < speedup->point_count; i++)
		most = fmax(most, speedup->points[i].speedup);
	fprintf(out, "%s over compute threads, one at a time, on %u cores:\n", speedup->path, speedup->cores);
	fprintf(out, "  %7s %9s  %-19s %8s %14s\n", "threads", "median", "of the rounds", "speed-up", "Amdahl's bound");
	for (unsigned i = 0; i < speedup->point_count; i++) {
		const struct report_speedup_point *point = &speedup->points[i];
		char median[FORMATTED], low[FORMATTED], high[FORMATTED], range[FORMATTED * 2 + 4];

		snprintf(range, sizeof(range), "%s..%s", format_ms(point->low_ms, low),
			 format_ms(point->high_ms, high));
		fprintf(out, "  %7u %9s  %-19s %8.2f ", point->threads, format_ms(point->ms, median), range,
			point->speedup);
		if (isnan(point->bound))
			fprintf(out, "%14s  ", "-");
		else
			fprintf(out, "%14.2f  ", point->bound);
		print_repeated(out, '#', 20 * point->speedup / most);
		fputc('\n', out);
	}
	fputc('\n', out);
}

static void print_turnings(const struct report *report, FILE *out)
{
	if (report->turning_count == 0)
		return;
	fprintf(out, "Items through the queue, medians of %u rounds; their latency is from made to got:\n",
		report->turnings[0].rounds);
	fprintf(out, "  %-20s %9s  %-17s %9s %9s %9s %9s\n", "", "seconds", "of the rounds", "times us", "p50", "p99",
		"max");
	for (unsigned i = 0; i < report->turning_count; i++) {
		const struct report_turning *row = &report->turnings[i];
		char p50[FORMATTED], p99[FORMATTED], max[FORMATTED], range[40];

		snprintf(range, sizeof(range), "%.3f..%.3f", row->low_seconds, row->high_seconds);
		fprintf(out, "  %-20.20s %9.3f  %-17s %9.1f %9s %9s %9s\n", row->name, row->seconds, range,
			row->seconds / report->turnings[0].seconds, format_ms(row->p50_us / 1e3, p50),
			format_ms(row->p99_us / 1e3, p99), format_ms(row->max_us / 1e3, max));
	}
	fputc('\n', out);
}

void report_write_text(const struct report *report, FILE *out, unsigned columns)
{
	if (report->is_interrupted)
		fprintf(out, "%s\n", SAYS_interrupted);
	for (unsigned i = 0; i < report->sentence_count; i++)
		print_paragraph(out, report->sentences[i], columns, 0);
	if (report->sentence_count > 0)
		fputc('\n', out);
	print_goals(report, out);
	print_bursts(report, out, columns);
	print_loads(report, out);
	print_rates(report, out);
	for (unsigned i = 0; i < report->curve_count; i++)
		print_curve(report, out, &report->curves[i]);
	print_speedup(report, out);
	print_turnings(report, out);
	print_differences(report, out);
	print_check(report, out, columns);
}
