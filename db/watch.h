/* watch.h - lets the loop drive one db_conn: its socket's readiness, whatever socket that is at the moment.
 *
 * libpq may change the socket while it connects, and an fd must leave the loop before libpq closes it. So each socket
 * has a handle of its own, that frees itself.
 *
 * Life:    db_watch_init() -> db_watch_update() after anything was done with the connection -> db_watch_stop() before
 *          db_conn_close().
 * Thread:  loop only.
 */
#pragma once

#include <uv.h>

#include "db/conn.h"

struct db_watch;
typedef void db_watch_ready_fn(struct db_watch *watch);

struct db_watch {
	struct db_conn *conn;
	uv_loop_t *loop;
	db_watch_ready_fn *ready; /* the socket is ready: db_conn_advance() is to be called */
	uv_poll_t *poll;          /* private */
	int socket, events;       /* private */
};

void db_watch_init(struct db_watch *watch, uv_loop_t *loop, struct db_conn *conn, db_watch_ready_fn *ready);
void db_watch_update(struct db_watch *watch);
void db_watch_stop(struct db_watch *watch);
