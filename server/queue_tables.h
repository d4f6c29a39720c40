/* queue_tables.h - a connection to the queue's tables, and whether they are those that this program needs.
 *
 * Owner:   the caller's memory.
 * Thread:  start-up; blocks.
 * Errors:  said on stderr, without what a connection string may hold.
 */
#pragma once

#include "config/options.h"
#include "db/conn.h"

/* Connects, and waits for a database that starts with the program. What it leaves in its session is nothing, so whatever
 * pooler there is makes no difference. It is good for db_conn_close() then. Returns NULL when it cannot. */
PGconn *queue_tables_connect(const struct options *options, struct db_settings *settings, struct db_conn *conn);
/* -1: the queues cannot be served with them. */
MUST_CHECK int queue_tables_check(const struct options *options);
