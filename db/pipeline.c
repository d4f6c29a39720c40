#include "db/pipeline.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/require.h"
#include "db/backoff.h"
#include "db/resolve.h"
#include "db/watch.h"

#include <stdlib.h>

enum {
	QUICK_MS = 4, /* a statement that takes longer on average travels alone */
	TICK_MS = 5,  /* deadlines, discoveries and connects are looked at so often while there are any */
	IDLE_TICK_MS = 1000,
	SHAKE_HANDS_AT_ONCE = 2, /* PostgreSQL forks for each, and SCRAM costs this loop milliseconds */
	SPARE_LINK_MS = 100,     /* unused for so long, it may go to the other kind: a connect costs some 5 ms */
	UNUSED_LINK_S = 60,      /* a connection beyond the shared ones is closed when unused for so long */
	UNITS_AHEAD = 2,         /* units of shared reads on one connection: the next is there when one ends */
	UNIT_APART_US = 200,     /* and one more for so much of the way to PostgreSQL: they fill the wire */
	HUNG_GRACE_MS = 1000,    /* after the deadline of what is being worked on, the connection is given up */
};

/* One connection, and who is on it. */
struct link {
	struct db_conn conn;
	struct db_watch watch;
	struct db_pipeline *pipeline;
	struct lane *lane;
	struct db_resolve *resolve;
	struct list outgoing; /* batches chosen this turn, not yet sent */
	unsigned outgoing_count;
	uint64_t expected_ns;        /* of everything on it */
	uint64_t last_unit_ns;       /* when the last unit was over */
	uint64_t opening_ns;         /* when resolving or connecting began; 0: it is not */
	uint64_t latest_deadline_ns; /* of what was sent */
	uint64_t used_ns;
	bool has_lone_traveller;
};

/* Reads, or writes: the same rules for both. */
struct lane {
	bool is_read_only;
	struct list quick, alone; /* waiting, first in first out */
	unsigned link_count;      /* opening or open */
};

struct db_pipeline {
	struct db_pipeline_options options;
	uv_loop_t *loop;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_timer_t timer;
	bool ticks_fast, is_closing;
	struct lane lanes[2]; /* reads, writes */
	struct link *links;
	unsigned open_count; /* links in use */
	unsigned waiting, in_flight;
	struct list finished;  /* over without having been sent */
	uint64_t *expected_ns; /* per statement: moving average, 0 before the first */
	unsigned statement_count;
	uint64_t distance_ns; /* the shortest round trip of the connections there are */
	unsigned failures;    /* connects in a row that failed */
	uint64_t retry_ns;
	struct db_pipeline_numbers numbers;
};

static void open_link(struct db_pipeline *pipeline, struct lane *lane);
static void give_up_link(struct link *link);
static void on_ready(struct db_watch *watch);
static void on_over(struct db_conn *conn, struct db_batch *batch, enum db_conn_outcome outcome);

/* What a statement is expected to take */

static uint64_t *expectation_of(struct db_pipeline *pipeline, const struct db_batch *batch)
{
	const struct db_statement *statement = batch->queries[0].statement;

	return statement->index < pipeline->statement_count ? &pipeline->expected_ns[statement->index] : NULL;
}

/* The way there and back makes nobody slow: it is no work of PostgreSQL's, and others travel it at the same time. */
static uint64_t quick_ns(const struct db_pipeline *pipeline)
{
	return QUICK_MS * NS_PER_MS + pipeline->distance_ns;
}

/* What is not known yet counts as slow, and so does what its author has isolated: a pg_sleep() of one request says
 * nothing of the next. */
static bool is_quick(struct db_pipeline *pipeline, const struct db_batch *batch)
{
	const uint64_t *expected_ns = expectation_of(pipeline, batch);

	return !batch->queries[0].statement->is_isolated && expected_ns != NULL && *expected_ns > 0 &&
	       *expected_ns < quick_ns(pipeline);
}

static void learn(struct db_pipeline *pipeline, const struct db_batch *batch, uint64_t took_ns)
{
	uint64_t *expected_ns = expectation_of(pipeline, batch);

	if (expected_ns == NULL)
		return;
	if (*expected_ns == 0)
		*expected_ns = took_ns + 1;
	else
		*expected_ns = *expected_ns - *expected_ns / 8 + took_ns / 8 + 1;
}

