#include "loadgen/engine/caller.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "loadgen/engine/response.h"

void caller_init(struct caller *caller, const struct target *target, const char *headers, uint64_t timeout_ns)
{
	*caller = (struct caller){
	    .target = target,
	    .headers = headers,
	    .timeout_ns = timeout_ns,
	    .fd = -1,
	    .bytes = memory_alloc(CALLER_ANSWER_BYTES),
	};
}

static void leave(struct caller *caller)
{
	if (caller->fd >= 0)
		close(caller->fd);
	caller->fd = -1;
}

void caller_cleanup(struct caller *caller)
{
	leave(caller);
	free(caller->bytes);
}

static int fail(struct caller *caller, const char *path, const char *what, char *why, size_t why_size)
{
	snprintf(why, why_size, "POST http://%s%s: %s", caller->target->authority, path, what);
	leave(caller);
	return -1;
}

static const char *last_error(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINPROGRESS ? "it took longer than --timeout"
									       : strerror(errno);
}

static bool connect_to(struct caller *caller)
{
	const struct target *target = caller->target;
	struct timeval time = {
	    .tv_sec = (time_t)(caller->timeout_ns / NS_PER_S),
	    .tv_usec = (suseconds_t)(caller->timeout_ns % NS_PER_S / 1000),
	};
	int on = 1;

	caller->fd = socket(target->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (caller->fd < 0)
		return false;
	setsockopt(caller->fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
	setsockopt(caller->fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
	setsockopt(caller->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return connect(caller->fd, (const struct sockaddr *)&target->address, target->address_length) == 0;
}

/* The server ends a connection that was idle for long. */
static void leave_ended(struct caller *caller)
{
	char byte;

	if (caller->fd >= 0 && recv(caller->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		leave(caller);
}

static bool send_all(int fd, struct text text)
{
	while (text.length > 0) {
		ssize_t sent = send(fd, text.at, text.length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		text.at += sent;
		text.length -= (size_t)sent;
	}
	return true;
}

static struct text encode(struct caller *caller, const char *path, struct text body, struct arena *arena)
{
	const char *type = body.length > 0 ? "Content-Type: application/json\r\n" : "";

	return text_of(arena_printf(arena, "POST %s HTTP/1.1\r\nHost: %s\r\n%sContent-Length: %zu\r\n%s\r\n%.*s", path,
				    caller->target->authority, type, body.length, caller->headers, TEXT_ARGS(body)));
}

/* Reads until the answer is whole. NULL, or what is wrong. */
static const char *read_answer(struct caller *caller, struct response *response)
{
	caller->length = 0;
	response_init(response, false);
	while (caller->length < CALLER_ANSWER_BYTES) {
		struct text input = {caller->bytes + caller->length, 0};
		ssize_t got = recv(caller->fd, caller->bytes + caller->length, CALLER_ANSWER_BYTES - caller->length, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return last_error();
		if (got == 0)
			return response_close(response) == RESPONSE_WHOLE ? NULL : "the server closed the connection";
		caller->length += (size_t)got;
		input.length = (size_t)got;
		switch (response_feed(response, &input)) {
		case RESPONSE_WHOLE:
			return NULL;
		case RESPONSE_MALFORMED:
			return response->what;
		case RESPONSE_INCOMPLETE:
			break;
		}
	}
	return "the answer is too long";
}

int caller_post(struct caller *caller, const char *path, struct text body, struct caller_answer *answer, char *why,
		size_t why_size)
{
	struct arena arena = {0};
	struct response response;
	struct text request = encode(caller, path, body, &arena);
	const char *end, *wrong = NULL;

	leave_ended(caller);
	if ((caller->fd < 0 && !connect_to(caller)) || !send_all(caller->fd, request))
		wrong = last_error();
	arena_cleanup(&arena);
	if (wrong == NULL)
		wrong = read_answer(caller, &response);
	if (wrong != NULL)
		return fail(caller, path, wrong, why, why_size);
	end = memmem(caller->bytes, caller->length, "\r\n\r\n", 4);
	answer->status = response.status;
	answer->body = (struct text){end + 4, caller->length - (size_t)(end + 4 - caller->bytes)};
	if (!response.is_keep_alive)
		leave(caller);
	return 0;
}
