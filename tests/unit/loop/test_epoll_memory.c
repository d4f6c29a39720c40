/* The kernel's own epoll_ctl() is called by number where a test has to know what is registered, or to change it behind
 * the memory's back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

static int epoll, readable;

static int set_up(void **state)
{
	(void)state;
	epoll = epoll_create1(EPOLL_CLOEXEC);
	readable = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	return epoll >= 0 && readable >= 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	epoll_ctl(epoll, EPOLL_CTL_DEL, readable, &(struct epoll_event){0});
	close(readable);
	close(epoll);
	return 0;
}

static int ask(int operation, uint32_t events)
{
	return epoll_ctl(epoll, operation, readable, &(struct epoll_event){.events = events, .data.fd = readable});
}

static void take_out_behind_its_back(void)
{
	assert_int_equal(syscall(SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, readable, NULL), 0);
}

/* What the kernel reports now, 0: nothing. */
static uint32_t reported(void)
{
	struct epoll_event event = {0};

	if (epoll_wait(epoll, &event, 1, 0) != 1)
		return 0;
	assert_int_equal(event.data.fd, readable);
	return event.events;
}

static void what_is_new_reaches_the_kernel(void **state)
{
	(void)state;
	assert_int_equal(ask(EPOLL_CTL_ADD, EPOLLIN), 0);
	assert_int_equal(reported(), EPOLLIN);
	assert_int_equal(ask(EPOLL_CTL_MOD, EPOLLOUT), 0);
	assert_int_equal(reported(), EPOLLOUT);
	assert_int_equal(ask(EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT), 0);
	assert_int_equal(reported(), EPOLLIN | EPOLLOUT);
	assert_int_equal(ask(EPOLL_CTL_DEL, 0), 0);
	assert_int_equal(reported(), 0);
	assert_int_equal(ask(EPOLL_CTL_ADD, EPOLLOUT), 0);
	assert_int_equal(reported(), EPOLLOUT);
}

/* libuv adds what it has forgotten that it added. */
static void what_the_kernel_knows_is_not_told_again(void **state)
{
	(void)state;
	assert_int_equal(ask(EPOLL_CTL_ADD, EPOLLIN), 0);
	take_out_behind_its_back();
	assert_int_equal(ask(EPOLL_CTL_ADD, EPOLLIN), 0);
	assert_int_equal(ask(EPOLL_CTL_MOD, EPOLLIN), 0);
	assert_int_equal(reported(), 0);
}

static void adding_with_other_events_changes_them(void **state)
{
	(void)state;
	assert_int_equal(ask(EPOLL_CTL_ADD, EPOLLIN), 0);
	assert_int_equal(ask(EPOLL_CTL_ADD, EPOLLOUT), 0);
	assert_int_equal(reported(), EPOLLOUT);
}

/* Closed without a word, and opened again under the same number: what is new reaches the kernel all the same. */
static void other_events_reach_what_has_come_in_its_place(void **state)
{
	(void)state;
	assert_int_equal(ask(EPOLL_CTL_ADD, EPOLLIN), 0);
	take_out_behind_its_back();
	assert_int_equal(ask(EPOLL_CTL_ADD, EPOLLOUT), 0);
	assert_int_equal(reported(), EPOLLOUT);
}

static void what_was_refused_is_not_remembered(void **state)
{
	(void)state;
	assert_int_equal(ask(EPOLL_CTL_MOD, EPOLLIN), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(ask(EPOLL_CTL_DEL, 0), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(ask(EPOLL_CTL_ADD, EPOLLIN), 0);
	assert_int_equal(reported(), EPOLLIN);
}

static void one_shot_is_told_each_time(void **state)
{
	(void)state;
	assert_int_equal(ask(EPOLL_CTL_ADD, EPOLLIN | EPOLLONESHOT), 0);
	assert_int_equal(reported(), EPOLLIN);
	assert_int_equal(reported(), 0);
	assert_int_equal(ask(EPOLL_CTL_MOD, EPOLLIN | EPOLLONESHOT), 0);
	assert_int_equal(reported(), EPOLLIN);
}

/* One descriptor in two: the memory knows one, and asks the kernel for the other. */
static void two_epolls_do_not_mix(void **state)
{
	int other = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = {.events = EPOLLIN, .data.fd = readable};

	(void)state;
	assert_int_equal(ask(EPOLL_CTL_ADD, EPOLLIN), 0);
	assert_int_equal(epoll_ctl(other, EPOLL_CTL_ADD, readable, &event), 0);
	assert_int_equal(epoll_wait(other, &event, 1, 0), 1);
	assert_int_equal(ask(EPOLL_CTL_DEL, 0), 0);
	assert_int_equal(reported(), 0);
	event.events = EPOLLOUT;
	assert_int_equal(epoll_ctl(other, EPOLL_CTL_MOD, readable, &event), 0);
	assert_int_equal(epoll_wait(other, &event, 1, 0), 1);
	assert_int_equal(event.events, EPOLLOUT);
	assert_int_equal(ask(EPOLL_CTL_ADD, EPOLLIN), 0);
	assert_int_equal(reported(), EPOLLIN);
	close(other);
}

/* libuv closes its epoll with its own descriptors in it. */
static void a_new_epoll_knows_nothing_of_an_old_one(void **state)
{
	int number = epoll;

	(void)state;
	assert_int_equal(ask(EPOLL_CTL_ADD, EPOLLIN), 0);
	close(epoll);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	assert_int_equal(epoll, number);
	assert_int_equal(ask(EPOLL_CTL_ADD, EPOLLIN), 0);
	assert_int_equal(reported(), EPOLLIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_is_new_reaches_the_kernel, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_the_kernel_knows_is_not_told_again, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(adding_with_other_events_changes_them, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(other_events_reach_what_has_come_in_its_place, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_was_refused_is_not_remembered, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(one_shot_is_told_each_time, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(two_epolls_do_not_mix, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_new_epoll_knows_nothing_of_an_old_one, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