static uint64_t share_of(struct db_pipeline *pipeline, const struct db_batch *batch)
{
	const uint64_t *expected_ns = expectation_of(pipeline, batch);

	return expected_ns != NULL ? *expected_ns : 0;
}

/* The end of a batch */

void db_pipeline_finish_later(struct db_pipeline *pipeline, struct db_batch *batch)
{
	list_append(&pipeline->finished, &batch->link);
}

static void fail_later(struct db_pipeline *pipeline, struct db_batch *batch, enum error error, const char *message)
{
	batch->done_ns = clock_now_ns();
	db_batch_fail(batch, error, message);
	db_pipeline_finish_later(pipeline, batch);
}

/* Waiting */

static struct lane *lane_of(struct db_pipeline *pipeline, const struct db_batch *batch)
{
	return &pipeline->lanes[db_batch_is_read_only(batch) ? 0 : 1];
}

/* Before all others, but behind those that are back already: they come back in their order. */
static void put_first(struct list *queue, struct db_batch *batch)
{
	struct list *place = queue->next;

	while (place != queue && CONTAINER_OF(place, struct db_batch, link)->comes_back)
		place = place->next;
	list_append(place, &batch->link);
}

static void wait_in_lane(struct db_pipeline *pipeline, struct db_batch *batch, bool is_first)
{
	struct lane *lane = lane_of(pipeline, batch);
	struct list *queue;

	batch->travels_alone = !is_quick(pipeline, batch);
	queue = batch->travels_alone ? &lane->alone : &lane->quick;
	batch->comes_back = is_first;
	if (is_first)
		put_first(queue, batch);
	else
		list_append(queue, &batch->link);
	pipeline->waiting++;
}

static void leave_lane(struct db_pipeline *pipeline, struct db_batch *batch)
{
	list_remove(&batch->link);
	pipeline->waiting--;
}

static bool has_usable_link(const struct db_pipeline *pipeline, const struct lane *lane)
{
	for (unsigned i = 0; i < pipeline->options.connections; i++)
		if (pipeline->links[i].lane == lane && db_conn_is_usable(&pipeline->links[i].conn))
			return true;
	return false;
}

static void start_ticking(struct db_pipeline *pipeline);

void db_pipeline_submit(struct db_pipeline *pipeline, struct db_batch *batch)
{
	if (pipeline->failures > 0 && !has_usable_link(pipeline, lane_of(pipeline, batch))) {
		fail_later(pipeline, batch, ERROR_DATABASE_UNAVAILABLE, db_unreachable);
	} else {
		wait_in_lane(pipeline, batch, false);
		start_ticking(pipeline);
	}
}

/* Choosing a link */

static bool is_overdue(const struct link *link, uint64_t now_ns)
{
	return link->conn.in_flight > 0 && now_ns > link->conn.progress_ns + 2 * quick_ns(link->pipeline);
}

static bool is_open_to_quick(const struct link *link, uint64_t now_ns)
{
	return db_conn_is_usable(&link->conn) && !link->has_lone_traveller && !is_overdue(link, now_ns);
}

static bool has_room(const struct db_pipeline *pipeline, const struct link *link)
{
	uint64_t units_ahead = UNITS_AHEAD + pipeline->distance_ns / (UNIT_APART_US * NS_PER_US);

	return link->conn.in_flight + link->outgoing_count < pipeline->options.settings->depth &&
	       (!link->lane->is_read_only || link->conn.units_in_flight < units_ahead);
}

/* Quick ones may not keep all there is for ever: while somebody waits to travel alone and no connection can be added,
 * one is left to fall idle. */
static unsigned shared_now(const struct db_pipeline *pipeline, const struct lane *lane)
{
	unsigned shared = pipeline->options.shared_connections;

	bool may_grow = pipeline->open_count < pipeline->options.connections && pipeline->failures == 0;

	if (list_is_empty(&lane->alone) || may_grow || lane->link_count == 1 || lane->link_count > shared)
		return shared;
	return lane->link_count - 1;
}

/* Among the first few connections of the lane that carry no slow one, the one that will be done soonest. */
static struct link *link_for_quick(struct db_pipeline *pipeline, const struct lane *lane, uint64_t now_ns)
{
	unsigned candidates = 0, shared = shared_now(pipeline, lane);
	struct link *best = NULL;

