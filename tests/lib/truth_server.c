/* truth_server.c - an HTTP server that takes exactly the time it is told, and misbehaves on demand; to measure load
 * generators by.
 *
 *     truth_server [--one-at-a-time] [--log FILE] [--times FILE]   prints "truth: serving http://127.0.0.1:PORT"
 *
 * GET /wait/MS answers after MS milliseconds (fractions too) with what the service says in Server-Timing: overlapped,
 * or one at a time over all connections, so that the truth of a queue is known. A time begins when the request has been
 * read. Requests pipelined on one connection are answered in their order. Further paths: see `paths`.
 *
 * --times writes a line for each answer that was sent: its status, and the milliseconds since its request was read.
 *
 * Limits: CONNECTIONS_MAX connections, PENDING_MAX answers to come; ends by itself after LIFE_S, and on SIGTERM.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/require.h"
#include "base/text.h"

enum { CONNECTIONS_MAX = 32768, PENDING_MAX = 262144, INPUT_BYTES = 16384, LIFE_S = 600, BIG_MAX = 16 << 20 };

struct connection {
	bool is_open, reads_nothing;
	unsigned generation; /* of the file descriptor: an answer for a closed one is dropped */
	uint64_t last_due_ns;
	char *input;
	size_t length;
};

/* An answer that is due at a time. */
struct pending {
	uint64_t due_ns, number, read_ns;
	int fd;
	unsigned generation;
	bool closes;
	size_t length;
	char *bytes;
};

static struct connection connections[CONNECTIONS_MAX]; /* by file descriptor */
static struct pending *heap[PENDING_MAX];
static unsigned pending_count;
static uint64_t numbers, busy_until_ns, late_count, every_count, turn_count;
static int epoll, timer;
static bool is_one_at_a_time;
static FILE *log_file, *times_file;
static uint64_t read_ns; /* when the requests that are being answered were read */

/* What is due, soonest first */

static bool is_before(const struct pending *a, const struct pending *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->number < b->number;
}

static void push(struct pending *pending)
{
	unsigned at = pending_count++;

	REQUIRE(pending_count < PENDING_MAX);
	for (; at > 0 && is_before(pending, heap[(at - 1) / 2]); at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = pending;
}

static struct pending *pop(void)
{
	struct pending *top = heap[0], *last = heap[--pending_count];
	unsigned at = 0;

	for (unsigned child; (child = 2 * at + 1) < pending_count; at = child) {
		if (child + 1 < pending_count && is_before(heap[child + 1], heap[child]))
			child++;
		if (!is_before(heap[child], last))
			break;
		heap[at] = heap[child];
	}
	heap[at] = last;
	return top;
}

static void arm_timer(void)
{
	struct itimerspec at = {0};

	if (pending_count > 0) {
		at.it_value.tv_sec = (time_t)(heap[0]->due_ns / NS_PER_S);
		at.it_value.tv_nsec = (long)(heap[0]->due_ns % NS_PER_S);
	}
	timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}

/* Connections */

static void close_connection(int fd, bool is_reset)
{
	struct connection *connection = &connections[fd];

	if (is_reset) {
		struct linger linger = {1, 0};

		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	}
	close(fd);
	connection->is_open = false;
	connection->generation++;
	free(connection->input);
	connection->input = NULL;
}

static void answer_at(int fd, uint64_t due_ns, const char *bytes, size_t length, bool closes)
{
	struct connection *connection = &connections[fd];
	struct pending *pending = malloc(sizeof(*pending));

	/* in the order of the requests, however long each takes */
	due_ns = due_ns > connection->last_due_ns ? due_ns : connection->last_due_ns;
	connection->last_due_ns = due_ns;
	*pending = (struct pending){due_ns, numbers++, read_ns,           fd, connection->generation,
				    closes, length,    malloc(length + 1)};
	memcpy(pending->bytes, bytes, length);
	push(pending);
}

/* All of it, the socket being patient enough for what the tests ask for. */
static bool write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = send(fd, bytes, length, MSG_NOSIGNAL);

		if (written < 0 && errno != EAGAIN)
			return false;
		if (written > 0) {
			bytes += written;
			length -= (size_t)written;
		}
	}
	return true;
}

