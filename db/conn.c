#include "db/conn_parts.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/require.h"
#include "db/sqlstate.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

/* States */

#define TO(state) (1u << (state))

static const unsigned allowed_moves[CONN_STATE_COUNT] = {
    [CONN_CLOSED] = TO(CONN_CONNECTING),
    [CONN_CONNECTING] = TO(CONN_PREPARING) | TO(CONN_CLOSED),
    [CONN_PREPARING] = TO(CONN_READY) | TO(CONN_CLOSED),
    [CONN_READY] = TO(CONN_BUSY) | TO(CONN_CLOSED),
    [CONN_BUSY] = TO(CONN_READY) | TO(CONN_CLOSED),
};

bool db_conn_may_move(enum db_conn_state from, enum db_conn_state to)
{
	return (allowed_moves[from] & TO(to)) != 0;
}

const char *db_conn_state_name(enum db_conn_state state)
{
	static const char *const names[CONN_STATE_COUNT] = {"CLOSED", "CONNECTING", "PREPARING", "READY", "BUSY"};

	return names[state];
}

/* One more than the depth, since a batch may be over, and its slot still wait for the unit's Sync. A statement is
 * prepared once, and again while the Sync of its failure is still on its way. */
static unsigned ring_size(const struct db_conn *conn)
{
	return conn->settings->depth + 1 + 2 * conn->settings->statement_count;
}

struct db_slot *db_conn_slot(const struct db_conn *conn, unsigned i)
{
	return &conn->slots[(conn->head + i) % ring_size(conn)];
}

void conn_set_state(struct db_conn *conn, enum db_conn_state state)
{
	REQUIRE(db_conn_may_move(conn->state, state));
	if (state <= CONN_PREPARING || conn->state <= CONN_PREPARING)
		log_debug("db", "conn %u: %s -> %s", conn->number, db_conn_state_name(conn->state),
			  db_conn_state_name(state));
	conn->state = state;
}

void db_conn_init(struct db_conn *conn, const struct db_settings *settings, bool is_read_only, unsigned number,
		  db_conn_over_fn *over)
{
	*conn = (struct db_conn){.settings = settings, .is_read_only = is_read_only, .number = number, .over = over};
}

/* Notes why, without the line break that libpq ends its messages with. */
int conn_fail(struct db_conn *conn, const char *why)
{
	size_t length = strlen(why);

	while (length > 0 && why[length - 1] == '\n')
		length--;
	snprintf(conn->error, sizeof(conn->error), "%.*s", (int)length, why);
	return -1;
}

/* Connecting */

static void on_notice(void *data, const PGresult *notice)
{
	const struct db_conn *conn = data;
	const char *message = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);

	log_debug("db", "conn %u: %s", conn->number, message != NULL ? message : "a notice without text");
}

int db_conn_open(struct db_conn *conn, const char *host, const char *hostaddr)
{
	/* Before `dbname`: defaults that the user's string may change. After it: what the program relies on.
	 * GSS would cost a round trip; a dead peer of an idle connection is noticed within 11 s. */
	const char *keywords[] = {"gssencmode",
				  "keepalives_idle",
				  "keepalives_interval",
				  "keepalives_count",
				  "tcp_user_timeout",
				  "fallback_application_name",
				  "dbname",
				  "client_encoding",
				  host != NULL ? "host" : NULL,
				  "hostaddr",
				  NULL};
	const char *values[] = {"disable", "5",  "2",      "3", "5000", "meantime", conn->settings->conninfo,
				"UTF8",    host, hostaddr, NULL};

	conn_set_state(conn, CONN_CONNECTING);
	conn->error[0] = '\0';
	conn->wants_write = conn->is_inside_query = conn->is_retiring = conn->has_complained = false;
	conn->changed_by = NULL;
	conn->head = conn->in_flight = conn->units_in_flight = conn->preparing = 0;
	conn->head_bytes = 0;
	conn->unit_ns = 0;
	conn->progress_ns = clock_now_ns();
	conn->slots = memory_alloc_zeroed(ring_size(conn), sizeof(*conn->slots));
	conn->is_prepared = memory_alloc_zeroed(conn->settings->statement_count + 1, sizeof(*conn->is_prepared));
	conn->pg = PQconnectStartParams(keywords, values, 1);
	if (conn->pg == NULL)
		return conn_fail(conn, "out of memory in libpq");
	if (PQstatus(conn->pg) == CONNECTION_BAD)
		return conn_fail(conn, PQerrorMessage(conn->pg));
	PQsetNoticeReceiver(conn->pg, on_notice, conn);
	conn->polling = PGRES_POLLING_WRITING;
	return 0;
}