	for (unsigned i = 0; i < pipeline->options.connections; i++) {
		struct link *link = &pipeline->links[i];

		if (link->lane != lane || !is_open_to_quick(link, now_ns))
			continue;
		if (has_room(pipeline, link) && (best == NULL || link->expected_ns < best->expected_ns))
			best = link;
		if (++candidates == shared)
			break;
	}
	return best;
}

/* An idle connection from the end, where the quick ones are not; one open to quick ones is left to them. */
static struct link *link_for_lone(struct db_pipeline *pipeline, const struct lane *lane, uint64_t now_ns)
{
	struct link *idle = NULL;
	unsigned open = 0;

	for (unsigned i = 0; i < pipeline->options.connections; i++) {
		struct link *link = &pipeline->links[i];

		if (link->lane != lane || !is_open_to_quick(link, now_ns))
			continue;
		open++;
		if (link->conn.in_flight == 0 && link->outgoing_count == 0)
			idle = link;
	}
	return open > 1 || lane->link_count == 1 ? idle : NULL;
}

static void put_on(struct db_pipeline *pipeline, struct link *link, struct db_batch *batch)
{
	leave_lane(pipeline, batch);
	list_append(&link->outgoing, &batch->link);
	link->outgoing_count++;
	batch->expected_ns = share_of(pipeline, batch);
	link->expected_ns += batch->expected_ns;
	link->has_lone_traveller = batch->travels_alone;
}

/* Sending */

static void lose_link(struct link *link);

static bool needs_own_unit(const struct link *link, const struct db_batch *batch)
{
	const struct db_statement *statement = batch->queries[0].statement;

	return !link->conn.is_read_only || batch->was_run_again || statement->is_isolated || statement->timeout_ms > 0;
}

/* Where the outgoing batches are cut into units. */
static void cut_into_units(struct link *link)
{
	struct list *first = link->outgoing.next;
	unsigned size = 0;

	LIST_EACH (item, &link->outgoing) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, link);
		struct db_batch *following = CONTAINER_OF(item_next, struct db_batch, link);

		size++;
		batch->ends_unit =
		    item_next == &link->outgoing || needs_own_unit(link, batch) || needs_own_unit(link, following);
		if (!batch->ends_unit)
			continue;
		for (; first != item_next; first = first->next)
			CONTAINER_OF(first, struct db_batch, link)->unit_size = size;
		size = 0;
	}
}

/* Sends what was chosen for this link; returns -1 when the connection broke. */
static int send_outgoing(struct link *link)
{
	struct db_pipeline *pipeline = link->pipeline;

	cut_into_units(link);
	while (!list_is_empty(&link->outgoing)) {
		struct db_batch *batch = CONTAINER_OF(link->outgoing.next, struct db_batch, link);

		list_remove(&batch->link);
		link->outgoing_count--;
		pipeline->in_flight++;
		pipeline->numbers.units += batch->ends_unit;
		if (batch->deadline_ns > link->latest_deadline_ns || link->conn.in_flight == 0)
			link->latest_deadline_ns = batch->deadline_ns;
		if (db_conn_send(&link->conn, batch, batch->ends_unit) != 0)
			return -1;
	}
	link->used_ns = link->conn.progress_ns;
	return 0;
}

static void flush_links(struct db_pipeline *pipeline)
{
	for (unsigned i = 0; i < pipeline->options.connections; i++) {
		struct link *link = &pipeline->links[i];

		if (list_is_empty(&link->outgoing))
			continue;
		if (send_outgoing(link) != 0)
			lose_link(link);
		else
			db_watch_update(&link->watch);
	}
}

static unsigned opening_count(const struct db_pipeline *pipeline, const struct lane *lane)
{
	unsigned count = 0;

	for (unsigned i = 0; i < pipeline->options.connections; i++)
		if (pipeline->links[i].opening_ns > 0 && (lane == NULL || pipeline->links[i].lane == lane))
			count++;
	return count;
}

