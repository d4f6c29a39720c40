/* load_model.h - the inside of a load: what the loop, the connections and the three models share. Not for others.
 *
 * Thread: the load's.
 */
#pragma once

#include "base/clock.h"
#include "loadgen/engine/connection.h"
#include "loadgen/engine/load.h"
#include "loadgen/engine/pacer.h"

enum {
	EVENTS_PER_TURN = 512,
	CONNECTING_MAX = 256,    /* at once, while the connections are opened; a listen queue holds about as many */
	TRY_AGAIN_AFTER_MS = 10, /* a failing connect */
};

/* How requests come about. The first three are called from the loop, never from inside one another. on_down() is also called
 * from within connection_open() and connection_flush(), when they fail at once; write() and on_sent() from within
 * connection_flush(). */
struct load_class {
	void (*start)(struct load *load);                   /* the connections are up (as far as they came up) */
	void (*on_due)(struct load *load, uint64_t now_ns); /* the pacer's time has come */
	void (*on_free)(struct load *load, struct connection *connection); /* it can take another request */
	void (*on_down)(struct load *load, struct connection *connection); /* it is closed; why is in the records */
	/* Which request is the next on this connection, and its bytes. */
	unsigned (*write)(struct load *load, struct connection *connection, struct text *bytes);
	void (*on_sent)(struct load *load, struct record *record);
};
extern const struct load_class load_closed, load_open, load_burst;

enum load_phase { LOAD_OPENING, LOAD_RUNNING, LOAD_DRAINING, LOAD_OVER };

struct load {
	const struct load_plan *plan;
	const struct load_class *class;
	struct measurement *measurement;
	enum load_phase phase;
	int epoll;
	struct pacer pacer;
	unsigned depth;
	struct connection *connections; /* all there will ever be */
	unsigned connection_count;      /* of them in use */
	uint32_t next_number;
	char *scratch; /* of several requests written together */
	size_t scratch_capacity;

	uint64_t started_ns; /* the records' zero */
	uint64_t turn_ns;    /* when epoll returned */
	uint64_t now_ns;     /* the last reading of the clock */
	uint64_t next_tick_ns, next_progress_ns, drain_until_ns;
	uint64_t cpu_from_ns, cpu_to_ns;
	struct list under_way;  /* slots */
	struct list connecting; /* connections, by connecting_link */
	struct list waiting;    /* connections, by link: free ones (open), or those that try again (closed) */
	unsigned connecting_count, up_count;
	uint64_t in_flight, done, failed, window_requests;
	bool is_counted_out;       /* as many as were asked for have been sent: the window ends with the last answer */
	double in_flight_integral; /* requests times nanoseconds */
	uint64_t in_flight_since_ns;
	/* models */
	unsigned opened; /* of the connections, tried so far in the opening */
	unsigned repeat, burst_stage;
	/* of the last second, for the live line */
	uint64_t second_from_ns, second_done;
	uint32_t second_times[LATENESS_BUCKETS];
	uint32_t connect_times[LATENESS_BUCKETS];
	uint64_t connect_max_ns;
};

static inline uint64_t load_clock(struct load *load)
{
	return load->now_ns = clock_now_ns();
}

/* load_requests.c */
/* Is a request that is due at `due_ns` to be sent? When not, the load stops. */
bool load_wants_more(struct load *load, uint64_t due_ns);
/* A request comes into being; NULL when no record is left. */
struct record *load_begin_request(struct load *load, uint64_t intended_ns);
/* It turns out to have been due later than it was begun for. */
void load_postpone(struct load *load, struct record *record, uint64_t intended_ns);
/* Adds `change` to the requests in flight, from `at_ns` on. A request is in flight from when it was due to when it is done,
 * as in its record, whenever the loop hears of it. */
void load_count_in_flight(struct load *load, int change, uint64_t at_ns);
void load_count_lateness(struct load *load, uint64_t late_ns);
/* The record's times and outcome are final. */
void load_end_request(struct load *load, struct record *record, enum outcome outcome, uint64_t done_ns);
/* A response that belongs to no request, or is none: counted, with the reason. */
void load_count_malformed(struct load *load, const char *what);
/* Nothing new from here on. */
void load_stop(struct load *load);
