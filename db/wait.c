#include "db/wait.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/backoff.h"
#include "db/lookup.h"
#include "db/rerun.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

enum {
	PROBE_MS = 200,
	PLACE_TRIES = 20, /* a session that was closed takes a moment to be gone */
	PLACE_MS = 10,
};

static void note_over(struct db_conn *conn, struct db_batch *batch, enum db_conn_outcome outcome)
{
	(void)conn;
	batch->comes_back = outcome != DB_CONN_DONE && rerun_may(batch, outcome);
}

void db_wait_init(struct db_wait *wait, const struct db_settings *settings, unsigned number)
{
	*wait = (struct db_wait){.catalog = settings->catalog};
	db_conn_init(&wait->reads, settings, true, number * 2, note_over);
	db_conn_init(&wait->writes, settings, false, number * 2 + 1, note_over);
}

void db_wait_turn(struct db_wait *wait, struct db_catalog catalog)
{
	wait->catalog = catalog;
}

void db_wait_cleanup(struct db_wait *wait)
{
	db_conn_close(&wait->reads);
	db_conn_close(&wait->writes);
}

/* Waits until the socket is ready, then goes on. 0: went on; 1: the deadline passed; -1: lost. */
static int wait_and_advance(struct db_conn *conn, uint64_t deadline_ns)
{
	struct pollfd ready = {.fd = db_conn_socket(conn)};
	uint64_t now_ns = clock_now_ns();
	struct timespec left;
	int count;

	if (now_ns >= deadline_ns)
		return 1;
	left.tv_sec = (time_t)((deadline_ns - now_ns) / NS_PER_S);
	left.tv_nsec = (long)((deadline_ns - now_ns) % NS_PER_S);
	ready.events = (short)((db_conn_wants_read(conn) ? POLLIN : 0) | (db_conn_wants_write(conn) ? POLLOUT : 0));
	count = ppoll(&ready, 1, &left, NULL);
	if (count == 0)
		return 1;
	if (count < 0)
		return errno == EINTR ? 0 : -1;
	return db_conn_advance(conn);
}

/* Begins to connect, once it is known where. As wait_and_advance(). */
static int begin_to_connect(struct db_conn *conn, uint64_t deadline_ns)
{
	struct db_lookup *lookup = db_lookup_start(conn->settings->conninfo);
	struct db_found found;
	int status = 1;

	if (lookup == NULL)
		return db_conn_open(conn, NULL);
	conn->error[0] = '\0';
	if (db_lookup_wait(lookup, deadline_ns)) {
		found = db_lookup_found(lookup);
		status = found.error == NULL ? db_conn_open(conn, &found) : -1;
		if (found.error != NULL)
			snprintf(conn->error, sizeof(conn->error), "%s", found.error);
	}
	db_lookup_release(lookup);
	return status;
}

int db_wait_open(struct db_conn *conn, uint64_t deadline_ns)
{
	uint64_t longest_ns = clock_now_ns() + conn->settings->connect_timeout_ms * NS_PER_MS;
	bool is_short = deadline_ns < longest_ns;
	int status = begin_to_connect(conn, is_short ? deadline_ns : longest_ns);

	while (status == 0 && !db_conn_is_usable(conn))
		status = wait_and_advance(conn, is_short ? deadline_ns : longest_ns);
	if (status == 0)
		return 0;
	if (status > 0 && is_short) {
		db_conn_close(conn);
		return 1;
	}
	if (status > 0)
		snprintf(conn->error, sizeof(conn->error), "no connection within %u ms",
			 conn->settings->connect_timeout_ms);
	db_conn_close(conn);
	return -1;
}

static void close_and_say_why(struct db_conn *conn)
{
	if (conn->error[0] != '\0')
		log_warning("db", "conn %u lost: %s", conn->number, conn->error);
	db_conn_close(conn);
}

int db_wait_prepare(struct db_conn *conn, struct db_batch *batch)
{
	enum db_conn_readiness readiness = db_conn_prepare(conn, batch, false);
	int status = readiness == DB_CONN_BROKEN ? -1 : 0;

	while (status == 0 && readiness == DB_CONN_WAITS) {
		status = wait_and_advance(conn, batch->deadline_ns + DB_BATCH_GRACE_MS * NS_PER_MS);
		if (status == 0)
			readiness = db_conn_prepare(conn, batch, true);
		if (readiness == DB_CONN_BROKEN)
			status = -1;
	}
	if (status == 0 && readiness == DB_CONN_READY)
		return 0;
	batch->done_ns = clock_now_ns();
	if (status > 0)
		db_batch_fail(batch, ERROR_DEADLINE, db_not_prepared);
	if (status != 0)
		close_and_say_why(conn);
	if (status < 0)
		conn->over(conn, batch, DB_CONN_NOT_RUN);
	return -1;
}