/* Whether batches that found no connection are a reason to open one. */
static bool wants_link(struct db_pipeline *pipeline, const struct lane *lane, uint64_t now_ns)
{
	unsigned open_to_quick = 0, opening = opening_count(pipeline, lane);

	for (unsigned i = 0; i < pipeline->options.connections; i++)
		if (pipeline->links[i].lane == lane && is_open_to_quick(&pipeline->links[i], now_ns))
			open_to_quick++;
	if (!list_is_empty(&lane->quick) && open_to_quick + opening < pipeline->options.shared_connections)
		return true;
	if (!list_is_empty(&lane->alone)) {
		struct db_batch *first = CONTAINER_OF(lane->alone.next, struct db_batch, link);

		/* what was never seen may turn out to be quick in a moment: one connection is made ready, no more */
		return share_of(pipeline, first) > 0 || opening == 0;
	}
	return false;
}

static bool may_open_link(const struct db_pipeline *pipeline, const struct lane *lane, uint64_t now_ns)
{
	const struct lane *other = &pipeline->lanes[lane == &pipeline->lanes[0]];
	/* a kind that has none yet keeps its claim on one */
	unsigned reserved = other->link_count == 0 ? 1 : 0;
	unsigned at_once = pipeline->failures > 0 ? 1 : SHAKE_HANDS_AT_ONCE;

	return !pipeline->is_closing && pipeline->open_count + reserved < pipeline->options.connections &&
	       opening_count(pipeline, NULL) < at_once && (pipeline->failures == 0 || now_ns >= pipeline->retry_ns);
}

static struct db_batch *first_of(struct list *queue)
{
	return list_is_empty(queue) ? NULL : CONTAINER_OF(queue->next, struct db_batch, link);
}

static void dispatch_alone(struct db_pipeline *pipeline, struct lane *lane, uint64_t now_ns)
{
	LIST_EACH (item, &lane->alone) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, link);
		struct link *link;

		if (is_quick(pipeline, batch)) { /* learnt while it waited */
			leave_lane(pipeline, batch);
			wait_in_lane(pipeline, batch, batch->comes_back);
			continue;
		}
		link = link_for_lone(pipeline, lane, now_ns);
		if (link == NULL)
			break;
		put_on(pipeline, link, batch);
	}
}

static void dispatch_quick(struct db_pipeline *pipeline, struct lane *lane, uint64_t now_ns)
{
	const struct db_batch *alone = first_of(&lane->alone);

	LIST_EACH (item, &lane->quick) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, link);
		struct link *link = link_for_quick(pipeline, lane, now_ns);

		/* on the lane's only connection everybody waits for his turn */
		if (link == NULL ||
		    (lane->link_count == 1 && alone != NULL && alone->submitted_ns < batch->submitted_ns))
			break;
		put_on(pipeline, link, batch);
	}
}

/* A burst of one kind has opened all there may be, and the other kind needs some now: one that is idle goes. */
static void take_from_other_lane(struct db_pipeline *pipeline, const struct lane *lane, uint64_t now_ns)
{
	const struct lane *other = &pipeline->lanes[lane == &pipeline->lanes[0]];

	if (other->link_count <= pipeline->options.shared_connections + 1)
		return;
	for (unsigned i = pipeline->options.connections; i-- > 0;) {
		struct link *link = &pipeline->links[i];

		if (link->lane == other && link->conn.state == CONN_READY && list_is_empty(&link->outgoing) &&
		    now_ns > link->conn.progress_ns + SPARE_LINK_MS * NS_PER_MS) {
			give_up_link(link);
			return;
		}
	}
}

static void dispatch_lane(struct db_pipeline *pipeline, struct lane *lane, uint64_t now_ns)
{
	const struct db_batch *quick = first_of(&lane->quick), *alone = first_of(&lane->alone);

	if (lane->link_count == 1 && quick != NULL && alone != NULL && quick->submitted_ns < alone->submitted_ns)
		dispatch_quick(pipeline, lane, now_ns);
	dispatch_alone(pipeline, lane, now_ns);
	dispatch_quick(pipeline, lane, now_ns);
	if (wants_link(pipeline, lane, now_ns) && pipeline->open_count == pipeline->options.connections)
		take_from_other_lane(pipeline, lane, now_ns);
	while (wants_link(pipeline, lane, now_ns) && may_open_link(pipeline, lane, now_ns))
		open_link(pipeline, lane);
}

static struct db_batch *newest_of(struct list *queue, struct db_batch *newest)
{
	struct db_batch *last = list_is_empty(queue) ? NULL : CONTAINER_OF(queue->previous, struct db_batch, link);

