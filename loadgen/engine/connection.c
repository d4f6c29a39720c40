#include "loadgen/engine/connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/require.h"
#include "loadgen/engine/load_model.h"

static char read_buffer[READ_BYTES]; /* what is read is looked at before anything else is read; one load at a time */

/* Slots: a ring, the oldest request first */

static struct slot *slot_at(struct connection *connection, unsigned index)
{
	unsigned at = connection->first + index, depth = connection->load->depth;

	return &connection->slots[at < depth ? at : at - depth];
}

static struct record *take_oldest(struct connection *connection)
{
	struct slot *slot = slot_at(connection, 0);

	list_remove(&slot->link);
	connection->first = (uint16_t)(connection->first + 1U == connection->load->depth ? 0 : connection->first + 1U);
	connection->count--;
	if (connection->sent > 0)
		connection->sent--;
	return slot->record;
}

void connection_init(struct connection *connection, struct load *load)
{
	*connection = (struct connection){.load = load, .fd = -1};
	list_init(&connection->link);
	list_init(&connection->connecting_link);
	connection->slots =
	    load->depth == 1 ? &connection->one : memory_alloc_zeroed(load->depth, sizeof(*connection->slots));
	for (unsigned i = 0; i < load->depth; i++) {
		connection->slots[i].connection = connection;
		list_init(&connection->slots[i].link);
	}
	if (load->plan->redirects_max > 0)
		connection->redirect = memory_alloc_zeroed(1, sizeof(*connection->redirect));
}

void connection_cleanup(struct connection *connection)
{
	if (connection->slots != &connection->one)
		free(connection->slots);
	free(connection->redirect);
}

static bool is_redirected(const struct connection *connection)
{
	return connection->redirect != NULL && connection->redirect->target.length > 0;
}

static bool is_head_request(struct connection *connection)
{
	const struct request_set *requests = connection->load->plan->requests;
	const struct record *record = slot_at(connection, 0)->record;

	return strcmp(requests->requests[record->request]->method, "HEAD") == 0;
}

/* The response to the oldest request is what comes next. */
static void expect_response(struct connection *connection)
{
	if (connection->sent == 0)
		return;
	response_init(&connection->response, is_head_request(connection));
	if (connection->redirect != NULL)
		response_want_location(&connection->response, &connection->redirect->room);
}

/* Ending */

static void fail_all(struct connection *connection, enum outcome outcome)
{
	struct load *load = connection->load;
	uint64_t now = load_clock(load);

	if (connection->redirect != NULL)
		connection->redirect->target.length = 0;
	while (connection->count > 0) {
		struct record *record = take_oldest(connection);

		record->bytes =
		    connection->response.bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)connection->response.bytes;
		connection->response.bytes = 0; /* those behind the first got none */
		load_end_request(load, record, outcome, now);
	}
}

static void leave_connecting(struct connection *connection)
{
	list_remove(&connection->connecting_link);
	connection->load->connecting_count--;
}

/* What is under way stays. */
static void drop_socket(struct connection *connection)
{
	struct load *load = connection->load;

	if (connection->state == CONNECTION_CONNECTING)
		leave_connecting(connection);
	if (connection->state == CONNECTION_UP)
		load->up_count--;
	if (connection->fd >= 0)
		close(connection->fd);
	connection->fd = -1;
	connection->state = CONNECTION_CLOSED;
	free(connection->unsent);
	connection->unsent = NULL;
}

void connection_close(struct connection *connection, enum outcome outcome)
{
	drop_socket(connection);
	list_remove(&connection->link);
	fail_all(connection, outcome);
	connection->first = connection->sent = 0;
}

static void go_down(struct connection *connection, enum outcome outcome)
{
	connection_close(connection, outcome);
	connection->load->class->on_down(connection->load, connection);
}

static enum outcome outcome_of_errno(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return OUTCOME_REFUSED;
	case ECONNRESET:
	case EPIPE:
		return OUTCOME_RESET;
	case ETIMEDOUT:
		return OUTCOME_TIMED_OUT;
	default:
		return OUTCOME_UNREACHABLE;
	}
}

