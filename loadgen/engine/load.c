/* The loop of a load is epoll itself. The moment it returns is part of what is measured, a connection needs no handle,
 * and nothing else runs here. */
#include "loadgen/engine/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/require.h"
#include "loadgen/engine/load_model.h"

enum {
	TICK_MS = 50,
	PROGRESS_MS = 100,
	FILES_BESIDE = 64, /* open files that are no connections */
};

/* The value below which `percent` of the counts are; nanoseconds. */
static uint64_t bucket_percentile(const uint32_t *counts, double percent)
{
	uint64_t all = 0, so_far = 0;

	for (unsigned i = 0; i < LATENESS_BUCKETS; i++)
		all += counts[i];
	for (unsigned i = 0; i < LATENESS_BUCKETS && all > 0; i++) {
		so_far += counts[i];
		if ((double)so_far >= (double)all * percent / 100)
			return lateness_edge_ns(i);
	}
	return 0;
}

/* Time */

static uint64_t thread_cpu_ns(void)
{
	struct timespec spent;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
	return (uint64_t)spent.tv_sec * NS_PER_S + (uint64_t)spent.tv_nsec;
}

static void end_overdue(struct load *load)
{
	while (!list_is_empty(&load->under_way)) {
		struct slot *slot = CONTAINER_OF(load->under_way.next, struct slot, link);
		struct connection *connection = slot->connection;

		if (load->now_ns - load->started_ns < slot->record->intended_ns + load->plan->timeout_ns)
			break;
		/* those behind it on the connection end with it: their time is a lower bound as well */
		connection_close(connection, OUTCOME_TIMED_OUT);
		load->class->on_down(load, connection);
	}
	while (!list_is_empty(&load->connecting)) {
		struct connection *connection = CONTAINER_OF(load->connecting.next, struct connection, connecting_link);

		if (load->now_ns < connection->event_ns + load->plan->connect_timeout_ns)
			break;
		load->measurement->self_check.connect_failures++;
		connection_close(connection, OUTCOME_TIMED_OUT);
		load->class->on_down(load, connection);
	}
}

static void tell_progress(struct load *load)
{
	const struct load_plan *plan = load->plan;
	uint64_t since = load->now_ns - load->second_from_ns;
	struct load_progress progress = {
	    .elapsed_s = (double)(load->now_ns - load->started_ns) / 1e9,
	    .total_s = (double)(plan->warmup_ns + plan->duration_ns) / 1e9,
	    .is_warmup = load->now_ns - load->started_ns < plan->warmup_ns,
	    .is_draining = load->phase == LOAD_DRAINING,
	    .rate = since == 0 ? 0 : (double)load->second_done * 1e9 / (double)since,
	    .in_flight = load->in_flight,
	    .done = load->done,
	    .failed = load->failed,
	    .p99_ms = load->second_done == 0 ? -1 : (double)bucket_percentile(load->second_times, 99) / 1e6,
	};

	plan->on_progress(plan->data, &progress);
	if (since >= NS_PER_S) {
		load->second_from_ns = load->now_ns;
		load->second_done = 0;
		memset(load->second_times, 0, sizeof(load->second_times));
	}
}

static void try_again(struct load *load)
{
	if (load->plan->model != LOAD_CLOSED)
		return;
	while (!list_is_empty(&load->waiting)) {
		struct connection *connection = CONTAINER_OF(load->waiting.next, struct connection, link);

		if (load->now_ns < connection->event_ns)
			break;
		list_remove(&connection->link);
		load->class->on_free(load, connection);
	}
}

static void begin_window_cpu(struct load *load)
{
	if (load->cpu_from_ns == 0 && load->now_ns >= load->started_ns + load->measurement->window_from_ns)
		load->cpu_from_ns = thread_cpu_ns();
}

