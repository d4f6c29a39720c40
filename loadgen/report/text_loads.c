#include "loadgen/report/text.h"

#include <math.h>
#include <string.h>

#include "loadgen/figures/tally.h"
#include "loadgen/report/format.h"

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
		report_text_tally_of_loads(report, out, loads, rounds_of(report, arm, group, loads));
	if (is_cut)
		fprintf(out, "  -: too few requests to say (p90 needs %zu, p99 %zu, p99.9 %zu)\n", percentile_needs(90),
			percentile_needs(99), percentile_needs(99.9));
	fputc('\n', out);
}

void report_text_loads(const struct report *report, FILE *out)
{
	for (unsigned i = 0; i < report->load_count; i++)
		if (is_first_of_group(report, i) && strncmp(report->loads[i]->group, "curve", 5) != 0)
			print_group(report, out, report->loads[i]->group);
}

/* The loads of a sweep over rates, whose figures are sentences. */
void report_text_rates(const struct report *report, FILE *out)
{
	struct report_load *loads[LEVEL_RUNS_MAX];
	unsigned count = rounds_of(report, 0, "curve over rates", loads);

	if (count == 0)
		return;
	report_text_tally_of_loads(report, out, loads, count);
	fputc('\n', out);
}
