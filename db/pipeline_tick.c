#include "db/pipeline_parts.h"

#include "base/clock.h"
#include "base/log.h"

enum {
	TICK_MS = 5, /* deadlines, discoveries and connects are looked at so often while there are any */
	IDLE_TICK_MS = 1000,
	UNUSED_LINK_S = 60,   /* a connection beyond the shared ones is closed when unused for so long */
	STANDSTILL_MS = 50,   /* of a connection of shared reads, until the batches on it are taken off */
	HUNG_GRACE_MS = 1000, /* after the deadline of what is being worked on, the connection is given up */
};

static const char room_words[] = "PostgreSQL grants no other, and writes need its place";

static void expire_waiting(struct db_pipeline *pipeline, uint64_t now_ns)
{
	struct list due;

	deadlines_take_due(&pipeline->deadlines, &due, now_ns);
	LIST_EACH (item, &due) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, waits_until.link);

		pipeline_leave_lane(pipeline, batch);
		pipeline_fail_later(pipeline, batch, ERROR_DEADLINE,
				    "no connection to the database became free before the deadline");
	}
}

/* Its results will be thrown away. */
static void take_off(struct link *link, struct db_batch *batch)
{
	db_conn_forget(batch);
	link->pipeline->in_flight--;
	link->expected_ns -= batch->expected_ns;
}

/* What a withdrawn one would have taken is not known. */
static void end_sent(struct link *link, struct db_batch *batch, uint64_t now_ns)
{
	take_off(link, batch);
	if (!db_batch_is_withdrawn(batch))
		pipeline_learn(link->pipeline, batch, now_ns - batch->sent_ns);
	batch->done_ns = now_ns;
	db_batch_miss_deadline(batch);
	db_pipeline_finish_later(link->pipeline, batch);
}

static void expire_sent(struct link *link, uint64_t now_ns)
{
	struct db_conn *conn = &link->conn;
	uint64_t grace_ns = conn->is_read_only ? 0 : DB_BATCH_GRACE_MS * NS_PER_MS;

	for (unsigned i = 0; i < conn->in_flight; i++) {
		struct db_batch *batch = db_conn_slot(conn, i)->batch;

		if (batch != NULL && (now_ns >= batch->deadline_ns + grace_ns || db_batch_is_withdrawn(batch)))
			end_sent(link, batch, now_ns);
	}
}

/* Nothing of them was sent. */
static void expire_held(struct link *link, uint64_t now_ns)
{
	LIST_EACH (item, &link->held) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, link);

		bool is_abandoned = db_batch_is_abandoned(batch);

		if (!is_abandoned && now_ns < batch->deadline_ns)
			continue;
		link_drop_held(link, batch);
		if (is_abandoned)
			db_batch_fail(batch, ERROR_BUSY, db_client_left);
		pipeline_fail_later(link->pipeline, batch, ERROR_DEADLINE, db_not_prepared);
	}
}

/* What a batch has to wait for before it is its own turn. */
static unsigned preparing_at_head(const struct db_conn *conn)
{
	unsigned count = 0;

	while (count < conn->preparing && db_conn_slot(conn, count)->prepares != NULL)
		count++;
	return count;
}

/* A batch at the head for longer than a quick one takes is slow from now on, before it has ended. */
static void discover_slow(struct link *link, uint64_t now_ns)
{
	struct db_conn *conn = &link->conn;
	uint64_t since_ns = now_ns - conn->progress_ns;
	struct db_batch *batch;
	uint64_t *expected_ns;

	if (conn->in_flight == conn->preparing || since_ns < pipeline_quick_ns(link->pipeline))
		return;
	batch = db_conn_slot(conn, conn->arrived + preparing_at_head(conn))->batch;
	expected_ns = batch != NULL ? pipeline_expectation_of(link->pipeline, batch) : NULL;
	/* of those that were rescued, this is the one that the others had to be rescued from */
	if (expected_ns != NULL && (*expected_ns == 0 || (batch->was_rescued && *expected_ns < since_ns)))
		*expected_ns = since_ns;
}

static bool stands_still(const struct link *link, uint64_t for_ns, uint64_t now_ns)
{
	return link->conn.in_flight > 0 && now_ns > link->conn.progress_ns + for_ns;
}