void db_wait_exchange(struct db_conn *conn, struct db_batch *batch)
{
	int status;

	if (db_wait_prepare(conn, batch) != 0)
		return;
	status = db_conn_send(conn, batch, true);
	/* PostgreSQL's statement_timeout began a little later than the request: its word spares a new connection */
	while (status == 0 && (batch->slot != NULL || UNLIKELY(db_conn_is_taken_back(conn))))
		status = wait_and_advance(conn, batch->deadline_ns + DB_BATCH_GRACE_MS * NS_PER_MS);
	if (status == 0)
		return;
	if (status > 0 && batch->slot != NULL) {
		db_conn_forget(batch);
		batch->done_ns = clock_now_ns();
		db_batch_miss_deadline(batch);
	}
	/* what it is still busy with, its statement_timeout ends; the next batch is not to wait for that */
	close_and_say_why(conn);
}

static void count(atomic_ullong *number)
{
	atomic_fetch_add_explicit(number, 1, memory_order_relaxed);
}

static void note_connections(struct db_wait *wait, bool is_busy)
{
	unsigned open = (unsigned)db_conn_is_usable(&wait->reads) + (unsigned)db_conn_is_usable(&wait->writes);

	atomic_store_explicit(&wait->open, open, memory_order_relaxed);
	atomic_store_explicit(&wait->busy, is_busy, memory_order_relaxed);
}

void db_wait_count(const struct db_wait *wait, struct db_numbers *numbers)
{
	numbers->open += atomic_load_explicit(&wait->open, memory_order_relaxed);
	numbers->busy += atomic_load_explicit(&wait->busy, memory_order_relaxed);
	numbers->lost += atomic_load_explicit(&wait->lost, memory_order_relaxed);
	numbers->run_again += atomic_load_explicit(&wait->run_again, memory_order_relaxed);
	numbers->units += atomic_load_explicit(&wait->units, memory_order_relaxed);
}

/* An idle connection that the server has closed in the meantime is noticed before anything is sent on it. The server's
 * goodbye and the end of the connection are read one by one: libpq takes the first for a notice. */
static void close_when_stale(struct db_wait *wait, struct db_conn *conn)
{
	struct pollfd ready = {.fd = db_conn_socket(conn), .events = POLLIN};

	while (db_conn_is_usable(conn) && poll(&ready, 1, 0) > 0)
		if (db_conn_advance(conn) != 0) {
			log_warning("db", "conn %u lost: %s", conn->number, conn->error);
			db_conn_close(conn);
			count(&wait->lost);
		}
}

/* Lets an open connection prepare the statements of this edition. Returns 1 when the deadline passed meanwhile. */
static int turn_when_needed(struct db_wait *wait, struct db_conn *conn, uint64_t deadline_ns)
{
	int status;

	if (!db_conn_is_usable(conn) || conn->catalog.edition == wait->catalog.edition)
		return 0;
	status = db_conn_turn(conn, wait->catalog);
	while (status == 0 && !db_conn_is_usable(conn))
		status = wait_and_advance(conn, deadline_ns);
	if (status == 0)
		return 0;
	if (status < 0) {
		log_warning("db", "conn %u lost: %s", conn->number, conn->error);
		count(&wait->lost);
	}
	db_conn_close(conn);
	return status > 0;
}

bool db_wait_is_cut_off(const struct db_wait *wait)
{
	return wait->failures > 0 && !db_conn_is_usable(&wait->reads) && !db_conn_is_usable(&wait->writes);
}

/* As db_wait_open(). */
static int open_when_needed(struct db_wait *wait, struct db_conn *conn, const struct db_batch *batch)
{
	unsigned dismissed = 0;
	int status;

	close_when_stale(wait, conn);
	if (turn_when_needed(wait, conn, batch->deadline_ns) > 0)
		return 1;
	if (db_conn_is_usable(conn))
		return 0;
	conn->catalog = wait->catalog;
	if (wait->failures > 0 && clock_now_ns() < wait->retry_ns)
		return -1;
	do
		status = db_wait_open(conn, batch->deadline_ns);
	while (conn->gave_up && ++dismissed <= DB_CONN_DISMISSED_MAX);
	if (status > 0)
		return 1;
	if (status == 0) {
		if (wait->failures > 0)
			log_info("db", "conn %u: connected again", conn->number);
		wait->failures = 0;
		return 0;
	}
	if (wait->failures++ == 0)
		log_error("db", "conn %u: cannot connect: %s", conn->number, conn->error);
	wait->retry_ns = clock_now_ns() + backoff_ns(wait->failures);
	return -1;
}

