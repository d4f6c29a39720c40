/* fetcher.h - fetches pages of other hosts, for all loops and workers of the process, on a loop and a thread of its
 * own.
 *
 * One for all, since politeness is one for all: two callers that ask the same host share its connections, its rate, its
 * robots.txt. A thread of its own, since TLS, decompression and reading HTML are work for the processor, and belong on
 * no loop that answers.
 *
 * Life:    fetcher_create() -> (fetcher_submit() -> task_await()... -> fetcher_end())* -> fetcher_destroy().
 * Owner:   a task is the fetcher's from fetcher_submit() on; its caller takes pages until fetcher_end().
 * Thread:  any; the work is done in the fetcher's own, by scheduler.h.
 * Limits:  settings: tasks; and those of scheduler.h.
 */
#pragma once

#include "fetch/fetcher_settings.h"
#include "fetch/task.h"

#include "base/compiler.h"

struct fetcher;

struct fetcher *fetcher_create(const struct fetcher_settings *settings);
/* Ends all that is under way. No task may be used any more. */
void fetcher_destroy(struct fetcher *fetcher);
/* False: as many as may are under way; the task is still the caller's. */
MUST_CHECK bool fetcher_submit(struct fetcher *fetcher, struct task *task);
/* Breaks off what is under way for it and destroys it; nothing of it may be used any more. */
void fetcher_end(struct fetcher *fetcher, struct task *task);
/* How many tasks are under way. */
unsigned fetcher_count(const struct fetcher *fetcher);
