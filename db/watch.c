#include "db/watch.h"

#include "base/memory.h"
#include "base/require.h"

#include <stdlib.h>

void db_watch_init(struct db_watch *watch, uv_loop_t *loop, struct db_conn *conn, db_watch_ready_fn *ready)
{
	*watch = (struct db_watch){.conn = conn, .loop = loop, .ready = ready, .socket = -1};
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct db_watch *watch = poll->data;

	(void)events;
	/* an error of the socket is libpq's to find and to word; libuv has stopped watching. What libpq reads first
	 * may be bytes that came before the error */
	if (status < 0)
		watch->events = 0;
	watch->ready(watch);
}

static void on_closed(uv_handle_t *handle)
{
	free(handle);
}

void db_watch_stop(struct db_watch *watch)
{
	if (watch->poll == NULL)
		return;
	uv_close((uv_handle_t *)watch->poll, on_closed);
	watch->poll = NULL;
	watch->socket = -1;
	watch->events = 0;
}

void db_watch_update(struct db_watch *watch)
{
	int socket = db_conn_socket(watch->conn);
	int events =
	    (db_conn_wants_read(watch->conn) ? UV_READABLE : 0) | (db_conn_wants_write(watch->conn) ? UV_WRITABLE : 0);

	/* while it connects, libpq may have a new socket under the old number */
	if (watch->poll != NULL && (socket != watch->socket || watch->conn->state == CONN_CONNECTING))
		db_watch_stop(watch);
	if (socket < 0)
		return;
	if (watch->poll == NULL) {
		watch->poll = memory_alloc(sizeof(*watch->poll));
		REQUIRE(uv_poll_init(watch->loop, watch->poll, socket) == 0);
		watch->poll->data = watch;
		watch->socket = socket;
	}
	if (events != watch->events) {
		REQUIRE(uv_poll_start(watch->poll, events, on_poll) == 0);
		watch->events = events;
	}
}
