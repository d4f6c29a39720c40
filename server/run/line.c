#include "server/run/line.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdlib.h>

void line_init(struct line *line, const struct options *options)
{
	*line = (struct line){.options = options};
	list_init(&line->waiting);
	deadlines_init(&line->deadlines, 0);
}

void line_cleanup(struct line *line)
{
	free(line->expected_ns);
}

static void make_room(struct line *line, unsigned route_count)
{
	uint64_t *more = memory_alloc_zeroed(route_count, sizeof(*more));

	if (line->route_count > 0)
		memcpy(more, line->expected_ns, line->route_count * sizeof(*more));
	free(line->expected_ns);
	line->expected_ns = more;
	line->route_count = route_count;
}

static uint64_t *expectation_of(struct line *line, int route)
{
	if (route == LINE_NO_ROUTE)
		return NULL;
	if ((unsigned)route >= line->route_count)
		make_room(line, (unsigned)route + 1);
	return &line->expected_ns[route];
}

/* A delay counts from when it was asked for: it keeps no thread busy for as long as it takes. */
static bool is_delay(const struct exchange *x)
{
	return x->awaited.class == x->settings->await_timer;
}

static uint64_t expected_of(struct line *line, const struct exchange *x)
{
	const uint64_t *expected_ns = expectation_of(line, line_route_of(x));

	return expected_ns != NULL && !is_delay(x) ? *expected_ns : 0;
}

void line_learn(struct line *line, int route, uint64_t took_ns)
{
	uint64_t *expected_ns = expectation_of(line, route);

	if (expected_ns != NULL)
		congestion_learn(expected_ns, took_ns);
}

static void fail(struct exchange *x, enum error error, const char *why)
{
	x->awaited.class->fail(&x->awaited, error, why);
}

static void refuse(struct line *line, struct exchange *x, enum refusal refusal, unsigned servers)
{
	x->retry_s = congestion_retry_s(congestion_wait_ns(&line->congestion, servers));
	fail(x, ERROR_BUSY, refusal_words(refusal));
}

static void enter(struct line *line, struct exchange *x, uint64_t now_ns)
{
	x->waits_ns = expected_of(line, x);
	congestion_enter(&line->congestion, x->waits_ns, now_ns);
	deadlines_put(&line->deadlines, &x->waits_until, x->awaited.deadline_ns);
}

static void leave(struct line *line, struct exchange *x)
{
	congestion_leave(&line->congestion, x->waits_ns);
	list_remove(&x->link);
	deadline_take_out(&x->waits_until);
}

/* An endpoint whose author gives it more time may keep a longer line: a closed loop of slow requests is no overload. */
static uint64_t usual_ns(const struct line *line, const struct exchange *x)
{
	const struct route *route = x->request.match.route;
	unsigned usual_ms = line->options->request_timeout_ms;

	return (route != NULL && route->timeout_ms > usual_ms ? route->timeout_ms : usual_ms) * NS_PER_MS;
}

static enum refusal judge(struct line *line, const struct exchange *x, unsigned servers, uint64_t now_ns)
{
	const struct options *options = line->options;
	bool is_timed = !is_delay(x);
	struct congestion_guest guest = {
	    .deadline_ns = is_timed ? x->awaited.deadline_ns : UINT64_MAX,
	    .usual_ns = is_timed ? usual_ns(line, x) : UINT64_MAX,
	    .expected_ns = expected_of(line, x),
	    .limit = options->queue_limit,
	    .servers = servers,
	};

	return congestion_judge(&line->congestion, &guest, now_ns);
}

static bool has_left(const struct exchange *x)
{
	return atomic_load_explicit(&x->is_abandoned, memory_order_relaxed);
}

bool line_put(struct line *line, struct exchange *x, unsigned servers, uint64_t now_ns)
{
	enum refusal refusal = x->response.part_count == 0 ? judge(line, x, servers, now_ns) : REFUSAL_NONE;

	if (has_left(x)) {
		line_fail_departed(x);
		return false;
	}
	if (refusal != REFUSAL_NONE) {
		refuse(line, x, refusal, servers);
		return false;
	}
	list_append(&line->waiting, &x->link);
	enter(line, x, now_ns);
	return true;
}

void line_put_back(struct line *line, struct exchange *x, uint64_t now_ns)
{
	list_prepend(&line->waiting, &x->link);
	enter(line, x, now_ns);
}

struct exchange *line_take(struct line *line, unsigned servers, uint64_t now_ns, bool *is_refused)
{
	struct exchange *x = CONTAINER_OF(line->waiting.next, struct exchange, link);

	if (list_is_empty(&line->waiting))
		return NULL;
	leave(line, x);
	*is_refused = x->response.part_count == 0 &&
		      congestion_is_hopeless(&line->congestion, x->awaited.deadline_ns, expected_of(line, x), now_ns);
	if (*is_refused)
		refuse(line, x, REFUSAL_TIME, servers);
	return x;
}

void line_expire(struct line *line, struct list *expired, uint64_t now_ns)
{
	struct list due;

	list_init(expired);
	deadlines_take_due(&line->deadlines, &due, now_ns);
	LIST_EACH (item, &due) {
		struct exchange *x = CONTAINER_OF(item, struct exchange, waits_until.link);

		leave(line, x);
		list_append(expired, &x->link);
	}
}

void line_fail_expired(struct exchange *x)
{
	fail(x, ERROR_DEADLINE, "its turn did not come before the deadline");
}

bool line_note_departure(struct line *line, struct exchange *x)
{
	if (!deadline_is_in(&x->waits_until))
		return false;
	leave(line, x);
	return true;
}

void line_fail_departed(struct exchange *x)
{
	fail(x, ERROR_BUSY, db_client_left);
}