static void note_time(const struct pending *pending)
{
	if (times_file != NULL && pending->length > strlen("HTTP/1.1 "))
		fprintf(times_file, "%.3s %.3f\n", pending->bytes + strlen("HTTP/1.1 "),
			(double)(clock_now_ns() - pending->read_ns) / 1e6);
}

static void answer_due(void)
{
	uint64_t now_ns = clock_now_ns();

	while (pending_count > 0 && heap[0]->due_ns <= now_ns) {
		struct pending *pending = pop();
		struct connection *connection = &connections[pending->fd];

		if (connection->is_open && connection->generation == pending->generation) {
			bool is_written = write_all(pending->fd, pending->bytes, pending->length);

			if (is_written)
				note_time(pending);
			if (!is_written || pending->closes)
				close_connection(pending->fd, false);
		}
		free(pending->bytes);
		free(pending);
	}
}

/* What is asked for */

struct asked {
	int fd;
	uint64_t now_ns;
	const char *value; /* behind the path's name */
};

static void say(const struct asked *asked, unsigned status, const char *headers, const char *body, uint64_t due_ns,
		bool closes)
{
	char text[4096];
	int length = snprintf(text, sizeof(text), "HTTP/1.1 %u Said\r\nContent-Length: %zu\r\n%s\r\n%s", status,
			      strlen(body), headers, body);

	answer_at(asked->fd, due_ns, text, (size_t)length, closes);
}

static void wait_for(const struct asked *asked)
{
	uint64_t takes_ns = (uint64_t)(strtod(asked->value, NULL) * 1e6), begin_ns = asked->now_ns;
	char headers[160];

	if (is_one_at_a_time && busy_until_ns > begin_ns)
		begin_ns = busy_until_ns;
	if (is_one_at_a_time)
		busy_until_ns = begin_ns + takes_ns;
	snprintf(headers, sizeof(headers), "Server-Timing: queue;dur=%.3f, db;dur=%.3f, total;dur=%.3f\r\n",
		 (double)(begin_ns - asked->now_ns) / 1e6, (double)takes_ns / 1e6,
		 (double)(begin_ns + takes_ns - asked->now_ns) / 1e6);
	say(asked, 200, headers, "{\"ok\":true}", begin_ns + takes_ns, false);
}

/* "10x99,500": of a hundred requests, in the order in which they arrive, the last takes 500 ms and the others 10. */
static void wait_in_turn(const struct asked *asked)
{
	double takes_ms = 0;
	uint64_t count, all = 0, at;

	for (int turn = 0; turn < 2; turn++) {
		at = turn == 0 ? UINT64_MAX : turn_count++ % all;
		for (const char *next = asked->value; *next >= '0' && *next <= '9';) {
			char *end;

			takes_ms = strtod(next, &end);
			count = *end == 'x' ? strtoul(end + 1, &end, 10) : 1;
			next = *end == ',' ? end + 1 : end;
			if (turn == 0)
				all += count;
			else if (at < count)
				break;
			else
				at -= count;
		}
		REQUIRE(all > 0);
	}
	say(asked, 200, "", "{\"ok\":true}", asked->now_ns + (uint64_t)(takes_ms * 1e6), false);
}

static void answer_status(const struct asked *asked)
{
	say(asked, (unsigned)atoi(asked->value), "", "{}", asked->now_ns, false);
}

static void answer_and_close(const struct asked *asked)
{
	say(asked, 200, "Connection: close\r\n", "bye", asked->now_ns, true);
}

static void answer_half(const struct asked *asked)
{
	static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly so much";

	answer_at(asked->fd, asked->now_ns, half, sizeof(half) - 1, true);
}

static void reset(const struct asked *asked)
{
	close_connection(asked->fd, true);
}

static void never(const struct asked *asked)
{
	connections[asked->fd].reads_nothing = true;
}

static void die(const struct asked *asked)
{
	(void)asked;
	_exit(0);
}

/* "302/3": three redirects with that status, each to the next, then an answer. */
static void redirect_on(const struct asked *asked, const char *path, bool closes)
{
	char *end, headers[160];
	unsigned long status = strtoul(asked->value, &end, 10), left = *end == '/' ? strtoul(end + 1, NULL, 10) : 0;

	snprintf(headers, sizeof(headers), "%sLocation: %s%lu/%lu\r\n", closes ? "Connection: close\r\n" : "", path,
		 status, left - 1);
	if (left == 0)
		say(asked, 200, "", "{}", asked->now_ns, false);
	else
		say(asked, (unsigned)status, headers, "", asked->now_ns, closes);
}

