/* fake_pq.h - a libpq that does what the test says: what is sent is written down, what comes back is the test's.
 *
 * Link it instead of libpq. Each connection has a socket pair, so a loop or poll(2) sees it become readable. It is as
 * strict as libpq is dangerous: PQgetResult() where libpq would block, and PQfinish() twice, fail the test.
 *
 *     conn = fake_pq_conn(0);                        the first that was opened
 *     assert_string_equal(fake_pq_sent(conn), "country(DE) Sync");
 *     fake_pq_answer(conn);                          a row that says "country(DE)"
 *     fake_pq_answer(conn);                          the Sync
 *
 * Life:    fake_pq_reset() -> the code under test -> fake_pq_is_clean().
 * Thread:  one at a time.
 * Limits:  FAKE_PQ_CONNS_MAX connections and FAKE_PQ_COMMANDS_MAX commands on each between two resets; then it aborts.
 */
#pragma once

#include <libpq-fe.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { FAKE_PQ_CONNS_MAX = 64, FAKE_PQ_COMMANDS_MAX = 1024, FAKE_PQ_STATEMENTS_MAX = 16 };

struct fake_pq {
	/* set by the test */
	bool refuses;         /* every connect fails */
	bool refuses_at_once; /* before anything is waited for */
	const char *refusal;  /* the words of it; NULL: "connection refused" */
	unsigned granted;     /* a connect beyond so many fails as PostgreSQL refuses one; 0: there may be any number */
	bool hangs;           /* no connect gets an answer */
	const char *host;     /* of any connection string; NULL: it has none, and nothing is looked up */
	bool answers_setup;
	bool answers_everything;
	int server_version;      /* 150000 */
	bool has_other_pid;      /* the session is another's than each connection was told */
	unsigned setup_parts;    /* 3: what is sent at once, so often, is the set-up */
	bool is_pooler_s;        /* errors are not PostgreSQL's own */
	int backend_pid;         /* what each connection was told */
	const char *setup_value; /* of the rows of the set-up; NULL: what was sent */
	int rows_said;           /* so many rows a result says it has, though one is there; 0: that one */
	unsigned oid_of_rows;    /* the type of their column; 0: a text */
	bool shows_prepares; /* else what is prepared after the set-up is not written down, and answered by itself */
	unsigned forgets;    /* what is answered so: of so many statements that they are not prepared */
	unsigned contends;   /* and of so many that other transactions were in their way */
	unsigned dismisses;  /* and so many sessions are ended by an administrator */
	unsigned ends;       /* the same, of sessions that are being set up */
	unsigned cuts;       /* and so many connections end behind the result, before its Sync */
	/* what a row behind the set-up of the connection with that index says; NULL: what was sent */
	const char *(*answer)(unsigned index, const char *sent);
	const char *context;         /* of errors, or NULL */
	const char *source_function; /* the same */
	const char *severity;        /* the same; NULL: FATAL for 57P.., else ERROR */
	unsigned fail_at;            /* that one of all calls which can fail does; 0: none */

	/* read-only */
	unsigned calls;                   /* that can fail, so far */
	const char *failed_call;          /* the one that did, or NULL */
	unsigned opened, open, most_open; /* connections */
	const char *conninfo;             /* of the last one: what libpq was told to expand */
	atomic_int live_results;
};

extern struct fake_pq fake_pq;

void fake_pq_reset(void);
/* Every connection is closed and every result freed. */
bool fake_pq_is_clean(void);

/* Returns the connection that was opened as number `index`. */
PGconn *fake_pq_conn(unsigned index);
bool fake_pq_is_open(const PGconn *conn);
/* What was sent since the last time, one space between: +NAME prepares, ?NAME describes, NAME(VALUE,...) runs it,
 * WORD(VALUE,...) runs a text that begins so, R/O makes the unit read-only (and is answered by itself, before what
 * follows), Sync; what blocks as it is. */
const char *fake_pq_sent(PGconn *conn);
/* Commands, a Sync included, that have no answer so far. */
unsigned fake_pq_unanswered(const PGconn *conn);

/* Answers the oldest command: with one row that says what was sent, or with its end of the unit; once a command of its
 * unit has failed, as aborted. */
void fake_pq_answer(PGconn *conn);
void fake_pq_answer_all(PGconn *conn);
/* The same, but the value says that it is so long. */
void fake_pq_answer_large(PGconn *conn, size_t bytes);
/* Bytes of an answer that is not whole. */
void fake_pq_send_bytes(PGconn *conn, size_t bytes);
/* Answers the oldest command with an error; when that is a Sync, the commit failed, and the Sync is still to come.
 * Without an SQLSTATE it is libpq's own. */
void fake_pq_answer_error(PGconn *conn, const char *sqlstate, const char *message, const char *detail);
/* What was not asked for. */
void fake_pq_push(PGconn *conn, ExecStatusType status, const char *sqlstate, const char *message);
void fake_pq_push_null(PGconn *conn);
/* The server is gone; what it has answered can still be read. */
void fake_pq_hang_up(PGconn *conn);
/* What comes is no message of PostgreSQL's: libpq answers the oldest command with an error of its own, and closes. */
void fake_pq_lose_sync(PGconn *conn);
/* A notice comes, as libpq hands it to its receiver. */
void fake_pq_notice(PGconn *conn, const char *sqlstate, const char *message);
/* So many notifications come. */
void fake_pq_notify(PGconn *conn, unsigned times);
/* A setting that PostgreSQL reports has another value from now on. */
void fake_pq_report(PGconn *conn, const char *setting, const char *value);
/* A BEGIN has been answered. */
void fake_pq_begin(PGconn *conn);
/* So many of the next PQflush() leave something behind, and read what has come. */
void fake_pq_clog(PGconn *conn, unsigned times);

/* What the statement of that name is described with: so many parameters, and so many columns "answer"; all are of the
 * type `oid`. One that was never told of has a parameter and no column, of the type text. */
void fake_pq_describe(const char *name, int parameters, int columns, Oid oid);

/* Returns a result of one row with that value, for a caller without a connection; in any thread. */
PGresult *fake_pq_row(const char *value);
/* One that is said to take so much memory. */
PGresult *fake_pq_large_row(const char *value, size_t bytes);
