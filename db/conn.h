/* conn.h - one connection to PostgreSQL as a state machine that never waits: it says what to wait for.
 *
 *        open            accepted        prepared, or turned    batch sent
 * CLOSED ----> CONNECTING -------> PREPARING <------> READY <---------------> BUSY
 *    ^             |                   |                |     last unit ended   |
 *    +-------------+-------------------+----------------+----------------------+   close, or lost
 *
 * wait.h drives it with poll(2), pipeline.h and stream.h with the loop. A *unit* is what ends with one Sync: one
 * implicit transaction. A write's batch is a unit of its own; several reads may share one. A batch is over with its
 * unit. Only then is it known that a write was committed, and that no neighbour of a read has changed its session.
 *
 * A statement runs only when this session has described it: before it is first sent it is prepared, and its batch
 * waits for the answer. When a migration has changed it, its new signature is learnt then (learn.h), so no write is
 * done whose rows could not be answered. Behind a transaction pooler a write is described once more in the transaction
 * that it runs in. A read whose rows turn out to have other columns runs again.
 *
 * Life:    db_conn_init() -> db_conn_open() -> db_conn_advance()* and, for each batch, db_conn_prepare(), until it is
 *          ready, and db_conn_send() -> db_conn_close(); may be opened again.
 * Owner:   the caller's memory. A batch is the connection's from db_conn_send() until the over callback, at most
 *          once.
 * Thread:  one at a time.
 * Limits:  settings->depth batches in flight; settings->result_limit_bytes of one result.
 * Errors:  -1: the connection is of no use any more and `error` says why; close it. Batches in flight are handed
 *          back by db_conn_close() as DB_CONN_GIVEN_UP or DB_CONN_LOST.
 */
#pragma once

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "db/values/batch.h"
#include "db/lookup.h"
#include "db/settings.h"

enum {
	DB_CONN_REPORTED = 7,
	DB_CONN_FIRST_ROWS = 100, /* of a cursor, until the size of a row is known */
};

/* What a cursor is called, and what each session that has cursors has prepared. */
extern const char db_conn_declare[], db_conn_first_rows[];

/* An administrator ends sessions, and one that is being set up may be among them. PostgreSQL can be reached, and so many
 * connects in a row are made without a rest. */
enum { DB_CONN_DISMISSED_MAX = 4 };

enum {
	DB_CONN_GROWN_BYTES = 1024 * 1024, /* of a result */
	DB_CONN_REST_S = 5,                /* after so long without use a connection that has grown is closed */
};

enum db_conn_state { CONN_CLOSED, CONN_CONNECTING, CONN_PREPARING, CONN_READY, CONN_BUSY, CONN_STATE_COUNT };

enum db_conn_outcome {
	DB_CONN_DONE,     /* the batch has its results, or PostgreSQL's error */
	DB_CONN_NOT_RUN,  /* nothing of it happened, or, of a read, as if: it is to be run again, elsewhere */
	DB_CONN_GIVEN_UP, /* sent, and the connection broke on purpose, ours or an administrator's */
	DB_CONN_LOST,     /* sent, and the connection broke: no answer came */
};

struct db_conn;
typedef void db_conn_over_fn(struct db_conn *conn, struct db_batch *batch, enum db_conn_outcome outcome);

/* One batch in flight, or a statement that is being prepared. */
struct db_slot {
	struct db_batch *batch;              /* NULL: no request waits for it any more, or ever did */
	const struct db_statement *prepares; /* in a unit of its own, without a batch; NULL: nothing */
	const struct db_statement *only;     /* the batch's first statement, when it is all of its unit */
	unsigned short results_left;         /* of the preamble and the queries */
	unsigned char preamble_left;         /* results of no query: becoming read-only, the timeout, the context */
	bool sets_context;                   /* the last result of the preamble is that of its context */
	enum slot_around {
		AROUND_NONE,
		AROUND_BEFORE, /* a unit without a batch: the session is told what a procedure's transactions are told */
		AROUND_INSIDE,   /* the procedure's */
		AROUND_BEHIND,   /* a unit without a batch: it is taken back */
		AROUND_CLEANING, /* a unit without a batch: db_conn_clean() */
	} around;
	unsigned char looks_left; /* results, the preamble's included, before it is sent what runs */
	bool is_dirty;            /* of what cleans: a statement has left something that cannot be taken back */
	bool is_outdated;         /* it has other columns now, and was not run, or a read is as if */
	bool ends_unit;           /* a Sync follows */
	bool is_read_only;
	bool is_too_large; /* a write's result: whether it was written, its Sync tells */
};

