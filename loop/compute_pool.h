/* compute_pool.h - a few threads for work that keeps a processor busy, so that no loop and no worker does it.
 *
 * Each thread takes one part of the computation at the head and sends the rest to the tail. A large one is spread over
 * the cores, and a small one behind it does not wait for its end. The threads give way to everything else on the
 * machine (SCHED_IDLE): answering others comes first. But a thread that gives way may hold a lock that a loop waits for.
 * So where many small computations come, the threads have a small share for themselves (nice 10): a prompt pool.
 *
 * Life:    compute_pool_create() -> compute_pool_submit()* -> compute_pool_destroy(), when nothing is under way.
 * Owner:   a computation is the pool's from submit until its `over`.
 * Thread:  any; `over` is called in a compute thread.
 * Limits:  `limit` computations more than there are threads, and those that go on though another has come in between;
 *          a computation ends soon after its deadline.
 */
#pragma once

#include <stdbool.h>

#include "base/compiler.h"
#include "base/computation.h"

struct compute_pool;

struct compute_pool *compute_pool_create(unsigned threads, unsigned limit);
struct compute_pool *compute_pool_create_prompt(unsigned threads, unsigned limit);
void compute_pool_destroy(struct compute_pool *pool);
/* False: as many as may are under way; the computation is still the caller's. One that goes on with what was taken
 * before is always taken. */
MUST_CHECK bool compute_pool_submit(struct compute_pool *pool, struct computation *computation, bool goes_on);
/* Takes back one that has not begun; false: it has, and will be over soon. */
MUST_CHECK bool compute_pool_withdraw(struct compute_pool *pool, struct computation *computation);
/* How many are under way: begun or not. */
unsigned compute_pool_count(const struct compute_pool *pool);
