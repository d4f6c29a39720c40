/* connection_parts.h - the inside of a connection: what its files share. Not for others.
 *
 *   connection.c        opened and ended
 *   connection_write.c  requests out
 *   connection_read.c   responses in, and the redirects that they are
 *
 * Thread:  the load's.
 */
#pragma once

#include "loadgen/engine/load_model.h"

/* Closes the socket; what is under way stays, and can leave on another one. */
void connection_drop_socket(struct connection *connection);
/* Ends it, and tells the load's model. */
void connection_go_down(struct connection *connection, enum outcome outcome);
enum outcome connection_outcome_of(int error);

/* False: the connection is down. */
MUST_CHECK bool connection_write_unsent(struct connection *connection);

/* The response to the oldest request is what comes next. */
void connection_expect_response(struct connection *connection);
/* Reads until the kernel has no more: an edge is reported once. */
void connection_read(struct connection *connection, bool is_ending);

/* Does the request under way follow a redirect? */
static inline bool connection_is_redirected(const struct connection *connection)
{
	return connection->redirect != NULL && connection->redirect->target.length > 0;
}
