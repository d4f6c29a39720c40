/* queue_awaitable.h - what each loop has for orders to the queues, beside the class.
 *
 * Life:    queue_inbox_create() -> queue_inbox_close() -> the loop closes its handle -> queue_inbox_destroy().
 * Thread:  the loop's.
 */
#pragma once

#include <uv.h>

struct queue_inbox;

struct queue_inbox *queue_inbox_create(uv_loop_t *loop);
void queue_inbox_close(struct queue_inbox *inbox);
void queue_inbox_destroy(struct queue_inbox *inbox);
