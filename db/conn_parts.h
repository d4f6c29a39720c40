/* conn_parts.h - the inside of a connection, for db/conn*.c only.
 *
 *   conn.c          states and slots; connecting; what the socket is ready for; closed
 *   conn_send.c     batches out
 *   conn_clean.c    a session that was one stream's is made ready for the next
 *   conn_context.c  what a transaction is told of its request
 *   conn_pooled.c   what differs behind a transaction pooler
 *   conn_prepare.c  statements: prepared, described, learnt again
 *   conn_results.c  results in
 *   conn_notices.c  what comes besides: notices and notifications
 *   conn_setup.c    what a session is set to before it is used
 *   conn_session.c  whether the session is still as it was set
 *   conn_standby.c  refused writes
 */
#pragma once

#include "db/conn.h"

/* Both are part of the set-up; one takes the time, in ms, and is this. */
extern const char conn_timeout_statement[], conn_read_only_statement[], conn_timeout_sql[];

/* conn.c */

/* Notes why; returns -1. */
int conn_fail(struct db_conn *conn, const char *why);
void conn_set_state(struct db_conn *conn, enum db_conn_state state);
int conn_flush(struct db_conn *conn);
/* For the statements of the catalog, and what is in flight. */
void conn_make_room(struct db_conn *conn);
void conn_free_room(struct db_conn *conn);
struct db_slot *conn_add_slot(struct db_conn *conn, struct db_slot slot);
struct db_slot conn_take_head(struct db_conn *conn);

/* Whose results come next, or their Sync. */
static inline struct db_slot *conn_current(const struct db_conn *conn)
{
	return db_conn_slot(conn, conn->arrived);
}

/* conn_send.c */

/* Of the unit's transaction: not of the session. */
int conn_send_timeout(struct db_conn *conn, unsigned timeout_ms);
int conn_send_query(struct db_conn *conn, const struct db_query *query);

/* conn_results.c */

/* Ends what is metered (intake.h). */
void conn_count_intake(struct db_conn *conn);
/* Reads what has come. */
int conn_consume(struct db_conn *conn);
int conn_receive_results(struct db_conn *conn);
/* After what has come was looked at: -1 when what has not come whole is too large. */
int conn_bound_result(struct db_conn *conn);
/* An administrator ends the session, and perhaps all: no reason to suspect the batches that were on it. */
bool conn_is_dismissal(const PGresult *error);
/* At most once for each batch. */
void conn_hand_back(struct db_conn *conn, struct db_slot *slot, enum db_conn_outcome outcome);

/* The server ends the session instead of answering. */
bool conn_is_farewell(const PGresult *result);
/* Keeps its words, as why the connection is of no use any more. */
void conn_note_farewell(struct db_conn *conn, const PGresult *error);

/* A function of the session has taken from it what it was set up with, or put another's in its place. */
bool conn_misses_statement(const struct db_slot *slot, const PGresult *error);

/* conn_prepare.c */

/* A result of a unit that prepares; takes it over. */
void conn_take_prepared(struct db_conn *conn, const struct db_slot *slot, PGresult *result);
/* Keeps `error`, which is about the statement. */
void conn_fail_to_prepare(struct db_conn *conn, const struct db_slot *slot, PGresult *error);
/* Its unit is over. */
int conn_end_prepare(struct db_conn *conn, const struct db_statement *statement);
/* Whether tables have changed since the statement was prepared, and nothing was run: then it is prepared again. */
bool conn_is_outdated(struct db_conn *conn, const struct db_slot *slot, const PGresult *error);
void conn_forget_prepared(struct db_conn *conn);

/* It may have other columns than it was described with: it is described again before it runs again. */
void conn_doubt(struct db_conn *conn, const struct db_statement *statement);

/* conn_pooled.c */

