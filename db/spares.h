/* spares.h - sessions that streams have left, for the streams that come next.
 *
 * Nothing of one stream is seen by the next: what comes behind db_conn_clean() meets the session as it was set up. A
 * session that cannot be cleaned, has grown or is of an earlier edition is closed instead, and so is any behind a pooler.
 *
 * Life:    db_spares_create() -> (db_spares_take() -> db_spares_put() or db_session_close())* -> db_spares_destroy(),
 *          when no session is out.
 * Owner:   a session is its stream's from take until put or close.
 * Thread:  any; a session's own rule is conn.h's.
 * Limits:  one more is opened only when none is left, so there are never more than there were streams at once. One that
 *          no stream takes within SPARE_REST_S is closed by db_spares_rest(). Where PostgreSQL grants no more
 *          connections, all of them are.
 * Errors:  none: in place of a session that is lost comes one that is to be opened.
 */
#pragma once

#include "base/list.h"
#include "db/conn.h"

enum { SPARE_REST_S = 5 };

struct db_spares;
struct db_stream;

struct db_session {
	struct db_conn conn;
	struct db_stream *stream; /* that has it */
	bool was_kept;            /* another had it before: what it knows of statements and tables may be outdated */
	/* private */
	struct list link;
	uint64_t kept_ns;
};

struct db_spares *db_spares_create(void);
/* Returns a session that is usable, with `was_kept`, or one that is to be opened. */
struct db_session *db_spares_take(const struct db_settings *settings, struct db_catalog catalog, db_conn_over_fn *over);
/* What ran on the session last has ended well. Keeps it, or closes it. */
void db_spares_put(struct db_session *session);
void db_session_close(struct db_session *session);
/* These two take NULL for none at all. Closes those that no stream has taken for too long; returns whether some are left. */
bool db_spares_rest(struct db_spares *spares, uint64_t now_ns);
/* Closes all that are kept; returns whether there were any. */
bool db_spares_empty(struct db_spares *spares);
void db_spares_destroy(struct db_spares *spares);