static void fail_connect(struct connection *connection, int error)
{
	struct load *load = connection->load;

	load->measurement->self_check.connect_failures++;
	if (load->measurement->connect_error == 0)
		load->measurement->connect_error = error;
	go_down(connection, error == ECONNRESET ? OUTCOME_REFUSED : outcome_of_errno(error));
}

/* Opening */

static void note_connected(struct connection *connection)
{
	struct load *load = connection->load;
	uint64_t took = load_clock(load) - connection->event_ns;

	leave_connecting(connection);
	connection->state = CONNECTION_UP;
	connection->was_up = true;
	load->up_count++;
	load->measurement->self_check.connects++;
	load->connect_times[lateness_bucket(took)]++;
	if (took > load->connect_max_ns)
		load->connect_max_ns = took;
}

static int open_socket(const struct target *target)
{
	int one = 1, fd = socket(target->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

void connection_open(struct connection *connection)
{
	struct load *load = connection->load;
	const struct target *target = &load->plan->requests->target;
	struct epoll_event interest = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = connection};
	int error = 0;

	REQUIRE(connection->state == CONNECTION_CLOSED);
	list_remove(&connection->link);
	connection->state = CONNECTION_CONNECTING;
	list_append(&load->connecting, &connection->connecting_link);
	load->connecting_count++;
	connection->number = load->next_number++;
	load->measurement->self_check.reconnects += connection->was_up && load->plan->requests->is_keep_alive;
	for (unsigned i = 0; i < connection->count; i++) /* those that it is opened for */
		slot_at(connection, i)->record->connection = connection->number;
	connection->event_ns = load_clock(load);
	connection->is_last = false;
	connection->has_answered = false;
	connection->fd = open_socket(target);
	if (connection->fd < 0 || epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &interest) != 0)
		error = errno;
	else if (connect(connection->fd, (const struct sockaddr *)&target->address, target->address_length) != 0 &&
		 errno != EINPROGRESS)
		error = errno;
	if (error != 0)
		fail_connect(connection, error);
	/* even when it is up already, the event says so: one way only */
}

static void finish_connect(struct connection *connection)
{
	int error = 0;
	socklen_t size = sizeof(error);

	getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error != 0) {
		fail_connect(connection, error);
		return;
	}
	note_connected(connection);
	if (connection->count > 0)
		connection_flush(connection);
	else
		connection->load->class->on_free(connection->load, connection);
}

/* Writing */

