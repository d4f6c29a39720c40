#include "base/thread.h"

#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static sem_t is_over;

static void *look_at_signals(void *data)
{
	pthread_sigmask(SIG_SETMASK, NULL, data);
	sem_post(&is_over);
	return NULL;
}

static void a_thread_hears_no_signal_and_its_starter_all_as_before(void **state)
{
	sigset_t of_thread, before, after;

	(void)state;
	sem_init(&is_over, 0, 0);
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	assert_int_equal(thread_start(look_at_signals, &of_thread, 0), 0);
	sem_wait(&is_over);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	assert_true(sigismember(&of_thread, SIGTERM) && sigismember(&of_thread, SIGINT) &&
		    sigismember(&of_thread, SIGHUP));
	assert_false(sigismember(&before, SIGTERM) || sigismember(&after, SIGTERM));
}

static void no_thread_is_an_error(void **state)
{
	(void)state;
	/* no address space has so large a stack */
	assert_int_equal(thread_start(look_at_signals, NULL, (size_t)1 << 62), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_thread_hears_no_signal_and_its_starter_all_as_before),
	    cmocka_unit_test(no_thread_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
