/* listener.h - the sockets to listen on: opened before any loop runs, so that a port in use stops the start.
 *
 * Each loop has a socket of its own on the same port (SO_REUSEPORT), and the kernel shares the connections out. So may
 * another process of the same user, which takes over: it listens, then this one gives way and stops. Between the two
 * no connection is lost, of one successor at a time.
 *
 * Life:    listeners_open() -> listener_start() on its loop -> listener_give_way() -> listener_stop().
 * Owner:   the caller's memory.
 * Thread:  open: start-up; give way: any; the rest: the loop.
 * Errors:  -1 and a message that names the address.
 */
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "base/compiler.h"

struct listener;
typedef void listener_connection_fn(struct listener *listener);

struct listener {
	union {
		uv_tcp_t tcp;
		uv_pipe_t pipe;
		uv_stream_t stream;
	} handle;
	int fd;
	unsigned shared_by; /* so many of this process have a socket of their own there; 0: all have the same */
	bool is_lent;       /* by the service manager, which keeps it open when the process ends */
	listener_connection_fn *on_connection;
	void *data;
	bool is_started;
	bool is_failing; /* and the log says so */
};

/* HOST:PORT, [IPv6]:PORT, unix:PATH; an empty host or * is every address, of a name it is the first. Opens `count`
 * sockets on one port; `bound`, of `bound_bytes`, gets the address with the port chosen. */
MUST_CHECK int listeners_open(struct listener *listeners, unsigned count, const char *address, char *bound,
			      size_t bound_bytes, char *why, size_t why_bytes);
/* Takes sockets that listen, at most one for each listener; those that are left over share them. The manager keeps them. */
MUST_CHECK int listeners_adopt(struct listener *listeners, unsigned count, const int *fds, unsigned fd_count,
			       char *bound, size_t bound_bytes, char *why, size_t why_bytes);
void listener_start(struct listener *listener, uv_loop_t *loop, listener_connection_fn *on_connection, void *data);
/* New connections go to the successor of all listeners on the port, if there is one. What waits here is still to be
 * accepted, and what a client has begun to open comes within a moment. */
void listener_give_way(struct listener *listener);
/* A connection waits to be accepted. */
bool listener_has_waiting(const struct listener *listener);
void listener_stop(struct listener *listener);
