#include "db/pipeline_parts.h"

#include "base/clock.h"

enum {
	SHAKE_HANDS_AT_ONCE = 2, /* PostgreSQL forks for each, and SCRAM costs this loop milliseconds */
	SPARE_LINK_MS = 100,     /* unused for so long, it may go to the other kind: a connect costs some 5 ms */
	UNITS_AHEAD = 2,         /* reads' units on one shared connection: the next is there when one ends */
	UNIT_APART_US = 200,     /* and one more for so much of the way to PostgreSQL: they fill the wire */
	WRITE_QUEUE_US = 1000,   /* writes that wait for longer get another connection, which costs some 5 ms */
	SHARED_LATE_SHARE = 2,   /* one that shares a unit would lose that: only when half of its time is over */
};

/* Waiting */

static struct db_batch *first_of(struct queue *queue)
{
	return list_is_empty(&queue->batches) ? NULL : CONTAINER_OF(queue->batches.next, struct db_batch, link);
}

struct lane *pipeline_lane_of(struct db_pipeline *pipeline, const struct db_batch *batch)
{
	struct lane *reads = &pipeline->lanes[0], *writes = &pipeline->lanes[1];

	if (!db_batch_is_read_only(batch))
		return writes;
	if (UNLIKELY(pipeline->is_full) && !pipeline_has_usable_link(pipeline, reads) &&
	    pipeline_has_usable_link(pipeline, writes))
		return writes;
	return reads;
}

const struct lane *pipeline_other_lane(const struct db_pipeline *pipeline, const struct lane *lane)
{
	const struct lane *reads = &pipeline->lanes[0], *writes = &pipeline->lanes[1];

	return lane == reads ? writes : reads;
}

/* Before all others, but behind those that are back already: they come back in their order. */
static void put_first(struct list *queue, struct db_batch *batch)
{
	struct list *place = queue->next;

	while (place != queue && CONTAINER_OF(place, struct db_batch, link)->comes_back)
		place = place->next;
	list_append(place, &batch->link);
}

void pipeline_wait(struct db_pipeline *pipeline, struct db_batch *batch, bool is_first)
{
	struct queue *queue;

	if (is_first && UNLIKELY(db_batch_is_abandoned(batch))) {
		db_batch_end_unsent(batch, clock_now_ns());
		db_pipeline_finish_later(pipeline, batch);
		return;
	}
	batch->travels_alone = !pipeline_is_quick(pipeline, batch);
	queue = pipeline_queue_of(pipeline_lane_of(pipeline, batch), batch);
	batch->comes_back = is_first;
	if (is_first) {
		put_first(&queue->batches, batch);
		pipeline_let_in(pipeline, queue, batch, clock_now_ns());
	} else {
		list_append(&queue->batches, &batch->link);
	}
	pipeline->waiting++;
}

void pipeline_leave_lane(struct db_pipeline *pipeline, struct db_batch *batch)
{
	if (batch->congestion != NULL) {
		congestion_leave(batch->congestion, batch->waits_ns);
		deadline_take_out(&batch->waits_until);
	}
	batch->congestion = NULL;
	list_remove(&batch->link);
	pipeline->waiting--;
}

/* One that turns is usable again after one round trip. */
static bool is_there(const struct link *link)
{
	return db_conn_is_usable(&link->conn) || link->conn.is_turning;
}

bool pipeline_has_usable_link(const struct db_pipeline *pipeline, const struct lane *lane)
{
	for (unsigned i = 0; i < pipeline->settings.connections; i++) {
		const struct link *link = &pipeline->links[i];

		if ((lane == NULL ? link->lane != NULL : link->lane == lane) && is_there(link))
			return true;
	}
	return false;
}

bool pipeline_is_served(const struct db_pipeline *pipeline, const struct lane *lane)
{
	const struct lane *other = pipeline_other_lane(pipeline, lane);

	return pipeline_has_usable_link(pipeline, lane) ||
	       (pipeline->is_full && (pipeline->room_tries > 0 || pipeline_has_usable_link(pipeline, other)));
}

