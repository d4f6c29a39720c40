/* Every byte waits equally long, so one list in the order of arrival is also the order of leaving. One timerfd armed
 * for its head is enough. (A libuv timer is a millisecond coarse: as long as the delay itself.) */
#include "loadgen/engine/relay.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/list.h"
#include "base/memory.h"
#include "loadgen/engine/relay_address.h"

enum { UNDER_WAY_MAX = 4 << 20, READ_BYTES = 64 * 1024, BACKLOG = 1024 };

struct side {
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	};
	struct pair *pair;
	struct side *other;
	size_t under_way; /* bytes read here and not written to the other side yet */
	bool is_paused;
};

/* A connection of the service and the one to the database that belongs to it. */
struct pair {
	struct list link;
	struct relay *relay;
	struct side near, far;
	unsigned references; /* open handles, chunks */
	bool is_closing;
	uv_connect_t connect;
	uv_shutdown_t shutdown[2];
};

/* What one read brought; without bytes: the end. */
struct chunk {
	struct list link;
	uint64_t due_ns;
	struct side *from;
	uv_write_t write;
	size_t length;
	char bytes[];
};

struct relay {
	struct relay_address upstream;
	uint64_t delay_ns; /* one way */
	uv_loop_t loop;
	uv_tcp_t listener;
	uv_async_t stop;
	uv_poll_t timer;
	int timer_fd;
	struct list pairs, chunks;
	unsigned pair_count;
	pthread_t thread;
	char buffer[READ_BYTES]; /* of whichever side reads */
};

static void release(struct pair *pair)
{
	if (--pair->references > 0)
		return;
	list_remove(&pair->link);
	pair->relay->pair_count--;
	free(pair);
}

static void on_side_closed(uv_handle_t *handle)
{
	release(((struct side *)handle->data)->pair);
}

static void close_pair(struct pair *pair)
{
	if (pair->is_closing)
		return;
	pair->is_closing = true;
	uv_close(&pair->near.handle, on_side_closed);
	uv_close(&pair->far.handle, on_side_closed);
}

/* Chunks: in from one side, kept, out on the other */

