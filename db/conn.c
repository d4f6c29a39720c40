#include "db/conn_parts.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/require.h"
#include "db/conninfo.h"
#include "db/hosts.h"
#include "db/intake.h"
#include "db/spares.h"

#include <stdio.h>
#include <stdlib.h>

/* States */

#define TO(state) (1u << (state))

static const unsigned allowed_moves[CONN_STATE_COUNT] = {
    [CONN_CLOSED] = TO(CONN_CONNECTING),
    [CONN_CONNECTING] = TO(CONN_PREPARING) | TO(CONN_CLOSED),
    [CONN_PREPARING] = TO(CONN_READY) | TO(CONN_CLOSED),
    [CONN_READY] = TO(CONN_BUSY) | TO(CONN_PREPARING) | TO(CONN_CLOSED),
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

/* A statement is prepared once, and again while the Sync of the last time is still on its way. */
static unsigned ring_size(const struct db_conn *conn)
{
	return conn->settings->depth + 2 * conn->catalog.statement_count;
}

struct db_slot *db_conn_slot(const struct db_conn *conn, unsigned i)
{
	/* for each result that comes: no division */
	unsigned at = conn->head + i, size = ring_size(conn);

	return &conn->slots[at < size ? at : at - size];
}

struct db_slot conn_take_head(struct db_conn *conn)
{
	struct db_slot head = conn->slots[conn->head];

	conn->preparing -= head.prepares != NULL || conn_is_around(&head);
	conn->head = (conn->head + 1) % ring_size(conn);
	conn->in_flight--;
	return head;
}

void conn_set_state(struct db_conn *conn, enum db_conn_state state)
{
	REQUIRE(db_conn_may_move(conn->state, state));
	if (state <= CONN_PREPARING || conn->state <= CONN_PREPARING)
		log_debug("db", "conn %u: %s -> %s", conn->number, db_conn_state_name(conn->state),
			  db_conn_state_name(state));
	conn->state = state;
}

bool db_conn_is_full(const struct db_conn *conn)
{
	return conn->in_flight - conn->preparing >= conn->settings->depth;
}

struct db_slot *conn_add_slot(struct db_conn *conn, struct db_slot slot)
{
	struct db_slot *place = db_conn_slot(conn, conn->in_flight++);

	REQUIRE(conn->in_flight <= ring_size(conn));
	if (conn->state == CONN_READY) {
		conn_set_state(conn, CONN_BUSY);
		conn->progress_ns = conn->unit_ns > 0 ? conn->unit_ns : clock_now_ns();
	}
	*place = slot;
	return place;
}

void db_conn_init(struct db_conn *conn, const struct db_settings *settings, bool is_read_only, unsigned number,
		  db_conn_over_fn *over)
{
	*conn = (struct db_conn){.settings = settings,
				 .is_read_only = is_read_only,
				 .number = number,
				 .over = over,
				 .catalog = settings->catalog};
}

/* Notes why, without the line break that libpq ends its messages with. */
int conn_fail(struct db_conn *conn, const char *why)
{
	size_t length = strlen(why);

	/* what libpq makes of the connection's end is a guess, when the server has said why */
	if (conn->has_farewell)
		return -1;
	while (length > 0 && why[length - 1] == '\n')
		length--;
	snprintf(conn->error, sizeof(conn->error), "%.*s", (int)length, why);
	return -1;
}

/* Connecting */

/* "FATAL:  53300: too many connections": libpq has the SQLSTATE of a failed connect in its words only, and only when
 * they are verbose. The place in PostgreSQL's source follows in a line of its own. Takes both out, and notes what the
 * SQLSTATE says. */
static void take_out_codes(struct db_conn *conn, char *message)
{
	char *at = message, *line;

	while ((at = strstr(at, ":  ")) != NULL) {
		at += strlen(":  ");
		if (strspn(at, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5 || strncmp(at + 5, ": ", 2) != 0)
			continue;
		conn->is_full |= strncmp(at, "53300", 5) == 0;
		conn->gave_up |= strncmp(at, "57P01", 5) == 0;
		memmove(at, at + 7, strlen(at + 7) + 1);
		line = strchr(at, '\n');
		if (line != NULL && strstr(line + 1, ".c:") != NULL)
			memmove(line, line + 1 + strcspn(line + 1, "\n"),
				strlen(line + 1 + strcspn(line + 1, "\n")) + 1);
	}
}

/* libpq's words from before there is a server repeat parts of the connection string. */
static int fail_to_connect(struct db_conn *conn)
{
	char message[1024], reason[sizeof(conn->error)];

	snprintf(message, sizeof(message), "%s", PQerrorMessage(conn->pg));
	take_out_codes(conn, message);
	db_conninfo_reason(message, reason, sizeof(reason));
	/* idle sessions make room, and then it is no failure yet */
	conn->gave_up |= conn->is_full && db_spares_empty(conn->settings->spares);
	return conn_fail(conn, reason);
}

void conn_make_room(struct db_conn *conn)
{
	conn->slots = memory_alloc_zeroed(ring_size(conn), sizeof(*conn->slots));
	conn->prepared = memory_alloc_zeroed(conn->catalog.statement_count + 1, sizeof(*conn->prepared));
	conn->head = 0;
}

void conn_free_room(struct db_conn *conn)
{
	free(conn->slots);
	conn_forget_prepared(conn);
}

int db_conn_open(struct db_conn *conn, const struct db_found *found)
{
	struct db_conninfo info;

	conn_set_state(conn, CONN_CONNECTING);
	conn->error[0] = '\0';
	conn->wants_write = conn->is_inside_query = conn->is_retiring = conn->gave_up = false;
	conn->is_unit_aborted = conn->was_notified = conn->has_farewell = conn->is_turning = conn->has_cleaner = false;
	conn->changed_by = NULL;
	conn->takes_no_writes = false;
	conn->head_bytes = 0;
	conn->unit_ns = 0;
	conn->unit_context = NULL;
	conn->progress_ns = conn->opened_ns = clock_now_ns();
	conn_make_room(conn);
	conn->has_pooler = conn->settings->pooler != DB_POOLER_NONE;
	conn->first_host = db_hosts_first();
	conn->polling = PGRES_POLLING_FAILED;
	db_conninfo_fill(&info, conn->settings, found, conn->first_host);
	conn->pg = PQconnectStartParams(info.keywords, info.values, 1);
	db_conninfo_cleanup(&info);
	if (conn->pg == NULL)
		return conn_fail(conn, "out of memory in libpq");
	conn->is_full = false;
	if (PQstatus(conn->pg) == CONNECTION_BAD)
		return fail_to_connect(conn);
	PQsetErrorVerbosity(conn->pg, PQERRORS_VERBOSE);
	PQsetNoticeReceiver(conn->pg, conn_take_notice, conn);
	conn->polling = PGRES_POLLING_WRITING;
	return 0;
}

int conn_flush(struct db_conn *conn)
{
	int left;

	/* libpq reads where it cannot write */
	intake_begin(PQsocket(conn->pg));
	left = PQflush(conn->pg);
	conn_count_intake(conn);
	if (left < 0)
		return conn_fail(conn, PQerrorMessage(conn->pg));
	conn->wants_write = left > 0;
	return 0;
}

static int advance_connecting(struct db_conn *conn)
{
	conn->polling = PQconnectPoll(conn->pg);
	if (conn->polling == PGRES_POLLING_FAILED)
		return fail_to_connect(conn);
	if (conn->polling == PGRES_POLLING_OK) {
		PQsetErrorVerbosity(conn->pg, PQERRORS_DEFAULT);
		return conn_send_setup(conn);
	}
	return 0;
}

void db_conn_forget(struct db_batch *batch)
{
	REQUIRE(batch->slot != NULL);
	batch->slot->batch = NULL;
	batch->slot = NULL;
}

static int advance_open(struct db_conn *conn)
{
	if (conn_consume(conn) != 0) {
		/* what the server said before it went is still to be read */
		if (conn->state != CONN_PREPARING && conn_receive_results(conn) != 0)
			return -1;
		return conn_fail(conn, PQerrorMessage(conn->pg));
	}
	if (conn->wants_write && conn_flush(conn) != 0)
		return -1;
	if (conn->state == CONN_PREPARING)
		return conn_receive_setup(conn);
	if (conn_receive_results(conn) != 0)
		return -1;
	conn_drop_notifications(conn);
	return conn_bound_result(conn);
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
	enum db_conn_outcome outcome = conn->gave_up ? DB_CONN_GIVEN_UP : DB_CONN_LOST;

	if (conn->state == CONN_CLOSED)
		return;
	if (conn->state == CONN_CONNECTING && conn->polling != PGRES_POLLING_FAILED)
		db_hosts_note_silence(conn->first_host);
	PQfinish(conn->pg);
	conn->pg = NULL;
	conn->slots = NULL; /* what is in flight is handed back below */
	conn_free_room(conn);
	conn->arrived = conn->in_flight = conn->units_in_flight = conn->preparing = 0;
	conn_set_state(conn, CONN_CLOSED);
	conn->has_grown = false;
	conn->progress_ns = clock_now_ns();
	/* last, since the owner of a batch that is done may send it again at once */
	for (unsigned i = 0; i < in_flight; i++)
		conn_hand_back(conn, &slots[(head + i) % ring_size(conn)], outcome);
	free(slots);
}
