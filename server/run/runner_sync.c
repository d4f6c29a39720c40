/* The loop's own thread waits. The simplest there is, and what the two others are measured against.
 *
 * Requests that were read in one turn of the loop wait in a line, and are waited for at its end. After TURN_MS the loop
 * reads what has arrived meanwhile: so the line is known, and is bounded as those of the other modes. */
#include "server/run/runner.h"

#include "base/clock.h"
#include "server/run/line.h"

enum { TURN_MS = 5 };

struct sync_runner {
	struct runner runner;
	struct db_wait wait;
	struct line line;
	struct exchange *current; /* that is being waited for */
	uint64_t took_ns;         /* so far */
	uv_check_t turn_end;
	uv_idle_t goes_on; /* while an exchange is in the line the loop only looks for what has arrived */
};

static struct sync_runner *self_of(struct runner *runner)
{
	return CONTAINER_OF(runner, struct sync_runner, runner);
}

static void wait_for(struct sync_runner *self, struct exchange *x)
{
	x->awaited.class->wait(&x->awaited, &self->runner.resources);
	self->took_ns = exchange_busy_ns(x);
	/* a turn of the loop may be many requests, each with the time of one */
	if (self->runner.pulse != NULL)
		pulse_beat(self->runner.pulse);
}

static void run_next(struct sync_runner *self, uint64_t now_ns)
{
	bool is_refused;
	struct exchange *x = line_take(&self->line, 1, now_ns, &is_refused);
	int route = line_route_of(x);

	self->current = x;
	self->took_ns = 0;
	if (!is_refused)
		wait_for(self, x);
	runner_run(&self->runner, x);
	self->current = NULL;
	if (self->took_ns > 0)
		line_learn(&self->line, route, self->took_ns);
}

static void end_expired(struct sync_runner *self, uint64_t now_ns)
{
	struct list expired;

	line_expire(&self->line, &expired, now_ns);
	LIST_EACH (item, &expired) {
		struct exchange *x = CONTAINER_OF(item, struct exchange, link);

		list_remove(item);
		line_fail_expired(x);
		runner_run(&self->runner, x);
	}
}

static void on_going_on(uv_idle_t *idle)
{
	(void)idle;
}

static void on_turn_end(uv_check_t *check)
{
	struct sync_runner *self = check->data;
	uint64_t now_ns, until_ns;

	if (!uv_is_active((uv_handle_t *)&self->goes_on)) {
		if (UNLIKELY(self->wait.reads.has_grown || self->wait.writes.has_grown))
			db_wait_rest(&self->wait, clock_now_ns());
		return;
	}
	now_ns = clock_now_ns();
	until_ns = now_ns + TURN_MS * NS_PER_MS;
	end_expired(self, now_ns);
	while (!list_is_empty(&self->line.waiting) && now_ns < until_ns) {
		run_next(self, now_ns);
		/* a line of one needs no other look at the clock */
		if (!list_is_empty(&self->line.waiting))
			now_ns = clock_now_ns();
	}
	if (list_is_empty(&self->line.waiting))
		uv_idle_stop(&self->goes_on);
}

static void start(struct runner *runner)
{
	struct sync_runner *self = self_of(runner);

	db_wait_init(&self->wait, &runner->settings->db, runner->number);
	runner->resources.wait = &self->wait;
	line_init(&self->line, runner->settings->options);
	uv_check_init(runner->loop, &self->turn_end);
	uv_idle_init(runner->loop, &self->goes_on);
	self->turn_end.data = self;
	uv_check_start(&self->turn_end, on_turn_end);
}

/* What comes while another is being run is put behind those that wait: a client may send the next request at once. */
static bool await(struct runner *runner, struct exchange *x)
{
	struct sync_runner *self = self_of(runner);

	if (x == self->current) {
		wait_for(self, x);
		return true;
	}
	uv_idle_start(&self->goes_on, on_going_on);
	return !line_put(&self->line, x, 1, clock_now_ns());
}

static void note_departure(struct runner *runner, struct exchange *x)
{
	if (!line_note_departure(&self_of(runner)->line, x))
		return;
	line_fail_departed(x);
	runner_run(runner, x);
}

/* Asked now and then: looks for itself, since a balancer that heard 503 from /readyz sends no requests. */
static bool is_ready(struct runner *runner)
{
	struct db_wait *wait = &self_of(runner)->wait;

	if (db_wait_is_cut_off(wait))
		db_wait_probe(wait);
	return !db_wait_is_cut_off(wait);
}

static struct runner_numbers numbers(struct runner *runner)
{
	struct sync_runner *self = self_of(runner);
	struct runner_numbers numbers = {.waiting = self->line.congestion.count};

	db_wait_count(&self->wait, &numbers.db);
	congestion_add_refused(numbers.db.refused, &self->line.congestion);
	return numbers;
}

static void turn(struct runner *runner, struct db_catalog catalog, const unsigned *carried_from)
{
	(void)carried_from;
	db_wait_turn(&self_of(runner)->wait, catalog);
}

static void close_connections(struct runner *runner)
{
	struct sync_runner *self = self_of(runner);

	db_wait_cleanup(&self->wait);
	uv_close((uv_handle_t *)&self->turn_end, NULL);
	uv_close((uv_handle_t *)&self->goes_on, NULL);
}

static void cleanup(struct runner *runner)
{
	line_cleanup(&self_of(runner)->line);
}

const struct runner_class runner_sync = {
    .bytes = sizeof(struct sync_runner),
    .start = start,
    .await = await,
    .note_departure = note_departure,
    .is_ready = is_ready,
    .numbers = numbers,
    .turn = turn,
    .close = close_connections,
    .cleanup = cleanup,
};