/* Of the unit's transaction, before its first query. */
int conn_send_unit_settings(struct db_conn *conn, unsigned timeout_ms, bool becomes_read_only);
/* Whether the slot's batch is described in the transaction that it runs in, before it runs: `looks_left` says so. */
void conn_plan_look(const struct db_conn *conn, struct db_slot *slot);
int conn_send_look(struct db_conn *conn, const struct db_batch *batch);
void conn_take_look(struct db_conn *conn, struct db_slot *slot, const PGresult *result);
/* All of it has come: what runs is sent, and the Sync. */
int conn_end_look(struct db_conn *conn, struct db_slot *slot);
/* Whether a read's rows have other columns than it was described with, or those before them had. */
bool conn_is_other_result(struct db_conn *conn, struct db_slot *slot, const PGresult *rows);

/* conn_context.c */

enum { CONN_CONTEXT_NAME_BYTES = 24 };

/* Of the set-up: what sets contexts is prepared, where batches have some; what they set reads as ''. */
int conn_prepare_contexts(struct db_conn *conn);
int conn_begin_contexts(struct db_conn *conn);
/* Whether the unit that is being sent has not been told the batch's context yet. */
bool conn_needs_context(const struct db_conn *conn, const struct db_batch *batch);
int conn_send_context(struct db_conn *conn, const struct db_context *context);
/* The database refuses its role. */
void conn_refuse_context(struct db_batch *batch, const PGresult *error);
/* Of a batch with a context: whether its session is told, too. */
bool conn_surrounds(const struct db_conn *conn, const struct db_batch *batch);
/* A unit of its own, without a batch. NULL takes back what the session was told. */
int conn_send_around(struct db_conn *conn, enum slot_around around, const struct db_context *context);
/* Of the unit between two of them: fails where the one before it has. */
int conn_send_whether_told(struct db_conn *conn, const struct db_context *context);
/* The current slot's session could not be told. */
void conn_refuse_around(struct db_conn *conn, const PGresult *error);
static inline bool conn_is_around(const struct db_slot *slot)
{
	return slot->around == AROUND_BEFORE || slot->around == AROUND_BEHIND || slot->around == AROUND_CLEANING;
}

/* conn_clean.c */

void conn_take_cleaned(struct db_slot *slot, const PGresult *result);
/* Its unit is over: -1 when the session is not as it was set up. */
int conn_end_cleaning(struct db_conn *conn, const struct db_slot *slot);

/* conn_notices.c */

/* PQnoticeReceiver of a struct db_conn. */
void conn_take_notice(void *conn, const PGresult *notice);
/* libpq keeps them until they are taken. */
void conn_drop_notifications(struct db_conn *conn);

/* conn_setup.c */

/* CONNECTING -> PREPARING: what the session needs leaves, all at once. */
int conn_send_setup(struct db_conn *conn);
int conn_send_setup_prepare(struct db_conn *conn, const char *name, const char *sql);
/* PREPARING -> READY, when all of it has come back. */
int conn_receive_setup(struct db_conn *conn);
/* Sends the settings that answers rely on, in one statement: of the session, or of the transaction alone. */
int conn_send_settings(struct db_conn *conn, bool is_local, bool is_read_only, unsigned timeout_ms);

/* conn_session.c */

/* Remembers the settings that PostgreSQL reports. */
void conn_mark_session(struct db_conn *conn);
/* A unit is over: a setting that is not what it was after the set-up, as far as PostgreSQL reports it; NULL: none. */
const char *conn_changed_setting(const struct db_conn *conn);
/* Whether it was set up to write, and its server or its database has been told since then to only read. */
bool conn_has_become_read_only(const struct db_conn *conn);

/* conn_standby.c */

/* The slot's unit has failed: true when it was a write that this session refuses as any other. It is to run on another. On
 * a standby that was connected to a moment ago it fails, so that a database without a primary is asked once a second. */
bool conn_leaves_standby(struct db_conn *conn, const struct db_slot *slot);