	return last != NULL && (newest == NULL || last->submitted_ns >= newest->submitted_ns) ? last : newest;
}

/* Whoever found no connection in the turn he came, and no place to wait either, hears so at once. */
static void refuse_surplus(struct db_pipeline *pipeline)
{
	while (pipeline->waiting > pipeline->options.queue_limit) {
		struct db_batch *newest = NULL;

		for (unsigned i = 0; i < ARRAY_LENGTH(pipeline->lanes); i++) {
			newest = newest_of(&pipeline->lanes[i].quick, newest);
			newest = newest_of(&pipeline->lanes[i].alone, newest);
		}
		leave_lane(pipeline, newest);
		fail_later(pipeline, newest, ERROR_BUSY, "too many requests are waiting for the database");
	}
}

static void finish_those_not_sent(struct db_pipeline *pipeline)
{
	while (!list_is_empty(&pipeline->finished)) {
		struct db_batch *batch = CONTAINER_OF(pipeline->finished.next, struct db_batch, link);

		list_remove(&batch->link);
		batch->done(batch);
	}
}

/* The end of a loop turn. */
static void dispatch(struct db_pipeline *pipeline)
{
	finish_those_not_sent(pipeline);
	if (pipeline->waiting > 0) {
		uint64_t now_ns = clock_now_ns();

		dispatch_lane(pipeline, &pipeline->lanes[0], now_ns);
		dispatch_lane(pipeline, &pipeline->lanes[1], now_ns);
		flush_links(pipeline);
		refuse_surplus(pipeline);
		finish_those_not_sent(pipeline);
	}
}

/* What comes back */

static void on_over(struct db_conn *conn, struct db_batch *batch, enum db_conn_outcome outcome)
{
	struct link *link = CONTAINER_OF(conn, struct link, conn);
	struct db_pipeline *pipeline = link->pipeline;
	uint64_t began_ns = batch->sent_ns > link->last_unit_ns ? batch->sent_ns : link->last_unit_ns;

	pipeline->in_flight--;
	link->expected_ns -= batch->expected_ns;
	if (outcome == DB_CONN_DONE) {
		/* PostgreSQL sends the results of a unit at its end: nobody knows who took how much of the time */
		learn(pipeline, batch, (batch->done_ns - began_ns) / batch->unit_size);
		if (batch->ends_unit)
			link->last_unit_ns = batch->done_ns;
		batch->done(batch);
		return;
	}
	if (batch->error == ERROR_NONE && outcome == DB_CONN_LOST && batch->was_lost)
		db_batch_fail(batch, ERROR_DATABASE_UNAVAILABLE, db_lost_twice);
	else if (batch->error == ERROR_NONE && !link->conn.is_read_only)
		db_batch_fail(batch, ERROR_OUTCOME_UNKNOWN, db_outcome_unknown);
	if (batch->error != ERROR_NONE) {
		batch->done(batch);
		return;
	}
	db_batch_rewind(batch);
	batch->was_run_again = true;
	batch->was_lost = outcome == DB_CONN_LOST;
	pipeline->numbers.run_again++;
	wait_in_lane(pipeline, batch, true);
}

static void note_idle(struct link *link)
{
	if (link->conn.in_flight == 0)
		link->has_lone_traveller = false;
}

/* The shortest: what one connection measured may hold a wait for the processor, here or there. */
static void measure_distance(struct db_pipeline *pipeline)
{
	uint64_t shortest_ns = UINT64_MAX;

	for (unsigned i = 0; i < pipeline->options.connections; i++) {
		const struct db_conn *conn = &pipeline->links[i].conn;

		if (pipeline->links[i].lane != NULL && db_conn_is_usable(conn) && conn->distance_ns < shortest_ns)
			shortest_ns = conn->distance_ns;
	}
	pipeline->distance_ns = shortest_ns;
}

static void on_ready(struct db_watch *watch)
{
	struct link *link = CONTAINER_OF(watch, struct link, watch);
	struct db_pipeline *pipeline = link->pipeline;
	bool was_usable = db_conn_is_usable(&link->conn);

	if (db_conn_advance(&link->conn) != 0) {
		lose_link(link);
		return;
	}
	if (!was_usable && db_conn_is_usable(&link->conn)) {
		log_debug("db", "conn %u ready in %.1f ms, round trip %.3f ms", link->conn.number,
			  (double)(clock_now_ns() - link->opening_ns) / 1e6, (double)link->conn.distance_ns / 1e6);
		if (pipeline->failures > 0)
			log_info("db", "connected to the database again");
		link->opening_ns = 0;
		link->used_ns = clock_now_ns();
		pipeline->failures = 0;
		measure_distance(pipeline);
	}
	note_idle(link);
	db_watch_update(&link->watch);
}