/* Choosing a link */

static unsigned least_of(unsigned one, unsigned other)
{
	return one < other ? one : other;
}

/* Where one read's unit is behind another's, writes have a connection each; they leave the reads theirs. */
unsigned pipeline_shared(const struct db_pipeline *pipeline, const struct lane *lane)
{
	unsigned shared = pipeline->settings.shared_connections, all = pipeline->settings.connections;
	unsigned left = all > shared + 1 ? all - shared : 1;

	/* behind a pooler none is ahead of another */
	if (pipeline->settings.db->pooler != DB_POOLER_NONE)
		return all / 2;
	return lane->is_read_only ? shared : least_of(pipeline->settings.write_connections, left);
}

unsigned pipeline_kept(const struct db_pipeline *pipeline, const struct lane *lane)
{
	unsigned shared = pipeline_shared(pipeline, lane);
	unsigned read_units = UNITS_AHEAD * pipeline->settings.shared_connections;

	if (lane->is_read_only || pipeline->settings.db->pooler != DB_POOLER_NONE)
		return shared;
	/* a write's unit has a connection of its own: there are as many of them at once as of reads' units */
	return least_of(shared, read_units);
}

static bool is_overdue(const struct link *link, uint64_t now_ns)
{
	return link->conn.in_flight > 0 && now_ns > link->conn.progress_ns + 2 * pipeline_quick_ns(link->pipeline);
}

static bool is_open_to_quick(const struct link *link, uint64_t now_ns)
{
	return db_conn_is_usable(&link->conn) && link_is_of_this_edition(link) && !link->conn.is_retiring &&
	       !link->carries_alone && !is_overdue(link, now_ns);
}

/* Of writes each is a unit. It cannot be taken off again from behind one that waits for a lock, or that has changed
 * the session. None is sent before the one before it is over, unless PostgreSQL is far away. */
static bool has_room_ahead(const struct db_pipeline *pipeline, const struct link *link)
{
	unsigned units =
	    link->conn.units_in_flight - link->conn.preparing + (link->lane->is_read_only ? 0 : link->outgoing_count);
	uint64_t units_ahead =
	    (link->lane->is_read_only ? UNITS_AHEAD : 1) + pipeline->distance_ns / (UNIT_APART_US * NS_PER_US);

	return link->conn.in_flight - link->conn.preparing + link->outgoing_count < pipeline->settings.db->depth &&
	       units < units_ahead;
}

/* Behind a pooler there is nothing ahead. */
static bool has_room(const struct db_pipeline *pipeline, const struct link *link)
{
	if (UNLIKELY(link->conn.has_pooler))
		return link->conn.in_flight + link->outgoing_count == 0;
	return has_room_ahead(pipeline, link);
}

/* Quick ones may not keep all there is for ever. While a batch waits to travel alone and no connection can be added,
 * one is left to fall idle. */
static unsigned shared_now(const struct db_pipeline *pipeline, const struct lane *lane)
{
	unsigned shared = pipeline_shared(pipeline, lane);
	bool may_grow = pipeline->open_count < pipeline->settings.connections && pipeline->failures == 0;

	if (list_is_empty(&lane->alone.batches) || may_grow || lane->link_count == 1 || lane->link_count > shared)
		return shared;
	return lane->link_count - 1;
}

/* Among the first few connections of the lane that carry no slow one, the one that will be done soonest. */
static struct link *link_for_quick(struct db_pipeline *pipeline, const struct lane *lane, uint64_t now_ns)
{
	unsigned candidates = 0, shared = shared_now(pipeline, lane);
	struct link *best = NULL;

