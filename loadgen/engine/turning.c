#include "loadgen/engine/turning.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/require.h"
#include "loadgen/engine/sort.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

struct item {
	uint64_t value, made_ns;
};

struct loop_run;

struct producer {
	uv_idle_t turn; /* active: it can go on */
	struct loop_run *run;
	uint64_t left;
	struct item next; /* made, and not yet put */
	bool is_blocked;
};

struct loop_run {
	uv_loop_t loop;
	struct producer producers[2];
	uv_idle_t consumer;
	bool consumer_is_blocked;
	uv_prepare_t count;
	uv_poll_t io;
	int event_fd;

	struct item *items; /* a ring */
	uint64_t capacity, head, tail, used;
	uint64_t *latencies_ns, got, total, sum;
	struct turning result;
};

static void on_producer(uv_idle_t *turn);
static void on_consumer(uv_idle_t *turn);

static void wake_producers(struct loop_run *run)
{
	for (int i = 0; i < 2; i++)
		if (run->producers[i].is_blocked) {
			run->producers[i].is_blocked = false;
			uv_idle_start(&run->producers[i].turn, on_producer);
			return;
		}
}

/* An item's time begins when it is made: how long it waits for a place is part of its latency. */
static void make_item(struct producer *producer)
{
	uint64_t i = producer->left--;

	producer->next = (struct item){i * i, clock_now_ns()};
}

/* One action: puts an item, or finds the queue full and waits to be woken. */
static void on_producer(uv_idle_t *turn)
{
	struct producer *producer = turn->data;
	struct loop_run *run = producer->run;

	if (producer->next.made_ns == 0)
		make_item(producer);
	if (run->used == run->capacity) {
		producer->is_blocked = true;
		uv_idle_stop(turn);
		return;
	}
	run->items[run->tail] = producer->next;
	run->tail = run->tail + 1 == run->capacity ? 0 : run->tail + 1;
	run->used++;
	producer->next.made_ns = 0;
	if (run->used > run->result.longest_queue)
		run->result.longest_queue = run->used;
	if (producer->left == 0)
		uv_idle_stop(turn);
	if (run->consumer_is_blocked) {
		run->consumer_is_blocked = false;
		uv_idle_start(&run->consumer, on_consumer);
	}
}

static void make_event(struct loop_run *run)
{
	uint64_t one = 1;

	run->result.events_made++;
	REQUIRE(write(run->event_fd, &one, sizeof(one)) == sizeof(one));
}

static void end(struct loop_run *run)
{
	uv_idle_stop(&run->consumer);
	uv_prepare_stop(&run->count);
	uv_poll_stop(&run->io);
}

/* One action: gets an item, or finds the queue empty and waits to be woken. */
static void on_consumer(uv_idle_t *turn)
{
	struct loop_run *run = turn->data;
	const struct item *item = &run->items[run->head];

	if (run->used == 0) {
		run->consumer_is_blocked = true;
		uv_idle_stop(turn);
		return;
	}
	run->latencies_ns[run->got++] = clock_now_ns() - item->made_ns;
	run->sum += item->value;
	run->head = run->head + 1 == run->capacity ? 0 : run->head + 1;
	run->used--;
	wake_producers(run);
	if (run->got % TURNING_WAKE_EVERY == 0)
		make_event(run);
	if (run->got == run->total)
		end(run);
}

static void on_turn(uv_prepare_t *count)
{
	((struct loop_run *)count->data)->result.turns++;
}

static void on_io(uv_poll_t *io, int status, int events)
{
	struct loop_run *run = io->data;
	uint64_t count;

	(void)status;
	(void)events;
	if (read(run->event_fd, &count, sizeof(count)) == sizeof(count))
		run->result.events_seen++;
}

static void prepare(struct loop_run *run, uint64_t items, uint64_t queue)
{
	REQUIRE(uv_loop_init(&run->loop) == 0);
	run->capacity = queue;
	run->total = items;
	run->items = memory_alloc(queue * sizeof(*run->items));
	run->latencies_ns = memory_alloc(items * sizeof(*run->latencies_ns));
	run->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	REQUIRE(run->event_fd >= 0);
	uv_poll_init(&run->loop, &run->io, run->event_fd);
	uv_poll_start(&run->io, UV_READABLE, on_io);
	uv_prepare_init(&run->loop, &run->count);
	uv_prepare_start(&run->count, on_turn);
	uv_idle_init(&run->loop, &run->consumer);
	uv_idle_start(&run->consumer, on_consumer);
	run->consumer.data = run->count.data = run->io.data = run;
	for (int i = 0; i < 2; i++) {
		struct producer *producer = &run->producers[i];

		*producer = (struct producer){.run = run, .left = i == 0 ? (items + 1) / 2 : items / 2};
		uv_idle_init(&run->loop, &producer->turn);
		producer->turn.data = producer;
		if (producer->left > 0)
			uv_idle_start(&producer->turn, on_producer);
	}
}

static void cleanup(struct loop_run *run)
{
	uv_close((uv_handle_t *)&run->io, NULL);
	uv_close((uv_handle_t *)&run->count, NULL);
	uv_close((uv_handle_t *)&run->consumer, NULL);
	for (int i = 0; i < 2; i++)
		uv_close((uv_handle_t *)&run->producers[i].turn, NULL);
	uv_run(&run->loop, UV_RUN_DEFAULT);
	REQUIRE(uv_loop_close(&run->loop) == 0);
	close(run->event_fd);
	free(run->items);
	free(run->latencies_ns);
}

struct turning turning_run(uint64_t items, uint64_t queue)
{
	struct loop_run run = {0};
	uint64_t began_ns;

	prepare(&run, items, queue);
	began_ns = clock_now_ns();
	uv_run(&run.loop, UV_RUN_DEFAULT);
	run.result.seconds = (double)(clock_now_ns() - began_ns) / 1e9;
	REQUIRE(run.got == items && run.used == 0);
	sort_u64(run.latencies_ns, items);
	run.result.p50_us = (double)run.latencies_ns[(items - 1) / 2] / 1e3;
	run.result.p99_us = (double)run.latencies_ns[(items * 99 + 99) / 100 - 1] / 1e3;
	run.result.max_us = (double)run.latencies_ns[items - 1] / 1e3;
	cleanup(&run);
	return run.result;
}
