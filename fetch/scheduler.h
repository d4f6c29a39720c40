/* scheduler.h - which page is fetched next: tasks in turn, within the limits of task, host and process.
 *
 *   task ──► queues: one for each host it has pages at ──► visits ──► pages
 *
 * Life:    scheduler_open() -> in the thread: scheduler_enter() -> scheduler_begin(), scheduler_end()* ->
 *          scheduler_close() -> the loop runs until its handles are closed -> scheduler_cleanup().
 * Owner:   the caller's memory, which does not move. A task is the scheduler's from scheduler_begin() to scheduler_end().
 * Thread:  one from scheduler_enter() to scheduler_close(), and no other scheduler in it; before and after it any.
 * Limits:  settings: connections in all and to one host; and those of transfer.h and task.h.
 */
#pragma once

#include "fetch/fetcher_settings.h"
#include "fetch/host.h"
#include "fetch/multi.h"
#include "fetch/task.h"

/* private, all of it */
struct scheduler {
	const struct fetcher_settings *settings;
	uv_timer_t tick; /* while there are tasks or visits */
	struct multi multi;
	struct host_table hosts;
	struct list tasks, visits;
	struct arena scratch;
	unsigned active; /* visits */
};

/* `settings` are borrowed. */
void scheduler_open(struct scheduler *scheduler, uv_loop_t *loop, const struct fetcher_settings *settings);
/* This thread is its own from now on. */
void scheduler_enter(struct scheduler *scheduler);
void scheduler_begin(struct task *task);
/* Breaks off what is under way for the task, and destroys it. */
void scheduler_end(struct task *task);
/* Ends the tasks and visits that are left. */
void scheduler_close(void);
void scheduler_cleanup(struct scheduler *scheduler);