/* Others of its kind that answer, or would: then it is not PostgreSQL that is slow. */
static unsigned others_that_move(const struct link *link, uint64_t now_ns)
{
	const struct db_pipeline *pipeline = link->pipeline;
	unsigned count = 0;

	for (unsigned i = 0; i < pipeline->settings.connections; i++) {
		const struct link *other = &pipeline->links[i];

		count += other != link && other->lane == link->lane && db_conn_is_usable(&other->conn) &&
			 !other->carries_alone && !stands_still(other, pipeline_quick_ns(pipeline), now_ns);
	}
	return count;
}

/* Of those that move the last is the quick ones'. */
static bool is_there_room_elsewhere(const struct link *link, unsigned moving, uint64_t now_ns)
{
	return moving > 1 || (moving == 1 && (pipeline_opening_count(link->pipeline, link->lane) > 0 ||
					      pipeline_may_open_link(link->pipeline, link->lane, now_ns)));
}

/* Where all stand still, a new connection tells whether PostgreSQL does. */
static void look_whether_it_moves(struct link *link, uint64_t now_ns)
{
	if (pipeline_opening_count(link->pipeline, link->lane) == 0 &&
	    pipeline_may_open_link(link->pipeline, link->lane, now_ns))
		link_open(link->pipeline, link->lane);
}

/* Counts the batches that would be rescued. */
static unsigned waiting_count(const struct link *link)
{
	const struct db_conn *conn = &link->conn;
	unsigned count = link->outgoing_count;

	for (unsigned i = 0; i < conn->in_flight; i++)
		count += db_conn_slot(conn, i)->batch != NULL;
	return count;
}

/* Several reads share it, and nothing has come for longer than they take. */
static bool needs_rescue(const struct link *link, uint64_t now_ns)
{
	/* the results of a unit come at its end: it is silent for as long as its statements take together */
	uint64_t most_ns = STANDSTILL_MS * NS_PER_MS + link->pipeline->distance_ns + link->expected_ns;

	return link->conn.is_read_only && stands_still(link, most_ns, now_ns) && waiting_count(link) > 1;
}

static void wait_alone(struct db_pipeline *pipeline, struct db_batch *batch)
{
	batch->was_run_again = batch->was_rescued = true;
	pipeline_wait(pipeline, batch, true);
}

/* What a quick statement has never done before, wait for a lock for one, it may do now. Reads that share its
 * connection would wait with it. They run again, each alone, the slow one among them: PostgreSQL sends a unit's
 * results at its end. What is still running ends unheard. */
static void rescue_reads(struct link *link, uint64_t now_ns)
{
	struct db_pipeline *pipeline = link->pipeline;
	struct db_conn *conn = &link->conn;
	unsigned moving;

	if (!needs_rescue(link, now_ns))
		return;
	moving = others_that_move(link, now_ns);
	if (moving == 0)
		look_whether_it_moves(link, now_ns);
	if (!is_there_room_elsewhere(link, moving, now_ns))
		return;
	for (unsigned i = 0; i < conn->in_flight; i++) {
		struct db_batch *batch = db_conn_slot(conn, i)->batch;

		if (batch == NULL)
			continue;
		take_off(link, batch);
		db_batch_rewind(batch);
		pipeline->numbers.run_again++;
		wait_alone(pipeline, batch);
	}
	LIST_EACH (item, &link->held) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, link);

		link_drop_held(link, batch);
		wait_alone(pipeline, batch);
	}
}

/* Another is opened at once in the place of one that is to be there. */
static void end_unused(struct link *link, uint64_t now_ns)
{
	bool is_one_too_many = link->lane->link_count > pipeline_kept(link->pipeline, link->lane) + 1;

	if (is_one_too_many && now_ns > link->used_ns + UNUSED_LINK_S * NS_PER_S) {
		log_debug("db", "conn %u closed: unused for %u s", link->conn.number, UNUSED_LINK_S);
		link_give_up(link);
	} else if (link->conn.has_grown && now_ns > link->conn.progress_ns + DB_CONN_REST_S * NS_PER_S) {
		log_debug("db", "conn %u closed: a large result has grown its buffer", link->conn.number);
		link_give_up(link);
	}
}

