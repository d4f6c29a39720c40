#include "loop/exhaustion.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { CLIENTS = 5 };

static int listener, clients[CLIENTS];
static struct rlimit before;

static int highest_free(void)
{
	int fd = dup(listener);

	close(fd);
	return fd;
}

/* From now on no further descriptor is to be had. */
static void run_out(void)
{
	struct rlimit limit = before;

	limit.rlim_cur = (rlim_t)highest_free();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void connect_clients(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);

	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_true(clients[i] >= 0);
		assert_int_equal(connect(clients[i], (struct sockaddr *)&address, length), 0);
	}
}

static int set_up(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	(void)state;
	log_set_level(LOG_ERROR + 1);
	exhaustion_prepare();
	getrlimit(RLIMIT_NOFILE, &before);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	return listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		       listen(listener, CLIENTS) != 0
		   ? -1
		   : 0;
}

static int tear_down(void **state)
{
	(void)state;
	setrlimit(RLIMIT_NOFILE, &before);
	for (int i = 0; i < CLIENTS; i++)
		close(clients[i]);
	close(listener);
	return 0;
}

static int accept_one(void)
{
	struct sockaddr_in peer;
	socklen_t length = sizeof(peer);

	return accept4(listener, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK);
}

static bool is_closed(int client)
{
	char byte;

	return recv(client, &byte, 1, 0) <= 0;
}

static void with_descriptors_all_is_as_ever(void **state)
{
	uint64_t times = exhaustion_times(EXHAUSTION_ACCEPT) + exhaustion_times(EXHAUSTION_CONNECT);
	int accepted;

	(void)state;
	connect_clients();
	accepted = accept_one();
	assert_true(accepted >= 0);
	close(accepted);
	for (int i = 1; i < CLIENTS; i++)
		close(accept_one());
	assert_int_equal(accept_one(), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(socket(-1, SOCK_STREAM, 0), -1);
	assert_int_equal(errno, EAFNOSUPPORT);
	assert_true(exhaustion_times(EXHAUSTION_ACCEPT) + exhaustion_times(EXHAUSTION_CONNECT) == times);
}

static void clients_without_one_are_turned_away_at_once(void **state)
{
	uint64_t times = exhaustion_times(EXHAUSTION_ACCEPT);

	(void)state;
	connect_clients();
	run_out();
	assert_int_equal(accept_one(), -1);
	assert_int_equal(errno, EAGAIN);
	assert_true(exhaustion_times(EXHAUSTION_ACCEPT) == times + 1);
	for (int i = 0; i < CLIENTS; i++)
		assert_true(is_closed(clients[i]));
	/* none waits any more */
	assert_int_equal(accept_one(), -1);
	assert_int_equal(errno, EAGAIN);
}

static void the_reserve_is_there_again(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		connect_clients();
		run_out();
		assert_int_equal(accept_one(), -1);
		assert_true(is_closed(clients[CLIENTS - 1]));
		setrlimit(RLIMIT_NOFILE, &before);
		for (int i = 0; i < CLIENTS; i++)
			close(clients[i]);
	}
	connect_clients();
	close(accept_one());
}

static void a_connect_without_one_is_counted(void **state)
{
	uint64_t times = exhaustion_times(EXHAUSTION_CONNECT);

	(void)state;
	connect_clients();
	run_out();
	assert_int_equal(socket(AF_INET, SOCK_STREAM, 0), -1);
	assert_int_equal(errno, EMFILE);
	assert_true(exhaustion_times(EXHAUSTION_CONNECT) == times + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(with_descriptors_all_is_as_ever),
	    TEST(clients_without_one_are_turned_away_at_once),
	    TEST(the_reserve_is_there_again),
	    TEST(a_connect_without_one_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