int conn_flush(struct db_conn *conn)
{
	int left = PQflush(conn->pg);

	if (left < 0)
		return conn_fail(conn, PQerrorMessage(conn->pg));
	conn->wants_write = left > 0;
	return 0;
}

static int advance_connecting(struct db_conn *conn)
{
	conn->polling = PQconnectPoll(conn->pg);
	if (conn->polling == PGRES_POLLING_FAILED)
		return conn_fail(conn, PQerrorMessage(conn->pg));
	if (conn->polling == PGRES_POLLING_OK)
		return conn_send_setup(conn);
	return 0;
}

/* The server ends the session instead of answering: it is lost, but what it was working on is known not to have
 * happened. */
bool conn_is_farewell(const PGresult *result)
{
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	return severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

/* Sending */

static struct db_slot *head_slot(const struct db_conn *conn)
{
	return &conn->slots[conn->head];
}

/* The results are there, the Sync is not. */
static bool head_awaits_sync(const struct db_conn *conn)
{
	return conn->in_flight > 0 && head_slot(conn)->results_left == 0 && head_slot(conn)->prepares == NULL;
}

bool db_conn_is_full(const struct db_conn *conn)
{
	return conn->in_flight - conn->preparing - head_awaits_sync(conn) >= conn->settings->depth;
}

static int send_query(struct db_conn *conn, const struct db_query *query)
{
	const struct db_statement *statement = query->statement;
	int count = (int)statement->parameter_count;
	int is_sent;

	REQUIRE(statement->name == NULL || conn->is_prepared[statement->index]);
	if (statement->name != NULL)
		is_sent = PQsendQueryPrepared(conn->pg, statement->name, count, query->values, NULL, NULL, 0);
	else
		is_sent = PQsendQueryParams(conn->pg, statement->sql, count, NULL, query->values, NULL, NULL, 0);
	return is_sent ? 0 : conn_fail(conn, PQerrorMessage(conn->pg));
}

static int send_timeout(struct db_conn *conn, unsigned timeout_ms)
{
	char text[16];
	const char *values[] = {text};

	snprintf(text, sizeof(text), "%u", timeout_ms);
	if (!PQsendQueryPrepared(conn->pg, conn_timeout_statement, 1, values, NULL, NULL, 0))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	return 0;
}

/* What goes before the queries. The session's default makes a read's transaction read-only already; this holds even
 * when a function called before has changed the default. */
static int send_preamble(struct db_conn *conn, bool is_read_only, unsigned timeout_ms)
{
	if (is_read_only && !PQsendQueryPrepared(conn->pg, conn_read_only_statement, 0, NULL, NULL, NULL, 0))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	return timeout_ms > 0 ? send_timeout(conn, timeout_ms) : 0;
}

struct db_slot *conn_add_slot(struct db_conn *conn, struct db_slot slot)
{
	struct db_slot *place = db_conn_slot(conn, conn->in_flight++);

	REQUIRE(conn->in_flight <= ring_size(conn));
	if (conn->state == CONN_READY) {
		conn_set_state(conn, CONN_BUSY);
		conn->progress_ns = clock_now_ns();
	}
	*place = slot;
	return place;
}

int db_conn_send(struct db_conn *conn, struct db_batch *batch, bool ends_unit)
{
	const struct db_statement *statement = batch->queries[0].statement;
	/* a unit leaves at its end, all of it at once */
	bool is_first = conn->unit_ns == 0, becomes_read_only = is_first && conn->is_read_only;
	struct db_slot *slot;

	REQUIRE(db_conn_is_usable(conn) && !db_conn_is_full(conn));
	if (is_first)
		conn->unit_ns = clock_now_ns();
	batch->sent_ns = conn->unit_ns;
	slot =
	    conn_add_slot(conn, (struct db_slot){
				    .batch = batch,
				    .lone = is_first && ends_unit ? statement : NULL,
				    .preamble_left = (unsigned char)(becomes_read_only + (statement->timeout_ms > 0)),
				    .ends_unit = ends_unit,
				    .is_read_only = db_batch_is_read_only(batch),
				});
	slot->results_left = (unsigned short)(batch->query_count + slot->preamble_left);
	batch->slot = slot;
	if (send_preamble(conn, becomes_read_only, statement->timeout_ms) != 0)
		return -1;
	for (unsigned i = 0; i < batch->query_count; i++)
		if (send_query(conn, &batch->queries[i]) != 0)
			return -1;
	if (!ends_unit)
		return 0;
	conn->unit_ns = 0;
	conn->units_in_flight++;
	if (!PQpipelineSync(conn->pg))
		return conn_fail(conn, PQerrorMessage(conn->pg));
	return conn_flush(conn);
}

void db_conn_forget(struct db_batch *batch)
{
	REQUIRE(batch->slot != NULL);
	batch->slot->batch = NULL;
	batch->slot = NULL;
}

/* Receiving */

static void hand_back(struct db_conn *conn, struct db_slot *slot, enum db_conn_outcome outcome)
{
	struct db_batch *batch = slot->batch;

	if (batch == NULL)
		return;
	slot->batch = NULL;
	batch->slot = NULL;
	batch->done_ns = conn->progress_ns;
	conn->over(conn, batch, outcome);
}

static void pop_head(struct db_conn *conn)
{
	conn->preparing -= head_slot(conn)->prepares != NULL;
	conn->head = (conn->head + 1) % ring_size(conn);
	conn->in_flight--;
}

/* The statement_timeout that goes with the deadline: which of the two is noticed first is chance, and no difference to
 * the client. */
static bool is_our_timeout(const struct db_batch *batch, const char *sqlstate)
{
	return strcmp(sqlstate, "57014") == 0 && clock_now_ns() >= batch->deadline_ns;
}

/* "Failing row contains (...)": columns that the endpoint never selected. */
static bool shows_whole_row(const char *sqlstate)
{
	return strcmp(sqlstate, "23502") == 0 || strcmp(sqlstate, "23514") == 0;
}

/* PostgreSQL says whose text it could not read in the last line of the context: "unnamed portal parameter $1 = '...'",
 * when its messages are in English. 0: it does not. */
static unsigned refused_parameter(const PGresult *error)
{
	static const char mark[] = "unnamed portal parameter $";
	const char *context = PQresultErrorField(error, PG_DIAG_CONTEXT), *line;

	if (context == NULL)
		return 0;
	line = strrchr(context, '\n');
	line = line != NULL ? line + 1 : context;
	return strncmp(line, mark, strlen(mark)) == 0 ? (unsigned)strtoul(line + strlen(mark), NULL, 10) : 0;
}

/* Closed as soon as nobody is on it; those who are get their answers. */
static void retire(struct db_conn *conn, const char *why)
{
	conn_fail(conn, why);
	conn->is_retiring = true;
}

static int take_error(struct db_conn *conn, struct db_slot *slot, PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	struct db_batch *batch = slot->batch;

	if (sqlstate == NULL || conn_is_farewell(result)) {
		conn_fail(conn, message != NULL ? message : PQresultErrorMessage(result));
		if (sqlstate != NULL && batch != NULL && !slot->is_read_only && slot->results_left > 0 &&
		    batch->error == ERROR_NONE) {
			snprintf(batch->sqlstate, sizeof(batch->sqlstate), "%s", sqlstate);
			db_batch_fail(batch, ERROR_DATABASE_UNAVAILABLE,
				      "the database ended the session; nothing was written");
		}
		PQclear(result);
		return -1;
	}
	if (slot->prepares != NULL && slot->results_left > 0)
		conn_note_unprepared(conn, slot->prepares, result);
	if (batch != NULL && slot->results_left == 0 && batch->failed == NULL)
		batch->error = ERROR_NONE; /* the commit's failure is what counts */
	if (batch == NULL || batch->error != ERROR_NONE) {
		PQclear(result);
		return 0;
	}
	if (is_our_timeout(batch, sqlstate)) {
		db_batch_miss_deadline(batch);
		PQclear(result);
		return 0;
	}
	batch->failed = (struct db_result *)result;
	snprintf(batch->sqlstate, sizeof(batch->sqlstate), "%s", sqlstate);
	if (strcmp(sqlstate, "26000") == 0)
		message =
		    "the statement does not prepare any more: a table may have changed; the log says what is wrong";
	db_batch_fail(batch, error_from_sqlstate(sqlstate), message != NULL ? message : "");
	batch->refused_parameter = refused_parameter(result);
	batch->detail = detail != NULL && !shows_whole_row(sqlstate) ? detail : "";
	return 0;
}

/* In text form. The memory it takes is known at once, and is always more. */
static bool is_too_large(const PGresult *result, size_t limit_bytes)
{
	size_t bytes = 0;

	if (PQresultMemorySize(result) <= limit_bytes)
		return false;
	for (int row = 0; row < PQntuples(result); row++)
		for (int column = 0; column < PQnfields(result); column++)
			bytes += (size_t)PQgetlength(result, row, column);
	return bytes > limit_bytes;
}

static void take_rows(struct db_conn *conn, struct db_slot *slot, PGresult *result)
{
	struct db_batch *batch = slot->batch;

	if (slot->preamble_left > 0 || batch == NULL || batch->arrived == batch->query_count) {
		if (slot->preamble_left > 0)
			slot->preamble_left--;
		PQclear(result);
		return;
	}
	if (is_too_large(result, conn->settings->result_limit_bytes))
		db_batch_fail(batch, ERROR_RESULT_TOO_LARGE,
			      slot->is_read_only ? "the result is larger than max_result_bytes; ask for less"
						 : "it was written, but its result is larger than max_result_bytes");
	batch->queries[batch->arrived++].result = (struct db_result *)result;
}

/* One result of the query at the head. */
static int take_result(struct db_conn *conn, PGresult *result)
{
	struct db_slot *slot = head_slot(conn);

	conn->is_inside_query = true;
	conn->head_bytes = 0;
	switch (PQresultStatus(result)) {
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
	case PGRES_EMPTY_QUERY:
		take_rows(conn, slot, result);
		return 0;
	case PGRES_PIPELINE_ABORTED:
		PQclear(result);
		return 0;
	case PGRES_FATAL_ERROR:
		return take_error(conn, slot, result);
	default:
		/* COPY and the like: the parser of endpoint files lets none through */
		PQclear(result);
		return conn_fail(conn, "an answer of a kind that this program does not ask for");
	}
}

/* All results of the head's batch are there. A read is over now; a write only when its Sync is: the commit. */
static void end_batch(struct db_conn *conn)
{
	struct db_slot *slot = head_slot(conn);
	struct db_batch *batch = slot->batch;
	bool was_run = batch == NULL || batch->error != ERROR_NONE || batch->arrived == batch->query_count;

	if (slot->is_read_only || !slot->ends_unit)
		hand_back(conn, slot, was_run ? DB_CONN_DONE : DB_CONN_NOT_RUN);
	if (!slot->ends_unit)
		pop_head(conn);
}

static void end_query(struct db_conn *conn)
{
	struct db_slot *slot = head_slot(conn);

	conn->is_inside_query = false;
	/* an error in place of the Sync: the commit failed; the Sync follows all the same */
	if (slot->results_left == 0)
		return;
	if (--slot->results_left == 0)
		end_batch(conn);
}

/* What was answered meanwhile may look different, or worse. Reads run again elsewhere, so the connection is given up at
 * once; a write is not run twice. */
static int end_changed_session(struct db_conn *conn, const char *setting, const struct db_statement *lone)
{
	char why[sizeof(conn->error)];

	conn->changed_by = lone;
	snprintf(why, sizeof(why), "%s%s changed %s for its session, not for its transaction",
		 lone != NULL ? "the statement of " : "a statement", lone != NULL ? lone->name : "", setting);
	if (conn->is_read_only)
		return conn_fail(conn, why);
	retire(conn, why);
	return 0;
}

static int end_unit(struct db_conn *conn)
{
	const struct db_statement *lone = head_slot(conn)->lone;
	const char *changed = conn->is_retiring ? NULL : conn_changed_setting(conn);

	REQUIRE(conn->in_flight > 0 && head_slot(conn)->ends_unit && head_slot(conn)->results_left == 0);
	hand_back(conn, head_slot(conn), DB_CONN_DONE);
	pop_head(conn);
	conn->units_in_flight--;
	if (conn->in_flight == 0)
		conn_set_state(conn, CONN_READY);
	if (changed != NULL && end_changed_session(conn, changed, lone) != 0)
		return -1;
	if (conn->is_retiring && conn->in_flight == 0)
		return -1;
	return 0;
}

/* What is there arrived at one time, and waits no longer for PostgreSQL while those before it are being handled. */
static int receive_results(struct db_conn *conn)
{
	uint64_t arrived_ns = 0;

	while (!PQisBusy(conn->pg)) {
		PGresult *result = PQgetResult(conn->pg);

		if (result == NULL) {
			if (PQstatus(conn->pg) == CONNECTION_BAD)
				return conn_fail(conn, PQerrorMessage(conn->pg));
			if (!conn->is_inside_query)
				return 0;
			end_query(conn);
			continue;
		}
		if (arrived_ns == 0)
			arrived_ns = clock_now_ns();
		conn->progress_ns = arrived_ns;
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
			PQclear(result);
			if (end_unit(conn) != 0)
				return -1;
		} else if (conn->in_flight == 0) {
			/* not asked for: the server says goodbye to an idle session */
			conn_fail(conn, PQresultErrorMessage(result));
			PQclear(result);
			return -1;
		} else if (take_result(conn, result) != 0) {
			return -1;
		}
	}
	return 0;
}

