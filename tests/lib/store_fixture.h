/* store_fixture.h - a store of the queues over tables in memory, and orders of the test's own.
 *
 * Life:    store_set_up() -> orders -> store_tear_down().
 * Owner:   an order is the test's again when it is over; end() frees it.
 * Thread:  the test's.
 */
#pragma once

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "lib/fake_queue_tables.h"
#include "queue/store.h"

enum { LONG_MS = 20000, JOBS_MAX = 400 };

/* An order of the test's own. */
struct asked {
	struct queue_order order;
	struct order_draft drafts[4];
	struct order_receipt receipt;
	struct arena arena;
	atomic_bool is_abandoned;
	sem_t is_done;
};

static inline struct queue_store *start_store(void)
{
	static struct db_settings db;

	return queue_store_create(&(struct queue_store_settings){
	    .db = &db,
	    .jobs_max = JOBS_MAX,
	    .queues_max = 10,
	    .parked_max = 2,
	    .payload_bytes_max = 4,
	    .kept_bytes_max = 100,
	    .node = "here",
	});
}

static inline int store_set_up(void **state)
{
	fake_tables_reset();
	*state = start_store();
	return 0;
}

static inline int store_tear_down(void **state)
{
	queue_store_destroy(*state);
	fake_tables_reset();
	return 0;
}

/* Orders */

static inline void on_done(struct queue_order *order)
{
	sem_post(&((struct asked *)order->data)->is_done);
}

static inline struct asked *asked_create(enum order_errand errand)
{
	struct asked *asked = memory_alloc_zeroed(1, sizeof(*asked));

	sem_init(&asked->is_done, 0, 0);
	asked->order = (struct queue_order){
	    .errand = errand,
	    .queue = TEXT("q"),
	    .arena = &asked->arena,
	    .deadline_ns = clock_now_ns() + LONG_MS * NS_PER_MS,
	    .is_abandoned = &asked->is_abandoned,
	    .done = on_done,
	    .data = asked,
	    .want = 100,
	    .lease_ns = 3600 * NS_PER_S,
	};
	return asked;
}

static inline struct asked *await(struct asked *asked)
{
	while (sem_wait(&asked->is_done) != 0)
		;
	return asked;
}

static inline void end(struct asked *asked)
{
	arena_cleanup(&asked->arena);
	sem_destroy(&asked->is_done);
	free(asked);
}

static inline struct asked *submit(struct queue_store *store, struct asked *asked)
{
	queue_store_submit(store, &asked->order);
	return asked;
}

static inline struct asked *enqueue_later(struct queue_store *store, unsigned count, uint64_t timeout_ms)
{
	struct asked *asked = asked_create(ORDER_ENQUEUE);

	for (unsigned i = 0; i < count; i++)
		asked->drafts[i] = (struct order_draft){.payload = TEXT("7"), .max_attempts = 2};
	asked->order.drafts = asked->drafts;
	asked->order.draft_count = count;
	asked->order.deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
	return submit(store, asked);
}

/* The store serves as soon as it has read its tables. */
static inline void await_serving(struct queue_store *store)
{
	for (;;) {
		struct asked *asked = await(submit(store, asked_create(ORDER_FIGURES)));
		enum error error = asked->order.error;

		end(asked);
		if (error == ERROR_NONE)
			return;
		usleep(1000);
	}
}

static inline int64_t enqueue_one(struct queue_store *store)
{
	struct asked *asked;
	int64_t id;

	await_serving(store);
	asked = await(enqueue_later(store, 1, LONG_MS));
	assert_int_equal(asked->order.error, ERROR_NONE);
	id = asked->order.ids[0];
	end(asked);
	return id;
}

static inline struct asked *claim(struct queue_store *store)
{
	return await(submit(store, asked_create(ORDER_CLAIM)));
}

static inline struct asked *settle_later(struct queue_store *store, enum order_errand errand, const struct given *given,
					 uint64_t timeout_ms)
{
	struct asked *asked = asked_create(errand);

	asked->receipt = (struct order_receipt){.id = given->id, .token = given->token};
	asked->order.receipts = &asked->receipt;
	asked->order.receipt_count = 1;
	asked->order.deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
	return submit(store, asked);
}

static inline void expect_failure(struct asked *asked, enum error error, const char *words)
{
	await(asked);
	assert_int_equal(asked->order.error, error);
	if (strstr(asked->order.why, words) == NULL)
		fail_msg("'%s' is not in '%s'", words, asked->order.why);
	end(asked);
}

static inline void await_sent(enum fake_write kind, unsigned count)
{
	while (fake_tables_sent(kind) < count)
		usleep(500);
}

/* The job is given, and is what it was. */
static inline struct given expect_given(struct queue_store *store, int64_t id, unsigned attempt,
					enum came_back came_back)
{
	struct asked *asked = claim(store);
	struct given given;

	assert_int_equal(asked->order.error, ERROR_NONE);
	assert_int_equal(asked->order.given_count, 1);
	given = asked->order.given[0];
	assert_int_equal(given.id, id);
	assert_int_equal(given.attempt, attempt);
	assert_int_equal(given.came_back, came_back);
	end(asked);
	return given;
}

static inline void expect_none(struct queue_store *store)
{
	struct asked *asked = claim(store);

	assert_int_equal(asked->order.given_count, 0);
	end(asked);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, store_set_up, store_tear_down)
