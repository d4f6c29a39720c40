#include "loop/inbox.h"

static void on_wake(uv_async_t *async)
{
	struct inbox *inbox = async->data;
	struct list taken;

	pthread_mutex_lock(&inbox->lock);
	list_take_all(&taken, &inbox->items);
	pthread_mutex_unlock(&inbox->lock);
	LIST_EACH (item, &taken) {
		list_remove(item);
		inbox->take(item);
	}
}

void inbox_open(struct inbox *inbox, uv_loop_t *loop, inbox_take_fn *take)
{
	pthread_mutex_init(&inbox->lock, NULL);
	list_init(&inbox->items);
	inbox->take = take;
	uv_async_init(loop, &inbox->wake, on_wake);
	inbox->wake.data = inbox;
}

void inbox_put(struct inbox *inbox, struct list *item)
{
	bool was_empty;

	pthread_mutex_lock(&inbox->lock);
	was_empty = list_is_empty(&inbox->items);
	list_append(&inbox->items, item);
	pthread_mutex_unlock(&inbox->lock);
	if (was_empty)
		uv_async_send(&inbox->wake);
}

void inbox_close(struct inbox *inbox)
{
	uv_close((uv_handle_t *)&inbox->wake, NULL);
}

void inbox_cleanup(struct inbox *inbox)
{
	pthread_mutex_destroy(&inbox->lock);
}