static size_t waiting_bytes(const struct db_conn *conn)
{
	int waiting = 0;

	return ioctl(PQsocket(conn->pg), FIONREAD, &waiting) == 0 && waiting > 0 ? (size_t)waiting : 0;
}

/* libpq keeps a result in memory however large it grows, and may read much of it in one go; so what arrives of one that
 * is not complete is counted, roughly: more may come while it is being read. */
static int consume(struct db_conn *conn)
{
	bool is_counted = conn->head_bytes > 0;
	size_t before = is_counted ? waiting_bytes(conn) : 0, after;

	if (!PQconsumeInput(conn->pg))
		return -1;
	if (conn->state != CONN_BUSY)
		return 0;
	after = is_counted ? waiting_bytes(conn) : 0;
	conn->head_bytes += before > after ? before - after : 1;
	return 0;
}

/* After what has come was looked at: head_bytes is 0 again when a result was complete. */
static int bound_result(struct db_conn *conn)
{
	if (conn->state != CONN_BUSY || conn->head_bytes <= 2 * conn->settings->result_limit_bytes + 65536)
		return 0;
	/* whether a write that is cut off here was committed, nobody knows: it is lost */
	if (head_slot(conn)->batch != NULL && head_slot(conn)->is_read_only)
		db_batch_fail(head_slot(conn)->batch, ERROR_RESULT_TOO_LARGE,
			      "the result is larger than max_result_bytes; ask for less");
	return conn_fail(conn, "a result larger than max_result_bytes was cut off");
}

