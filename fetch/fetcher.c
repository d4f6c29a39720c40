#include "fetch/fetcher.h"

#include "base/memory.h"
#include "base/require.h"
#include "fetch/scheduler.h"
#include "loop/inbox.h"

#include <signal.h>
#include <stdlib.h>

struct fetcher {
	struct fetcher_settings settings;
	pthread_t thread;
	uv_loop_t loop;
	struct inbox inbox;
	struct scheduler scheduler;
	struct task_message stop; /* the last of all messages */
	atomic_uint task_count;
};

/* The thread's own. */
static _Thread_local struct fetcher *here;

static void on_message(struct list *item)
{
	struct task_message *message = CONTAINER_OF(item, struct task_message, link);

	if (message->task == NULL) {
		scheduler_close();
		inbox_close(&here->inbox);
	} else if (message->is_end) {
		scheduler_end(message->task);
		atomic_fetch_sub(&here->task_count, 1);
	} else {
		scheduler_begin(message->task);
	}
}

static void *run(void *data)
{
	here = data;
	scheduler_enter(&here->scheduler);
	uv_run(&here->loop, UV_RUN_DEFAULT);
	return NULL;
}

/* Signals are for the loops that serve. */
static void start_thread(struct fetcher *fetcher)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	REQUIRE(pthread_create(&fetcher->thread, NULL, run, fetcher) == 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct fetcher *fetcher_create(const struct fetcher_settings *settings)
{
	struct fetcher *fetcher = memory_alloc_zeroed(1, sizeof(*fetcher));

	REQUIRE(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	fetcher->settings = *settings;
	list_init(&fetcher->stop.link);
	REQUIRE(uv_loop_init(&fetcher->loop) == 0);
	inbox_open(&fetcher->inbox, &fetcher->loop, on_message);
	scheduler_open(&fetcher->scheduler, &fetcher->loop, &fetcher->settings);
	start_thread(fetcher);
	return fetcher;
}

void fetcher_destroy(struct fetcher *fetcher)
{
	inbox_put(&fetcher->inbox, &fetcher->stop.link);
	pthread_join(fetcher->thread, NULL);
	REQUIRE(uv_loop_close(&fetcher->loop) == 0);
	inbox_cleanup(&fetcher->inbox);
	scheduler_cleanup(&fetcher->scheduler);
	curl_global_cleanup();
	free(fetcher);
}

bool fetcher_submit(struct fetcher *fetcher, struct task *task)
{
	if (atomic_fetch_add(&fetcher->task_count, 1) >= fetcher->settings.tasks_max) {
		atomic_fetch_sub(&fetcher->task_count, 1);
		return false;
	}
	inbox_put(&fetcher->inbox, &task->begin.link);
	return true;
}

void fetcher_end(struct fetcher *fetcher, struct task *task)
{
	inbox_put(&fetcher->inbox, &task->end.link);
}

unsigned fetcher_count(const struct fetcher *fetcher)
{
	return atomic_load(&fetcher->task_count);
}
