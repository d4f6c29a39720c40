/* report.h - everything a report says, as plain values. What shows it (loadgen/report/report_formats.h) knows nothing else.
 *
 * Life:    report_init() -> filled by a command -> shown -> report_cleanup().
 * Owner:   the report's arena, but for the measurements, which it takes over from the command that made them.
 * Thread:  one.
 */
#pragma once

#include <stdio.h>

#include "base/arena.h"
#include "loadgen/engine/load.h"
#include "loadgen/figures/scaling.h"
#include "loadgen/figures/statistics.h"
#include "loadgen/figures/usl.h"

enum {
	ARMS_MAX = 16,
	PERCENTILES_MAX = 16,
	SENTENCES_MAX = 64,
	LEVEL_RUNS_MAX = 1024,
	GOALS_MAX = 256,
	DIFFERENCES_MAX = 512,
	TURNINGS_MAX = 8,
	ITEMS_RUNS_MAX = 2, /* a synchronous program, and the queue */
	SPEEDUP_POINTS_MAX = 16,
	STATUS_COUNT = 600 /* of HTTP: 100 to 599 */
};

/* What is compared: one service in one mode, or one URL. */
struct report_arm {
	const char *name;   /* "async" */
	const char *url;    /* where it was */
	const char *note;   /* "nothing waits: the loop goes on"; may be NULL */
	unsigned threads;   /* workers that can wait at once; 0 unknown */
	unsigned pipelined; /* requests that can be under way on the connections that quick ones share; 0 none do */
	bool is_ours;       /* started by the command: its mode and threads are known */
};

/* Times of many requests; milliseconds. */
struct report_times {
	uint64_t count, at_least_count; /* of them, lower bounds (timed out, cut off) */
	double mean, min, max;
	struct percentile
	    percentiles[PERCENTILES_MAX]; /* 50 75 90 95 99 99.9 99.99 99.999, and those of report_want_percentile() */
	unsigned percentile_count;
};

/* One instant of a time series; a tenth of a second or more. */
struct report_moment {
	double at_s, sent, done, failed;  /* a second */
	double in_flight, p50_ms, p99_ms; /* p50 and p99 NAN when nothing was done */
};

/* One load: a row of a table. */
struct report_load {
	unsigned arm, round;
	const char *what;  /* "GET /countries/DE" */
	const char *group; /* loads of one group are compared: "throughput", "waiting", "curve", "delay 1 ms" */
	double delay_ms;   /* of the relay before the database; 0 none */
	enum load_model model;
	unsigned concurrency, pipeline; /* closed */
	double rate;                    /* open: asked for */
	enum load_arrivals arrivals;
	double warmup_s, duration_s; /* of the window, as measured */
	uint64_t requests;           /* due within the window */
	uint64_t outcomes[OUTCOME_COUNT];
	uint64_t statuses[STATUS_COUNT]; /* by status; 0 unused */
	double throughput;               /* answered with 2xx or 3xx, a second */
	double in_flight;                /* mean, from the records: X R */
	uint64_t bytes;
	struct report_times response, service, queue, database; /* count 0 when nothing is known */
	struct report_moment *moments;
	unsigned moment_count;
	struct blocks blocks; /* of response times, for diff */
	struct steadiness steadiness;
	/* self-check */
	struct report_check {
		double lateness_p50_us, lateness_p99_us, lateness_max_us;
		struct {
			double to_us; /* upper edge */
			uint64_t count;
		} lateness[16];
		unsigned lateness_count;
		double cpu_share, little_residual; /* |X R - counted| / counted */
		double others_share;               /* of all processors, taken by other programs; NAN unknown */
		unsigned connections_wanted, connections_up;
		uint64_t connect_failures, reconnects;
		double connect_p50_ms, connect_max_ms;
		bool is_sound;
		const char *reasons[8]; /* why not, each a sentence */
		unsigned reason_count;
	} check;
	const char *malformed_what;
	bool is_interrupted;
	struct measurement measurement; /* every request; empty for loads read from a file */
};

/* One burst on one arm: the repeat whose makespan is the median. Milliseconds. */
struct report_burst {
	unsigned arm;
	unsigned repeats;
	struct report_bar {
		const char *label; /* "GET /wait/400" */
		double solo;       /* alone on the same arm, median */
		double sent, first, done;
		double queue, database,
		    rest; /* rest: what is neither; queue and database NAN when the response did not say */
		double
		    queue_before; /* in the server's accept queue or socket: sent .. its own clock's start, a guess */
		uint16_t status;
		enum outcome outcome;
	} bars[16];
	unsigned bar_count;
	double makespan, makespan_low, makespan_high; /* median, lowest, highest of the repeats */
	double overlap, overlap_low, overlap_high;
	struct measurement measurement; /* all repeats */
};

/* Does a level meet the goals? Unknown: too few requests for a percentile. */
enum level_goal { LEVEL_NOT_ASKED, LEVEL_UNKNOWN, LEVEL_MEETS, LEVEL_MISSES };
/* Do requests wait in line at the highest level that was measured? */
enum knee_state { KNEE_UNKNOWN, KNEE_REACHED, KNEE_NOT_REACHED };

/* Throughput over concurrency on one arm. */
struct report_curve {
	unsigned arm;
	const char *what;
	double delay_ms;
	struct report_level {
		unsigned concurrency;
		enum level_goal goal;
		double in_flight, throughput;
		double
		    noise; /* of the throughput, as a share of it: half the range of the rounds, at least that of so few */
		struct interval throughput_interval;   /* lowest and highest of the repeats */
		double p50_ms, p90_ms, p99_ms, max_ms; /* NAN where not supported */
		bool p99_is_supported;
		double error_share;
		double repeats[16];
		unsigned repeat_count;
		bool is_sound;
	} levels[LEVELS_MAX];
	unsigned level_count;
	struct usl usl;
	double knee; /* N*; NAN unknown, or not reached */
	enum knee_state knee_state;
	double little; /* threads / time in the database; NAN unknown */
	double little_threads, little_wait_ms;
	double slo_load,
	    slo_throughput; /* highest concurrency that meets the goal; NAN when none was asked for or met */
	bool is_slo_confirmed;
	double others_share;        /* of the processors, over its loads; NAN unknown */
	const char *bound_sentence; /* where measured and bound meet */
};