	for (unsigned i = 0; i < pipeline->settings.connections; i++) {
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
static struct link *link_for_alone(struct db_pipeline *pipeline, const struct lane *lane, uint64_t now_ns)
{
	struct link *idle = NULL;
	unsigned open = 0;

	for (unsigned i = 0; i < pipeline->settings.connections; i++) {
		struct link *link = &pipeline->links[i];

		if (link->lane != lane || !is_open_to_quick(link, now_ns))
			continue;
		open++;
		if (link->conn.in_flight == 0 && link->outgoing_count == 0)
			idle = link;
	}
	return open > 1 || lane->link_count == 1 ? idle : NULL;
}

/* The session's timeout would let PostgreSQL work on past the deadline, and its connection wait for that. */
static void note_lateness(const struct link *link, struct db_batch *batch, uint64_t now_ns)
{
	unsigned timeout_ms = link->conn.settings->statement_timeout_ms;
	bool shares = link->conn.is_read_only && !batch->travels_alone;

	db_batch_note_lateness(batch, timeout_ms, shares ? timeout_ms / SHARED_LATE_SHARE : DB_BATCH_LATE_MS, now_ns);
}

static void put_on(struct db_pipeline *pipeline, struct link *link, struct db_batch *batch, uint64_t now_ns)
{
	pipeline_leave_lane(pipeline, batch);
	note_lateness(link, batch, now_ns);
	list_append(&link->outgoing, &batch->link);
	link->outgoing_count++;
	batch->expected_ns = pipeline_share_of(pipeline, batch);
	link->expected_ns += batch->expected_ns;
	link->carries_alone = batch->travels_alone;
}

/* Opening links */

unsigned pipeline_opening_count(const struct db_pipeline *pipeline, const struct lane *lane)
{
	unsigned count = 0;

	for (unsigned i = 0; i < pipeline->settings.connections; i++)
		if (pipeline->links[i].opening_ns > 0 && (lane == NULL || pipeline->links[i].lane == lane))
			count++;
	return count;
}

/* One of an edition before is, when what is in flight on it is over. */
static bool is_open_to_quick_soon(const struct link *link, uint64_t now_ns)
{
	return link_is_of_this_edition(link) ? is_open_to_quick(link, now_ns)
					     : db_conn_is_usable(&link->conn) && !link->carries_alone;
}

/* A commit waits for the disk, which takes as long for one as for many (group commit). Where writes queue, more of
 * them at once cost PostgreSQL little. What waits for a moment only is no queue. */
static bool may_share_more(const struct db_pipeline *pipeline, struct lane *lane, unsigned count, uint64_t now_ns)
{
	const struct db_batch *first = first_of(&lane->quick);

	return first != NULL &&
	       (count < pipeline_kept(pipeline, lane) ||
		(count < pipeline_shared(pipeline, lane) && now_ns > first->submitted_ns + WRITE_QUEUE_US * NS_PER_US));
}

/* Whether batches that found no connection are a reason to open one. */
static bool wants_link(struct db_pipeline *pipeline, struct lane *lane, uint64_t now_ns)
{
	unsigned open_to_quick = 0, opening;

	if (LIKELY(list_is_empty(&lane->quick.batches) && list_is_empty(&lane->alone.batches)))
		return false;
	opening = pipeline_opening_count(pipeline, lane);
	for (unsigned i = 0; i < pipeline->settings.connections; i++)
		if (pipeline->links[i].lane == lane && is_open_to_quick_soon(&pipeline->links[i], now_ns))
			open_to_quick++;
	if (may_share_more(pipeline, lane, open_to_quick + opening, now_ns))
		return true;
	if (!list_is_empty(&lane->alone.batches)) {
		struct db_batch *first = CONTAINER_OF(lane->alone.batches.next, struct db_batch, link);

		/* what was never seen may turn out to be quick in a moment, and most of the rescued are. One connection
		 * is made ready, no more */
		return (pipeline_share_of(pipeline, first) > 0 && !first->was_rescued) || opening == 0;
	}
	return false;
}

bool pipeline_may_open_link(const struct db_pipeline *pipeline, const struct lane *lane, uint64_t now_ns)
{
	const struct lane *other = pipeline_other_lane(pipeline, lane);
	/* a kind that has none yet keeps its claim on one */
	unsigned reserved = other->link_count == 0 ? 1 : 0;
	unsigned at_once = pipeline->failures > 0 ? 1 : SHAKE_HANDS_AT_ONCE;

	/* the place that was made for a write is not for a read */
	if (lane->is_read_only && pipeline->is_full && other->link_count == 0)
		return false;
	return !pipeline->is_closing && pipeline->open_count + reserved < pipeline->settings.connections &&
	       pipeline_opening_count(pipeline, NULL) < at_once &&
	       (pipeline->failures == 0 || now_ns >= pipeline->retry_ns);
}

/* Which batches go now */

/* It was learnt while it waited. A place that it has it keeps. */
static void move_to_quick(struct db_pipeline *pipeline, struct db_batch *batch)
{
	bool has_place = batch->congestion != NULL;

	pipeline_leave_lane(pipeline, batch);
	pipeline_wait(pipeline, batch, has_place);
}

static void dispatch_alone(struct db_pipeline *pipeline, struct lane *lane, uint64_t now_ns)
{
	LIST_EACH (item, &lane->alone.batches) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, link);
		struct link *link;

		if (pipeline_is_quick(pipeline, batch)) {
			move_to_quick(pipeline, batch);
			continue;
		}
		link = link_for_alone(pipeline, lane, now_ns);
		if (link == NULL)
			break;
		if (!pipeline_refuse_late(pipeline, lane, batch, now_ns))
			put_on(pipeline, link, batch, now_ns);
	}
}

