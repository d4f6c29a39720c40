#include "server/health_check.h"

#include "base/address.h"
#include "base/clock.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* A health check that takes longer than a second tells the same as one that fails. */
enum { PROBE_TIMEOUT_MS = 1000, STATUS_LINE_BYTES = 256 };

/* A wildcard is no address to connect to; what listens on it also listens on loopback. */
static const char *host_to_ask(const struct address *address)
{
	if (strcmp(address->host, "0.0.0.0") == 0)
		return "127.0.0.1";
	if (strcmp(address->host, "::") == 0)
		return "::1";
	return address_is_any(address) ? NULL : address->host;
}

static int connect_to(const struct addrinfo *at)
{
	struct timeval longest = {PROBE_TIMEOUT_MS / 1000, PROBE_TIMEOUT_MS % 1000 * 1000};
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return -1;
	/* on Linux the first bounds connect(2) as well: socket(7) */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof(longest));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof(longest));
	if (connect(fd, at->ai_addr, at->ai_addrlen) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* A name may have several addresses, with a server on one of them. */
static int connect_to_first(const struct addrinfo *at)
{
	int fd = -1;

	for (; at != NULL && fd < 0; at = at->ai_next)
		fd = connect_to(at);
	return fd;
}

/* Reads until the first line is whole; -1 when it never is. */
static int read_status_line(int fd, char line[static STATUS_LINE_BYTES])
{
	uint64_t deadline_ns = clock_now_ns() + PROBE_TIMEOUT_MS * NS_PER_MS;
	size_t length = 0;

	while (clock_now_ns() < deadline_ns && length < STATUS_LINE_BYTES - 1) {
		ssize_t bytes = recv(fd, line + length, STATUS_LINE_BYTES - 1 - length, 0);
		char *end;

		if (bytes <= 0)
			return -1;
		length += (size_t)bytes;
		line[length] = '\0';
		end = strstr(line, "\r\n");
		if (end != NULL) {
			*end = '\0';
			return 0;
		}
	}
	errno = EAGAIN;
	return -1;
}

static int ask(int fd, const char *admin, char *why, size_t why_bytes)
{
	static const char request[] = "GET /readyz HTTP/1.1\r\nHost: health\r\nConnection: close\r\n\r\n";
	char line[STATUS_LINE_BYTES];

	errno = 0;
	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0 || read_status_line(fd, line) != 0) {
		snprintf(why, why_bytes, "%s gives no answer: %s", admin,
			 errno == EAGAIN ? "it is busy"
			 : errno != 0    ? strerror(errno)
					 : "the connection was closed");
		return -1;
	}
	if (strncmp(line, "HTTP/1.1 200", strlen("HTTP/1.1 200")) == 0)
		return 0;
	snprintf(why, why_bytes, "%s is not ready: %.60s", admin, line);
	return -1;
}

int probe_readiness(const char *admin, char *why, size_t why_bytes)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found;
	struct address address;
	int status, fd;

	if (!address_read(admin, &address) || strspn(address.port, "0") == strlen(address.port)) {
		snprintf(why, why_bytes, "--admin \"%s\": expected the service's HOST:PORT for /readyz", admin);
		return -1;
	}
	status = getaddrinfo(host_to_ask(&address), address.port, &hints, &found);
	if (status != 0) {
		snprintf(why, why_bytes, "--admin %s: %s", admin, gai_strerror(status));
		return -1;
	}
	fd = connect_to_first(found);
	freeaddrinfo(found);
	if (fd < 0) {
		snprintf(why, why_bytes, "%s cannot be reached: %s", admin, strerror(errno));
		return -1;
	}
	status = ask(fd, admin, why, why_bytes);
	close(fd);
	return status;
}