/* Opening and losing links */

static void connect_link(struct link *link, const char *host, const char *hostaddr)
{
	if (db_conn_open(&link->conn, host, hostaddr) != 0)
		lose_link(link);
	else
		db_watch_update(&link->watch);
}

static void on_resolved(void *data, const char *host, const char *hostaddr, const char *error)
{
	struct link *link = data;

	link->resolve = NULL;
	if (error == NULL) {
		connect_link(link, host, hostaddr);
		return;
	}
	snprintf(link->conn.error, sizeof(link->conn.error), "%s", error);
	lose_link(link);
}

static void open_link(struct db_pipeline *pipeline, struct lane *lane)
{
	struct link *link = pipeline->links;

	while (link->lane != NULL)
		link++;
	link->lane = lane;
	lane->link_count++;
	pipeline->open_count++;
	link->opening_ns = clock_now_ns();
	link->has_lone_traveller = false;
	link->expected_ns = link->outgoing_count = 0;
	list_init(&link->outgoing);
	db_conn_init(&link->conn, pipeline->options.settings, lane->is_read_only, (unsigned)(link - pipeline->links),
		     on_over);
	db_watch_init(&link->watch, pipeline->loop, &link->conn, on_ready);
	link->resolve = db_resolve_start(pipeline->loop, pipeline->options.settings->conninfo, on_resolved, link);
	if (link->resolve == NULL)
		connect_link(link, NULL, NULL);
	start_ticking(pipeline);
}

static void fail_waiting(struct db_pipeline *pipeline, struct list *queue)
{
	LIST_EACH (item, queue) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, link);

		leave_lane(pipeline, batch);
		fail_later(pipeline, batch, ERROR_DATABASE_UNAVAILABLE, db_unreachable);
	}
}

static void note_failed_connect(struct db_pipeline *pipeline, struct link *link)
{
	if (pipeline->failures++ == 0)
		log_error("db", "can not connect to the database: %s", link->conn.error);
	else
		log_debug("db", "can not connect to the database: %s", link->conn.error);
	pipeline->retry_ns = clock_now_ns() + backoff_ns(pipeline->failures);
}

static void give_up_link(struct link *link)
{
	struct db_pipeline *pipeline = link->pipeline;
	struct list unsent;

	if (link->resolve != NULL)
		db_resolve_forget(link->resolve);
	link->resolve = NULL;
	db_watch_stop(&link->watch);
	list_take_all(&unsent, &link->outgoing);
	link->outgoing_count = 0;
	link->opening_ns = 0;
	db_conn_close(&link->conn);
	note_idle(link);
	LIST_EACH (item, &unsent) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, link);

		list_remove(&batch->link);
		wait_in_lane(pipeline, batch, true);
	}
	link->lane->link_count--;
	link->lane = NULL;
	pipeline->open_count--;
}

static void lose_link(struct link *link)
{
	struct db_pipeline *pipeline = link->pipeline;
	struct lane *lane = link->lane;
	bool was_opening = link->opening_ns > 0;

	if (was_opening) {
		note_failed_connect(pipeline, link);
	} else {
		log_warning("db", "conn %u lost: %s", link->conn.number, link->conn.error);
		pipeline->numbers.lost++;
	}
	give_up_link(link);
	/* while nothing can be reached, waiting helps nobody */
	if (was_opening && !has_usable_link(pipeline, lane)) {
		fail_waiting(pipeline, &lane->quick);
		fail_waiting(pipeline, &lane->alone);
	}
}

/* The tick */

static void expire_waiting(struct db_pipeline *pipeline, struct list *queue, uint64_t now_ns)
{
	LIST_EACH (item, queue) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, link);

		if (now_ns < batch->deadline_ns)
			continue;
		leave_lane(pipeline, batch);
		fail_later(pipeline, batch, ERROR_DEADLINE,
			   "no connection to the database became free before the deadline");
	}
}