struct db_prepared {
	const struct db_signature *signature; /* what the session has it prepared with; NULL: it is not */
	const struct db_signature *before;    /* and what it had before that */
	unsigned seen;                        /* the generation it was looked at in, and 1; 0: it has to be prepared */
	unsigned asked;                       /* the generation that is being looked at */
	bool is_under_way;                    /* it is being prepared, or its types are being learnt */
	bool has_failed;
	bool is_in_session;  /* under its name: it goes before it is prepared again */
	bool has_complained; /* that it failed is in the log */
	PGresult *described; /* while its types are asked for */
	PGresult *failure;   /* PostgreSQL's words; NULL: the endpoint cannot follow */
};

enum db_conn_readiness {
	DB_CONN_READY,   /* it can be sent now */
	DB_CONN_WAITS,   /* a statement of it is being prepared: ask again when the connection has gone on */
	DB_CONN_REFUSES, /* the batch has failed, and nothing of it was run */
	DB_CONN_BROKEN,  /* as -1 */
};

struct db_conn {
	/* set by the caller, after init and before open */
	const struct db_settings *settings;
	bool is_read_only;
	/* A statement is prepared as its cursor, and what is read-only begins a transaction. Not behind a
	 * transaction pooler. */
	bool has_cursors;
	unsigned number; /* for the log */
	db_conn_over_fn *over;
	struct db_catalog catalog; /* whose statements it prepares; by db_conn_init() none but those of the settings */

	/* read-only */
	enum db_conn_state state;
	unsigned in_flight; /* slots in use, those without a batch included */
	unsigned arrived;   /* of these, whose results are there and whose Sync is not: the first ones */
	unsigned preparing; /* of these, statements that are being prepared */
	unsigned units_in_flight;
	uint64_t progress_ns; /* when something was last sent to an idle connection, or last arrived */
	uint64_t
	    distance_ns; /* round trip of a bare Sync, measured when the set-up was over: the wire, and nothing else */
	/* A pooler may take a session for idle that has answered one unit of several (PgBouncer 1.18). It would give
	 * what comes then to its next client. No unit is sent before the one before it is over. */
	bool has_pooler;
	unsigned statement_limit_ms; /* the role's, the database's or the URL's own statement_timeout; 0: none */
	char error[512];
	bool is_retiring;     /* takes no more batches; closed when those in flight are over */
	bool takes_no_writes; /* its server is a standby, or has been told to only read: it retires */
	uint64_t opened_ns;
	bool
	    is_full; /* the last connect failed since PostgreSQL has no connection left for its role, database or at all */
	/* A result was so large that libpq's buffer, which never shrinks, is: a connection that rests is closed for it.
	 * One that is closed has not grown. */
	bool has_grown;
	bool gave_up; /* broke on purpose, ours or an administrator's: reads that were on it may not be the reason */
	const struct db_statement *changed_by; /* it has changed its session, and would again; NULL: none, or unknown */

