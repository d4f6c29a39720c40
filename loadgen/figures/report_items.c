#include <math.h>
#include <stdlib.h>

#include "base/require.h"
#include "loadgen/engine/items.h"
#include "loadgen/figures/report.h"
#include "loadgen/figures/statistics.h"

static int by_making(const void *a, const void *b)
{
	const struct report_item *left = a, *right = b;

	return (left->made_s > right->made_s) - (left->made_s < right->made_s);
}

static void take_items(struct report *report, struct report_items *row, const struct items_run *run)
{
	row->items = arena_alloc_zeroed(&report->arena, (run->count + 1) * sizeof(*row->items));
	for (unsigned i = 0; i < run->count; i++)
		if (run->items[i].done_ns > 0)
			row->items[row->done++] = (struct report_item){
			    .made_s = (double)run->items[i].made_ns / 1e9,
			    .got_s = (double)run->items[i].got_ns / 1e9,
			    .done_s = (double)run->items[i].done_ns / 1e9,
			};
	qsort(row->items, row->done, sizeof(*row->items), by_making);
}

static void take_waits(struct report *report, struct report_items *row)
{
	double *waits = arena_alloc(&report->arena, (row->done + 1) * sizeof(*waits));

	row->first_ms = row->last_ms = row->p50_ms = row->max_ms = NAN;
	if (row->done == 0)
		return;
	for (unsigned i = 0; i < row->done; i++)
		waits[i] = (row->items[i].got_s - row->items[i].made_s) * 1e3;
	row->first_ms = waits[0];
	row->last_ms = waits[row->done - 1];
	row->max_ms = 0;
	for (unsigned i = 0; i < row->done; i++)
		row->max_ms = fmax(row->max_ms, waits[i]);
	row->p50_ms = median_of(waits, row->done);
}

void report_add_items(struct report *report, const char *name, const struct items_plan *plan,
		      const struct items_run *run)
{
	struct report_items *row = &report->items[report->items_count++];
	uint64_t asked_ns = run->asked_ns;

	REQUIRE(report->items_count <= ITEMS_RUNS_MAX);
	*row = (struct report_items){
	    .name = name,
	    .producers = plan->is_synchronous ? 0 : plan->producers,
	    .count = run->count,
	    .again = run->again,
	    .make_ms = (double)plan->make_ns / 1e6,
	    .process_ms = (double)plan->process_ns / 1e6,
	    .seconds = (double)run->total_ns / 1e9,
	    .late_share = asked_ns > 0 ? (double)run->slept_ns / (double)asked_ns - 1 : 0,
	};
	if (run->said[0] != '\0')
		row->said = arena_copy(&report->arena, text_of(run->said));
	take_items(report, row, run);
	take_waits(report, row);
}
