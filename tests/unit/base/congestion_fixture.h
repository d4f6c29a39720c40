/* congestion_fixture.h - a queue, and the time that passes.
 *
 * The rule on a clock that the test sets. test_congestion_crowd.c has it in use.
 */
#pragma once

#include "base/congestion.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One that asks to be let in. */
static inline struct congestion_guest guest(uint64_t now_ns)
{
	return (struct congestion_guest){
	    .deadline_ns = now_ns + 5 * NS_PER_S, .usual_ns = 5 * NS_PER_S, .limit = 1000, .servers = 8};
}

static inline enum refusal ask(struct congestion *queue, uint64_t now_ms, uint64_t expected_ms)
{
	struct congestion_guest asks = guest(now_ms * NS_PER_MS);

	asks.expected_ns = expected_ms * NS_PER_MS;
	return congestion_judge(queue, &asks, now_ms * NS_PER_MS);
}

static inline void enter(struct congestion *queue, unsigned count, uint64_t expected_ms, uint64_t now_ms)
{
	while (count-- > 0)
		congestion_enter(queue, expected_ms * NS_PER_MS, now_ms * NS_PER_MS);
}

static inline void leave(struct congestion *queue, unsigned count, uint64_t expected_ms)
{
	while (count-- > 0)
		congestion_leave(queue, expected_ms * NS_PER_MS);
}

static inline void overload(struct congestion *queue)
{
	enter(queue, 90, 250, 1000);
	assert_int_equal(ask(queue, 1200, 250), REFUSAL_WAIT);
}

#define TEST(name) cmocka_unit_test(name)
