/* Signals, each case in a process of its own. */
#include "server/signals.h"

#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { REACHED = 7, WRONG = 8 };

static char said[256];
static ssize_t said_bytes;

/* Runs the case in a child whose stderr is a pipe. Returns its exit status; -1: a signal ended it. */
static int run(void (*child)(void), bool is_full)
{
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		if (is_full) {
			fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK);
			while (write(STDERR_FILENO, said, sizeof(said)) > 0)
				continue;
			fcntl(STDERR_FILENO, F_SETFL, 0);
		}
		child();
		_exit(REACHED);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(ends[1]);
	said_bytes = read(ends[0], said, sizeof(said) - 1);
	said[said_bytes > 0 ? said_bytes : 0] = '\0';
	close(ends[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Before it serves */

static int raised;

static void hold_and_raise(void)
{
	signals_hold();
	raise(raised);
}

static void to_be_ended_before_it_serves_is_no_failure(void **state)
{
	(void)state;
	raised = SIGTERM;
	assert_int_equal(run(hold_and_raise, false), EXIT_SUCCESS);
	assert_string_equal(said, "meantime: asked to end before it served\n");
	assert_int_equal(said_bytes, strlen(said));
	raised = SIGINT;
	assert_int_equal(run(hold_and_raise, false), EXIT_SUCCESS);
	assert_string_equal(said, "meantime: asked to end before it served\n");
}

static void a_log_that_takes_nothing_holds_no_end_up(void **state)
{
	(void)state;
	raised = SIGTERM;
	assert_int_equal(run(hold_and_raise, true), EXIT_SUCCESS);
}

static bool pretends_room; /* of stderr */

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	struct timespec time = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};

	return pretends_room ? 1 : ppoll(fds, count, timeout_ms < 0 ? NULL : &time, NULL);
}

/* Another process may fill it just behind the look. */
static void a_log_that_is_filled_just_now_holds_it_up_for_a_second(void **state)
{
	(void)state;
	raised = SIGTERM;
	pretends_room = true;
	assert_int_equal(run(hold_and_raise, true), EXIT_SUCCESS);
	pretends_room = false;
}

static void other_signals_end_nothing(void **state)
{
	static const int numbers[] = {SIGPIPE, SIGUSR1, SIGUSR2, SIGHUP};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		raised = numbers[i];
		assert_int_equal(run(hold_and_raise, false), REACHED);
		assert_string_equal(said, "");
	}
}

static void see_what_pends(void)
{
	sigset_t pending;

	signals_hold();
	raise(SIGHUP);
	sigpending(&pending);
	if (!sigismember(&pending, SIGHUP))
		_exit(WRONG);
}

/* It is heard as soon as it serves. */
static void a_reload_that_is_asked_for_early_waits(void **state)
{
	(void)state;
	assert_int_equal(run(see_what_pends, false), REACHED);
}

/* While it serves: what is called is written down, one character each */

static char called[16];
static int calls[2];

static void note(char what)
{
	if (write(calls[1], &what, 1) != 1)
		_exit(WRONG);
}

static void on_again(void *data)
{
	(void)data;
	note('a');
}

static void on_first(void *data, int number)
{
	(void)data;
	note(number == SIGTERM ? 'T' : number == SIGINT ? 'I' : '?');
}

static void on_second(void *data, int number)
{
	(void)data;
	note(number == SIGTERM ? 't' : number == SIGINT ? 'i' : number == 0 ? '0' : '?');
}

static struct signals signals = {.again = on_again, .first = on_first, .second = on_second};

static void begin(unsigned patience_ms)
{
	if (pipe(calls) != 0)
		_exit(WRONG);
	signals_block();
	signals.patience_ms = patience_ms;
	signals_start(&signals);
}

/* Sends it to the process, and waits until that much was called. */
static void send_and_await(int number, const char *expected)
{
	size_t length = strlen(called);

	if (number != 0)
		kill(getpid(), number);
	while (length < strlen(expected)) {
		if (read(calls[0], called + length, 1) != 1)
			_exit(WRONG);
		length++;
	}
	if (strcmp(called, expected) != 0) {
		fprintf(stderr, "%s, not %s\n", called, expected);
		_exit(WRONG);
	}
}

/* What is never called is not there when all has ended. */
static void end_with(const char *expected)
{
	char more;

	fcntl(calls[0], F_SETFL, O_NONBLOCK);
	if (strcmp(called, expected) != 0 || read(calls[0], &more, 1) > 0)
		_exit(WRONG);
}

static void do_nothing(int number)
{
	(void)number;
}

/* A signal of another kind wakes its thread, which says nothing. */
static void interrupt(void)
{
	struct sigaction action = {.sa_handler = do_nothing};

	sigaction(SIGUSR1, &action, NULL);
	usleep(10000);
	pthread_kill(signals.thread, SIGUSR1);
	usleep(10000);
}

static void reload_and_end(void)
{
	begin(60000);
	interrupt();
	send_and_await(SIGHUP, "a");
	send_and_await(SIGHUP, "aa");
	send_and_await(SIGTERM, "aaT");
	kill(getpid(), SIGHUP);
	interrupt();
	send_and_await(SIGINT, "aaTi");
	pthread_join(signals.thread, NULL);
	end_with("aaTi");
}

static void each_signal_is_handed_on_once(void **state)
{
	(void)state;
	assert_int_equal(run(reload_and_end, false), REACHED);
}

static void end_twice(void)
{
	begin(60000);
	send_and_await(SIGINT, "I");
	send_and_await(SIGTERM, "It");
	pthread_join(signals.thread, NULL);
}

static void a_second_end_is_handed_on_by_itself(void **state)
{
	(void)state;
	assert_int_equal(run(end_twice, false), REACHED);
}

static void wait_for_the_end(void)
{
	begin(50);
	send_and_await(SIGTERM, "T");
	kill(getpid(), SIGHUP); /* that is none */
	send_and_await(0, "T0");
	pthread_join(signals.thread, NULL);
}

static void patience_has_an_end(void **state)
{
	(void)state;
	assert_int_equal(run(wait_for_the_end, false), REACHED);
}

/* Threads of the process. */
static unsigned threads(void)
{
	DIR *folder = opendir("/proc/self/task");
	unsigned count = 0;

	for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count;
}

static void stop_at_once(void)
{
	unsigned before = threads();

	begin(60000);
	signals_stop(&signals);
	if (threads() != before)
		_exit(WRONG);
	end_with("");
}

static void stop_behind_the_first(void)
{
	begin(60000);
	send_and_await(SIGTERM, "T");
	signals_stop(&signals);
	end_with("T");
}

static void what_is_stopped_hands_nothing_on(void **state)
{
	(void)state;
	assert_int_equal(run(stop_at_once, false), REACHED);
	assert_int_equal(run(stop_behind_the_first, false), REACHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(to_be_ended_before_it_serves_is_no_failure),
	    cmocka_unit_test(a_log_that_takes_nothing_holds_no_end_up),
	    cmocka_unit_test(a_log_that_is_filled_just_now_holds_it_up_for_a_second),
	    cmocka_unit_test(other_signals_end_nothing),
	    cmocka_unit_test(a_reload_that_is_asked_for_early_waits),
	    cmocka_unit_test(each_signal_is_handed_on_once),
	    cmocka_unit_test(a_second_end_is_handed_on_by_itself),
	    cmocka_unit_test(patience_has_an_end),
	    cmocka_unit_test(what_is_stopped_hands_nothing_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
