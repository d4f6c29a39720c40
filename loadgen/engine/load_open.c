/* Open loop: requests are due on a schedule; nothing that happens to the earlier ones holds up the next. */
#include "loadgen/engine/load_model.h"

static void wake(struct load *load)
{
	if (load->phase == LOAD_RUNNING)
		pacer_wake_at(&load->pacer, pacer_due_ns(&load->pacer));
}

static void open_start(struct load *load)
{
	for (unsigned i = load->plan->connections; i < load->connection_count; i++)
		list_append(&load->waiting, &load->connections[i].link);
	pacer_schedule(&load->pacer, load->plan->rate, load->plan->arrivals, load->started_ns);
	wake(load);
}

/* A connection that is up and idle, else one that is closed; free ones are in front, the last used first. */
static struct connection *take_free(struct load *load)
{
	struct connection *connection;

	if (list_is_empty(&load->waiting))
		return NULL;
	connection = CONTAINER_OF(load->waiting.next, struct connection, link);
	list_remove(&connection->link);
	return connection;
}

static void refuse(struct load *load, uint64_t due_ns)
{
	struct record *record = load_begin_request(load, due_ns);

	if (record == NULL)
		return;
	record->request = REQUEST_UNKNOWN;
	load_end_request(load, record, OUTCOME_NOT_SENT, due_ns);
}

static void send_due(struct load *load, uint64_t due_ns)
{
	struct connection *connection = load->in_flight < load->plan->max_in_flight ? take_free(load) : NULL;

	if (connection == NULL) {
		refuse(load, due_ns);
		return;
	}
	connection_put(connection, due_ns);
	if (connection->state == CONNECTION_UP)
		connection_flush(connection);
	else if (connection->ring.count > 0)
		connection_open(connection);
}

static void open_on_due(struct load *load, uint64_t now_ns)
{
	while (pacer_due_ns(&load->pacer) <= now_ns && load_wants_more(load, pacer_due_ns(&load->pacer))) {
		send_due(load, pacer_due_ns(&load->pacer));
		pacer_next(&load->pacer);
	}
	wake(load);
}

static void open_on_free(struct load *load, struct connection *connection)
{
	if (connection->ring.count == 0) {
		list_remove(&connection->link);
		list_prepend(&load->waiting, &connection->link);
	}
}

static void open_on_down(struct load *load, struct connection *connection)
{
	list_append(&load->waiting, &connection->link);
}

static unsigned open_write(struct load *load, struct connection *connection, struct text *bytes)
{
	(void)connection;
	return request_set_next(load->plan->requests, bytes);
}

static void open_on_sent(struct load *load, struct record *record)
{
	load_count_lateness(load, record->sent_ns - record->intended_ns);
}

const struct load_class load_open = {
    .start = open_start,
    .on_due = open_on_due,
    .on_free = open_on_free,
    .on_down = open_on_down,
    .write = open_write,
    .on_sent = open_on_sent,
};
