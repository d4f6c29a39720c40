/* batch.h - statements to run together, in one implicit transaction, and what came of them: plain data, no I/O.
 *
 * Life:    db_batch_init() -> db_batch_add()* -> it is run (wait.h, pipeline.h) -> results are read ->
 *          db_batch_cleanup().
 * Owner:   the caller; wait.h or pipeline.h has it from submit until `done`.
 * Thread:  one at a time; moves with its exchange.
 * Limits:  DB_BATCH_QUERIES_MAX queries.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/deadlines.h"
#include "base/error.h"
#include "base/list.h"
#include "db/values/context.h"
#include "db/values/result.h"
#include "db/values/statement.h"

enum { DB_BATCH_QUERIES_MAX = 16 };

/* What failures are called, in one place: a client gets the same words in every mode. */
extern const char db_unreachable[], db_not_prepared[], db_lost_twice[], db_given_up[], db_outcome_unknown[],
    db_not_run[], db_no_answer[], db_client_left[], db_role_refused[], db_standby[];

struct congestion;
struct db_batch;
typedef void db_done_fn(struct db_batch *batch);

struct db_query {
	const struct db_statement *statement;
	const struct db_signature *checked_for; /* the values were */
	const char *const *values;            /* text form, one per parameter, NULL is SQL NULL; borrowed until done */
	struct db_result *result;             /* owned by the batch */
	const struct db_signature *signature; /* of the result: what the session has the statement prepared with */
};

struct db_batch {
	/* set by the caller */
	unsigned query_count;             /* of `queries`, below */
	const struct db_context *context; /* of its transaction; NULL: the session's; borrowed until done */
	uint64_t deadline_ns;             /* absolute; queue time counts */
	const atomic_bool *is_abandoned;  /* the client has left; NULL: that is not known */

	/* read-only for the caller, valid once it is done */
	enum error error;
	unsigned status;  /* of HTTP, chosen by the author for the SQLSTATE; 0: the error's own */
	char sqlstate[6]; /* "" when the error is not PostgreSQL's */
	/* never NULL; valid until db_batch_cleanup(). A client may read the first three; `said` is what PostgreSQL said
	 * and a client must not read: for the log. */
	const char *message, *detail, *hint, *said;
	bool is_last_part; /* of a stream: no more rows come behind these */
	unsigned retry_s;  /* of ERROR_BUSY: when it may be tried again; 0: not known */
	uint64_t submitted_ns, sent_ns, done_ns;

	/* private to wait.h and pipeline.h */
	db_done_fn *done;
	struct db_slot *slot;
	struct list link;
	struct db_words *words; /* owned: keeps the texts of PostgreSQL's error alive; failure.h */
	unsigned arrived;       /* results so far */

	/* whether it runs again: rerun.h */
	bool is_rolled_back;     /* for the sake of other transactions */
	bool was_lost;           /* with its connection, which broke */
	bool was_run_again;      /* and so is a unit of its own */
	unsigned char reruns;    /* after a rollback, so often */
	unsigned char given_up;  /* how often it was not run, or its connection was given up on purpose */
	uint64_t rests_until_ns; /* before it runs again */

	/* with which others it runs */
	bool travels_alone;   /* on a connection without others */
	bool was_rescued;     /* from behind, or with, a slow one: and so travels alone */
	bool ends_unit;       /* it is the last of those that share its Sync */
	unsigned unit_size;   /* how many these are */
	uint64_t expected_ns; /* counted in its connection's load */

	/* how it waits */
	bool comes_back;               /* was taken already, and is before those that were not */
	bool is_late;                  /* it has waited: PostgreSQL is told what is left of its time */
	struct congestion *congestion; /* of the queue it was let into; NULL: it does not wait, or was not yet */
	uint64_t waits_ns;             /* counted there */
	struct deadline waits_until;   /* while it is there */

	/* set by the caller; last, since what is beyond query_count is never looked at */
	struct db_query queries[DB_BATCH_QUERIES_MAX];
};

void db_batch_init(struct db_batch *batch);
/* The values count as checked for the statement's newest signature, until the caller says otherwise in `queries`. */
void db_batch_add(struct db_batch *batch, const struct db_statement *statement, const char *const *values);
bool db_batch_is_read_only(const struct db_batch *batch);
/* A procedure may have committed before the batch fails. */
bool db_batch_may_commit(const struct db_batch *batch);
/* The client has left. What was not sent is not sent any more then: db_batch_end_unsent(). */
bool db_batch_is_abandoned(const struct db_batch *batch);
void db_batch_end_unsent(struct db_batch *batch, uint64_t now_ns);
/* Its owner has no use for it any more, and it only reads: it counts as abandoned, also when it was sent. */
void db_batch_withdraw(struct db_batch *batch);
bool db_batch_is_withdrawn(const struct db_batch *batch);
/* Forgets results and error, keeps the queries: for a second run. */
void db_batch_rewind(struct db_batch *batch);
void db_batch_fail(struct db_batch *batch, enum error error, const char *message);
/* After the deadline, so long PostgreSQL's own word is waited for: it tells whether a write was rolled back. */
enum { DB_BATCH_GRACE_MS = 50 };
/* What has waited for longer before it is sent is told what is left of its time: PostgreSQL's word comes within the grace. */
enum { DB_BATCH_LATE_MS = DB_BATCH_GRACE_MS - 10 };
/* Notes whether PostgreSQL's own timeout would come later than the deadline by more than `slack_ms`. */
void db_batch_note_lateness(struct db_batch *batch, unsigned timeout_ms, unsigned slack_ms, uint64_t now_ns);
/* Fails a batch that was sent and is not over at its deadline. */
void db_batch_miss_deadline(struct db_batch *batch);
/* PostgreSQL ended it at its deadline. */
void db_batch_end_at_deadline(struct db_batch *batch);
/* Frees the results; the batch is as after db_batch_init(). */
void db_batch_cleanup(struct db_batch *batch);
