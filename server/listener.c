#include "server/listener.h"

#include "base/address.h"
#include "base/log.h"
#include "base/require.h"
#include "server/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

static int open_socket(const struct addrinfo *at, bool is_shared)
{
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, off = 0;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* [::] is every address, of IPv4 too, whatever the machine's default is */
	if (at->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (is_shared)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	on = errno;
	close(fd);
	errno = on;
	return -1;
}

static void set_port(struct sockaddr *address, const struct sockaddr *from)
{
	if (address->sa_family == AF_INET6)
		((struct sockaddr_in6 *)(void *)address)->sin6_port =
		    ((const struct sockaddr_in6 *)(const void *)from)->sin6_port;
	else
		((struct sockaddr_in *)(void *)address)->sin_port =
		    ((const struct sockaddr_in *)(const void *)from)->sin_port;
}

/* Alone, without SO_REUSEPORT: so it is known whether another program listens there, and a port 0 is chosen. The socket
 * gives way to the shared ones. */
static int try_alone(struct addrinfo *at)
{
	struct sockaddr_storage chosen;
	socklen_t length = sizeof(chosen);
	int fd = open_socket(at, false);

	if (fd < 0)
		return -1;
	getsockname(fd, (struct sockaddr *)&chosen, &length);
	set_port(at->ai_addr, (const struct sockaddr *)&chosen);
	close(fd);
	return 0;
}

/* Where one that ends has left its word, it would count for those that come next (listener_give_way()). */
static void forget_who_gave_way(int fd)
{
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &on, sizeof(on));
}

static int open_shared(struct listener *listeners, unsigned count, struct addrinfo *at)
{
	for (unsigned i = 0; i < count; i++) {
		listeners[i].fd = open_socket(at, true);
		listeners[i].shared_by = count;
		if (listeners[i].fd < 0)
			return -1;
	}
	forget_who_gave_way(listeners[0].fd);
	return 0;
}

/* The kernel lets those share a port that belong to one user, and that all ask for it. */
static int open_sockets(struct listener *listeners, unsigned count, struct addrinfo *at)
{
	bool is_alone = try_alone(at) == 0;

	if (!is_alone && errno != EADDRINUSE)
		return -1;
	if (open_shared(listeners, count, at) != 0)
		return -1;
	if (!is_alone)
		log_warning(
		    "server",
		    "another process of this user listens on the same port; both get connections until one ends");
	return 0;
}

/* Every address is [::], and 0.0.0.0 on a machine without IPv6. Returns where it listens, or NULL. */
static const struct addrinfo *open_everywhere(struct listener *listeners, unsigned count, struct addrinfo *found)
{
	static const int families[] = {AF_INET6, AF_INET};

	errno = EAFNOSUPPORT;
	for (size_t i = 0; i < ARRAY_LENGTH(families); i++)
		for (struct addrinfo *at = found; at != NULL; at = at->ai_next) {
			if (at->ai_family != families[i])
				continue;
			if (open_sockets(listeners, count, at) == 0)
				return at;
			if (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL)
				return NULL;
		}
	return NULL;
}

