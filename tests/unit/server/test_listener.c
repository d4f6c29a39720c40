#include "server/listener.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct listener listeners[4];
static char bound[128], why[256];

static int open_count(unsigned count, const char *address)
{
	bound[0] = why[0] = '\0';
	return listeners_open(listeners, count, address, bound, sizeof(bound), why, sizeof(why));
}

static int open_at(const char *address)
{
	return open_count(1, address);
}

static void close_all(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		close(listeners[i].fd);
}

static int bound_port(void)
{
	const char *colon = strrchr(bound, ':');

	assert_non_null(colon);
	return atoi(colon + 1);
}

/* Returns a socket connected to 127.0.0.1, or -1. */
static int connect_to(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(client, (struct sockaddr *)&to, sizeof(to)) == 0)
		return client;
	close(client);
	return -1;
}

static bool has_ipv6(void)
{
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool works = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0;

	if (fd >= 0)
		close(fd);
	return works;
}

static void port_0_is_chosen_and_said(void **state)
{
	int client;

	(void)state;
	assert_int_equal(open_at("127.0.0.1:0"), 0);
	assert_memory_equal(bound, "127.0.0.1:", 10);
	assert_in_range(bound_port(), 1, 65535);
	client = connect_to(bound_port());
	assert_true(client >= 0);
	close(client);
	close_all(1);
}

static void no_host_is_every_address(void **state)
{
	static const char *const addresses[] = {":0", "*:0"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		int client;

		assert_int_equal(open_at(addresses[i]), 0);
		client = connect_to(bound_port());
		assert_true(client >= 0);
		close(client);
		close_all(1);
	}
}

static void every_address_is_of_ipv6_too(void **state)
{
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int client;

	(void)state;
	if (!has_ipv6())
		skip();
	assert_int_equal(open_at("*:0"), 0);
	assert_memory_equal(bound, "[::]:", 5);
	at.sin6_port = htons((uint16_t)bound_port());
	client = socket(AF_INET6, SOCK_STREAM, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&at, sizeof(at)), 0);
	close(client);
	close_all(1);
}

static void an_ipv6_address_stands_in_brackets(void **state)
{
	(void)state;
	if (!has_ipv6())
		skip();
	assert_int_equal(open_at("[::1]:0"), 0);
	assert_memory_equal(bound, "[::1]:", 6);
	close_all(1);
}

static void what_is_no_address_is_named(void **state)
{
	static const char *const wrong[] = {
	    "", "8080", "localhost", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:80a", "127.0.0.1:-1"};

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char expected[64];

		assert_int_equal(open_at(wrong[i]), -1);
		snprintf(expected, sizeof(expected), "\"%s\" is no address to listen on", wrong[i]);
		assert_non_null(strstr(why, expected));
		assert_non_null(strstr(why, "HOST:PORT"));
	}
}

static void a_port_that_does_not_exist_is_refused(void **state)
{
	static const char *const wrong[] = {"127.0.0.1:65536", "127.0.0.1:99999", "127.0.0.1:18446744073709551617"};

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (open_at(wrong[i]) == 0)
			fail_msg("%s was taken, and listens on %s", wrong[i], bound);
		assert_non_null(strstr(why, wrong[i]));
	}
}

static void a_host_that_is_too_long_is_refused(void **state)
{
	char address[400];

	(void)state;
	memset(address, 'a', sizeof(address));
	strcpy(address + sizeof(address) - 4, ":80");
	assert_int_equal(open_at(address), -1);
}

static void a_host_that_is_not_here_is_refused(void **state)
{
	(void)state;
	assert_int_equal(open_at("192.0.2.1:0"), -1);
	assert_non_null(strstr(why, "cannot listen on 192.0.2.1:0: "));
}

static void a_port_in_use_is_refused_however_many_loops(void **state)
{
	char address[64];
	struct listener first;

	(void)state;
	assert_int_equal(open_at("127.0.0.1:0"), 0);
	first = listeners[0];
	snprintf(address, sizeof(address), "127.0.0.1:%d", bound_port());
	for (unsigned count = 1; count <= 3; count++) {
		assert_int_equal(open_count(count, address), -1);
		assert_non_null(strstr(why, address));
		assert_non_null(strstr(why, "in use"));
	}
	close(first.fd);
}

static void several_share_one_port(void **state)
{
	int port;

	(void)state;
	assert_int_equal(open_count(3, "127.0.0.1:0"), 0);
	port = bound_port();
	for (unsigned i = 0; i < 3; i++) {
		struct sockaddr_in at;
		socklen_t length = sizeof(at);

		assert_int_equal(getsockname(listeners[i].fd, (struct sockaddr *)&at, &length), 0);
		assert_int_equal(ntohs(at.sin_port), port);
		for (unsigned other = 0; other < i; other++)
			assert_int_not_equal(listeners[i].fd, listeners[other].fd);
	}
	close_all(3);
}

/* On a loop */

static unsigned connections;
static void *seen_data;

static void on_connection(struct listener *listener)
{
	uv_tcp_t *client = malloc(sizeof(*client));

	connections++;
	seen_data = listener->data;
	uv_tcp_init(listener->tcp.loop, client);
	assert_int_equal(uv_accept((uv_stream_t *)&listener->tcp, (uv_stream_t *)client), 0);
	uv_close((uv_handle_t *)client, (uv_close_cb)free);
}

static void it_says_when_a_connection_waits_until_it_is_stopped(void **state)
{
	uv_loop_t loop;
	int clients[3], data, port;

	(void)state;
	connections = 0;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(open_at("127.0.0.1:0"), 0);
	port = bound_port();
	listener_start(&listeners[0], &loop, on_connection, &data);
	assert_true(listeners[0].is_started);
	for (int i = 0; i < 3; i++) {
		clients[i] = connect_to(port);
		assert_true(clients[i] >= 0);
	}
	for (int i = 0; i < 10; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(connections, 3);
	assert_ptr_equal(seen_data, &data);
	listener_stop(&listeners[0]);
	assert_false(listeners[0].is_started);
	listener_stop(&listeners[0]);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_int_equal(connect_to(port), -1);
	for (int i = 0; i < 3; i++)
		close(clients[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(port_0_is_chosen_and_said),
	    cmocka_unit_test(no_host_is_every_address),
	    cmocka_unit_test(every_address_is_of_ipv6_too),
	    cmocka_unit_test(an_ipv6_address_stands_in_brackets),
	    cmocka_unit_test(what_is_no_address_is_named),
	    cmocka_unit_test(a_port_that_does_not_exist_is_refused),
	    cmocka_unit_test(a_host_that_is_too_long_is_refused),
	    cmocka_unit_test(a_host_that_is_not_here_is_refused),
	    cmocka_unit_test(a_port_in_use_is_refused_however_many_loops),
	    cmocka_unit_test(several_share_one_port),
	    cmocka_unit_test(it_says_when_a_connection_waits_until_it_is_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
