/* `meantime health` against servers that answer in every way; they are threads of the test. */
#include "server/health_check.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Accepts one connection, reads the request and sends its parts one by one. */
static struct {
	int fd;
	int port;
	const char *parts[4];
	bool stays; /* after the last part the connection is left open */
	pthread_t thread;
	char request[256];
	size_t request_bytes;
	int client;
} server;

static char why[300], admin[64];

static void *answer(void *data)
{
	(void)data;
	server.client = accept(server.fd, NULL, NULL);
	for (size_t length = 0; length < sizeof(server.request) - 1 && strstr(server.request, "\r\n\r\n") == NULL;) {
		ssize_t bytes = recv(server.client, server.request + length, sizeof(server.request) - 1 - length, 0);

		if (bytes <= 0)
			break;
		length += (size_t)bytes;
		server.request_bytes = length;
	}
	for (unsigned i = 0; server.parts[i] != NULL; i++) {
		if (i > 0)
			usleep(5000); /* each is read by itself */
		if (send(server.client, server.parts[i], strlen(server.parts[i]), MSG_NOSIGNAL) < 0)
			break;
	}
	if (!server.stays)
		close(server.client);
	return NULL;
}

static void listen_on(int family)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_storage chosen;
	socklen_t length = sizeof(chosen);

	memset(&server, 0, sizeof(server));
	server.fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server.fd < 0 || bind(server.fd, family == AF_INET6 ? (struct sockaddr *)&six : (struct sockaddr *)&four,
				  family == AF_INET6 ? sizeof(six) : sizeof(four)) != 0)
		return;
	assert_int_equal(listen(server.fd, 1), 0);
	getsockname(server.fd, (struct sockaddr *)&chosen, &length);
	server.port = ntohs(family == AF_INET6 ? ((struct sockaddr_in6 *)&chosen)->sin6_port
					       : ((struct sockaddr_in *)&chosen)->sin_port);
}

/* Asks at `host`, where the server answers with the parts that were set. */
static int asked_at(const char *host)
{
	int status;

	snprintf(admin, sizeof(admin), "%s:%d", host, server.port);
	why[0] = '\0';
	assert_int_equal(pthread_create(&server.thread, NULL, answer, NULL), 0);
	errno = ENOENT; /* of something before */
	status = probe_readiness(admin, why, sizeof(why));
	pthread_join(server.thread, NULL);
	if (server.stays)
		close(server.client);
	close(server.fd);
	return status;
}

static int asked(const char *first, const char *second)
{
	listen_on(AF_INET);
	server.parts[0] = first;
	server.parts[1] = second;
	return asked_at("127.0.0.1");
}

/* What is said begins with the address. */
static void expect_words(const char *words)
{
	size_t length = strlen(admin);

	assert_memory_equal(why, admin, length);
	assert_string_equal(why + length, words);
}

static void what_answers_200_is_ready(void **state)
{
	(void)state;
	assert_int_equal(asked("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", NULL), 0);
	assert_string_equal(server.request, "GET /readyz HTTP/1.1\r\nHost: health\r\nConnection: close\r\n\r\n");
	assert_int_equal(server.request_bytes, strlen(server.request));
	assert_string_equal(why, "");
}

/* A program may be started without any. */
static void a_descriptor_may_be_0(void **state)
{
	int input = dup(STDIN_FILENO), status;

	(void)state;
	listen_on(AF_INET);
	server.parts[0] = "HTTP/1.1 200 OK\r\n\r\n";
	close(STDIN_FILENO);
	status = asked_at("127.0.0.1");
	if (input >= 0)
		dup2(input, STDIN_FILENO);
	close(input);
	assert_int_equal(status, 0);
}

static void the_status_line_may_come_in_parts(void **state)
{
	(void)state;
	assert_int_equal(asked("HTTP/1.1 20", "0 OK\r\n\r\n"), 0);
	assert_int_equal(asked("H", "TTP/1.1 200 OK\r\n\r\n"), 0);
	assert_int_equal(asked("HTTP/1.1 503 Service Unavailable\r", "\n\r\n"), -1);
	expect_words(" is not ready: HTTP/1.1 503 Service Unavailable");
}

