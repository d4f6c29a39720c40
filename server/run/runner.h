/* runner.h - what waits: runs the steps of exchanges, and waits between them in one of three ways.
 *
 *   sync     the loop's own thread blocks; all others queue behind
 *   threads  a worker blocks, with a connection of its own; the loop goes on
 *   async    nothing: the operation is started, its completion resumes the exchange
 *   idle     for steps that never await: the admin listener's
 *
 * Life:    runner_create() -> runner_run()* -> runner_close(), when no exchange is awaiting; the loop then runs
 *          until its handles are closed -> runner_destroy().
 * Owner:   an exchange is the runner's from runner_run() until `ready`.
 * Thread:  loop only; workers are the threads runner's own business.
 * Limits:  options: threads, queue_limit, db_connections, max_streams.
 */
#pragma once

#include <uv.h>

#include "exchange/exchange.h"
#include "loop/pulse.h"
#include "server/run/resources.h"
#include "server/run/settings.h"

struct aside;
struct runner;
/* On the loop: the exchange has a response, or a part of one: see x->outcome. */
typedef void exchange_ready_fn(struct exchange *x);

struct runner_numbers {
	unsigned waiting; /* for a worker or a connection */
	struct db_numbers db;
};

struct runner_class {
	size_t bytes; /* of the struct that embeds the runner */
	void (*start)(struct runner *runner);
	/* Waits, and returns true when it is over already; else the exchange is resumed later. */
	bool (*await)(struct runner *runner, struct exchange *x);
	/* The client of an exchange has left: when it waits for its turn, that is over, now or at the end of this turn. */
	void (*note_departure)(struct runner *runner, struct exchange *x);
	bool (*is_ready)(struct runner *runner);
	struct runner_numbers (*numbers)(struct runner *runner);
	/* From now on requests of another edition come; those that are under way end as they began. */
	void (*turn)(struct runner *runner, struct db_catalog catalog, const unsigned *carried_from);
	/* See runner_oldest_edition(). NULL: between two requests a connection has nothing in flight. */
	unsigned (*oldest_edition)(struct runner *runner);
	void (*close)(struct runner *runner);
	void (*cleanup)(struct runner *runner);
};

extern const struct runner_class runner_sync, runner_threads, runner_async, runner_idle;

struct runner {
	const struct runner_class *class;
	const struct runner_settings *settings;
	uv_loop_t *loop;
	unsigned number; /* of the loop */
	exchange_ready_fn *ready;
	struct pulse *pulse;        /* of the loop; NULL: it is not felt */
	struct aside *aside;        /* where steps run that have much to do; NULL: they run where others do */
	struct resources resources; /* the loop's own */
	atomic_uint streams;
	uv_timer_t rest; /* closes sessions that no stream has taken for too long; runs while some are left */
};

/* Of the class that --mode names. */
struct runner *runner_create(const struct runner_settings *settings, uv_loop_t *loop, unsigned number,
			     exchange_ready_fn *ready);
/* One that has no connection, and whose steps may not await anything. */
struct runner *runner_create_idle(const struct runner_settings *settings, uv_loop_t *loop, exchange_ready_fn *ready);
/* Runs the exchange's next step, and so on. */
void runner_run(struct runner *runner, struct exchange *x);
/* For classes: its next step has run, and has returned `step`. */
void runner_go_on(struct runner *runner, struct exchange *x, enum step step);
/* The client of an exchange that awaits something has left. */
void runner_note_departure(struct runner *runner, struct exchange *x);
/* Of what its connections still refer to, other than for an exchange; UINT_MAX: to nothing. */
unsigned runner_oldest_edition(struct runner *runner);
/* Ends the stream of an exchange that is over, if it has one. */
void runner_end_stream(struct runner *runner, struct exchange *x);
void runner_close(struct runner *runner);
void runner_destroy(struct runner *runner);
