/* works_fixture.h - a work, and a request that it meets.
 *
 * What runs instead of SQL: driven as a runner would, with the parts of a computation run here, in turn.
 */
#pragma once

#include "base/clock.h"
#include "handlers/sql/work_row.h"
#include "exchange/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <gmp.h>

static const struct awaitable_class timer_class, compute_class, pages_class;
static struct exchange_settings settings = {.request_timeout_ms = 60000,
					    .await_timer = &timer_class,
					    .await_compute = &compute_class,
					    .await_pages = &pages_class};
static struct exchange x;

static inline int set_up(void **state)
{
	(void)state;
	memset(&x, 0, sizeof(x));
	exchange_begin(&x, &settings, clock_now_ns());
	x.deadline_ns = clock_now_ns() + 60 * NS_PER_S;
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	exchange_recycle(&x);
	exchange_cleanup(&x);
	return 0;
}

/* The parts from the last to the first: their order must not matter. */
static inline void compute(void)
{
	struct computation *computation = x.computation;

	assert_ptr_equal(x.awaited.class, &compute_class);
	for (unsigned part = computation->parts; part > 0; part--)
		computation->run(computation, part - 1);
}

/* The endpoint of a work, as its SQL would describe it. */
static inline const struct endpoint *endpoint_for(const struct work *work)
{
	static struct db_column columns[WORK_VALUES_MAX];
	static struct text keys[WORK_VALUES_MAX];
	static struct endpoint endpoint;
	unsigned count = 0;

	for (; count < WORK_VALUES_MAX && work->gives[count].name != NULL; count++) {
		keys[count] = text_of(arena_printf(&x.arena, "\"%s\":", work->gives[count].name));
		columns[count] = (struct db_column){
		    .name = work->gives[count].name, .key = keys[count], .type = {.kind = work->gives[count].kind}};
	}
	endpoint.statement.signature.columns = columns;
	endpoint.statement.signature.column_count = count;
	return &endpoint;
}

static inline enum step begin(const struct work *work, const char *const *values)
{
	return work->compute != NULL ? work_row_begin(&x, endpoint_for(work), work, values) : work->begin(&x, values);
}

/* Runs a work with one value to its end. Returns the body. */
static inline struct text run(const struct work *work, const char *value)
{
	const char *values[WORK_VALUES_MAX] = {value};
	enum step step = begin(work, values);

	while (step == STEP_AWAIT) {
		compute();
		step = x.next(&x);
	}
	assert_int_equal(step, STEP_RESPOND);
	return x.response.body;
}

static struct endpoint_set set;
