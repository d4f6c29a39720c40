#include "base/sink.h"

#include "base/clock.h"
#include "base/require.h"
#include "base/thread.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { BATCH_BYTES = 4096 }; /* PIPE_BUF: a pipe takes it whole, so no other process's bytes come between */

struct sink_record {
	uint64_t not_put; /* lines dropped before this one */
	size_t length;
};

/* What one write is to take. */
struct batch {
	char bytes[BATCH_BYTES];
	size_t length, report_length;
	uint64_t reported;
};

_Static_assert(SINK_REPORT_MAX + SINK_LINE_MAX + 1 <= BATCH_BYTES, "a report and a line fit a batch");

/* The ring */

static void ring_put(struct sink *sink, const void *bytes, size_t length)
{
	size_t at = sink->end % SINK_RING_BYTES, to_edge = SINK_RING_BYTES - at;
	size_t front = length < to_edge ? length : to_edge;

	memcpy(sink->ring + at, bytes, front);
	memcpy(sink->ring, (const char *)bytes + front, length - front);
	sink->end += length;
}

/* Copies without taking. */
static void ring_peek(const struct sink *sink, uint64_t from, void *bytes, size_t length)
{
	size_t at = from % SINK_RING_BYTES, to_edge = SINK_RING_BYTES - at;
	size_t front = length < to_edge ? length : to_edge;

	memcpy(bytes, sink->ring + at, front);
	memcpy((char *)bytes + front, sink->ring, length - front);
}

/* Putting */

static bool is_stuck(const struct sink *sink)
{
	return sink->busy_since_ns != 0 && clock_now_ns() - sink->busy_since_ns > SINK_STUCK_MS * NS_PER_MS;
}

static void put_record(struct sink *sink, struct text line)
{
	struct sink_record record = {.not_put = sink->not_put, .length = line.length};
	size_t room = SINK_RING_BYTES - (size_t)(sink->end - sink->first);

	if (sizeof(record) + line.length > room || is_stuck(sink)) {
		sink->not_put++;
		atomic_fetch_add_explicit(&sink->dropped, 1, memory_order_relaxed);
		return;
	}
	sink->not_put = 0;
	ring_put(sink, &record, sizeof(record));
	ring_put(sink, line.at, line.length);
}

void sink_put(struct sink *sink, struct text line)
{
	struct text piece;

	pthread_mutex_lock(&sink->lock);
	for (; line.length > 0; line = (struct text){line.at + piece.length, line.length - piece.length}) {
		piece = (struct text){line.at, line.length < SINK_LINE_MAX ? line.length : SINK_LINE_MAX};
		put_record(sink, piece);
	}
	pthread_cond_signal(&sink->has_lines);
	pthread_mutex_unlock(&sink->lock);
}

/* The thread */

/* A report is always the first of its batch, so that what was written of a batch tells whether it was. */
static void add_report(struct sink *sink, struct batch *batch, uint64_t not_put)
{
	batch->reported = sink->not_written + not_put;
	if (sink->is_within_line)
		batch->bytes[batch->length++] = '\n';
	if (batch->reported > 0)
		batch->length += sink->report(batch->bytes + batch->length, batch->reported);
	batch->report_length = batch->length;
}

static void take_batch(struct sink *sink, struct batch *batch)
{
	struct sink_record record;

	batch->length = 0;
	while (sink->first < sink->end) {
		ring_peek(sink, sink->first, &record, sizeof(record));
		if (batch->length == 0)
			add_report(sink, batch, record.not_put);
		else if (record.not_put > 0 || record.length > sizeof(batch->bytes) - batch->length)
			return;
		ring_peek(sink, sink->first + sizeof(record), batch->bytes + batch->length, record.length);
		batch->length += record.length;
		sink->first += sizeof(record) + record.length;
	}
	if (batch->length == 0) {
		add_report(sink, batch, sink->not_put);
		sink->not_put = 0;
	}
}

/* Returns how many bytes were written: fewer than there are when it fails. */
static size_t write_batch(int fd, const struct batch *batch)
{
	size_t written = 0;

	while (written < batch->length) {
		ssize_t count = write(fd, batch->bytes + written, batch->length - written);

		if (count >= 0)
			written += (size_t)count;
		else if (errno == EAGAIN) /* another process has made the file non-blocking */
			poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
		else if (errno != EINTR)
			break;
	}
	return written;
}

/* Counts what a write has not taken. */
static void settle(struct sink *sink, const struct batch *batch, size_t written)
{
	uint64_t lost = 0;

	if (written >= batch->report_length)
		sink->not_written = 0;
	else
		sink->not_written = batch->reported;
	for (size_t at = written > batch->report_length ? written : batch->report_length; at < batch->length; at++)
		lost += batch->bytes[at] == '\n';
	sink->not_written += lost;
	atomic_fetch_add_explicit(&sink->dropped, lost, memory_order_relaxed);
	if (written > 0)
		sink->is_within_line = batch->bytes[written - 1] != '\n' && written < batch->length;
}

static void *write_lines(void *data)
{
	struct sink *sink = data;
	struct batch batch;
	size_t written;

	pthread_mutex_lock(&sink->lock);
	for (;;) {
		while (sink->first == sink->end && sink->not_put == 0) {
			pthread_cond_broadcast(&sink->is_done);
			pthread_cond_wait(&sink->has_lines, &sink->lock);
		}
		take_batch(sink, &batch);
		sink->busy_since_ns = clock_now_ns();
		pthread_mutex_unlock(&sink->lock);
		written = write_batch(sink->fd, &batch);
		settle(sink, &batch, written);
		pthread_mutex_lock(&sink->lock);
		sink->busy_since_ns = 0;
	}
	return NULL;
}

void sink_start(struct sink *sink, int fd, sink_report_fn *report)
{
	pthread_condattr_t monotonic;

	sink->fd = fd;
	sink->report = report;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&sink->lock, NULL);
	pthread_cond_init(&sink->has_lines, NULL);
	pthread_cond_init(&sink->is_done, &monotonic);
	pthread_condattr_destroy(&monotonic);
	REQUIRE(thread_start(write_lines, sink, 0) == 0);
}

/* The end */

bool sink_flush(struct sink *sink, uint64_t deadline_ns)
{
	struct timespec deadline = {(time_t)(deadline_ns / NS_PER_S), (long)(deadline_ns % NS_PER_S)};
	int status = 0;
	bool is_done;

	pthread_mutex_lock(&sink->lock);
	for (;;) {
		is_done = sink->first == sink->end && sink->not_put == 0 && sink->busy_since_ns == 0;
		if (is_done || status == ETIMEDOUT || is_stuck(sink))
			break;
		status = pthread_cond_timedwait(&sink->is_done, &sink->lock, &deadline);
	}
	pthread_mutex_unlock(&sink->lock);
	return is_done;
}

uint64_t sink_dropped(const struct sink *sink)
{
	return atomic_load_explicit(&sink->dropped, memory_order_relaxed);
}