static void arm_timer(struct relay *relay)
{
	struct itimerspec at = {0};

	if (!list_is_empty(&relay->chunks)) {
		uint64_t due_ns = CONTAINER_OF(relay->chunks.next, struct chunk, link)->due_ns;

		at.it_value.tv_sec = (time_t)(due_ns / NS_PER_S);
		at.it_value.tv_nsec = (long)(due_ns % NS_PER_S);
	}
	timerfd_settime(relay->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static void keep(struct side *from, size_t length)
{
	struct relay *relay = from->pair->relay;
	struct chunk *chunk = memory_alloc(sizeof(*chunk) + length);
	bool was_empty = list_is_empty(&relay->chunks);

	*chunk = (struct chunk){.due_ns = clock_now_ns() + relay->delay_ns, .from = from, .length = length};
	memcpy(chunk->bytes, relay->buffer, length);
	list_append(&relay->chunks, &chunk->link);
	from->under_way += length;
	from->pair->references++;
	if (was_empty)
		arm_timer(relay);
}

static void on_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct relay *relay = handle->loop->data;

	(void)suggested;
	*buffer = uv_buf_init(relay->buffer, READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	struct side *side = stream->data;

	(void)buffer;
	if (length == 0)
		return;
	if (length < 0) {
		uv_read_stop(stream);
		keep(side, 0);
		return;
	}
	keep(side, (size_t)length);
	if (side->under_way > UNDER_WAY_MAX) {
		side->is_paused = true;
		uv_read_stop(stream);
	}
}

static void free_chunk(struct chunk *chunk)
{
	struct pair *pair = chunk->from->pair;

	free(chunk);
	release(pair);
}

static void on_written(uv_write_t *write, int status)
{
	struct chunk *chunk = CONTAINER_OF(write, struct chunk, write);
	struct side *from = chunk->from;
	struct pair *pair = from->pair;

	from->under_way -= chunk->length;
	if (status != 0)
		close_pair(pair);
	else if (from->is_paused && from->under_way < UNDER_WAY_MAX / 2 && !pair->is_closing) {
		from->is_paused = false;
		uv_read_start(&from->stream, on_buffer, on_read);
	}
	free_chunk(chunk);
}

static void on_shut_down(uv_shutdown_t *shutdown, int status)
{
	(void)status;
	close_pair(((struct side *)shutdown->data)->pair);
}

/* One side has ended: the other is told when all before it has been written, and then both go. Neither libpq nor
 * PostgreSQL goes on with a connection of which one half is closed. */
static void pass_end(struct side *to)
{
	uv_shutdown_t *shutdown = &to->pair->shutdown[to == &to->pair->far];

	shutdown->data = to;
	if (uv_shutdown(shutdown, &to->stream, on_shut_down) != 0)
		close_pair(to->pair);
}

static void pass(struct chunk *chunk)
{
	struct side *to = chunk->from->other;
	uv_buf_t buffer = uv_buf_init(chunk->bytes, (unsigned)chunk->length);

	list_remove(&chunk->link);
	if (to->pair->is_closing) {
		free_chunk(chunk);
	} else if (chunk->length == 0) {
		pass_end(to);
		free_chunk(chunk);
	} else if (uv_write(&chunk->write, &to->stream, &buffer, 1, on_written) != 0) {
		close_pair(to->pair);
		free_chunk(chunk);
	}
}

static void on_timer(uv_poll_t *poll, int status, int events)
{
	struct relay *relay = poll->data;
	uint64_t expirations, now_ns;

	(void)status;
	(void)events;
	if (read(relay->timer_fd, &expirations, sizeof(expirations)) < 0)
		return;
	now_ns = clock_now_ns();
	LIST_EACH (link, &relay->chunks) {
		struct chunk *chunk = CONTAINER_OF(link, struct chunk, link);

		if (chunk->due_ns > now_ns)
			break;
		pass(chunk);
	}
	arm_timer(relay);
}

/* Connections */

static void on_connected(uv_connect_t *connect, int status)
{
	struct pair *pair = connect->data;

	if (pair->is_closing)
		return;
	if (status != 0 || uv_read_start(&pair->far.stream, on_buffer, on_read) != 0)
		close_pair(pair);
}

static int init_side(struct relay *relay, struct side *side, struct pair *pair, struct side *other, int family)
{
	int result =
	    family == AF_UNIX ? uv_pipe_init(&relay->loop, &side->pipe, 0) : uv_tcp_init(&relay->loop, &side->tcp);

	side->handle.data = side;
	side->pair = pair;
	side->other = other;
	pair->references++;
	return result;
}

static int connect_far(struct relay *relay, struct pair *pair)
{
	const struct sockaddr *address = (const struct sockaddr *)&relay->upstream.address;

	pair->connect.data = pair;
	if (address->sa_family == AF_UNIX) {
		uv_pipe_connect(&pair->connect, &pair->far.pipe, ((const struct sockaddr_un *)address)->sun_path,
				on_connected);
		return 0;
	}
	uv_tcp_nodelay(&pair->far.tcp, 1);
	return uv_tcp_connect(&pair->connect, &pair->far.tcp, address, on_connected);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct relay *relay = listener->data;
	struct pair *pair;

	if (status != 0)
		return;
	pair = memory_alloc_zeroed(1, sizeof(*pair));
	pair->relay = relay;
	list_append(&relay->pairs, &pair->link);
	relay->pair_count++;
	/* neither can fail: no system call is made yet */
	init_side(relay, &pair->near, pair, &pair->far, AF_INET);
	init_side(relay, &pair->far, pair, &pair->near, relay->upstream.address.ss_family);
	if (uv_accept(listener, &pair->near.stream) != 0 || relay->pair_count > RELAY_CONNECTIONS_MAX ||
	    uv_tcp_nodelay(&pair->near.tcp, 1) != 0 || connect_far(relay, pair) != 0 ||
	    uv_read_start(&pair->near.stream, on_buffer, on_read) != 0)
		close_pair(pair);
}

/* Life */

static void on_stop(uv_async_t *async)
{
	struct relay *relay = async->data;

	LIST_EACH (link, &relay->pairs)
		close_pair(CONTAINER_OF(link, struct pair, link));
	LIST_EACH (link, &relay->chunks) {
		list_remove(link);
		free_chunk(CONTAINER_OF(link, struct chunk, link));
	}
	uv_close((uv_handle_t *)&relay->listener, NULL);
	uv_close((uv_handle_t *)&relay->timer, NULL);
	uv_close((uv_handle_t *)&relay->stop, NULL);
}

static void *run(void *data)
{
	struct relay *relay = data;
	sigset_t all;

	sigfillset(&all); /* Ctrl-C is for the thread that measures: it has to wake up */
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	uv_run(&relay->loop, UV_RUN_DEFAULT);
	return NULL;
}

/* Of libuv's calls the first error; all are made before the thread starts. */
static int open_listener(struct relay *relay, unsigned *port)
{
	struct sockaddr_in address;
	int length = sizeof(address), result;

	uv_ip4_addr("127.0.0.1", 0, &address);
	result = uv_tcp_bind(&relay->listener, (const struct sockaddr *)&address, 0);
	if (result == 0)
		result = uv_listen((uv_stream_t *)&relay->listener, BACKLOG, on_connection);
	if (result == 0)
		result = uv_tcp_getsockname(&relay->listener, (struct sockaddr *)&address, &length);
	*port = ntohs(address.sin_port);
	return result;
}

static int open_loop(struct relay *relay)
{
	int result = uv_loop_init(&relay->loop);

	if (result != 0)
		return result;
	relay->loop.data = relay;
	uv_tcp_init(&relay->loop, &relay->listener);
	result = uv_async_init(&relay->loop, &relay->stop, on_stop);
	if (result == 0)
		result = uv_poll_init(&relay->loop, &relay->timer, relay->timer_fd);
	if (result == 0)
		result = uv_poll_start(&relay->timer, UV_READABLE, on_timer);
	relay->listener.data = relay->stop.data = relay->timer.data = relay;
	return result;
}

static int start(struct relay *relay, unsigned *port, char *why, size_t why_size)
{
	int result;

	list_init(&relay->pairs);
	list_init(&relay->chunks);
	relay->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	result = relay->timer_fd < 0 ? UV_EMFILE : open_loop(relay);
	if (result == 0)
		result = open_listener(relay, port);
	if (result == 0)
		result = -pthread_create(&relay->thread, NULL, run, relay);
	if (result != 0)
		snprintf(why, why_size, "the relay to the database could not be started: %s", uv_strerror(result));
	return result == 0 ? 0 : -1;
}

int relay_start(struct relay **out, const char *database, double round_trip_ms, char **out_database, char *why,
		size_t why_size)
{
	struct relay *relay = memory_alloc_zeroed(1, sizeof(*relay));
	unsigned port = 0;

	relay->delay_ns = (uint64_t)(round_trip_ms * 1e6 / 2);
	if (relay_address_read(&relay->upstream, database, why, why_size) != 0 ||
	    start(relay, &port, why, why_size) != 0) {
		/* what is left of the loop goes with the program, which ends when it cannot start a relay */
		free(relay);
		return -1;
	}
	*out = relay;
	*out_database = relay_address_replace(database, port);
	return 0;
}

void relay_stop(struct relay *relay)
{
	uv_async_send(&relay->stop);
	pthread_join(relay->thread, NULL);
	uv_loop_close(&relay->loop);
	close(relay->timer_fd);
	free(relay);
}
