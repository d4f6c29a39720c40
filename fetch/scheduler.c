#include "fetch/scheduler.h"

#include "base/clock.h"
#include "fetch/queue.h"
#include "fetch/values/url.h"
#include "fetch/visit.h"

enum { TICK_MS = BUCKET_SLACK_MS };

/* The thread's own: curl and libuv hand back only what was given to them, and there is one scheduler in a thread. */
static _Thread_local struct scheduler *here;

/* Returns what is valid until the next call. */
static struct url_parts split(const struct page *page)
{
	struct url_parts parts;

	arena_reset(&here->scratch);
	url_split(page->url, &here->scratch, &parts);
	return parts;
}

/* Puts a page where it waits for its turn. */
static void line_up(struct page *page)
{
	queue_add(queue_of(page->task, host_find(&here->hosts, split(page).origin)), page);
}

/* A sequential order has one page under way at a time. */
static void line_up_next(struct task *task)
{
	if (task->order.is_sequential && task->next_page < task->order.count)
		line_up(&task->pages[task->next_page++]);
}

static void end_page(struct page *page)
{
	struct task *task = page->task;

	task_publish(task, page);
	line_up_next(task);
}

static void fail_page(struct page *page, const char *why)
{
	page->result.error = why;
	end_page(page);
}

/* Visits */

static void schedule(void);

static void on_published(struct page *page)
{
	page->task->active--;
	end_page(page);
}

static void begin_visit(struct visit *visit)
{
	list_append(&here->visits, &visit->link);
	here->active++;
}

static void end_visit(struct visit *visit)
{
	here->active--;
	visit_end(visit);
}

static void conclude_page(struct visit *visit, CURLcode result)
{
	struct page *page = visit->page;
	enum visit_outcome outcome = visit_conclude(visit, result);

	page->task->active--;
	if (outcome == VISIT_COMES_BACK)
		page->deadline_ns = 0;
	if (outcome == VISIT_IS_LAST)
		end_page(page);
	else
		line_up(page);
}

static void conclude(struct visit *visit, CURLcode result)
{
	if (visit->is_robots)
		visit_conclude_robots(visit, result);
	else if (visit->page != NULL)
		conclude_page(visit, result);
	end_visit(visit);
}

static void on_over(CURL *easy, CURLcode result)
{
	char *transfer = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
	conclude(CONTAINER_OF((struct transfer *)(void *)transfer, struct visit, transfer), result);
	schedule();
}

static uint64_t timeout_ns(void)
{
	return here->settings->timeout_ms * NS_PER_MS;
}

static void start_page(struct queue *queue, struct page *page, uint64_t now_ns)
{
	struct task *task = page->task;

	list_remove(&page->link);
	if (queue->host->robots != NULL && !robots_allow(queue->host->robots, text_of(split(page).target))) {
		fail_page(page, "its host's robots.txt does not allow it");
		return;
	}
	if (page->deadline_ns == 0)
		page->deadline_ns = now_ns + timeout_ns();
	host_take_start(queue->host, now_ns, task->order.interval_ns);
	task->active++;
	begin_visit(visit_page(&here->multi, &here->settings->transfer, queue->host, page,
			       here->settings->page_bytes_max, on_published));
}

/* Turns */

static bool has_room(const struct host *host)
{
	return here->active < here->settings->connections && host->active < here->settings->host_connections;
}

static void fail_queue(struct queue *queue, const char *why)
{
	LIST_EACH (item, &queue->pages) {
		struct page *page = CONTAINER_OF(item, struct page, link);

		list_remove(item);
		fail_page(page, arena_copy(&page->task->arena, text_of(why)));
	}
}

/* Whether the host's robots.txt is known; if not, it is asked for, once. */
static bool knows_robots(struct host *host, uint64_t now_ns)
{
	if (host->robots_state == ROBOTS_KNOWN && now_ns < host->robots_until_ns)
		return true;
	if (host->robots_state != ROBOTS_ASKED)
		begin_visit(visit_robots(&here->multi, &here->settings->transfer, host, timeout_ns()));
	return false;
}

/* Why none of the queue's pages will be fetched, or NULL. */
static const char *refusal_of(const struct host *host, uint64_t now_ns)
{
	if (host->left_alone_until_ns > now_ns + RETRY_AFTER_MAX_S * NS_PER_S)
		return "its host has asked to be left alone for longer than is waited here";
	if (host->robots_state == ROBOTS_UNREADABLE && now_ns < host->robots_until_ns)
		return host->why;
	return NULL;
}

/* Whether one of the queue's pages was started, or is over. */
static bool start_from(struct queue *queue, uint64_t now_ns)
{
	struct host *host = queue->host;
	const char *refusal = refusal_of(host, now_ns);

	if (list_is_empty(&queue->pages))
		return false;
	if (refusal != NULL) {
		fail_queue(queue, refusal);
		return true;
	}
	if (!has_room(host) || now_ns < host->left_alone_until_ns || !host_may_start(host, now_ns) ||
	    !knows_robots(host, now_ns))
		return false;
	start_page(queue, CONTAINER_OF(queue->pages.next, struct page, link), now_ns);
	return true;
}

