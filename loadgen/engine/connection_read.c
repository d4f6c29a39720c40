#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "loadgen/engine/connection_parts.h"
#include "loadgen/engine/request_redirect.h"

enum { READ_BYTES = 64 * 1024 };

static char read_buffer[READ_BYTES]; /* what is read is looked at before anything else is read; one load at a time */

static bool is_head_request(struct connection *connection)
{
	const struct request_set *requests = connection->load->plan->requests;
	const struct record *record = slot_ring_at(&connection->ring, 0)->record;

	return strcmp(requests->requests[record->request]->method, "HEAD") == 0;
}

void connection_expect_response(struct connection *connection)
{
	if (connection->ring.sent == 0)
		return;
	response_init(&connection->response, is_head_request(connection));
	if (connection->redirect != NULL)
		response_want_location(&connection->response, &connection->redirect->room);
}

static void end_response(struct connection *connection)
{
	const struct response *response = &connection->response;
	struct load *load = connection->load;
	struct record *record = slot_ring_take_oldest(&connection->ring);

	if (connection->redirect != NULL)
		connection->redirect->target.length = 0;
	record->status = response->status;
	record->bytes = response->bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)response->bytes;
	record->queue_us = response->timing.queue_us;
	record->database_us = response->timing.database_us;
	record->total_us = response->timing.total_us;
	if (!response->is_keep_alive || !load->plan->requests->is_keep_alive)
		connection->is_last = true;
	connection->has_answered = true;
	load_end_request(load, record, OUTCOME_ANSWERED, load->now_ns);
	connection->response.bytes = 0;
	connection_expect_response(connection);
}

/* Redirects: the request stays under way, and is sent once more, to where its answer leads. */

static const struct request *request_of(const struct connection *connection, const struct record *record)
{
	return connection->load->plan->requests->requests[record->request];
}

static bool wants_redirect(struct connection *connection)
{
	const struct record *record = slot_ring_at(&connection->ring, 0)->record;
	struct redirect *redirect = connection->redirect;

	return redirect != NULL && request_redirect_is_status(connection->response.status) &&
	       record->redirects < connection->load->plan->redirects_max &&
	       request_redirect_may_follow(request_of(connection, record),
					   connection->load->plan->requests->target.authority, redirect->room.value,
					   &redirect->target);
}

static bool follow(struct connection *connection)
{
	struct record *record = slot_ring_at(&connection->ring, 0)->record;

	if (record->redirects++ == 0)
		connection->redirect->is_get = false;
	if (request_redirect_turns_to_get(request_of(connection, record), connection->response.status))
		connection->redirect->is_get = true;
	connection->ring.sent = 0;
	connection->has_answered = true;
	connection->response.bytes = 0;
	if (connection->response.is_keep_alive && connection->load->plan->requests->is_keep_alive) {
		connection_flush(connection);
	} else {
		connection_drop_socket(connection);
		connection_open(connection);
	}
	return connection->state == CONNECTION_UP;
}

/* Everything that was read; false when the connection is down. */
static bool read_responses(struct connection *connection, struct text input)
{
	struct load *load = connection->load;

	while (input.length > 0) {
		if (connection->ring.sent == 0) {
			load_count_malformed(load, "bytes that were not asked for");
			connection_go_down(connection, OUTCOME_MALFORMED);
			return false;
		}
		if (connection->response.bytes == 0)
			slot_ring_at(&connection->ring, 0)->record->first_ns = load->now_ns - load->started_ns;
		switch (response_feed(&connection->response, &input)) {
		case RESPONSE_INCOMPLETE:
			return true;
		case RESPONSE_MALFORMED:
			load_count_malformed(load, connection->response.what);
			connection_go_down(connection, OUTCOME_MALFORMED);
			return false;
		case RESPONSE_WHOLE:
			if (wants_redirect(connection)) {
				if (input.length == 0)
					return follow(connection);
				connection->redirect->target.length = 0; /* what comes unasked ends it all */
			}
			end_response(connection);
			break;
		}
		if (connection->is_last) {
			connection_go_down(connection, OUTCOME_CLOSED);
			return false;
		}
	}
	return true;
}

static void on_end_of_stream(struct connection *connection)
{
	if (connection->ring.sent > 0 && response_close(&connection->response) == RESPONSE_WHOLE &&
	    connection->response.is_head_over) {
		if (wants_redirect(connection)) {
			follow(connection);
			return;
		}
		end_response(connection);
	}
	connection_go_down(connection, OUTCOME_CLOSED);
}

void connection_read(struct connection *connection, bool is_ending)
{
	ssize_t bytes;

	do {
		bytes = recv(connection->fd, read_buffer, sizeof(read_buffer), MSG_DONTWAIT);
		if (bytes == 0) {
			load_clock(connection->load);
			on_end_of_stream(connection);
			return;
		}
		if (bytes < 0) {
			if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
				connection_go_down(connection, connection_outcome_of(errno));
			break;
		}
		load_clock(connection->load);
		if (!read_responses(connection, (struct text){read_buffer, (size_t)bytes}))
			return;
	} while (is_ending || bytes == (ssize_t)sizeof(read_buffer));
	if (connection->state == CONNECTION_UP && connection->ring.count < connection->load->depth)
		connection->load->class->on_free(connection->load, connection);
}
