/* connection.h - one TCP connection of a load: opened, written, read, and the requests that are under way on it.
 *
 * A request can be put on a connection that is not open yet; it leaves when the connection is up. Events come from an
 * edge-triggered epoll set, so that each opening costs one epoll_ctl and no mask ever changes.
 *
 * Life:    connection_init() -> connection_open() -> connection_put()* -> connection_flush() ->
 *          connection_on_event()* -> connection_close(), and again from connection_open() -> connection_cleanup().
 * Owner:   the load; a connection does not move.
 * Limits:  `depth` requests under way; where redirects are followed, one.
 * Errors:  become outcomes of the requests concerned (record.h), and on_down().
 */
#pragma once

#include "loadgen/engine/response.h"
#include "loadgen/engine/slot_ring.h"

struct load;

enum connection_state { CONNECTION_CLOSED, CONNECTION_CONNECTING, CONNECTION_UP };

struct connection {
	struct list link; /* of the list that the load's model keeps it on: free, or waiting to try again */
	struct list connecting_link;
	struct load *load;
	int fd;
	uint32_t number;   /* in the records; a new one each time it is opened */
	uint64_t event_ns; /* opened at; later the time of a model's own list */
	char *unsent;      /* what the kernel has not taken yet; NULL usually */
	size_t unsent_bytes, unsent_from;
	struct slot_ring ring; /* the requests under way */
	uint8_t state;
	bool was_up;       /* before: to open it now is to open it again */
	bool has_answered; /* a whole response came since it was opened */
	bool is_last;      /* the server, or --no-keep-alive, ends it after the response that is due */
	struct response response;
	struct redirect *redirect; /* NULL: the load follows none */
};

/* The redirect that the request under way follows. */
struct redirect {
	struct response_room room;
	struct text target; /* in the room; length 0: it follows none */
	bool is_get;        /* whatever the request was */
};

void connection_init(struct connection *connection, struct load *load);
void connection_cleanup(struct connection *connection);
/* Begins to connect; when that fails at once, on_down() has been called already. */
void connection_open(struct connection *connection);
/* A request, due at `intended_ns`, takes the next place; nothing is written yet. */
void connection_put(struct connection *connection, uint64_t intended_ns);
/* Writes the requests that were put, if the connection is up; when that fails, on_down() has been called already. */
void connection_flush(struct connection *connection);
void connection_on_event(struct connection *connection, uint32_t events);
/* Ends it; what is under way on it gets `outcome`. on_down() is not called. */
void connection_close(struct connection *connection, enum outcome outcome);