static void expire_sent(struct link *link, uint64_t now_ns)
{
	struct db_pipeline *pipeline = link->pipeline;
	struct db_conn *conn = &link->conn;

	for (unsigned i = 0; i < conn->in_flight; i++) {
		struct db_batch *batch = conn->slots[(conn->head + i) % (conn->settings->depth + 1)].batch;

		if (batch == NULL || now_ns < batch->deadline_ns)
			continue;
		db_conn_forget(batch);
		pipeline->in_flight--;
		link->expected_ns -= batch->expected_ns;
		learn(pipeline, batch, now_ns - batch->sent_ns);
		batch->done_ns = now_ns;
		db_batch_miss_deadline(batch);
		db_pipeline_finish_later(pipeline, batch);
	}
}

/* Whoever is at the head for longer than a quick one takes is slow from now on, before it has ended. */
static void discover_slow(struct link *link, uint64_t now_ns)
{
	struct db_conn *conn = &link->conn;
	uint64_t since_ns = now_ns - conn->progress_ns;
	struct db_batch *batch;
	uint64_t *expected_ns;

	if (conn->in_flight == 0 || since_ns < quick_ns(link->pipeline))
		return;
	batch = conn->slots[conn->head].batch;
	expected_ns = batch != NULL ? expectation_of(link->pipeline, batch) : NULL;
	if (expected_ns != NULL && *expected_ns == 0)
		*expected_ns = since_ns;
}

static void tick_link(struct link *link, uint64_t now_ns)
{
	const struct db_settings *settings = link->pipeline->options.settings;

	if (link->opening_ns > 0 && now_ns > link->opening_ns + settings->connect_timeout_ms * NS_PER_MS) {
		snprintf(link->conn.error, sizeof(link->conn.error), "no connection within %u ms",
			 settings->connect_timeout_ms);
		lose_link(link);
		return;
	}
	if (!db_conn_is_usable(&link->conn))
		return;
	discover_slow(link, now_ns);
	expire_sent(link, now_ns);
	if (link->conn.in_flight > 0 && now_ns > link->latest_deadline_ns + HUNG_GRACE_MS * NS_PER_MS &&
	    now_ns > link->conn.progress_ns + HUNG_GRACE_MS * NS_PER_MS) {
		snprintf(link->conn.error, sizeof(link->conn.error),
			 "PostgreSQL hangs: no answer %u ms after the deadline", HUNG_GRACE_MS);
		lose_link(link);
	} else if (link->conn.in_flight == 0 && list_is_empty(&link->outgoing) &&
		   link->lane->link_count > link->pipeline->options.shared_connections + 1 &&
		   now_ns > link->used_ns + UNUSED_LINK_S * NS_PER_S) {
		log_debug("db", "conn %u closed: unused for %u s", link->conn.number, UNUSED_LINK_S);
		give_up_link(link);
	}
}

/* There is always a connection of each kind, so that the first request finds one, and a loss is noticed and mended
 * before anybody asks. */
static void keep_links(struct db_pipeline *pipeline, uint64_t now_ns)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(pipeline->lanes); i++) {
		struct lane *lane = &pipeline->lanes[i];
		unsigned wanted = lane->is_read_only ? pipeline->options.shared_connections : 1;

		while (lane->link_count < wanted && may_open_link(pipeline, lane, now_ns))
			open_link(pipeline, lane);
	}
}

static void on_tick(uv_timer_t *timer);

static void set_pace(struct db_pipeline *pipeline, bool is_fast)
{
	uint64_t pace_ms = is_fast ? TICK_MS : IDLE_TICK_MS;

	pipeline->ticks_fast = is_fast;
	uv_timer_start(&pipeline->timer, on_tick, pace_ms, pace_ms);
}

static void start_ticking(struct db_pipeline *pipeline)
{
	if (!pipeline->ticks_fast && !pipeline->is_closing)
		set_pace(pipeline, true);
}