/* One figure of two arms. */
struct report_difference {
	const char *what; /* "requests/s", "p99" */
	const char *unit;
	const char *group;
	unsigned a, b; /* arms; of diff, the files */
	bool is_more_better;
	struct difference difference;
	const char *verdict; /* "faster", "slower", "no difference shown" : of b, seen from a */
	const char *sentence;
};

/* A loop that turns between actions: medians of the rounds. */
struct report_turning {
	const char *name;
	unsigned rounds;
	double seconds, low_seconds, high_seconds;
	double p50_us, p99_us, max_us;                           /* of items, from made to got */
	uint64_t turns, events_made, events_seen, longest_queue; /* of our own; 0 of others */
};

/* Items that are made and processed, by one program or by several at a time. */
struct report_items {
	const char *name; /* "synchronous", "queue" */
	unsigned producers, count, done, again;
	double make_ms, process_ms, seconds;
	double first_ms, last_ms, p50_ms,
	    max_ms;        /* waits, from made to got; first and last are in the order of making */
	double late_share; /* how much longer the sleeps were than asked */
	const char *said;  /* by the service, of its claims that cannot wait; NULL: they can */
	struct report_item {
		double made_s, got_s, done_s;
	} * items; /* those that were done, in the order of making: `done` of them */
};

/* One request at services with more and more compute threads. */
struct report_speedup {
	const char *path; /* NULL: was not measured */
	unsigned cores;
	struct report_speedup_point {
		unsigned threads;
		double ms, low_ms, high_ms; /* median, lowest and highest of the rounds */
		double speedup, bound;      /* over the first point; Amdahl's */
	} points[SPEEDUP_POINTS_MAX];
	unsigned point_count;
	double serial_share; /* fitted; NAN with fewer than two points that have a core each */
	double others_share; /* of the processors, while it was measured; NAN unknown */
};

struct report_goal {
	const char *text; /* "p99<50ms" as given */
	const char *arm;
	double value, limit;
	const char *unit;      /* of the value: "ms", "errors"; of a sweep "clients": so many still meet it */
	bool is_met, is_known; /* not known: too few requests for it, or the report is not sound */
	const char *why;       /* it is not known, or missed whatever the value; NULL: the value tells */
};

struct report {
	struct arena arena;
	const char *command, *command_line, *started; /* ISO 8601, UTC */
	struct report_machine {
		const char *processor, *kernel;
		unsigned cores;
		uint64_t memory_bytes;
	} machine;
	struct report_arm arms[ARMS_MAX];
	unsigned arm_count;
	struct report_burst bursts[ARMS_MAX];
	unsigned burst_count;
	struct report_load *loads[LEVEL_RUNS_MAX]; /* in the order they were measured */
	unsigned load_count;
	struct report_curve curves[ARMS_MAX * 4];
	unsigned curve_count;
	struct report_difference differences[DIFFERENCES_MAX];
	unsigned difference_count;
	struct report_goal goals[GOALS_MAX];
	unsigned goal_count;
	struct report_speedup speedup;
	struct report_turning turnings[TURNINGS_MAX]; /* ours first */
	unsigned turning_count;
	struct report_items items[ITEMS_RUNS_MAX];
	unsigned items_count;
	const char *sentences[SENTENCES_MAX]; /* the verdict in words, the most important first */
	unsigned sentence_count;
	double slo_limit_ms, slo_percent; /* for drawing; NAN none */
	double percents[PERCENTILES_MAX]; /* ascending: of all times */
	unsigned percent_count;
	bool is_interrupted, is_sound;
	bool has_failed; /* an arm failed: more than a tenth of its requests */
};

static inline const char *report_arm_name(const struct report *report, unsigned arm)
{
	return arm < report->arm_count ? report->arms[arm].name : "?";
}

void report_init(struct report *report, const char *command, int argc, char *const *argv);
void report_cleanup(struct report *report);
/* Before the first load: its value is wanted, too. false: there are PERCENTILES_MAX. */
bool report_want_percentile(struct report *report, double percent);
void report_say(struct report *report, const char *format, ...) PRINTF_LIKE(2, 3); /* adds a sentence */
/* In front of all others; the last of them goes when there are too many. */
void report_say_first(struct report *report, const char *format, ...) PRINTF_LIKE(2, 3);

/* report_load.c: a load as measured -> its row, takes `measurement` over. NULL: there are LEVEL_RUNS_MAX. */
struct report_load *report_add_load(struct report *report, unsigned arm, const struct load_plan *plan,
				    struct measurement *measurement);
/* report_times.c: response times of several loads of one kind as of one. Percentiles are of all their requests, never
 * averages. */
struct report_times report_pooled_times(const struct report *report, const struct report_load *const *loads,
					unsigned count);
/* report_items.c: a run of the plan -> its row; the run stays the caller's. */
struct items_plan;
struct items_run;
void report_add_items(struct report *report, const char *name, const struct items_plan *plan,
		      const struct items_run *run);
/* report_burst.c: `solo_ms`: one a request of the set. */
struct report_burst *report_add_burst(struct report *report, unsigned arm, const struct load_plan *plan,
				      const double *solo_ms, struct measurement *measurement);