static void redirect(const struct asked *asked)
{
	redirect_on(asked, "/redirect/", false);
}

static void redirect_and_close(const struct asked *asked)
{
	redirect_on(asked, "/redirect-close/", true);
}

static void redirect_away(const struct asked *asked)
{
	say(asked, 302, "Location: http://elsewhere.example/\r\n", "", asked->now_ns, false);
}

/* "3/503": of three answers one has that status. */
static void answer_every(const struct asked *asked)
{
	char *end;
	unsigned long every = strtoul(asked->value, &end, 10);

	say(asked, ++every_count % every == 0 ? (unsigned)atoi(end + 1) : 200, "", "{}", asked->now_ns, false);
}

static void answer_chunked(const struct asked *asked)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world"
				   "\r\n0\r\nTrailer: yes\r\n\r\n";

	answer_at(asked->fd, asked->now_ns, text, sizeof(text) - 1, false);
}

static void answer_nothing(const struct asked *asked)
{
	static const char text[] = "HTTP/1.1 204 No Content\r\n\r\n";

	answer_at(asked->fd, asked->now_ns, text, sizeof(text) - 1, false);
}

static void answer_big(const struct asked *asked)
{
	size_t size = (size_t)atoi(asked->value);
	char *text = malloc(size + 200);
	int length = snprintf(text, 200, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", size);

	REQUIRE(size <= BIG_MAX);
	memset(text + length, 'x', size);
	answer_at(asked->fd, asked->now_ns, text, (size_t)length + size, false);
	free(text);
}

/* The head at once, the body later. */
static void answer_in_parts(const struct asked *asked)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n";

	answer_at(asked->fd, asked->now_ns, head, sizeof(head) - 1, false);
	answer_at(asked->fd, asked->now_ns + (uint64_t)(strtod(asked->value, NULL) * 1e6), "late", 4, false);
}

static void late_after(const struct asked *asked)
{
	if (late_count++ < (uint64_t)atoll(asked->value))
		say(asked, 200, "", "{}", asked->now_ns, false);
}

static void answer_malformed(const struct asked *asked)
{
	static const struct {
		const char *kind, *text;
	} kinds[] = {
	    {"text", "220 mail.example ESMTP\r\n\r\n"},
	    {"length", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}"},
	    {"lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x"},
	    {"chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"},
	    {"status", "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n{}"},
	    {"extra", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}and more than was asked for"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
		if (strcmp(asked->value, kinds[i].kind) == 0)
			answer_at(asked->fd, asked->now_ns, kinds[i].text, strlen(kinds[i].text), false);
}

static const struct {
	const char *prefix;
	void (*answer)(const struct asked *asked);
} paths[] = {
    {"/wait/", wait_for},
    {"/turns/", wait_in_turn},
    {"/status/", answer_status},
    {"/close-early", answer_half},
    {"/close", answer_and_close},
    {"/reset", reset},
    {"/never", never},
    {"/die", die},
    {"/redirect/", redirect},
    {"/redirect-close/", redirect_and_close},
    {"/redirect-away", redirect_away},
    {"/every/", answer_every},
    {"/chunked", answer_chunked},
    {"/nothing", answer_nothing},
    {"/big/", answer_big},
    {"/parts/", answer_in_parts},
    {"/late-after/", late_after},
    {"/malformed/", answer_malformed},
};

static void answer(int fd, char *target, uint64_t now_ns)
{
	struct asked asked = {fd, now_ns, ""};

	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++)
		if (strncmp(target, paths[i].prefix, strlen(paths[i].prefix)) == 0) {
			asked.value = target + strlen(paths[i].prefix);
			paths[i].answer(&asked);
			return;
		}
	say(&asked, 200, "", target, now_ns, false);
}

/* Requests */

static size_t body_length(const char *head)
{
	const char *at = strcasestr(head, "\r\nContent-Length:");

	return at == NULL ? 0 : strtoul(at + strlen("\r\nContent-Length:"), NULL, 10);
}

/* A header's value. */
static struct text header_of(const char *head, const char *name)
{
	const char *at = strcasestr(head, name);

	at = at == NULL ? "" : at + strlen(name);
	at += strspn(at, " ");
	return (struct text){at, strcspn(at, "\r")};
}