static void dispatch_quick(struct db_pipeline *pipeline, struct lane *lane, uint64_t now_ns)
{
	const struct db_batch *alone = first_of(&lane->alone);

	LIST_EACH (item, &lane->quick.batches) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, link);
		struct link *link = link_for_quick(pipeline, lane, now_ns);

		/* on the lane's only connection each batch waits for its turn */
		if (link == NULL ||
		    (lane->link_count == 1 && alone != NULL && alone->submitted_ns < batch->submitted_ns))
			break;
		if (!pipeline_refuse_late(pipeline, lane, batch, now_ns))
			put_on(pipeline, link, batch, now_ns);
	}
}

/* A burst of one kind has opened all there may be, and the other kind needs some now: one that is idle goes. */
static void take_from_other_lane(struct db_pipeline *pipeline, const struct lane *lane, uint64_t now_ns)
{
	const struct lane *other = pipeline_other_lane(pipeline, lane);

	if (other->link_count <= pipeline_kept(pipeline, other) + 1)
		return;
	for (unsigned i = pipeline->settings.connections; i-- > 0;) {
		struct link *link = &pipeline->links[i];

		if (link->lane == other && link->conn.state == CONN_READY && link->outgoing_count == 0 &&
		    now_ns > link->conn.progress_ns + SPARE_LINK_MS * NS_PER_MS) {
			link_give_up(link);
			return;
		}
	}
}

void pipeline_dispatch_lane(struct db_pipeline *pipeline, struct lane *lane, uint64_t now_ns)
{
	const struct db_batch *quick = first_of(&lane->quick), *alone = first_of(&lane->alone);

	if (quick == NULL && alone == NULL)
		return;
	if (lane->link_count == 1 && quick != NULL && alone != NULL && quick->submitted_ns < alone->submitted_ns)
		dispatch_quick(pipeline, lane, now_ns);
	dispatch_alone(pipeline, lane, now_ns);
	dispatch_quick(pipeline, lane, now_ns);
	if (wants_link(pipeline, lane, now_ns) && pipeline->open_count == pipeline->settings.connections)
		take_from_other_lane(pipeline, lane, now_ns);
	while (wants_link(pipeline, lane, now_ns) && pipeline_may_open_link(pipeline, lane, now_ns))
		link_open(pipeline, lane);
}
