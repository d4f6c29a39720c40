/* wait_ends_fixture.h - waits whose system calls and names are the test's.
 *
 * The blocking way, where the system, a name or the other connection is in the way; nothing sleeps.
 */
#pragma once

#include "conn_fixture.h"

#include "lib/log_tap.h"

#include "db/rerun.h"

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>

/* What the system says to those that wait, in place of libc. */
static struct {
	int error; /* of as many calls as `errors` */
	unsigned errors, polls;
	uint64_t longest_ns; /* that was waited for */
} system_says;

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *signals)
{
	uint64_t ns = (uint64_t)timeout->tv_sec * NS_PER_S + (uint64_t)timeout->tv_nsec;
	struct timespec left = *timeout;

	system_says.polls++;
	if (ns > system_says.longest_ns)
		system_says.longest_ns = ns;
	if (system_says.errors > 0) {
		system_says.errors--;
		errno = system_says.error;
		return -1;
	}
	return (int)syscall(SYS_ppoll, fds, count, &left, signals, sizeof(*signals) / 16);
}

static unsigned sleeps, refuses_for; /* connects are refused for so many sleeps */
static uint64_t slept_ns;

int nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)left;
	sleeps++;
	slept_ns += (uint64_t)time->tv_nsec;
	fake_pq.refuses = sleeps < refuses_for;
	return 0;
}

static inline int set_up_quiet(void **state)
{
	memset(&system_says, 0, sizeof(system_says));
	sleeps = refuses_for = 0;
	slept_ns = 0;
	set_up(state);
	log_set_level(LOG_ERROR + 1);
	fake_pq.answers_everything = true;
	return 0;
}

static inline void run_within(int i, const struct db_statement *statement, unsigned ms)
{
	db_batch_add(&batches[i], statement, values[i]);
	batches[i].deadline_ns = clock_now_ns() + ms * NS_PER_MS;
	db_wait_run(&wait, &batches[i]);
}

static inline void run(int i, const struct db_statement *statement)
{
	run_within(i, statement, 5000);
}

#define TEST_QUIET(name) cmocka_unit_test_setup_teardown(name, set_up_quiet, tear_down)