void connection_put(struct connection *connection, uint64_t intended_ns)
{
	struct load *load = connection->load;
	struct record *record = load_begin_request(load, intended_ns);
	struct slot *slot;

	if (record == NULL)
		return;
	REQUIRE(connection->count < load->depth);
	slot = slot_at(connection, connection->count++);
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

	if (is_redirected(connection)) {
		request_set_redirect(load->plan->requests, slot_at(connection, 0)->record->request,
				     connection->redirect->is_get, connection->redirect->target, &one);
		return one;
	}
	for (unsigned i = connection->sent; i < connection->count; i++) {
		slot_at(connection, i)->record->request = (uint8_t)load->class->write(load, connection, &one);
		if (connection->count - connection->sent == 1)
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
	bool was_quiet = connection->sent == 0;
	struct text bytes;
	uint64_t now;
	ssize_t taken;

	if (connection->state != CONNECTION_UP || connection->unsent != NULL || connection->sent == connection->count)
		return;
	bytes = collect(connection);
	now = load_clock(load);
	/* a request that follows a redirect has left long ago */
	for (unsigned i = connection->sent; i < connection->count && !is_redirected(connection); i++) {
		struct record *record = slot_at(connection, i)->record;

		record->sent_ns = now - load->started_ns;
		load->class->on_sent(load, record);
	}
	connection->sent = connection->count;
	if (was_quiet)
		expect_response(connection);
	taken = write_bytes(connection, bytes);
	if (taken < 0)
		go_down(connection, OUTCOME_UNREACHABLE);
	else if ((size_t)taken < bytes.length)
		keep_unsent(connection, (struct text){bytes.at + taken, bytes.length - (size_t)taken});
}

static bool write_unsent(struct connection *connection)
{
	struct text left = {connection->unsent + connection->unsent_from,
			    connection->unsent_bytes - connection->unsent_from};
	ssize_t taken = write_bytes(connection, left);

	if (taken < 0) {
		go_down(connection, OUTCOME_UNREACHABLE);
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

/* Reading */

static void end_response(struct connection *connection)
{
	const struct response *response = &connection->response;
	struct load *load = connection->load;
	struct record *record = take_oldest(connection);

	if (connection->redirect != NULL)
		connection->redirect->target.length = 0;
	record->status = response->status;
	record->bytes = response->bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)response->bytes;
	record->queue_us = response->queue_us;
	record->database_us = response->database_us;
	record->total_us = response->total_us;
	if (!response->is_keep_alive || !load->plan->requests->is_keep_alive)
		connection->is_last = true;
	connection->has_answered = true;
	load_end_request(load, record, OUTCOME_ANSWERED, load->now_ns);
	connection->response.bytes = 0;
	expect_response(connection);
}

/* Redirects: the request stays under way, and is sent once more, to where its answer leads. */

static bool is_redirect(unsigned status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool wants_redirect(struct connection *connection)
{
	const struct record *record = slot_at(connection, 0)->record;
	struct redirect *redirect = connection->redirect;

	return redirect != NULL && is_redirect(connection->response.status) &&
	       record->redirects < connection->load->plan->redirects_max &&
	       request_set_may_follow(connection->load->plan->requests, record->request, redirect->room.value,
				      &redirect->target);
}

static bool follow(struct connection *connection)
{
	struct record *record = slot_at(connection, 0)->record;

	if (record->redirects++ == 0)
		connection->redirect->is_get = false;
	if (request_set_turns_to_get(connection->load->plan->requests, record->request, connection->response.status))
		connection->redirect->is_get = true;
	connection->sent = 0;
	connection->has_answered = true;
	connection->response.bytes = 0;
	if (connection->response.is_keep_alive && connection->load->plan->requests->is_keep_alive) {
		connection_flush(connection);
	} else {
		drop_socket(connection);
		connection_open(connection);
	}
	return connection->state == CONNECTION_UP;
}

/* Everything that was read; false when the connection is down. */
static bool read_responses(struct connection *connection, struct text input)
{
	struct load *load = connection->load;

	while (input.length > 0) {
		if (connection->sent == 0) {
			load_count_malformed(load, "bytes that were not asked for");
			go_down(connection, OUTCOME_MALFORMED);
			return false;
		}
		if (connection->response.bytes == 0)
			slot_at(connection, 0)->record->first_ns = load->now_ns - load->started_ns;
		switch (response_feed(&connection->response, &input)) {
		case RESPONSE_INCOMPLETE:
			return true;
		case RESPONSE_MALFORMED:
			load_count_malformed(load, connection->response.what);
			go_down(connection, OUTCOME_MALFORMED);
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
			go_down(connection, OUTCOME_CLOSED);
			return false;
		}
	}
	return true;
}

static void on_end_of_stream(struct connection *connection)
{
	if (connection->sent > 0 && response_close(&connection->response) == RESPONSE_WHOLE &&
	    connection->response.is_head_over) {
		if (wants_redirect(connection)) {
			follow(connection);
			return;
		}
		end_response(connection);
	}
	go_down(connection, OUTCOME_CLOSED);
}

/* Reads until the kernel has no more: an edge is reported once. */
static void read_all(struct connection *connection, bool is_ending)
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
				go_down(connection, outcome_of_errno(errno));
			break;
		}
		load_clock(connection->load);
		if (!read_responses(connection, (struct text){read_buffer, (size_t)bytes}))
			return;
	} while (is_ending || bytes == (ssize_t)sizeof(read_buffer));
	if (connection->state == CONNECTION_UP && connection->count < connection->load->depth)
		connection->load->class->on_free(connection->load, connection);
}

void connection_on_event(struct connection *connection, uint32_t events)
{
	if (connection->state == CONNECTION_CONNECTING) {
		if (connection->event_ns >= connection->load->turn_ns)
			return; /* opened in this very turn: the event was of the connection before it */
		if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
			finish_connect(connection);
		if (connection->state != CONNECTION_UP)
			return;
	}
	if (connection->state != CONNECTION_UP)
		return;
	if ((events & EPOLLOUT) && connection->unsent != NULL && !write_unsent(connection))
		return;
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		read_all(connection, (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
}
