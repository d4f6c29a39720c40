/* patience.h - connects, and tries again: a database that starts with the program may need longer than it does.
 *
 * Thread:  start-up; blocks.
 * Limits:  tries until `end_ns`, and at least once: for settings->connect_timeout_ms.
 * Errors:  -1: conn->error says why the last try failed. A reason is a warning in the log, and so is each other one.
 */
#pragma once

#include "db/conn.h"

MUST_CHECK int db_patience_open(struct db_conn *conn, uint64_t end_ns);
void db_patience_sleep(uint64_t ns);
