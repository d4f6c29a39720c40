/* pooler.h - finds a transaction pooler between the program and PostgreSQL, before anything is set in a session of its.
 *
 * Behind such a pooler a session's settings and prepared statements are the next client's, which may be another program.
 *
 * Life:    at start, on a connection that leaves nothing behind (DB_POOLER_TRANSACTION).
 * Thread:  start-up; blocks, at most for settings->connect_timeout_ms. Without a pooler one round trip.
 */
#pragma once

#include "db/conn.h"

/* Returns what is wrong, and which option mends it, or NULL: none was found, or none of that kind. */
const char *pooler_fault(const struct db_settings *settings, struct db_conn *probe);
/* Initializes a connection that leaves nothing behind; `settings` are filled from the program's. */
void pooler_init_probe(struct db_conn *probe, struct db_settings *settings, const struct db_settings *own);
