#include "loadgen/figures/verdict.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "loadgen/figures/sentences.h"
#include "loadgen/figures/tally.h"

/* How a verdict begins that is none; the reason follows. */
static const char no_verdict[] = "no verdict, ";

static const struct figure {
	const char *what, *unit;
	enum block_statistic statistic;
	double percent;
	bool is_more_better;
} figures[] = {
    {"requests/s", "/s", BLOCK_RATE, 0, true},
    {"p50", "ms", BLOCK_PERCENTILE, 50, false},
    {"p99", "ms", BLOCK_PERCENTILE, 99, false},
};

/* NAN: the requests of this round are too few to say. */
static double value_of(const struct report_load *load, const struct figure *figure)
{
	if (figure->statistic == BLOCK_RATE)
		return load->throughput;
	for (unsigned i = 0; i < load->response.percentile_count; i++)
		if (fabs(load->response.percentiles[i].percent - figure->percent) < 1e-9)
			return load->response.percentiles[i].is_supported ? load->response.percentiles[i].value : NAN;
	return NAN;
}

static unsigned values_of(const struct verdict_side *side, const struct figure *figure, double *values)
{
	unsigned count = 0;

	for (unsigned i = 0; i < side->count && count < VERDICT_ROUNDS_MAX; i++) {
		double value = value_of(side->loads[i], figure);

		if (isfinite(value))
			values[count++] = value;
	}
	return count;
}

/* All rounds' blocks as of one run. */
static struct blocks blocks_of(struct report *report, const struct verdict_side *side)
{
	struct blocks all = {0};
	size_t count = 0;

	for (unsigned i = 0; i < side->count; i++)
		count += side->loads[i]->blocks.count;
	all.blocks = arena_alloc(&report->arena, (count + 1) * sizeof(*all.blocks));
	all.rates = arena_alloc(&report->arena, (count + 1) * sizeof(*all.rates));
	for (unsigned i = 0; i < side->count; i++)
		for (size_t j = 0; j < side->loads[i]->blocks.count; j++) {
			all.blocks[all.count] = side->loads[i]->blocks.blocks[j];
			all.rates[all.count++] = side->loads[i]->blocks.rates[j];
		}
	return all;
}

static bool is_supported(const struct verdict_side *side, const struct figure *figure)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < side->count; i++)
		count += side->loads[i]->response.count;
	return figure->statistic != BLOCK_PERCENTILE || count >= percentile_needs(figure->percent);
}

static struct difference difference_between(struct report *report, const struct figure *figure,
					    const struct verdict_side *a, const struct verdict_side *b, uint64_t seed)
{
	double of_a[VERDICT_ROUNDS_MAX], of_b[VERDICT_ROUNDS_MAX];
	unsigned count_a = values_of(a, figure, of_a), count_b = values_of(b, figure, of_b);
	struct blocks blocks_a, blocks_b;

	if (count_a >= VERDICT_ROUNDS_MIN && count_b >= VERDICT_ROUNDS_MIN)
		return difference_of_runs(of_a, count_a, of_b, count_b);
	if (!is_supported(a, figure) || !is_supported(b, figure))
		return (struct difference){.a = NAN, .b = NAN, .ratio = NAN, .interval = {0, INFINITY}, .p = 1};
	blocks_a = blocks_of(report, a);
	blocks_b = blocks_of(report, b);
	return difference_of_blocks(&blocks_a, &blocks_b, figure->statistic, figure->percent, seed);
}

static bool is_sound(const struct verdict_side *side)
{
	for (unsigned i = 0; i < side->count; i++)
		if (!side->loads[i]->check.is_sound)
			return false;
	return true;
}

/* Failures are answered quickly: what mostly fails is neither faster nor slower. */
static bool mostly_fails(const struct verdict_side *side)
{
	struct tally tally = {0};

	for (unsigned i = 0; i < side->count; i++)
		tally_add_load(&tally, side->loads[i]);
	return tally_fails(&tally);
}

static const char *words_of(const struct difference *difference, bool is_more_better)
{
	if (difference->verdict == VERDICT_NO_DIFFERENCE)
		return "no difference shown";
	return (difference->verdict == VERDICT_A_IS_LOWER) == is_more_better ? "faster" : "slower";
}

static const char *sentence_of(struct report *report, const struct report_difference *difference)
{
	const struct interval *interval = &difference->difference.interval;
	const char *a = report->arms[difference->a].name, *b = report->arms[difference->b].name;

	if (strncmp(difference->verdict, no_verdict, strlen(no_verdict)) == 0)
		return arena_printf(&report->arena, SAYS_no_verdict, difference->group, b, a,
				    difference->verdict + strlen(no_verdict));
	if (strcmp(difference->unit, "ms") == 0 && difference->difference.verdict != VERDICT_NO_DIFFERENCE)
		return arena_printf(&report->arena, SAYS_time_differs, difference->group, difference->what, b,
				    difference->verdict, a, difference->difference.ratio, interval->low,
				    interval->high);
	if (isinf(interval->high))
		return arena_printf(&report->arena, SAYS_too_few_to_tell, difference->group, difference->what, a, b);
	if (difference->difference.verdict == VERDICT_NO_DIFFERENCE)
		return arena_printf(&report->arena, SAYS_no_difference, difference->group, difference->what, a, b,
				    (interval->low - 1) * 100, (interval->high - 1) * 100);
	return arena_printf(&report->arena, SAYS_rate_differs, difference->group, b, difference->verdict, a,
			    difference->difference.ratio, interval->low, interval->high);
}

/* No figure is made of failures. */
static void withhold(struct report_difference *difference, const char *verdict)
{
	difference->difference =
	    (struct difference){.a = NAN, .b = NAN, .ratio = NAN, .interval = {0, INFINITY}, .p = 1};
	difference->verdict = verdict;
}

static void add_figure(struct report *report, const char *group, const struct figure *figure,
		       const struct verdict_side *a, const struct verdict_side *b, uint64_t seed)
{
	struct report_difference *difference = &report->differences[report->difference_count++];

	*difference = (struct report_difference){
	    .what = figure->what,
	    .unit = figure->unit,
	    .group = group,
	    .a = a->arm,
	    .b = b->arm,
	    .is_more_better = figure->is_more_better,
	    .difference = difference_between(report, figure, a, b, seed),
	};
	if (!is_sound(a) || !is_sound(b))
		difference->verdict = "no verdict, the measurement is not sound";
	else if (mostly_fails(a) || mostly_fails(b))
		withhold(difference, "no verdict, more than a tenth of the requests failed");
	else
		difference->verdict = words_of(&difference->difference, figure->is_more_better);
	difference->sentence = sentence_of(report, difference);
}

const struct report_difference *verdict_add(struct report *report, const char *group, const struct verdict_side *a,
					    const struct verdict_side *b, uint64_t seed)
{
	const struct report_difference *first = &report->differences[report->difference_count];

	if (report->difference_count + ARRAY_LENGTH(figures) > DIFFERENCES_MAX)
		return NULL;
	for (size_t i = 0; i < ARRAY_LENGTH(figures); i++)
		add_figure(report, group, &figures[i], a, b, seed);
	return first;
}
