#include "db/pooler.h"

#include "base/clock.h"
#include "db/wait.h"

#include <stdlib.h>

enum { ROUNDS = 5 };

static const char fault[] =
    "a transaction pooler (PgBouncer's pool_mode = transaction or statement, or the like) stands in front of "
    "PostgreSQL, "
    "and what this program sets in a session would be other clients'; serve with --db-pooler transaction, or connect "
    "past the pooler";
static const char session_fault[] =
    "a session pooler (PgBouncer's pool_mode = session, or the like) stands in front of PostgreSQL, and may give what "
    "is "
    "sent ahead to another client; serve with --db-pooler session, or connect past the pooler";

static const struct db_statement ask_pid = {.sql = "SELECT pg_catalog.pg_backend_pid()", .is_read_only = true};

static void note_over(struct db_conn *conn, struct db_batch *batch, enum db_conn_outcome outcome)
{
	(void)conn;
	if (outcome != DB_CONN_DONE)
		db_batch_fail(batch, ERROR_DATABASE_UNAVAILABLE, "");
}

void pooler_init_probe(struct db_conn *probe, struct db_settings *settings, const struct db_settings *own)
{
	*settings = *own;
	settings->pooler = DB_POOLER_TRANSACTION;
	settings->catalog = (struct db_catalog){0};
	settings->depth = 1;
	db_conn_init(probe, settings, true, 0, note_over);
}

/* Returns the process behind the connection's next transaction; 0: it did not answer. */
static int ask(struct db_conn *conn, uint64_t deadline_ns)
{
	struct db_batch batch;
	int pid = 0;

	if (!db_conn_is_usable(conn))
		return 0;
	db_batch_init(&batch);
	batch.deadline_ns = deadline_ns;
	db_batch_add(&batch, &ask_pid, NULL);
	db_wait_exchange(conn, &batch);
	if (batch.error == ERROR_NONE && db_row_count(batch.queries[0].result) == 1)
		pid = (int)strtol(db_value(batch.queries[0].result, 0, 0).at, NULL, 10);
	db_batch_cleanup(&batch);
	return pid;
}

/* A session of one's own has one process, and no other has it; an idle one of a transaction pooler's is the next
 * client's. One that does not answer is held up by those that are open: they are sessions. */
static bool are_sessions_shared(struct db_conn *first, struct db_conn *second, int pid, uint64_t deadline_ns)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		int other = ask(second, deadline_ns), same;

		if (other == 0)
			return false;
		same = ask(first, deadline_ns);
		if (other == pid || (same != 0 && same != pid))
			return true;
	}
	return false;
}

const char *pooler_fault(const struct db_settings *settings, struct db_conn *probe)
{
	uint64_t deadline_ns = clock_now_ns() + settings->connect_timeout_ms * NS_PER_MS;
	struct db_settings of_second;
	struct db_conn second;
	int pid = ask(probe, deadline_ns);
	bool is_shared;

	if (pid == 0 || pid == PQbackendPID(probe->pg))
		return NULL;
	pooler_init_probe(&second, &of_second, settings);
	is_shared = db_wait_open(&second, deadline_ns) == 0 && are_sessions_shared(probe, &second, pid, deadline_ns);
	db_conn_close(&second);
	if (!is_shared && settings->pooler == DB_POOLER_NONE)
		return session_fault;
	return is_shared ? fault : NULL;
}
