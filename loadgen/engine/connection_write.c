#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "loadgen/engine/connection_parts.h"

void connection_put(struct connection *connection, uint64_t intended_ns)
{
	struct load *load = connection->load;
	struct record *record = load_begin_request(load, intended_ns);
	struct slot *slot;

	if (record == NULL)
		return;
	slot = slot_ring_add(&connection->ring);
	record->connection = connection->number;
	record->request = REQUEST_UNKNOWN;
	slot->record = record;
	list_append(&load->under_way, &slot->link);
}

/* The bytes of all that was put and not written; most often they are one request's own. */
static struct text collect(struct connection *connection)
{
	struct load *load = connection->load;
	struct text all = {NULL, 0}, one;

	if (connection_is_redirected(connection)) {
		request_set_redirect(load->plan->requests, slot_ring_at(&connection->ring, 0)->record->request,
				     connection->redirect->is_get, connection->redirect->target, &one);
		return one;
	}
	for (unsigned i = connection->ring.sent; i < connection->ring.count; i++) {
		slot_ring_at(&connection->ring, i)->record->request =
		    (uint8_t)load->class->write(load, connection, &one);
		if (connection->ring.count - connection->ring.sent == 1)
			return one;
		if (all.length + one.length > load->scratch_capacity) {
			char *larger = memory_alloc(load->scratch_capacity = 2 * (all.length + one.length));

			if (all.length > 0)
				memcpy(larger, load->scratch, all.length);
			free(load->scratch);
			load->scratch = larger;
		}
		memcpy(load->scratch + all.length, one.at, one.length);
		all = (struct text){load->scratch, all.length + one.length};
	}
	return all;
}

static void keep_unsent(struct connection *connection, struct text bytes)
{
	connection->unsent = memory_alloc(bytes.length);
	memcpy(connection->unsent, bytes.at, bytes.length);
	connection->unsent_bytes = bytes.length;
	connection->unsent_from = 0;
}

/* Returns how many bytes the kernel took; -1 when the connection went down. */
static ssize_t write_bytes(struct connection *connection, struct text bytes)
{
	ssize_t taken = send(connection->fd, bytes.at, bytes.length, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (taken >= 0)
		return taken;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return 0;
	/* EPIPE, ECONNRESET: the server has gone; but it may have answered first: what it sent is read before */
	return errno == EPIPE || errno == ECONNRESET ? (ssize_t)bytes.length : -1;
}

void connection_flush(struct connection *connection)
{
	struct load *load = connection->load;
	bool was_quiet = connection->ring.sent == 0;
	struct text bytes;
	uint64_t now;
	ssize_t taken;

	if (connection->state != CONNECTION_UP || connection->unsent != NULL ||
	    connection->ring.sent == connection->ring.count)
		return;
	bytes = collect(connection);
	now = load_clock(load);
	/* a request that follows a redirect has left long ago */
	for (unsigned i = connection->ring.sent; i < connection->ring.count && !connection_is_redirected(connection);
	     i++) {
		struct record *record = slot_ring_at(&connection->ring, i)->record;

		record->sent_ns = now - load->started_ns;
		load->class->on_sent(load, record);
	}
	connection->ring.sent = connection->ring.count;
	if (was_quiet)
		connection_expect_response(connection);
	taken = write_bytes(connection, bytes);
	if (taken < 0)
		connection_go_down(connection, OUTCOME_UNREACHABLE);
	else if ((size_t)taken < bytes.length)
		keep_unsent(connection, (struct text){bytes.at + taken, bytes.length - (size_t)taken});
}

bool connection_write_unsent(struct connection *connection)
{
	struct text left = {connection->unsent + connection->unsent_from,
			    connection->unsent_bytes - connection->unsent_from};
	ssize_t taken = write_bytes(connection, left);

	if (taken < 0) {
		connection_go_down(connection, OUTCOME_UNREACHABLE);
		return false;
	}
	connection->unsent_from += (size_t)taken;
	if (connection->unsent_from == connection->unsent_bytes) {
		free(connection->unsent);
		connection->unsent = NULL;
		connection_flush(connection); /* what was put meanwhile */
	}
	return connection->state == CONNECTION_UP;
}
