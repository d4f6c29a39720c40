#include "fetch/task.h"

#include "base/memory.h"

#include <stdlib.h>

struct task *task_create(const struct fetch_order *order)
{
	struct task *task = memory_alloc_zeroed(1, sizeof(*task));

	task->order = *order;
	task->pages = arena_alloc_zeroed(&task->arena, order->count * sizeof(*task->pages));
	for (unsigned i = 0; i < order->count; i++) {
		struct page *page = &task->pages[i];

		page->task = task;
		page->url = arena_copy(&task->arena, text_of(order->urls[i]));
		page->result.url = page->result.final_url = page->url;
		list_init(&page->link);
		list_init(&page->result.link);
	}
	task->order.urls = NULL; /* the caller's */
	list_init(&task->link);
	list_init(&task->queues);
	list_init(&task->visits);
	list_init(&task->ready);
	pthread_mutex_init(&task->lock, NULL);
	task->unpublished = task->untaken = order->count;
	task->begin.task = task->end.task = task;
	task->end.is_end = true;
	return task;
}

/* With the lock held: returns the function to call, once. */
static task_notify_fn *whom_to_notify(struct task *task)
{
	task_notify_fn *notify = task->notify;

	if (notify == NULL || (list_is_empty(&task->ready) && task->unpublished > 0))
		return NULL;
	task->notify = NULL;
	task->deadline_ns = 0;
	task->is_abandoned = NULL;
	return notify;
}

void task_await(struct task *task, uint64_t deadline_ns, const atomic_bool *is_abandoned, task_notify_fn *notify)
{
	pthread_mutex_lock(&task->lock);
	task->deadline_ns = deadline_ns;
	task->is_abandoned = is_abandoned;
	task->notify = notify;
	notify = whom_to_notify(task);
	pthread_mutex_unlock(&task->lock);
	if (notify != NULL)
		notify(task);
}

struct fetch_page *task_take(struct task *task)
{
	struct fetch_page *page = NULL;

	pthread_mutex_lock(&task->lock);
	if (!list_is_empty(&task->ready)) {
		page = CONTAINER_OF(task->ready.next, struct fetch_page, link);
		list_remove(&page->link);
		task->ready_count--;
	}
	pthread_mutex_unlock(&task->lock);
	if (page != NULL)
		task->untaken--;
	return page;
}

void task_publish(struct task *task, struct page *page)
{
	task_notify_fn *notify;

	pthread_mutex_lock(&task->lock);
	list_append(&task->ready, &page->result.link);
	task->ready_count++;
	task->unpublished--;
	notify = whom_to_notify(task);
	pthread_mutex_unlock(&task->lock);
	/* the task lives on: it ends by a message to this very thread */
	if (notify != NULL)
		notify(task);
}

/* A host may redirect as often as it may, and to long URLs: only the last is kept. */
void page_goes_on_at(struct page *page, const char *url)
{
	char *copy = memory_copy_string(url);

	page->url = page->result.final_url = copy;
	free(page->redirected_url);
	page->redirected_url = copy;
}

bool task_is_held_back(struct task *task)
{
	bool is_held_back;

	pthread_mutex_lock(&task->lock);
	is_held_back = task->ready_count >= TASK_READY_MAX;
	pthread_mutex_unlock(&task->lock);
	return is_held_back;
}

bool task_is_late(struct task *task, uint64_t now_ns)
{
	bool is_late;

	pthread_mutex_lock(&task->lock);
	is_late = task->deadline_ns > 0 &&
		  (now_ns >= task->deadline_ns || (task->is_abandoned != NULL && atomic_load(task->is_abandoned)));
	pthread_mutex_unlock(&task->lock);
	return is_late;
}

void task_destroy(struct task *task)
{
	for (unsigned i = 0; i < task->order.count; i++)
		free(task->pages[i].redirected_url);
	pthread_mutex_destroy(&task->lock);
	arena_cleanup(&task->arena);
	free(task);
}
