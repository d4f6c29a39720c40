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
#include "loadgen/engine/connection_parts.h"

void connection_init(struct connection *connection, struct load *load)
{
	*connection = (struct connection){.load = load, .fd = -1};
	list_init(&connection->link);
	list_init(&connection->connecting_link);
	slot_ring_init(&connection->ring, load->depth, connection);
	if (load->plan->redirects_max > 0)
		connection->redirect = memory_alloc_zeroed(1, sizeof(*connection->redirect));
}

void connection_cleanup(struct connection *connection)
{
	slot_ring_cleanup(&connection->ring);
	free(connection->redirect);
}

/* Ending */

static void fail_all(struct connection *connection, enum outcome outcome)
{
	struct load *load = connection->load;
	uint64_t now = load_clock(load);

	if (connection->redirect != NULL)
		connection->redirect->target.length = 0;
	while (connection->ring.count > 0) {
		struct record *record = slot_ring_take_oldest(&connection->ring);

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

void connection_drop_socket(struct connection *connection)
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
	connection_drop_socket(connection);
	list_remove(&connection->link);
	fail_all(connection, outcome);
	connection->ring.first = connection->ring.sent = 0;
}

void connection_go_down(struct connection *connection, enum outcome outcome)
{
	connection_close(connection, outcome);
	connection->load->class->on_down(connection->load, connection);
}

enum outcome connection_outcome_of(int error)
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
	connection_go_down(connection, error == ECONNRESET ? OUTCOME_REFUSED : connection_outcome_of(error));
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
	for (unsigned i = 0; i < connection->ring.count; i++) /* those that it is opened for */
		slot_ring_at(&connection->ring, i)->record->connection = connection->number;
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
	if (connection->ring.count > 0)
		connection_flush(connection);
	else
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
	if ((events & EPOLLOUT) && connection->unsent != NULL && !connection_write_unsent(connection))
		return;
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		connection_read(connection, (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
}