static void tick(struct load *load)
{
	if (load->plan->is_interrupted != NULL && *load->plan->is_interrupted) {
		load->measurement->is_interrupted = true;
		load_stop(load);
		load->phase = LOAD_OVER;
		return;
	}
	if (load->phase == LOAD_RUNNING)
		begin_window_cpu(load);
	end_overdue(load);
	if (load->phase == LOAD_RUNNING) {
		try_again(load);
		if (load->plan->model != LOAD_BURST)
			load_wants_more(load, load->now_ns); /* ends the window when its time has come */
	}
	if (load->phase == LOAD_DRAINING && (load->in_flight == 0 || load->now_ns >= load->drain_until_ns))
		load->phase = LOAD_OVER;
	if (load->plan->on_progress != NULL && load->phase != LOAD_OPENING && load->now_ns >= load->next_progress_ns) {
		load->next_progress_ns = load->now_ns + PROGRESS_MS * NS_PER_MS;
		tell_progress(load);
	}
}

/* How long epoll may wait: until the tick, a deadline, or a connection that tries again. */
static int wait_ms(struct load *load)
{
	uint64_t at = load->next_tick_ns;

	if (!list_is_empty(&load->under_way)) {
		struct slot *slot = CONTAINER_OF(load->under_way.next, struct slot, link);
		uint64_t due = load->started_ns + slot->record->intended_ns + load->plan->timeout_ns;

		at = due < at ? due : at;
	}
	if (load->phase == LOAD_RUNNING && load->plan->model == LOAD_CLOSED && !list_is_empty(&load->waiting)) {
		uint64_t due = CONTAINER_OF(load->waiting.next, struct connection, link)->event_ns;

		at = due < at ? due : at;
	}
	return at <= load->now_ns ? 0 : (int)((at - load->now_ns + NS_PER_MS - 1) / NS_PER_MS);
}

/* Opening: all connections, some at a time; those that fail are tried again when they are needed */

static void start(struct load *load)
{
	struct measurement *m = load->measurement;

	load->phase = LOAD_RUNNING;
	m->self_check.connections_wanted = load->plan->connections;
	m->self_check.connections_up = load->up_count;
	load->started_ns = load->in_flight_since_ns = load->second_from_ns = load_clock(load);
	m->started_ns = load->started_ns;
	load->class->start(load);
}

static void open_some(struct load *load)
{
	while (load->opened < load->plan->connections && load->connecting_count < CONNECTING_MAX)
		connection_open(&load->connections[load->opened++]);
	if (load->opened == load->plan->connections && load->connecting_count == 0)
		start(load);
}

static void turn(struct load *load)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int count = epoll_wait(load->epoll, events, EVENTS_PER_TURN, wait_ms(load));

	load->turn_ns = load_clock(load);
	for (int i = 0; i < count && load->phase != LOAD_OVER; i++) {
		if (events[i].data.ptr == &load->pacer) {
			pacer_take(&load->pacer);
			if (load->phase == LOAD_RUNNING)
				load->class->on_due(load, load->now_ns);
		} else {
			connection_on_event(events[i].data.ptr, events[i].events);
		}
	}
	if (load->now_ns >= load->next_tick_ns || wait_ms(load) == 0) {
		load->next_tick_ns = load->now_ns + TICK_MS * NS_PER_MS;
		tick(load);
	}
	if (load->phase == LOAD_OPENING)
		open_some(load);
	if (load->phase == LOAD_DRAINING && load->in_flight == 0)
		load->phase = LOAD_OVER;
}

/* The end */

/* Which records count, now that the window is known. */
static void mark_records(struct measurement *m)
{
	for (uint64_t i = 0; i < m->records.count; i++) {
		struct record *record = record_log_at(&m->records, i);

		record->is_warmup = record->intended_ns < m->window_from_ns;
		record->is_late = record->done_ns > m->window_to_ns;
	}
}

/* With a number of requests, the window ends with the last answer. */
static uint64_t last_done_ns(const struct measurement *m)
{
	uint64_t last_ns = m->window_from_ns;

	for (uint64_t i = 0; i < m->records.count; i++) {
		const struct record *record = record_log_at(&m->records, i);

		last_ns = record->done_ns > last_ns ? record->done_ns : last_ns;
	}
	return last_ns;
}