static bool start_one_of(struct task *task, uint64_t now_ns)
{
	if (task->active >= task->order.concurrency || task_is_held_back(task))
		return false;
	LIST_EACH (item, &task->queues) {
		if (!start_from(CONTAINER_OF(item, struct queue, link), now_ns))
			continue;
		/* its other hosts are next */
		list_remove(item);
		list_append(&task->queues, item);
		return true;
	}
	return false;
}

/* Each task in turn starts one page, until none can. */
static void schedule(void)
{
	uint64_t now_ns = clock_now_ns();
	bool has_started = true;

	while (has_started && here->active < here->settings->connections) {
		struct list turn;

		has_started = false;
		list_take_all(&turn, &here->tasks);
		LIST_EACH (item, &turn) {
			list_remove(item);
			list_append(&here->tasks, item);
			has_started |= start_one_of(CONTAINER_OF(item, struct task, link), now_ns);
		}
	}
}

/* Time */

static void break_off_visits(struct task *task)
{
	LIST_EACH (item, &task->visits) {
		struct visit *visit = CONTAINER_OF(item, struct visit, task_link);

		if (visit->page != NULL)
			task->active--;
		end_visit(visit);
	}
}

/* Ends all that is left of a task whose exchange waits no longer. */
static void give_up(struct task *task)
{
	struct list left;

	task->next_page = task->order.is_sequential ? task->next_page : task->order.count;
	list_init(&left);
	LIST_EACH (item, &task->visits) {
		struct page *page = CONTAINER_OF(item, struct visit, task_link)->page;

		if (page != NULL)
			list_append(&left, &page->link);
	}
	break_off_visits(task);
	LIST_EACH (item, &task->queues) {
		LIST_EACH (waiting, &CONTAINER_OF(item, struct queue, link)->pages) {
			list_remove(waiting);
			list_append(&left, waiting);
		}
	}
	while (task->next_page < task->order.count)
		list_append(&left, &task->pages[task->next_page++].link);
	LIST_EACH (item, &left) {
		list_remove(item);
		fail_page(CONTAINER_OF(item, struct page, link), "the request's deadline came first");
	}
}

static void end_late_visits(uint64_t now_ns)
{
	LIST_EACH (item, &here->visits) {
		struct visit *visit = CONTAINER_OF(item, struct visit, link);

		if (visit_is_late(visit, now_ns))
			conclude(visit, CURLE_OPERATION_TIMEDOUT);
	}
}

static void on_tick(uv_timer_t *timer)
{
	uint64_t now_ns = clock_now_ns();

	end_late_visits(now_ns);
	LIST_EACH (item, &here->tasks) {
		struct task *task = CONTAINER_OF(item, struct task, link);

		if (task_is_late(task, now_ns))
			give_up(task);
	}
	schedule();
	if (list_is_empty(&here->tasks) && list_is_empty(&here->visits))
		uv_timer_stop(timer);
}

/* From outside */

void scheduler_begin(struct task *task)
{
	list_append(&here->tasks, &task->link);
	if (task->order.is_sequential) {
		line_up_next(task);
	} else {
		for (unsigned i = 0; i < task->order.count; i++)
			line_up(&task->pages[i]);
	}
	if (!uv_is_active((uv_handle_t *)&here->tick))
		uv_timer_start(&here->tick, on_tick, TICK_MS, TICK_MS);
	schedule();
}

void scheduler_end(struct task *task)
{
	break_off_visits(task);
	queues_leave(task);
	list_remove(&task->link);
	task_destroy(task);
}

void scheduler_open(struct scheduler *scheduler, uv_loop_t *loop, const struct fetcher_settings *settings)
{
	*scheduler = (struct scheduler){.settings = settings};
	list_init(&scheduler->tasks);
	list_init(&scheduler->visits);
	host_table_init(&scheduler->hosts);
	uv_timer_init(loop, &scheduler->tick);
	multi_open(&scheduler->multi, loop, settings->connections, on_over);
}

void scheduler_enter(struct scheduler *scheduler)
{
	here = scheduler;
}

void scheduler_close(void)
{
	LIST_EACH (item, &here->tasks)
		scheduler_end(CONTAINER_OF(item, struct task, link));
	LIST_EACH (item, &here->visits)
		end_visit(CONTAINER_OF(item, struct visit, link));
	multi_close(&here->multi);
	uv_close((uv_handle_t *)&here->tick, NULL);
}

void scheduler_cleanup(struct scheduler *scheduler)
{
	host_table_cleanup(&scheduler->hosts);
	arena_cleanup(&scheduler->scratch);
}
