#include "db/pipeline_parts.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/rerun.h"

/* Sending */

static bool needs_own_unit(const struct link *link, const struct db_batch *batch)
{
	const struct db_statement *statement = batch->queries[0].statement;

	return !link->conn.is_read_only || batch->was_run_again || statement->is_isolated ||
	       statement->timeout_ms > 0 || batch->is_late;
}

/* What a transaction was told of one request is not for another that has no context. */
static bool may_follow(const struct db_batch *batch, const struct db_batch *following)
{
	return batch->context == NULL || following->context != NULL;
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
		batch->ends_unit = item_next == &link->outgoing || needs_own_unit(link, batch) ||
				   needs_own_unit(link, following) || !may_follow(batch, following);
		if (!batch->ends_unit)
			continue;
		for (; first != item_next; first = first->next)
			CONTAINER_OF(first, struct db_batch, link)->unit_size = size;
		size = 0;
	}
}

/* When PostgreSQL ends it by itself, at the latest: at its deadline, when it is told, else by the session's time. */
static void note_end(struct link *link, const struct db_batch *batch, uint64_t now_ns)
{
	bool is_told = batch->is_late || batch->queries[0].statement->timeout_ms > 0;
	uint64_t end_ns = now_ns + link->conn.settings->statement_timeout_ms * NS_PER_MS;

	if (is_told || batch->deadline_ns > end_ns)
		end_ns = batch->deadline_ns;
	if (end_ns > link->latest_end_ns || link->conn.in_flight == link->conn.preparing)
		link->latest_end_ns = end_ns;
}

void link_drop_held(struct link *link, struct db_batch *batch)
{
	list_remove(&batch->link);
	link->outgoing_count--;
	link->expected_ns -= batch->expected_ns;
}

static void hold(struct link *link, struct db_batch *batch)
{
	bool is_alone = list_is_empty(&link->held) && link->conn.in_flight == link->conn.preparing;

	list_remove(&batch->link);
	list_append(&link->held, &batch->link);
	if (batch->deadline_ns > link->latest_end_ns || is_alone)
		link->latest_end_ns = batch->deadline_ns;
}

/* Leaves those that can be sent now; returns -1 when the connection broke. */
static int prepare_outgoing(struct link *link)
{
	LIST_EACH (item, &link->outgoing) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, link);

		switch (db_conn_prepare(&link->conn, batch, false)) {
		case DB_CONN_READY:
			break;
		case DB_CONN_WAITS:
			hold(link, batch);
			break;
		case DB_CONN_REFUSES:
			link_drop_held(link, batch);
			batch->done_ns = clock_now_ns();
			db_pipeline_finish_later(link->pipeline, batch);
			break;
		case DB_CONN_BROKEN:
			return -1;
		}
	}
	return 0;
}

/* Sends what was chosen for this link; returns -1 when the connection broke. */
static int send_outgoing(struct link *link, uint64_t now_ns)
{
	struct db_pipeline *pipeline = link->pipeline;

	if (prepare_outgoing(link) != 0)
		return -1;
	cut_into_units(link);
	while (!list_is_empty(&link->outgoing)) {
		struct db_batch *batch = CONTAINER_OF(link->outgoing.next, struct db_batch, link);

		list_remove(&batch->link);
		link->outgoing_count--;
		pipeline->in_flight++;
		pipeline->numbers.units += batch->ends_unit;
		note_end(link, batch, now_ns);
		if (db_conn_send(&link->conn, batch, batch->ends_unit) != 0)
			return -1;
	}
	link->used_ns = link->conn.progress_ns;
	return 0;
}

void pipeline_flush_links(struct db_pipeline *pipeline, uint64_t now_ns)
{
	for (unsigned i = 0; i < pipeline->settings.connections; i++) {
		struct link *link = &pipeline->links[i];

		if (list_is_empty(&link->outgoing))
			continue;
		if (send_outgoing(link, now_ns) != 0)
			link_lose(link);
		else
			db_watch_update(&link->watch);
	}
}

/* Sends those whose statements are prepared now; returns -1 when the connection broke. */
static int send_held(struct link *link)
{
	LIST_EACH (item, &link->held) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, link);

		switch (db_conn_prepare(&link->conn, batch, true)) {
		case DB_CONN_READY:
			list_remove(&batch->link);
			list_append(&link->outgoing, &batch->link);
			break;
		case DB_CONN_WAITS:
			break;
		case DB_CONN_REFUSES:
			link_drop_held(link, batch);
			batch->done_ns = link->conn.progress_ns;
			batch->done(batch);
			break;
		case DB_CONN_BROKEN:
			return -1;
		}
	}
	return send_outgoing(link, clock_now_ns());
}