static void what_answers_otherwise_is_not_ready(void **state)
{
	(void)state;
	assert_int_equal(asked("HTTP/1.1 503 Service Unavailable\r\n\r\n", NULL), -1);
	expect_words(" is not ready: HTTP/1.1 503 Service Unavailable");
	assert_int_equal(asked("HTTP/1.1 20\r\n\r\n", NULL), -1);
	expect_words(" is not ready: HTTP/1.1 20");
	assert_int_equal(asked("220 mail.example ESMTP\r\n", NULL), -1);
	expect_words(" is not ready: 220 mail.example ESMTP");
}

static void what_closes_gives_no_answer(void **state)
{
	(void)state;
	assert_int_equal(asked(NULL, NULL), -1);
	expect_words(" gives no answer: the connection was closed");
	assert_int_equal(asked("HTTP/1.1 200 OK", NULL), -1);
	expect_words(" gives no answer: the connection was closed");
}

/* A line that does not end is no status line. */
static void a_line_without_an_end_is_no_answer(void **state)
{
	char line[400];

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "HTTP/1.1 200 ", 13);
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(asked(line, NULL), -1);
	expect_words(" gives no answer: it is busy");
	/* the longest that is one */
	memcpy(line + 253, "\r\n", 3);
	assert_int_equal(asked(line, NULL), 0);
	memcpy(line + 253, "x\r\n", 4);
	assert_int_equal(asked(line, NULL), -1);
}

static void what_says_nothing_is_busy(void **state)
{
	(void)state;
	listen_on(AF_INET);
	server.stays = true;
	assert_int_equal(asked_at("127.0.0.1"), -1);
	expect_words(" gives no answer: it is busy");
}

static void where_nothing_listens_it_cannot_be_reached(void **state)
{
	(void)state;
	listen_on(AF_INET);
	close(server.fd);
	snprintf(admin, sizeof(admin), "127.0.0.1:%d", server.port);
	assert_int_equal(probe_readiness(admin, why, sizeof(why)), -1);
	expect_words(" cannot be reached: Connection refused");
}

static void what_listens_everywhere_is_asked_on_loopback(void **state)
{
	static const char *const hosts[] = {"0.0.0.0", "*", "", "localhost"};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		listen_on(AF_INET);
		server.parts[0] = "HTTP/1.1 200 OK\r\n\r\n";
		assert_int_equal(asked_at(hosts[i]), 0);
	}
	listen_on(AF_INET6);
	if (server.port == 0) {
		close(server.fd);
		skip();
	}
	for (unsigned i = 0; i < 2; i++) {
		if (i > 0)
			listen_on(AF_INET6);
		server.parts[0] = "HTTP/1.1 200 OK\r\n\r\n";
		assert_int_equal(asked_at(i == 0 ? "[::]" : "[::1]"), 0);
	}
}

static void what_is_no_address_is_named(void **state)
{
	static const char *const wrong[] = {"", "nonsense", "127.0.0.1:0", "127.0.0.1:000", "127.0.0.1:http"};

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char expected[100];

		assert_int_equal(probe_readiness(wrong[i], why, sizeof(why)), -1);
		snprintf(expected, sizeof(expected), "--admin \"%s\": expected the service's HOST:PORT for /readyz",
			 wrong[i]);
		assert_string_equal(why, expected);
	}
	assert_int_equal(probe_readiness("a..b:80", why, sizeof(why)), -1);
	assert_memory_equal(why, "--admin a..b:80: ", 17);
	assert_true(strlen(why) > 17);
}

static unsigned descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

static void no_descriptor_stays_open(void **state)
{
	unsigned before = descriptors();

	(void)state;
	assert_int_equal(asked("HTTP/1.1 200 OK\r\n\r\n", NULL), 0);
	snprintf(admin, sizeof(admin), "127.0.0.1:%d", server.port);
	assert_int_equal(probe_readiness(admin, why, sizeof(why)), -1); /* nothing listens there any more */
	assert_int_equal(descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_answers_200_is_ready),
	    cmocka_unit_test(a_descriptor_may_be_0),
	    cmocka_unit_test(the_status_line_may_come_in_parts),
	    cmocka_unit_test(what_answers_otherwise_is_not_ready),
	    cmocka_unit_test(what_closes_gives_no_answer),
	    cmocka_unit_test(a_line_without_an_end_is_no_answer),
	    cmocka_unit_test(what_says_nothing_is_busy),
	    cmocka_unit_test(where_nothing_listens_it_cannot_be_reached),
	    cmocka_unit_test(what_listens_everywhere_is_asked_on_loopback),
	    cmocka_unit_test(what_is_no_address_is_named),
	    cmocka_unit_test(no_descriptor_stays_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
