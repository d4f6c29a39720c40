#include "db/pipeline_parts.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/backoff.h"

enum {
	ROOM_MS = 20, /* a session that was closed takes a moment to be gone */
};

static void fail_waiting(struct db_pipeline *pipeline, struct list *queue)
{
	LIST_EACH (item, queue) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, link);

		pipeline_leave_lane(pipeline, batch);
		pipeline_fail_later(pipeline, batch, ERROR_DATABASE_UNAVAILABLE, db_unreachable);
	}
}

/* It may be so for ever: it is said once. */
static void note_full(struct db_pipeline *pipeline, const struct link *link)
{
	if (!pipeline->has_said_full)
		log_warning("db", "PostgreSQL grants no more connections, so that %u have to do: %s",
			    pipeline->open_count - pipeline_opening_count(pipeline, NULL), link->conn.error);
	pipeline->has_said_full = true;
}

static void note_failed_connect(struct db_pipeline *pipeline, struct link *link)
{
	bool is_news = pipeline->failures++ == 0;

	pipeline->is_full = link->conn.is_full;
	if (pipeline->is_full && pipeline_has_usable_link(pipeline, NULL))
		note_full(pipeline, link);
	else if (is_news)
		log_error("db", "cannot connect to the database: %s", link->conn.error);
	else
		log_debug("db", "cannot connect to the database: %s", link->conn.error);
	/* two that began at once may have been in each other's way */
	if (pipeline->is_full && is_news && !pipeline_has_usable_link(pipeline, NULL))
		pipeline->room_tries = PIPELINE_ROOM_TRIES;
	pipeline->retry_ns = clock_now_ns();
	if (pipeline->is_full && pipeline->room_tries > 0) {
		pipeline->room_tries--;
		pipeline->retry_ns += ROOM_MS * NS_PER_MS;
	} else {
		pipeline->retry_ns += backoff_ns(pipeline->failures);
	}
}

/* Nothing of them was sent. */
static void wait_again(struct db_pipeline *pipeline, struct list *unsent)
{
	LIST_EACH (item, unsent) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, link);

		list_remove(&batch->link);
		pipeline_wait(pipeline, batch, true);
	}
}

void link_give_up(struct link *link)
{
	struct db_pipeline *pipeline = link->pipeline;
	struct list unsent, held;

	if (link->resolve != NULL)
		db_resolve_forget(link->resolve);
	link->resolve = NULL;
	db_watch_stop(&link->watch);
	list_take_all(&held, &link->held);
	list_take_all(&unsent, &link->outgoing);
	link->outgoing_count = 0;
	link->opening_ns = 0;
	db_conn_close(&link->conn);
	link_note_idle(link);
	wait_again(pipeline, &held);
	wait_again(pipeline, &unsent);
	link->lane->link_count--;
	link->lane = NULL;
	pipeline->open_count--;
}

static void move_waiting(struct db_pipeline *pipeline, struct list *queue)
{
	LIST_EACH (item, queue) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, link);

		pipeline_leave_lane(pipeline, batch);
		pipeline_wait(pipeline, batch, true);
	}
}

/* While PostgreSQL cannot be reached, waiting does not help; reads may be served by the other lane. */
static void leave_lane_without_link(struct db_pipeline *pipeline, struct lane *lane)
{
	void (*end)(struct db_pipeline *, struct list *) = fail_waiting;

	if (pipeline_is_served(pipeline, lane)) {
		if (!lane->is_read_only)
			return; /* a link for reads is about to make room */
		end = move_waiting;
	}
	end(pipeline, &lane->quick.batches);
	end(pipeline, &lane->alone.batches);
}

/* Whether it was being opened, and what waits has to be told that PostgreSQL cannot be reached. */
static bool failed_to_open(struct link *link)
{
	if (link->opening_ns == 0 || link->conn.is_turning)
		return false;
	return !link->conn.gave_up || ++link->pipeline->dismissed > DB_CONN_DISMISSED_MAX;
}

/* The server of one takes no writes any more. The others are as old, and of the same server. */
static void leave_writes(struct db_pipeline *pipeline, const struct link *left)
{
	for (unsigned i = 0; i < pipeline->settings.connections; i++) {
		struct link *link = &pipeline->links[i];

		if (link == left || link->lane != left->lane || !db_conn_is_usable(&link->conn))
			continue;
		if (link->conn.in_flight == 0) {
			link_give_up(link);
			continue;
		}
		snprintf(link->conn.error, sizeof(link->conn.error), "%s", left->conn.error);
		link->conn.is_retiring = true;
	}
}

void link_lose(struct link *link)
{
	struct db_pipeline *pipeline = link->pipeline;
	struct lane *lane = link->lane;
	bool was_opening = failed_to_open(link);

	if (UNLIKELY(link->conn.takes_no_writes))
		leave_writes(pipeline, link);
	if (link->conn.changed_by != NULL)
		pipeline_note_change(pipeline, link->conn.changed_by);
	if (was_opening) {
		note_failed_connect(pipeline, link);
	} else {
		log_warning("db", "conn %u lost: %s", link->conn.number, link->conn.error);
		pipeline->numbers.lost++;
	}
	link_give_up(link);
	if (was_opening && !pipeline_has_usable_link(pipeline, lane))
		leave_lane_without_link(pipeline, lane);
}