static void finish(struct load *load)
{
	struct measurement *m = load->measurement;
	double window_ns;

	load_clock(load);
	for (unsigned i = 0; i < load->connection_count; i++)
		connection_close(&load->connections[i], OUTCOME_CUT_OFF);
	load_count_in_flight(load, 0, load->now_ns);
	if (load->is_counted_out)
		m->window_to_ns = last_done_ns(m) + 1;
	if (load->plan->model == LOAD_BURST)
		m->window_to_ns = load->now_ns - load->started_ns;
	window_ns = (double)(m->window_to_ns - m->window_from_ns);
	if (window_ns > 0) {
		m->self_check.in_flight_mean = load->in_flight_integral / window_ns;
		m->self_check.cpu_share = (double)(load->cpu_to_ns - load->cpu_from_ns) /
					  (double)(load->now_ns - load->started_ns - m->window_from_ns);
	}
	m->self_check.connect_p50_ms = (double)bucket_percentile(load->connect_times, 50) / 1e6;
	m->self_check.connect_max_ms = (double)load->connect_max_ns / 1e6;
	mark_records(m);
}

static unsigned most_connections(const struct load_plan *plan)
{
	switch (plan->model) {
	case LOAD_OPEN:
		return plan->max_in_flight > plan->connections ? plan->max_in_flight : plan->connections;
	case LOAD_BURST:
		return plan->requests->count;
	default:
		return plan->connections;
	}
}

/* Every connection is a file. */
static int raise_file_limit(unsigned wanted, char *why, size_t why_size)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 0;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted + FILES_BESIDE) {
		snprintf(why, why_size,
			 "%u connections need %u open files, and the limit is %llu (ulimit -Hn): raise it, or ask for "
			 "fewer connections",
			 wanted, wanted + FILES_BESIDE, (unsigned long long)limit.rlim_max);
		return -1;
	}
	return 0;
}

static void prepare(struct load *load, const struct load_plan *plan, struct measurement *m)
{
	static const struct load_class *const classes[] = {
	    [LOAD_CLOSED] = &load_closed, [LOAD_OPEN] = &load_open, [LOAD_BURST] = &load_burst};
	struct epoll_event interest = {.events = EPOLLIN, .data.ptr = &load->pacer};

	*m = (struct measurement){.window_from_ns = plan->warmup_ns,
				  .window_to_ns =
				      plan->model == LOAD_BURST ? UINT64_MAX / 2 : plan->warmup_ns + plan->duration_ns};
	record_log_init(&m->records);
	*load = (struct load){.plan = plan, .measurement = m, .class = classes[plan->model]};
	load->depth = plan->model == LOAD_CLOSED && plan->pipeline > 1 ? plan->pipeline : 1;
	list_init(&load->under_way);
	list_init(&load->connecting);
	list_init(&load->waiting);
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	REQUIRE(load->epoll >= 0);
	pacer_init(&load->pacer, plan->seed);
	REQUIRE(epoll_ctl(load->epoll, EPOLL_CTL_ADD, load->pacer.fd, &interest) == 0);
	load->connection_count = most_connections(plan);
	load->connections = memory_alloc_zeroed(load->connection_count, sizeof(*load->connections));
	for (unsigned i = 0; i < load->connection_count; i++)
		connection_init(&load->connections[i], load);
}

static void cleanup(struct load *load)
{
	for (unsigned i = 0; i < load->connection_count; i++)
		connection_cleanup(&load->connections[i]);
	free(load->connections);
	free(load->scratch);
	pacer_cleanup(&load->pacer);
	close(load->epoll);
}

int load_run(const struct load_plan *given, struct measurement *measurement, char *why, size_t why_size)
{
	struct load_plan plan = *given;
	struct load *load;

	if (plan.model == LOAD_BURST)
		plan.connections = plan.requests->count;
	*measurement = (struct measurement){0};
	if (raise_file_limit(most_connections(&plan), why, why_size) != 0)
		return -1;
	load = memory_alloc(sizeof(*load));
	prepare(load, &plan, measurement);
	load_clock(load);
	load->next_tick_ns = load->now_ns;
	open_some(load);
	while (load->phase != LOAD_OVER)
		turn(load);
	load->cpu_to_ns = thread_cpu_ns();
	finish(load);
	cleanup(load);
	free(load);
	return 0;
}