static void on_tick(uv_timer_t *timer)
{
	struct db_pipeline *pipeline = timer->data;
	uint64_t now_ns = clock_now_ns();

	for (unsigned i = 0; i < ARRAY_LENGTH(pipeline->lanes); i++) {
		expire_waiting(pipeline, &pipeline->lanes[i].quick, now_ns);
		expire_waiting(pipeline, &pipeline->lanes[i].alone, now_ns);
	}
	for (unsigned i = 0; i < pipeline->options.connections; i++)
		if (pipeline->links[i].lane != NULL)
			tick_link(&pipeline->links[i], now_ns);
	keep_links(pipeline, now_ns);
	/* a connection that PostgreSQL refused is forgotten when nobody wants it any more */
	if (pipeline->waiting == 0 && opening_count(pipeline, NULL) == 0 &&
	    has_usable_link(pipeline, &pipeline->lanes[0]) && has_usable_link(pipeline, &pipeline->lanes[1]))
		pipeline->failures = 0;
	if (pipeline->ticks_fast && pipeline->waiting == 0 && pipeline->in_flight == 0 && pipeline->failures == 0 &&
	    opening_count(pipeline, NULL) == 0)
		set_pace(pipeline, false);
}

/* Life */

static void on_prepare(uv_prepare_t *prepare)
{
	dispatch(prepare->data);
}

static void on_check(uv_check_t *check)
{
	dispatch(check->data);
}

static unsigned highest_index(const struct db_settings *settings)
{
	unsigned highest = 0;

	for (unsigned i = 0; i < settings->statement_count; i++)
		if (settings->statements[i]->index >= highest)
			highest = settings->statements[i]->index + 1;
	return highest;
}

static void init_handles(struct db_pipeline *pipeline)
{
	uv_prepare_init(pipeline->loop, &pipeline->prepare);
	uv_check_init(pipeline->loop, &pipeline->check);
	uv_timer_init(pipeline->loop, &pipeline->timer);
	pipeline->prepare.data = pipeline->check.data = pipeline->timer.data = pipeline;
	uv_prepare_start(&pipeline->prepare, on_prepare);
	uv_check_start(&pipeline->check, on_check);
}

struct db_pipeline *db_pipeline_create(uv_loop_t *loop, const struct db_pipeline_options *options)
{
	struct db_pipeline *pipeline = memory_alloc_zeroed(1, sizeof(*pipeline));

	pipeline->options = *options;
	pipeline->loop = loop;
	pipeline->links = memory_alloc_zeroed(options->connections, sizeof(*pipeline->links));
	for (unsigned i = 0; i < options->connections; i++) {
		pipeline->links[i].pipeline = pipeline;
		list_init(&pipeline->links[i].outgoing);
	}
	pipeline->statement_count = highest_index(options->settings);
	pipeline->expected_ns = memory_alloc_zeroed(pipeline->statement_count + 1, sizeof(*pipeline->expected_ns));
	list_init(&pipeline->finished);
	for (unsigned i = 0; i < ARRAY_LENGTH(pipeline->lanes); i++) {
		list_init(&pipeline->lanes[i].quick);
		list_init(&pipeline->lanes[i].alone);
	}
	pipeline->lanes[0].is_read_only = true;
	init_handles(pipeline);
	start_ticking(pipeline);
	keep_links(pipeline, clock_now_ns());
	return pipeline;
}

bool db_pipeline_is_ready(const struct db_pipeline *pipeline)
{
	return has_usable_link(pipeline, &pipeline->lanes[0]);
}

struct db_pipeline_numbers db_pipeline_numbers(const struct db_pipeline *pipeline)
{
	struct db_pipeline_numbers numbers = pipeline->numbers;

	for (unsigned i = 0; i < pipeline->options.connections; i++) {
		numbers.open += db_conn_is_usable(&pipeline->links[i].conn);
		numbers.busy += pipeline->links[i].conn.in_flight > 0;
	}
	numbers.waiting = pipeline->waiting;
	numbers.in_flight = pipeline->in_flight;
	return numbers;
}

void db_pipeline_close(struct db_pipeline *pipeline)
{
	pipeline->is_closing = true;
	for (unsigned i = 0; i < pipeline->options.connections; i++)
		if (pipeline->links[i].lane != NULL)
			give_up_link(&pipeline->links[i]);
	uv_close((uv_handle_t *)&pipeline->prepare, NULL);
	uv_close((uv_handle_t *)&pipeline->check, NULL);
	uv_close((uv_handle_t *)&pipeline->timer, NULL);
}

void db_pipeline_destroy(struct db_pipeline *pipeline)
{
	free(pipeline->expected_ns);
	free(pipeline->links);
	free(pipeline);
}