static void tick_link(struct link *link, uint64_t now_ns)
{
	const struct db_settings *settings = link->pipeline->settings.db;

	if (link->opening_ns > 0 && now_ns > link->opening_ns + settings->connect_timeout_ms * NS_PER_MS) {
		snprintf(link->conn.error, sizeof(link->conn.error), "no connection within %u ms",
			 settings->connect_timeout_ms);
		link_lose(link);
		return;
	}
	if (!db_conn_is_usable(&link->conn))
		return;
	discover_slow(link, now_ns);
	expire_sent(link, now_ns);
	expire_held(link, now_ns);
	rescue_reads(link, now_ns);
	if (link->conn.in_flight > 0 && now_ns > link->latest_end_ns + HUNG_GRACE_MS * NS_PER_MS &&
	    now_ns > link->conn.progress_ns + HUNG_GRACE_MS * NS_PER_MS) {
		snprintf(link->conn.error, sizeof(link->conn.error),
			 "PostgreSQL hangs: no answer %u ms after the deadline", HUNG_GRACE_MS);
		link_lose(link);
	} else if (link->conn.in_flight == 0 && link->outgoing_count == 0) {
		end_unused(link, now_ns);
	}
}

static void keep(struct db_pipeline *pipeline, struct lane *lane, unsigned wanted, uint64_t now_ns)
{
	while (lane->link_count < wanted && pipeline_may_open_link(pipeline, lane, now_ns))
		link_open(pipeline, lane);
}

/* The last of the reads' links that works: at once when it is idle, else when what is on it is over. */
static void make_room_for_writes(struct db_pipeline *pipeline, uint64_t now_ns)
{
	struct link *last = NULL;

	for (unsigned i = 0; i < pipeline->settings.connections; i++) {
		struct link *link = &pipeline->links[i];

		if (link->lane != &pipeline->lanes[0] || !db_conn_is_usable(&link->conn))
			continue;
		if (link->conn.is_retiring)
			return;
		last = link;
	}
	if (last == NULL)
		return;
	pipeline->room_tries = PIPELINE_ROOM_TRIES;
	pipeline->retry_ns = now_ns;
	if (last->conn.in_flight > 0 || !list_is_empty(&last->outgoing)) {
		snprintf(last->conn.error, sizeof(last->conn.error), "%s", room_words);
		last->conn.is_retiring = true;
		return;
	}
	log_info("db", "conn %u closed: %s", last->conn.number, room_words);
	link_give_up(last);
}

/* There is always a connection of each kind, so that the first request finds one. A loss is noticed and mended
 * before a request needs it. */
void pipeline_keep_links(struct db_pipeline *pipeline, uint64_t now_ns)
{
	struct lane *reads = &pipeline->lanes[0], *writes = &pipeline->lanes[1];

	keep(pipeline, reads, 1, now_ns);
	keep(pipeline, writes, 1, now_ns);
	keep(pipeline, reads, pipeline->settings.shared_connections, now_ns);
	if (pipeline->is_full && writes->link_count == 0)
		make_room_for_writes(pipeline, now_ns);
}

/* A batch that no request waits for any more is still to be given up when PostgreSQL hangs. */
static bool is_any_busy(const struct db_pipeline *pipeline)
{
	for (unsigned i = 0; i < pipeline->settings.connections; i++)
		if (pipeline->links[i].conn.in_flight > 0)
			return true;
	return false;
}

static void on_tick(uv_timer_t *timer);

static void set_pace(struct db_pipeline *pipeline, bool is_fast)
{
	uint64_t pace_ms = is_fast ? TICK_MS : IDLE_TICK_MS;

	pipeline->ticks_fast = is_fast;
	uv_timer_start(&pipeline->timer, on_tick, pace_ms, pace_ms);
}

void pipeline_start_ticking(struct db_pipeline *pipeline)
{
	if (!pipeline->ticks_fast && !pipeline->is_closing)
		set_pace(pipeline, true);
}

static void on_tick(uv_timer_t *timer)
{
	struct db_pipeline *pipeline = timer->data;
	uint64_t now_ns = clock_now_ns();

	pipeline_wake_rested(pipeline, now_ns);
	expire_waiting(pipeline, now_ns);
	for (unsigned i = 0; i < pipeline->settings.connections; i++)
		if (pipeline->links[i].lane != NULL)
			tick_link(&pipeline->links[i], now_ns);
	pipeline_keep_links(pipeline, now_ns);
	/* a connection that PostgreSQL refused is forgotten when no batch wants it any more */
	if (pipeline->waiting == 0 && pipeline_opening_count(pipeline, NULL) == 0 &&
	    pipeline_has_usable_link(pipeline, &pipeline->lanes[0]) &&
	    pipeline_has_usable_link(pipeline, &pipeline->lanes[1]))
		pipeline->failures = 0;
	if (pipeline->ticks_fast && pipeline->waiting == 0 && pipeline->in_flight == 0 && pipeline->failures == 0 &&
	    pipeline_opening_count(pipeline, NULL) == 0 && !is_any_busy(pipeline))
		set_pace(pipeline, false);
}