/* What comes back */

/* What has been there and back in less time than the connect had measured, which may have held a wait for the processor.
 */
static void note_distance(struct link *link, const struct db_batch *batch)
{
	uint64_t took_ns = batch->done_ns - batch->sent_ns;

	if (took_ns < link->conn.distance_ns)
		link->conn.distance_ns = took_ns;
	if (took_ns < link->pipeline->distance_ns)
		link->pipeline->distance_ns = took_ns;
}

static void on_over(struct db_conn *conn, struct db_batch *batch, enum db_conn_outcome outcome)
{
	struct link *link = CONTAINER_OF(conn, struct link, conn);
	struct db_pipeline *pipeline = link->pipeline;
	uint64_t began_ns = batch->sent_ns > link->last_unit_ns ? batch->sent_ns : link->last_unit_ns;

	pipeline->in_flight--;
	link->expected_ns -= batch->expected_ns;
	if (outcome == DB_CONN_DONE) {
		note_distance(link, batch);
		/* PostgreSQL sends the results of a unit at its end: how much of the time each took cannot be told */
		pipeline_learn(pipeline, batch, (batch->done_ns - began_ns) / batch->unit_size);
		if (batch->ends_unit)
			link->last_unit_ns = batch->done_ns;
		if (UNLIKELY(batch->is_rolled_back) && pipeline_rest(pipeline, batch))
			return;
		batch->done(batch);
		return;
	}
	/* its neighbours are run again for it */
	if (batch->error == ERROR_RESULT_TOO_LARGE)
		pipeline_learn(pipeline, batch, NS_PER_S);
	if (!rerun_may(batch, outcome)) {
		batch->done(batch);
		return;
	}
	batch->was_run_again = true;
	pipeline->numbers.run_again++;
	pipeline_wait(pipeline, batch, true);
}

void link_note_idle(struct link *link)
{
	if (link->conn.in_flight == 0 && list_is_empty(&link->held))
		link->carries_alone = false;
}

/* The shortest: what one connection measured may hold a wait for the processor, here or there. */
static void measure_distance(struct db_pipeline *pipeline)
{
	uint64_t shortest_ns = UINT64_MAX;

	for (unsigned i = 0; i < pipeline->settings.connections; i++) {
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
		link_lose(link);
		return;
	}
	if (!was_usable && db_conn_is_usable(&link->conn)) {
		log_debug("db", "conn %u ready in %.1f ms, round trip %.3f ms", link->conn.number,
			  (double)(clock_now_ns() - link->opening_ns) / 1e6, (double)link->conn.distance_ns / 1e6);
		if (pipeline->failures > 0)
			log_info("db", "connected to the database again");
		link->opening_ns = 0;
		link->used_ns = clock_now_ns();
		pipeline->failures = pipeline->dismissed = 0;
		pipeline->is_full = false;
		pipeline->room_tries = 0;
		measure_distance(pipeline);
	}
	if (UNLIKELY(!list_is_empty(&link->held)) && send_held(link) != 0) {
		link_lose(link);
		return;
	}
	link_note_idle(link);
	if (link_turn_when_idle(link) != 0)
		link_lose(link);
	else
		db_watch_update(&link->watch);
}

/* Opening */

static void connect_link(struct link *link, const struct db_found *found)
{
	if (db_conn_open(&link->conn, found) != 0)
		link_lose(link);
	else
		db_watch_update(&link->watch);
}

static void on_resolved(void *data, const struct db_found *found)
{
	struct link *link = data;

	link->resolve = NULL;
	if (found->error == NULL) {
		connect_link(link, found);
		return;
	}
	snprintf(link->conn.error, sizeof(link->conn.error), "%s", found->error);
	link_lose(link);
}

void link_open(struct db_pipeline *pipeline, struct lane *lane)
{
	struct link *link = pipeline->links;

	while (link->lane != NULL)
		link++;
	link->lane = lane;
	lane->link_count++;
	pipeline->open_count++;
	link->opening_ns = clock_now_ns();
	link->carries_alone = false;
	link->expected_ns = 0;
	db_conn_init(&link->conn, pipeline->settings.db, lane->is_read_only,
		     pipeline->settings.first_number + (unsigned)(link - pipeline->links), on_over);
	link->conn.catalog = pipeline->catalog;
	db_watch_init(&link->watch, pipeline->loop, &link->conn, on_ready);
	link->resolve = db_resolve_start(pipeline->loop, pipeline->settings.db->conninfo, on_resolved, link);
	if (link->resolve == NULL)
		connect_link(link, NULL);
	pipeline_start_ticking(pipeline);
}
