#include "listener_fixture.h"

static void close_all(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		close(listeners[i].fd);
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
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int first = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(any);
	char address[64];

	(void)state;
	assert_int_equal(bind(first, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(first, 1), 0);
	assert_int_equal(getsockname(first, (struct sockaddr *)&any, &length), 0);
	snprintf(address, sizeof(address), "127.0.0.1:%d", ntohs(any.sin_port));
	for (unsigned count = 1; count <= 3; count++) {
		assert_int_equal(open_count(count, address), -1);
		assert_non_null(strstr(why, address));
		assert_non_null(strstr(why, "in use"));
	}
	close(first);
}

static int option_of(const struct listener *listener, int level, int option)
{
	int value = -1;
	socklen_t length = sizeof(value);

	assert_int_equal(getsockopt(listener->fd, level, option, &value, &length), 0);
	return value;
}

/* A successor finds it shared, and a restart finds the port free. */
static void each_shares_its_port_from_the_first_on(void **state)
{
	(void)state;
	for (unsigned count = 1; count <= 2; count++) {
		assert_int_equal(open_count(count, "127.0.0.1:0"), 0);
		for (unsigned i = 0; i < count; i++) {
			assert_int_equal(option_of(&listeners[i], SOL_SOCKET, SO_REUSEPORT), 1);
			assert_int_equal(option_of(&listeners[i], SOL_SOCKET, SO_REUSEADDR), 1);
		}
		close_all(count);
	}
}

/* Those that come to the one that gives way go to the other. A third makes all take part again. */
static void a_successor_gets_what_comes(void **state)
{
	struct listener first[2], second[2];
	char address[sizeof(bound)];
	int client[40];

	(void)state;
	assert_int_equal(open_count(2, "127.0.0.1:0"), 0);
	memcpy(first, listeners, sizeof(first));
	snprintf(address, sizeof(address), "%s", bound);
	assert_int_equal(open_count(2, address), 0);
	memcpy(second, listeners, sizeof(second));
	listener_give_way(&first[1]);
	for (unsigned i = 0; i < ARRAY_LENGTH(client); i++)
		client[i] = connect_to(bound_port());
	assert_false(listener_has_waiting(&first[0]) || listener_has_waiting(&first[1]));
	assert_true(listener_has_waiting(&second[0]) || listener_has_waiting(&second[1]));
	for (unsigned i = 0; i < ARRAY_LENGTH(client); i++)
		close(client[i]);
	close(first[0].fd);
	close(first[1].fd);
	for (unsigned i = 0; i < 2; i++)
		while (listener_has_waiting(&second[i]))
			close(accept4(second[i].fd, NULL, NULL, SOCK_CLOEXEC));
	assert_int_equal(open_count(1, address), 0);
	for (unsigned i = 0; i < ARRAY_LENGTH(client); i++)
		client[i] = connect_to(bound_port());
	assert_true(listener_has_waiting(&second[0]) && listener_has_waiting(&second[1]) &&
		    listener_has_waiting(&listeners[0]));
	for (unsigned i = 0; i < ARRAY_LENGTH(client); i++)
		close(client[i]);
	close_all(1);
	close(second[0].fd);
	close(second[1].fd);
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

static void no_more_are_opened_than_asked_for(void **state)
{
	(void)state;
	memset(listeners, 0xff, sizeof(listeners));
	assert_int_equal(open_count(3, "127.0.0.1:0"), 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_false(listeners[i].is_started);
		assert_false(listeners[i].is_failing);
	}
	assert_int_equal(listeners[3].fd, -1);
	close_all(3);
}

static void every_address_is_of_ipv4_too_whatever_the_default(void **state)
{
	int client;

	(void)state;
	if (!has_ipv6())
		skip();
	refused.is_ipv6_only = true;
	assert_int_equal(open_at("*:0"), 0);
	assert_memory_equal(bound, "[::]:", 5);
	client = connect_to(bound_port());
	assert_true(client >= 0);
	close(client);
	close_all(1);
}

static void without_ipv6_every_address_is_of_ipv4(void **state)
{
	static const int errors[] = {EAFNOSUPPORT, EADDRNOTAVAIL};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		int client;

		refused.of_family = AF_INET6;
		refused.at_bind = i >= 2;
		refused.error = errors[i % 2];
		assert_int_equal(open_at("*:0"), 0);
		assert_memory_equal(bound, "0.0.0.0:", 8);
		client = connect_to(bound_port());
		assert_true(client >= 0);
		close(client);
		close_all(1);
	}
}

static void what_is_refused_otherwise_is_not_tried_elsewhere(void **state)
{
	(void)state;
	if (!has_ipv6())
		skip();
	refused.of_family = AF_INET6;
	refused.at_bind = true;
	refused.error = EACCES;
	assert_int_equal(open_at("*:0"), -1);
	assert_string_equal(why, "cannot listen on *:0: Permission denied");
}

static void where_nothing_can_be_had_that_is_said(void **state)
{
	(void)state;
	refused.of_family = AF_UNSPEC;
	refused.from_call = 1;
	refused.error = EAFNOSUPPORT;
	assert_int_equal(open_at("*:0"), -1);
	assert_string_equal(why, "cannot listen on *:0: Address family not supported by protocol");
	refused.error = EMFILE;
	assert_int_equal(open_at("127.0.0.1:0"), -1);
	assert_string_equal(why, "cannot listen on 127.0.0.1:0: Too many open files");
}

static void one_of_several_that_cannot_be_had_is_said(void **state)
{
	(void)state;
	refused.of_family = AF_UNSPEC;
	refused.from_call = 3; /* the first gives way, then one of two */
	refused.error = EMFILE;
	assert_int_equal(open_count(2, "127.0.0.1:0"), -1);
	assert_string_equal(why, "cannot listen on 127.0.0.1:0: Too many open files");
	close(listeners[0].fd);
}

static void what_cannot_be_bound_is_closed(void **state)
{
	int before = dup(STDERR_FILENO), after;

	(void)state;
	close(before);
	refused.of_family = AF_INET;
	refused.at_bind = true;
	refused.error = EACCES;
	assert_int_equal(open_at("127.0.0.1:0"), -1);
	assert_string_equal(why, "cannot listen on 127.0.0.1:0: Permission denied");
	after = dup(STDERR_FILENO);
	close(after);
	assert_int_equal(after, before);
}

/* A program may be started without any: the first that is opened is 0. */
static void a_descriptor_may_be_0(void **state)
{
	int input = dup(STDIN_FILENO);

	(void)state;
	for (unsigned count = 1; count <= 2; count++) {
		close(STDIN_FILENO);
		assert_int_equal(open_count(count, "127.0.0.1:0"), 0);
		assert_int_equal(listeners[0].fd, 0);
		close_all(count);
	}
	if (input >= 0)
		dup2(input, STDIN_FILENO);
	close(input);
}

static void a_name_that_is_none_is_said(void **state)
{
	(void)state;
	assert_int_equal(open_at("a..b:80"), -1);
	assert_memory_equal(why, "cannot listen on a..b:80: ", 26);
	assert_true(strlen(why) > 26);
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
	    cmocka_unit_test(each_shares_its_port_from_the_first_on),
	    cmocka_unit_test(a_successor_gets_what_comes),
	    cmocka_unit_test(several_share_one_port),
	    cmocka_unit_test_setup_teardown(no_more_are_opened_than_asked_for, allow_all, allow_all),
	    cmocka_unit_test_setup_teardown(every_address_is_of_ipv4_too_whatever_the_default, allow_all, allow_all),
	    cmocka_unit_test_setup_teardown(without_ipv6_every_address_is_of_ipv4, allow_all, allow_all),
	    cmocka_unit_test_setup_teardown(what_is_refused_otherwise_is_not_tried_elsewhere, allow_all, allow_all),
	    cmocka_unit_test_setup_teardown(where_nothing_can_be_had_that_is_said, allow_all, allow_all),
	    cmocka_unit_test_setup_teardown(one_of_several_that_cannot_be_had_is_said, allow_all, allow_all),
	    cmocka_unit_test_setup_teardown(what_cannot_be_bound_is_closed, allow_all, allow_all),
	    cmocka_unit_test_setup_teardown(a_descriptor_may_be_0, allow_all, allow_all),
	    cmocka_unit_test_setup_teardown(a_name_that_is_none_is_said, allow_all, allow_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