/* PostgreSQL has no connection left for writes: the one for reads makes room, since one for writes serves both. */
static int open_in_place(struct db_wait *wait, const struct db_batch *batch)
{
	struct timespec moment = {.tv_nsec = PLACE_MS * NS_PER_MS};
	int status = -1;

	log_info("db", "conn %u closed: PostgreSQL grants no other, and a write needs its place", wait->reads.number);
	db_conn_close(&wait->reads);
	for (unsigned i = 0; i < PLACE_TRIES && status < 0; i++) {
		nanosleep(&moment, NULL);
		wait->retry_ns = 0;
		status = open_when_needed(wait, &wait->writes, batch);
	}
	return status;
}

/* The connection for the batch; `status` as of db_wait_open(). */
static struct db_conn *connection_for(struct db_wait *wait, const struct db_batch *batch, bool is_read_only,
				      int *status)
{
	struct db_conn *own = is_read_only ? &wait->reads : &wait->writes,
		       *other = is_read_only ? &wait->writes : &wait->reads;

	*status = open_when_needed(wait, own, batch);
	if (*status >= 0)
		return own;
	close_when_stale(wait, other);
	if (!db_conn_is_usable(other))
		return own;
	if (!is_read_only) {
		if (own->is_full)
			*status = open_in_place(wait, batch);
		return own;
	}
	*status = 0;
	return other;
}

void db_wait_probe(struct db_wait *wait)
{
	struct db_batch nothing;

	if (wait->failures == 0 || clock_now_ns() < wait->retry_ns)
		return;
	db_batch_init(&nothing);
	nothing.deadline_ns = clock_now_ns() + PROBE_MS * NS_PER_MS;
	if (open_when_needed(wait, &wait->reads, &nothing) > 0)
		wait->retry_ns = clock_now_ns() + backoff_ns(++wait->failures);
	note_connections(wait, false);
}

static void rest(struct db_conn *conn, uint64_t now_ns)
{
	if (!conn->has_grown || !db_conn_is_usable(conn))
		return;
	if (now_ns <= conn->progress_ns + DB_CONN_REST_S * NS_PER_S)
		return;
	log_debug("db", "conn %u closed: a large result has grown its buffer", conn->number);
	db_conn_close(conn);
}

void db_wait_rest(struct db_wait *wait, uint64_t now_ns)
{
	rest(&wait->reads, now_ns);
	rest(&wait->writes, now_ns);
	note_connections(wait, false);
}

static void exchange(struct db_wait *wait, struct db_conn *conn, struct db_batch *batch)
{
	note_connections(wait, true);
	count(&wait->units);
	db_batch_note_lateness(batch, conn->settings->statement_timeout_ms, DB_BATCH_LATE_MS, clock_now_ns());
	db_wait_exchange(conn, batch);
	if (conn->error[0] != '\0')
		count(&wait->lost);
	note_connections(wait, false);
}

/* Whether the batch runs again for the sake of other transactions; rests before. */
static bool runs_again_rested(struct db_batch *batch)
{
	uint64_t rest_ns = UNLIKELY(batch->is_rolled_back) ? rerun_rest_ns(batch, clock_now_ns()) : 0;
	struct timespec rest = {.tv_nsec = (long)rest_ns};

	if (rest_ns > 0)
		nanosleep(&rest, NULL);
	return rest_ns > 0;
}

/* After an exchange: whether there is to be another one. */
static bool runs_again(struct db_wait *wait, struct db_batch *batch)
{
	if (!batch->comes_back && !runs_again_rested(batch))
		return false;
	batch->was_run_again |= batch->comes_back;
	db_batch_rewind(batch);
	count(&wait->run_again);
	return true;
}

void db_wait_run(struct db_wait *wait, struct db_batch *batch)
{
	bool is_read_only = db_batch_is_read_only(batch);
	struct db_conn *conn = NULL;

	if (db_batch_is_abandoned(batch)) {
		db_batch_end_unsent(batch, clock_now_ns());
		return;
	}
	do {
		int status = 1;

		if (clock_now_ns() < batch->deadline_ns)
			conn = connection_for(wait, batch, is_read_only, &status);
		if (status != 0) {
			batch->done_ns = clock_now_ns();
			if (status > 0)
				db_batch_fail(batch, ERROR_DEADLINE, "the deadline passed before anything was asked");
			else
				db_batch_fail(batch, ERROR_DATABASE_UNAVAILABLE, db_unreachable);
			return;
		}
		batch->comes_back = false;
		exchange(wait, conn, batch);
	} while (runs_again(wait, batch));
}