static int advance_open(struct db_conn *conn)
{
	if (consume(conn) != 0) {
		/* what the server said before it went is still to be read */
		if (conn->state != CONN_PREPARING && receive_results(conn) != 0)
			return -1;
		return conn_fail(conn, PQerrorMessage(conn->pg));
	}
	if (conn->wants_write && conn_flush(conn) != 0)
		return -1;
	if (conn->state == CONN_PREPARING)
		return conn_receive_setup(conn);
	return receive_results(conn) == 0 ? bound_result(conn) : -1;
}

int db_conn_advance(struct db_conn *conn)
{
	REQUIRE(conn->state != CONN_CLOSED);
	if (conn->state == CONN_CONNECTING)
		return advance_connecting(conn);
	return advance_open(conn);
}

int db_conn_socket(const struct db_conn *conn)
{
	return conn->pg != NULL ? PQsocket(conn->pg) : -1;
}

bool db_conn_wants_read(const struct db_conn *conn)
{
	return conn->state != CONN_CONNECTING || conn->polling == PGRES_POLLING_READING;
}

bool db_conn_wants_write(const struct db_conn *conn)
{
	return conn->state == CONN_CONNECTING ? conn->polling == PGRES_POLLING_WRITING : conn->wants_write;
}

void db_conn_close(struct db_conn *conn)
{
	struct db_slot *slots = conn->slots;
	unsigned head = conn->head, in_flight = conn->in_flight;

	if (conn->state == CONN_CLOSED)
		return;
	PQfinish(conn->pg);
	conn->pg = NULL;
	conn->slots = NULL;
	free(conn->is_prepared);
	conn->is_prepared = NULL;
	conn->in_flight = conn->units_in_flight = conn->preparing = 0;
	conn_set_state(conn, CONN_CLOSED);
	conn->progress_ns = clock_now_ns();
	/* last, since whoever gets a batch back may want to send it again */
	for (unsigned i = 0; i < in_flight; i++)
		hand_back(conn, &slots[(head + i) % ring_size(conn)], DB_CONN_LOST);
	free(slots);
}