static void log_request(const char *method, const char *target, const char *head, const char *body, size_t length)
{
	struct text mark = header_of(head, "\r\nX-Mark:"), host = header_of(head, "\r\nHost:"),
		    said = header_of(head, "\r\nContent-Length:");

	if (log_file == NULL)
		return;
	fprintf(log_file, "%s %s\t%.*s\t%.*s\t%.*s\t%.*s\n", method, target, (int)mark.length, mark.at, (int)length,
		body, (int)host.length, host.at, (int)said.length, said.at);
	fflush(log_file);
}

/* Takes one whole request off the input; false when there is none. */
static bool take_request(int fd, uint64_t now_ns)
{
	struct connection *connection = &connections[fd];
	char *end = memmem(connection->input, connection->length, "\r\n\r\n", 4), method[32], target[2048],
	     head[INPUT_BYTES];
	size_t head_length, whole;

	if (end == NULL)
		return false;
	head_length = (size_t)(end - connection->input) + 4;
	memcpy(head, connection->input, head_length - 2);
	head[head_length - 2] = '\0';
	whole = head_length + body_length(head);
	if (whole > connection->length)
		return false;
	REQUIRE(sscanf(head, "%31s %2047s", method, target) == 2);
	log_request(method, target, head, connection->input + head_length, whole - head_length);
	memmove(connection->input, connection->input + whole, connection->length - whole);
	connection->length -= whole;
	answer(fd, target, now_ns);
	return connection->is_open;
}

static void on_readable(int fd)
{
	struct connection *connection = &connections[fd];
	uint64_t now_ns = clock_now_ns();
	unsigned generation = connection->generation;

	read_ns = now_ns;
	for (;;) {
		ssize_t length =
		    recv(fd, connection->input + connection->length, INPUT_BYTES - connection->length, MSG_DONTWAIT);

		if (length < 0 && errno == EAGAIN)
			return;
		if (length <= 0) {
			close_connection(fd, false);
			return;
		}
		if (connection->reads_nothing)
			continue;
		connection->length += (size_t)length;
		while (take_request(fd, now_ns) && connection->generation == generation)
			;
		if (connection->generation != generation)
			return;
		REQUIRE(connection->length < INPUT_BYTES);
	}
}

static void on_connection(int listener)
{
	int fd, yes = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

		REQUIRE(fd < CONNECTIONS_MAX);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
		connections[fd] = (struct connection){
		    .is_open = true, .generation = connections[fd].generation + 1, .input = malloc(INPUT_BYTES)};
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

static int open_listener(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	REQUIRE(bind(listener, (struct sockaddr *)&address, length) == 0 && listen(listener, 4096) == 0);
	REQUIRE(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
	printf("truth: serving http://127.0.0.1:%u\n", ntohs(address.sin_port));
	fflush(stdout);
	return listener;
}

static void serve(int listener)
{
	struct epoll_event events[256];
	uint64_t end_ns = clock_now_ns() + LIFE_S * NS_PER_S, expirations;

	while (clock_now_ns() < end_ns) {
		int count = epoll_wait(epoll, events, ARRAY_LENGTH(events), 1000);

		for (int i = 0; i < count; i++) {
			int fd = events[i].data.fd;

			if (fd == listener)
				on_connection(listener);
			else if (fd == timer)
				(void)!read(timer, &expirations, sizeof(expirations));
			else if (connections[fd].is_open)
				on_readable(fd);
		}
		answer_due();
		arm_timer();
	}
}

int main(int argc, char **argv)
{
	struct rlimit files = {CONNECTIONS_MAX, CONNECTIONS_MAX};
	struct epoll_event event = {.events = EPOLLIN};
	int listener;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--one-at-a-time") == 0)
			is_one_at_a_time = true;
		else if (strcmp(argv[i], "--log") == 0 && i + 1 < argc)
			log_file = fopen(argv[++i], "we");
		else if (strcmp(argv[i], "--times") == 0 && i + 1 < argc)
			times_file = fopen(argv[++i], "we");
	if (times_file != NULL)
		setvbuf(times_file, NULL, _IOLBF, 0);
	setrlimit(RLIMIT_NOFILE, &files);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	listener = open_listener();
	event.data.fd = listener;
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	event.data.fd = timer;
	epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
	serve(listener);
	return 0;
}
