/* task.h - one caller's pages, between the thread that waits for them and the fetcher's.
 *
 * Life:    task_create() -> fetcher_submit() -> (task_await() -> notify -> task_take()*)* -> fetcher_end(), at any time
 *          while nothing is awaited. One that fetcher_submit() has not taken: task_destroy().
 * Owner:   the caller until fetcher_submit(), then the fetcher. What the lock guards is shared; `data` and `untaken` stay
 *          the caller's.
 * Thread:  task_create(), task_await(), task_take(): the caller's. All others: the owner's.
 * Limits:  of the order; TASK_READY_MAX pages that the caller has not taken hold back the next.
 * Errors:  a page says what went wrong with it.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "fetch/values/page.h"

#include "base/arena.h"

enum { TASK_READY_MAX = 256 };

struct task;

/* There is something to take, or nothing to come: once for each task_await(), in any thread, also inside of it. */
typedef void task_notify_fn(struct task *task);

/* A page on its way. */
struct page {
	struct fetch_page result;
	struct task *task;
	struct list link;     /* in its queue, while it waits */
	const char *url;      /* where it is to be fetched from now */
	char *redirected_url; /* owned: that, after a redirect */
	uint64_t deadline_ns; /* 0: its time has not begun */
	unsigned redirects, tries;
};

/* What the fetcher is told. */
struct task_message {
	struct list link;
	struct task *task; /* NULL: the fetcher itself is to end */
	bool is_end;
};

struct task {
	/* the fetcher's */
	struct arena arena;
	struct fetch_order order;
	struct page *pages;
	unsigned next_page; /* of a sequential order */
	unsigned active;    /* pages being fetched */
	struct list link, queues, visits;

	/* guarded by the lock */
	pthread_mutex_t lock;
	struct list ready;
	unsigned ready_count, unpublished;
	uint64_t deadline_ns; /* 0: no exchange waits */
	task_notify_fn *notify;
	const atomic_bool *is_abandoned;

	/* the caller's */
	void *data;
	unsigned untaken;

	struct task_message begin, end;
};

/* Copies the order. */
struct task *task_create(const struct fetch_order *order);
/* By the deadline every page that is left is over, well or badly. `is_abandoned` is looked at while it is awaited. */
void task_await(struct task *task, uint64_t deadline_ns, const atomic_bool *is_abandoned, task_notify_fn *notify);
/* Returns the next page that is over, valid until fetcher_end(); NULL: none for now. */
struct fetch_page *task_take(struct task *task);
/* For the fetcher. */
void page_goes_on_at(struct page *page, const char *url);
void task_publish(struct task *task, struct page *page);
bool task_is_held_back(struct task *task);
/* Returns whether the exchange will not wait for it any more: its deadline has passed, or its client has left. */
bool task_is_late(struct task *task, uint64_t now_ns);
void task_destroy(struct task *task);
