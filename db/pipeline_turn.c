#include "db/pipeline_parts.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>

int link_turn_when_idle(struct link *link)
{
	struct db_conn *conn = &link->conn;
	int status;

	if (LIKELY(link_is_of_this_edition(link)) || conn->state != CONN_READY || link->outgoing_count > 0)
		return 0;
	link->opening_ns = clock_now_ns(); /* it takes no longer than a connect may */
	pipeline_start_ticking(link->pipeline);
	status = db_conn_turn(conn, link->pipeline->catalog);
	if (status == 0 && db_conn_is_usable(conn))
		link->opening_ns = 0;
	return status;
}

static void carry(uint64_t **values, unsigned count, const unsigned *carried_from, unsigned count_before)
{
	uint64_t *carried = memory_alloc_zeroed(count + 1, sizeof(*carried));

	for (unsigned i = 0; i < count; i++)
		if (carried_from[i] < count_before)
			carried[i] = (*values)[carried_from[i]];
	free(*values);
	*values = carried;
}

void db_pipeline_turn(struct db_pipeline *pipeline, struct db_catalog catalog, const unsigned *carried_from)
{
	unsigned count_before = pipeline->catalog.statement_count;

	carry(&pipeline->expected_ns, catalog.statement_count, carried_from, count_before);
	carry(&pipeline->changed_ns, catalog.statement_count, carried_from, count_before);
	pipeline->catalog = catalog;
	for (unsigned i = 0; i < pipeline->settings.connections; i++) {
		struct link *link = &pipeline->links[i];

		if (link->lane == NULL)
			continue;
		if (link_turn_when_idle(link) != 0)
			link_lose(link);
		else
			db_watch_update(&link->watch);
	}
}

unsigned db_pipeline_oldest_edition(const struct db_pipeline *pipeline)
{
	unsigned oldest = pipeline->catalog.edition;

	for (unsigned i = 0; i < pipeline->settings.connections; i++) {
		const struct link *link = &pipeline->links[i];

		if (link->lane != NULL && link->conn.catalog.edition < oldest)
			oldest = link->conn.catalog.edition;
	}
	return oldest;
}
