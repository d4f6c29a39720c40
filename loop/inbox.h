/* inbox.h - how other threads hand something to a loop: a list with its lock, and a wake-up.
 *
 * Life:    inbox_open() -> inbox_put()* -> inbox_close(), when no thread puts any more; once the loop has closed the
 *          handle inbox_cleanup().
 * Owner:   the caller's memory; what is put is the inbox's until it is taken.
 * Thread:  inbox_put(): any. The rest, and `take`: the loop.
 */
#pragma once

#include <pthread.h>
#include <uv.h>

#include "base/list.h"

typedef void inbox_take_fn(struct list *item);

struct inbox {
	pthread_mutex_t lock; /* guards the list */
	struct list items;
	uv_async_t wake;
	inbox_take_fn *take;
};

void inbox_open(struct inbox *inbox, uv_loop_t *loop, inbox_take_fn *take);
void inbox_put(struct inbox *inbox, struct list *item);
void inbox_close(struct inbox *inbox);
void inbox_cleanup(struct inbox *inbox);
