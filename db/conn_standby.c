/* A primary that has gone is replaced by another server. What such a session says of a write is no word on the write. */
#include "db/conn_parts.h"

#include "base/clock.h"
#include "db/spares.h"

#include <string.h>

/* One that was opened a moment ago met a standby all the same: there is no primary where it looked. */
enum { STANDBY_REST_MS = 1000 };

static bool is_on(const struct db_conn *conn, const char *setting)
{
	const char *value = PQparameterStatus(conn->pg, setting);

	return value != NULL && strcmp(value, "on") == 0;
}

static bool was_refused(const struct db_conn *conn, const struct db_slot *slot)
{
	return !conn->is_read_only && !slot->is_read_only && slot->batch != NULL &&
	       strcmp(slot->batch->sqlstate, "25006") == 0;
}

bool conn_leaves_standby(struct db_conn *conn, const struct db_slot *slot)
{
	if (!was_refused(conn, slot))
		return false;
	if (!is_on(conn, "in_hot_standby")) {
		/* a procedure may have committed before */
		conn->takes_no_writes = conn_has_become_read_only(conn) && !db_batch_may_commit(slot->batch);
	} else if (clock_now_ns() < conn->opened_ns + STANDBY_REST_MS * NS_PER_MS) {
		db_batch_rewind(slot->batch);
		db_batch_fail(slot->batch, ERROR_DATABASE_UNAVAILABLE, db_standby);
	} else {
		conn->takes_no_writes = true;
		db_spares_empty(conn->settings->spares);
	}
	return conn->takes_no_writes;
}