static void write_address(const struct sockaddr *address, socklen_t length, char *out, size_t bytes)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (address->sa_family == AF_UNIX) {
		snprintf(out, bytes, "unix:%s", ((const struct sockaddr_un *)(const void *)address)->sun_path);
		return;
	}
	getnameinfo(address, length, host, sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(out, bytes, address->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

/* Where there are fewer sockets than listeners, several loops accept from one. */
static int share_out(struct listener *listeners, unsigned count, const int *fds, unsigned fd_count)
{
	for (unsigned i = 0; i < count; i++) {
		listeners[i].fd = i < fd_count ? fds[i] : fcntl(fds[i % fd_count], F_DUPFD_CLOEXEC, 0);
		if (listeners[i].fd < 0)
			return -1;
	}
	return 0;
}

static int open_unix(struct listener *listeners, unsigned count, const char *path, char *why, size_t why_bytes)
{
	int fd = unix_socket_open(path, BACKLOG, why, why_bytes);

	if (fd < 0)
		return -1;
	if (share_out(listeners, count, &fd, 1) == 0)
		return 0;
	snprintf(why, why_bytes, "cannot listen on unix:%s: %s", path, strerror(errno));
	return -1;
}

int listeners_adopt(struct listener *listeners, unsigned count, const int *fds, unsigned fd_count, char *bound,
		    size_t bound_bytes, char *why, size_t why_bytes)
{
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);

	memset(listeners, 0, count * sizeof(*listeners));
	if (fd_count > count) {
		snprintf(why, why_bytes,
			 "the service manager has opened %u sockets; at most one for each loop is expected, and "
			 "loops is %u",
			 fd_count, count);
		return -1;
	}
	if (share_out(listeners, count, fds, fd_count) != 0) {
		snprintf(why, why_bytes, "cannot listen on the service manager's socket: %s", strerror(errno));
		return -1;
	}
	for (unsigned i = 0; i < count; i++)
		listeners[i].is_lent = true;
	getsockname(fds[0], (struct sockaddr *)&address, &length);
	write_address((struct sockaddr *)&address, length, bound, bound_bytes);
	return 0;
}

int listeners_open(struct listener *listeners, unsigned count, const char *address, char *bound, size_t bound_bytes,
		   char *why, size_t why_bytes)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found;
	const struct addrinfo *at;
	struct address parts;
	const char *path = unix_socket_path(address);
	int status;

	memset(listeners, 0, count * sizeof(*listeners));
	if (path != NULL) {
		snprintf(bound, bound_bytes, "%s", address);
		return open_unix(listeners, count, path, why, why_bytes);
	}
	if (!address_read(address, &parts)) {
		snprintf(why, why_bytes, "\"%s\" is no address to listen on; expected %s, or unix:PATH", address,
			 address_expected);
		return -1;
	}
	status = getaddrinfo(address_is_any(&parts) ? NULL : parts.host, parts.port, &hints, &found);
	if (status != 0) {
		snprintf(why, why_bytes, "cannot listen on %s: %s", address, gai_strerror(status));
		return -1;
	}
	if (address_is_any(&parts))
		at = open_everywhere(listeners, count, found);
	else
		at = open_sockets(listeners, count, found) == 0 ? found : NULL;
	if (at == NULL)
		snprintf(why, why_bytes, "cannot listen on %s: %s", address, strerror(errno));
	else
		write_address(at->ai_addr, at->ai_addrlen, bound, bound_bytes);
	freeaddrinfo(found);
	return at != NULL ? 0 : -1;
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct listener *listener = stream->data;

	if (status == 0)
		listener->on_connection(listener);
	else if (!listener->is_failing)
		log_warning("http", "connections cannot be accepted: %s", uv_strerror(status));
	listener->is_failing = status != 0;
}

static bool is_unix(int fd)
{
	int domain = AF_UNSPEC;
	socklen_t bytes = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &bytes) == 0 && domain == AF_UNIX;
}

void listener_start(struct listener *listener, uv_loop_t *loop, listener_connection_fn *on_conn, void *data)
{
	listener->on_connection = on_conn;
	listener->data = data;
	if (is_unix(listener->fd)) {
		uv_pipe_init(loop, &listener->handle.pipe, 0);
		REQUIRE(uv_pipe_open(&listener->handle.pipe, listener->fd) == 0);
	} else {
		uv_tcp_init(loop, &listener->handle.tcp);
		REQUIRE(uv_tcp_open(&listener->handle.tcp, listener->fd) == 0);
	}
	listener->handle.stream.data = listener;
	REQUIRE(uv_listen(&listener->handle.stream, BACKLOG, on_connection) == 0);
	listener->is_started = true;
}

/* The sockets that share a port have numbers, in the order in which they began to listen. The last takes the number of
 * one that is closed. So a process that came alone has the first numbers. Number `shared_by` is its successor's for as long
 * as one of its own is open. Where there is no such number the kernel chooses as it always does. */
void listener_give_way(struct listener *listener)
{
	struct sock_filter choose = BPF_STMT(BPF_RET | BPF_K, listener->shared_by);
	struct sock_fprog program = {.len = 1, .filter = &choose};

	if (listener->shared_by == 0)
		return;
	/* without it a connection that comes in the last moment may be reset */
	setsockopt(listener->fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program));
}

bool listener_has_waiting(const struct listener *listener)
{
	struct pollfd pollfd = {.fd = listener->fd, .events = POLLIN};

	/* what waits at a lent one is the next process's */
	return !listener->is_lent && poll(&pollfd, 1, 0) > 0;
}

void listener_stop(struct listener *listener)
{
	if (listener->is_started)
		uv_close((uv_handle_t *)&listener->handle, NULL);
	listener->is_started = false;
}
