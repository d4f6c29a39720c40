#include "fetch/queue.h"

struct queue *queue_of(struct task *task, struct host *host)
{
	struct queue *queue;

	LIST_EACH (item, &task->queues)
		if (CONTAINER_OF(item, struct queue, link)->host == host)
			return CONTAINER_OF(item, struct queue, link);
	queue = arena_alloc(&task->arena, sizeof(*queue));
	queue->host = host;
	list_init(&queue->pages);
	list_append(&task->queues, &queue->link);
	host->queues++;
	return queue;
}

void queue_add(struct queue *queue, struct page *page)
{
	if (page->redirects > 0 || page->tries > 0)
		list_prepend(&queue->pages, &page->link);
	else
		list_append(&queue->pages, &page->link);
}

void queues_leave(struct task *task)
{
	LIST_EACH (item, &task->queues)
		CONTAINER_OF(item, struct queue, link)->host->queues--;
	list_init(&task->queues);
}