	/* private */
	PGconn *pg;
	PostgresPollingStatusType polling;
	unsigned first_host; /* hosts.h */
	bool wants_write;
	bool is_inside_query;                      /* a result has come, its closing NULL has not */
	bool is_turning;                           /* the set-up that comes in is that of db_conn_turn() */
	bool has_cleaner;                          /* the session has prepared what db_conn_clean() runs */
	bool is_unit_aborted;                      /* something of the unit that is coming in has failed */
	bool has_farewell;                         /* `error` says why the server has ended the session */
	bool was_notified;                         /* and the log says so */
	unsigned setup_left;                       /* results of the set-up still to come, its Syncs included */
	unsigned setup_sent, setup_over;           /* parts of it, a Sync each */
	uint32_t reported_marks[DB_CONN_REPORTED]; /* of the settings that PostgreSQL reports */
	uint64_t asked_ns;                         /* when the Sync that measures the distance was sent; 0: not yet */
	uint64_t unit_ns;                          /* when the unit that is being sent was begun; 0: none is */
	const struct db_context *unit_context;     /* what that has set last; NULL: nothing */
	struct db_prepared *prepared;              /* by a statement's index */
	unsigned head;                             /* ring of slots */
	struct db_slot *slots;
	size_t head_bytes; /* of an unfinished result */
};

void db_conn_init(struct db_conn *conn, const struct db_settings *settings, bool is_read_only, unsigned number,
		  db_conn_over_fn *over);
/* Begins to connect: to what was found, or NULL when there is nothing to look up. */
MUST_CHECK int db_conn_open(struct db_conn *conn, const struct db_found *found);
/* Goes on after the socket became ready, or when in doubt. */
MUST_CHECK int db_conn_advance(struct db_conn *conn);
int db_conn_socket(const struct db_conn *conn);
bool db_conn_wants_read(const struct db_conn *conn);
bool db_conn_wants_write(const struct db_conn *conn);

/* A procedure is over, and the session is not yet what it was. */
bool db_conn_is_taken_back(const struct db_conn *conn);
static inline bool db_conn_is_usable(const struct db_conn *conn)
{
	return conn->state == CONN_READY || conn->state == CONN_BUSY;
}

/* Whether the statement is of the connection's edition. */
static inline bool db_conn_knows(const struct db_conn *conn, const struct db_statement *statement)
{
	return statement->name != NULL && statement->edition == conn->catalog.edition;
}

/* Whether the statement is run by its name. One of another edition, or behind a transaction pooler, is sent with its
 * text, and leaves no trace. */
static inline bool db_conn_prepares(const struct db_conn *conn, const struct db_statement *statement)
{
	return db_conn_knows(conn, statement) && !db_settings_are_pooled(conn->settings);
}

bool db_conn_is_full(const struct db_conn *conn);
/* The slot that was sent as number i of those in flight. */
struct db_slot *db_conn_slot(const struct db_conn *conn, unsigned i);
/* Sends what has to be prepared for the batch, in units of its own: not while one is being sent. `has_waited`: it was
 * told to wait before, and hears now what came of it. */
MUST_CHECK enum db_conn_readiness db_conn_prepare(struct db_conn *conn, struct db_batch *batch, bool has_waited);
/* Sends a batch that is ready; `ends_unit` adds the Sync, and what was collected leaves in one write. */
MUST_CHECK int db_conn_send(struct db_conn *conn, struct db_batch *batch, bool ends_unit);
/* The batch's owner does not wait any more: its results will be thrown away. */
void db_conn_forget(struct db_batch *batch);
/* Of a connection that is ready, within a transaction or not: rolls back, and gives up the session's advisory locks. What
 * is sent behind it meets the session as it was set up. Where a statement has left more, db_conn_advance() says that the
 * connection is of no use, and takes no answer to what was sent behind. Not behind a pooler. */
MUST_CHECK int db_conn_clean(struct db_conn *conn);
/* Of an idle connection: from now on it prepares the statements of another edition. It is usable again when
 * db_conn_advance() says so. */
MUST_CHECK int db_conn_turn(struct db_conn *conn, struct db_catalog catalog);
void db_conn_close(struct db_conn *conn);
/* Lends an idle connection, set up as all are, for calls of libpq that block. It is good for db_conn_close() then. Behind
 * a transaction pooler it is lent within a transaction that never commits. */
PGconn *db_conn_lend(struct db_conn *conn);
/* Behind an error, or a SET LOCAL: of such a transaction, what it was lent as. */
void db_conn_refresh_lent(struct db_conn *conn);

bool db_conn_may_move(enum db_conn_state from, enum db_conn_state to);
const char *db_conn_state_name(enum db_conn_state state);
