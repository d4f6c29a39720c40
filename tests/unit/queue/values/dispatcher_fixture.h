/* dispatcher_fixture.h - a dispatcher with one queue, a clock of the test's own, and short words for what tests do. */
#pragma once

#include "queue/values/dispatcher.h"

#include "base/clock.h"
#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LEASE_NS (30 * NS_PER_S)

static struct dispatcher *dispatcher;
static unsigned queue;
static uint64_t now_ns;
static struct given given[CLAIM_MAX];
static struct job_change change;

static const struct dispatcher_settings fixture_settings = {
    .epoch = 5,
    .seed = {1, 2},
    .queues_max = 3,
    .jobs_max = 100,
    .parked_max = 20,
    .payload_bytes_max = 600,
    .kept_bytes_max = 1000,
};

static inline int fixture_set_up(void **state)
{
	(void)state;
	now_ns = 1000 * NS_PER_S;
	dispatcher = dispatcher_create(&fixture_settings);
	queue = (unsigned)dispatcher_add_queue(dispatcher, TEXT("mail"));
	return 0;
}

static inline int fixture_tear_down(void **state)
{
	(void)state;
	dispatcher_destroy(dispatcher);
	return 0;
}

/* A job as most are. */
static inline struct job_spec spec_of(int64_t id)
{
	return (struct job_spec){
	    .id = id,
	    .queue = queue,
	    .enqueued_ns = now_ns,
	    .max_attempts = 3,
	    .payload = TEXT("{}"),
	};
}

static inline void add(struct job_spec spec)
{
	assert_true(dispatcher_add(dispatcher, &spec, now_ns));
}

static inline void add_in_group(int64_t id, const char *group)
{
	struct job_spec spec = spec_of(id);

	spec.group = text_of(group);
	add(spec);
}

static inline void pass(uint64_t ns)
{
	now_ns += ns;
	dispatcher_advance(dispatcher, now_ns);
}

static inline unsigned claim(unsigned want)
{
	return dispatcher_claim(dispatcher, queue, want, LEASE_NS, now_ns, given);
}

/* Claims one job, which is to be this one; 0: there is to be none. */
static inline struct lease_token claim_one(int64_t id)
{
	unsigned count = claim(1);

	assert_int_equal(count, id != 0);
	if (id == 0)
		return (struct lease_token){0, 0};
	assert_int_equal(given[0].id, id);
	return given[0].token;
}

static inline enum lease_verdict ack(int64_t id, struct lease_token token)
{
	return dispatcher_ack(dispatcher, queue, id, token);
}

static inline enum lease_verdict nack(int64_t id, struct lease_token token, uint64_t delay_ns)
{
	return dispatcher_nack(dispatcher, queue, id, token, delay_ns, now_ns, &change);
}

/* Acks it, and its row is gone. */
static inline void finish(int64_t id, struct lease_token token)
{
	assert_int_equal(ack(id, token), LEASE_HELD);
	dispatcher_ended(dispatcher, id);
}

static inline struct queue_figures figures(void)
{
	struct queue_figures figures;

	dispatcher_figures(dispatcher, queue, &figures);
	return figures;
}

#define FIXTURE_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)
