/* listener_fixture.h - sockets, and a listener that takes them. */
#pragma once

#include "server/listener.h"

#include "lib/log_tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

/* What the system refuses, in place of libc. */
static struct {
	int error;          /* 0: nothing is refused */
	int of_family;      /* AF_UNSPEC: of every one */
	unsigned from_call; /* that one and the later ones */
	bool at_bind;       /* the socket can be had, and not bound */
	bool is_ipv6_only;  /* as the machine's default says */
} refused;
static unsigned calls;

int socket(int family, int type, int protocol)
{
	int fd;

	if (refused.error != 0 && !refused.at_bind && ++calls >= refused.from_call &&
	    (refused.of_family == AF_UNSPEC || refused.of_family == family)) {
		errno = refused.error;
		return -1;
	}
	fd = (int)syscall(SYS_socket, family, type, protocol);
	if (fd >= 0 && family == AF_INET6 && refused.is_ipv6_only)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){1}, sizeof(int));
	return fd;
}

int bind(int fd, __CONST_SOCKADDR_ARG address, socklen_t length)
{
	if (refused.error != 0 && refused.at_bind && address.__sockaddr__->sa_family == refused.of_family) {
		errno = refused.error;
		return -1;
	}
	return (int)syscall(SYS_bind, fd, address.__sockaddr__, length);
}

static inline int allow_all(void **state)
{
	(void)state;
	memset(&refused, 0, sizeof(refused));
	calls = 0;
	return 0;
}

static struct listener listeners[4];
static char bound[128], why[256];

static inline int open_count(unsigned count, const char *address)
{
	bound[0] = why[0] = '\0';
	return listeners_open(listeners, count, address, bound, sizeof(bound), why, sizeof(why));
}

static inline int open_at(const char *address)
{
	return open_count(1, address);
}

static inline int bound_port(void)
{
	const char *colon = strrchr(bound, ':');

	assert_non_null(colon);
	return atoi(colon + 1);
}

/* Returns a socket connected to 127.0.0.1, or -1. */
static inline int connect_to(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(client, (struct sockaddr *)&to, sizeof(to)) == 0)
		return client;
	close(client);
	return -1;
}
