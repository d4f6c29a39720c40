/* Closed loop: every connection is a client that asks again as soon as it is answered. */
#include "loadgen/engine/load_model.h"

/* Fills the connection with requests and sends them; opens it first when it is closed. */
static void ask(struct load *load, struct connection *connection)
{
	while (connection->ring.count < load->depth && !connection->is_last && load_wants_more(load, load->now_ns))
		connection_put(connection, load->now_ns);
	if (connection->state == CONNECTION_UP)
		connection_flush(connection);
	else if (connection->state == CONNECTION_CLOSED && connection->ring.count > 0)
		connection_open(connection);
}

static void closed_start(struct load *load)
{
	for (unsigned i = 0; i < load->connection_count; i++)
		ask(load, &load->connections[i]);
}

static void closed_on_due(struct load *load, uint64_t now_ns)
{
	(void)load;
	(void)now_ns;
}

static void closed_on_free(struct load *load, struct connection *connection)
{
	if (load->phase == LOAD_RUNNING)
		ask(load, connection);
}

static void closed_on_down(struct load *load, struct connection *connection)
{
	if (load->phase != LOAD_RUNNING)
		return;
	/* at once after an answer; a connection that brings nothing must not keep the loop busy */
	connection->is_last = false;
	connection->event_ns = connection->has_answered ? load->now_ns : load->now_ns + TRY_AGAIN_AFTER_MS * NS_PER_MS;
	if (connection->has_answered)
		list_prepend(&load->waiting, &connection->link);
	else
		list_append(&load->waiting, &connection->link);
}

static unsigned closed_write(struct load *load, struct connection *connection, struct text *bytes)
{
	(void)connection;
	return request_set_next(load->plan->requests, bytes);
}

static void closed_on_sent(struct load *load, struct record *record)
{
	/* it was decided upon in this very turn: then it was due when it was sent. Otherwise it has waited for a
	 * connection, which belongs to its response time. Decided upon within the window, it stays in it. */
	if (record->intended_ns + load->started_ns >= load->turn_ns && load->plan->requests->is_keep_alive &&
	    record->sent_ns < load->measurement->window_to_ns)
		load_postpone(load, record, load->started_ns + record->sent_ns);
	load_count_lateness(load, load->now_ns - load->turn_ns);
}

const struct load_class load_closed = {
    .start = closed_start,
    .on_due = closed_on_due,
    .on_free = closed_on_free,
    .on_down = closed_on_down,
    .write = closed_write,
    .on_sent = closed_on_sent,
};
