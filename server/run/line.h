/* line.h - exchanges that wait for a thread to wait for them: bounded in number and in time, first in, first out.
 *
 * Used where waiting blocks: by the worker threads' runner, under its lock, and by the loop of sync mode.
 *
 * Life:    line_init() -> line_put(), line_take(), line_learn()* -> line_cleanup().
 * Owner:   an exchange is the line's from line_put() until it is taken, or handed over by line_expire().
 * Thread:  one at a time.
 * Limits:  queue_limit, and what base/congestion.h says. A stream that has begun goes on; max_streams bounds those.
 */
#pragma once

#include "base/congestion.h"
#include "base/deadlines.h"
#include "config/options.h"
#include "exchange/exchange.h"

enum { LINE_NO_ROUTE = -1 };

struct line {
	struct list waiting;
	struct deadlines deadlines; /* of what waits */
	struct congestion congestion;
	const struct options *options;
	unsigned route_count;
	uint64_t *expected_ns; /* per route: how long its exchanges keep a waiting thread busy; 0 before the first */
};

/* The number of its route, which outlives the edition that the route is of. */
static inline int line_route_of(const struct exchange *x)
{
	return x->request.match.route != NULL ? (int)x->request.match.route->index : LINE_NO_ROUTE;
}

void line_init(struct line *line, const struct options *options);
void line_cleanup(struct line *line);
/* False: it was refused, or its client has left, and it has been failed. `servers`: how many exchanges are waited
 * for at a time. */
bool line_put(struct line *line, struct exchange *x, unsigned servers, uint64_t now_ns);
/* Puts it back: it was taken already, and has its place before the others. */
void line_put_back(struct line *line, struct exchange *x, uint64_t now_ns);
/* The first, or NULL. `is_refused`: too little time is left for it, and it has been failed. */
struct exchange *line_take(struct line *line, unsigned servers, uint64_t now_ns, bool *is_refused);
/* Moves those whose deadline has passed to `expired`. */
void line_expire(struct line *line, struct list *expired, uint64_t now_ns);
/* Fails one that expired. */
void line_fail_expired(struct exchange *x);
/* The client of an exchange has left. False: the exchange does not wait here. Else it is taken out, and the caller fails
 * it with line_fail_departed(). */
bool line_note_departure(struct line *line, struct exchange *x);
void line_fail_departed(struct exchange *x);
/* An exchange of this route was over in so much time. */
void line_learn(struct line *line, int route, uint64_t took_ns);
