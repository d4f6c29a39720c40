/* pipeline_parts.h - the inside of the pipeline, for db/pipeline*.c only.
 *
 *   pipeline.c              life; what a loop turn submits, and its end
 *   pipeline_expectation.c  what a statement is expected to take
 *   pipeline_lane.c         which batches share a connection
 *   pipeline_admission.c    which batches may wait
 *   pipeline_link.c         one connection: opened; units out, results in
 *   pipeline_loss.c         one that could not be opened, or is lost: what was on it, and what waits
 *   pipeline_rest.c         what rests before it runs again
 *   pipeline_turn.c         from one edition of the statements to the next
 *   pipeline_tick.c         deadlines, what turns out slow, connections that are missing
 *
 * Thread:  the loop.
 */
#pragma once

#include "base/congestion.h"
#include "db/pipeline.h"
#include "db/resolve.h"
#include "db/watch.h"

/* A session that was closed takes a moment to be gone: a connect in its place is tried so often, quickly. */
enum { PIPELINE_ROOM_TRIES = 10 };

/* One connection, and the batches on it. */
struct link {
	struct db_conn conn;
	struct db_watch watch;
	struct db_pipeline *pipeline;
	struct lane *lane;
	struct db_resolve *resolve;
	struct list outgoing;    /* batches chosen this turn, not yet sent */
	unsigned outgoing_count; /* of both, these and the held */
	struct list held;        /* their statements are being prepared */
	uint64_t expected_ns;    /* of everything on it */
	uint64_t last_unit_ns;   /* when the last unit was over */
	uint64_t opening_ns;     /* when resolving or connecting began; 0: it is not */
	uint64_t latest_end_ns;  /* when PostgreSQL ends by itself the last of what was sent */
	uint64_t used_ns;
	bool carries_alone; /* a batch that travels alone is on it */
};

/* Batches that wait, first in first out; the last of them may not have been let in yet. */
struct queue {
	struct list batches;
	struct congestion congestion;
};

/* Reads, or writes: the same rules for both. */
struct lane {
	bool is_read_only;
	struct queue quick, alone;
	unsigned link_count; /* opening or open */
};

struct db_pipeline {
	struct db_pipeline_settings settings;
	uv_loop_t *loop;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_timer_t timer;
	bool ticks_fast, is_closing;
	struct lane lanes[2]; /* reads, writes */
	struct link *links;
	unsigned open_count; /* links in use */
	unsigned waiting, in_flight;
	struct deadlines deadlines; /* of those that were let in, and wait */
	struct list resting;        /* before they run again; counted in `waiting` */
	struct list finished;       /* over without having been sent */
	uint64_t *expected_ns;      /* per statement: moving average, 0 before the first */
	uint64_t *changed_ns;       /* per statement: when it changed its session, 0: not so far */
	struct db_catalog catalog;  /* of the statements that are prepared from now on */
	uint64_t distance_ns;       /* the shortest round trip of the connections there are */
	unsigned failures;          /* connects in a row that failed */
	unsigned dismissed;         /* and that an administrator ended */
	bool is_full;               /* the last since PostgreSQL has no connection left for us */
	bool has_said_full;
	unsigned room_tries; /* of opening one for writes where one for reads made room; 0: none is being opened so */
	uint64_t retry_ns;
	struct db_numbers numbers;
};

/* pipeline.c */

/* Calls batch->done at the end of this turn. */
void pipeline_fail_later(struct db_pipeline *pipeline, struct db_batch *batch, enum error error, const char *message);

/* pipeline_expectation.c */

/* Where the moving average of the batch's statement is kept; NULL: nowhere. */
uint64_t *pipeline_expectation_of(struct db_pipeline *pipeline, const struct db_batch *batch);
uint64_t pipeline_share_of(struct db_pipeline *pipeline, const struct db_batch *batch);
void pipeline_learn(struct db_pipeline *pipeline, const struct db_batch *batch, uint64_t took_ns);
void pipeline_note_change(struct db_pipeline *pipeline, const struct db_statement *statement);
bool pipeline_is_quick(struct db_pipeline *pipeline, const struct db_batch *batch);
/* What takes longer is not quick. */
uint64_t pipeline_quick_ns(const struct db_pipeline *pipeline);

/* pipeline_turn.c */

/* A connection that has become idle turns, when it is still of an edition before. -1: it broke. */
int link_turn_when_idle(struct link *link);
static inline bool link_is_of_this_edition(const struct link *link)
{
	return link->conn.catalog.edition == link->pipeline->catalog.edition;
}

/* pipeline_lane.c */

/* Connections that the lane's quick ones share. */
unsigned pipeline_shared(const struct db_pipeline *pipeline, const struct lane *lane);
/* Of these, so many are opened at once and stay; more only while a queue of writes lasts. */
unsigned pipeline_kept(const struct db_pipeline *pipeline, const struct lane *lane);
struct lane *pipeline_lane_of(struct db_pipeline *pipeline, const struct db_batch *batch);
/* Returns the writes for the reads, and the reads for the writes. */
const struct lane *pipeline_other_lane(const struct db_pipeline *pipeline, const struct lane *lane);
/* `is_first`: it was taken already, and comes back before those that were not. */
void pipeline_wait(struct db_pipeline *pipeline, struct db_batch *batch, bool is_first);
void pipeline_leave_lane(struct db_pipeline *pipeline, struct db_batch *batch);
/* Puts the batches that can go now on links, and opens links for those that cannot. */
void pipeline_dispatch_lane(struct db_pipeline *pipeline, struct lane *lane, uint64_t now_ns);
/* NULL: of both lanes. */
bool pipeline_has_usable_link(const struct db_pipeline *pipeline, const struct lane *lane);
/* Whether its batches can be served, now or in a moment. The lane's own links serve them, or, where PostgreSQL grants
 * no more, those of the other. A link for writes serves reads, too; one for reads makes room for one for writes. */
bool pipeline_is_served(const struct db_pipeline *pipeline, const struct lane *lane);
/* NULL: of both lanes. */
unsigned pipeline_opening_count(const struct db_pipeline *pipeline, const struct lane *lane);
bool pipeline_may_open_link(const struct db_pipeline *pipeline, const struct lane *lane, uint64_t now_ns);

/* pipeline_rest.c */

/* Of a batch that is over with an error: whether it runs again, after a rest. */
bool pipeline_rest(struct db_pipeline *pipeline, struct db_batch *batch);
void pipeline_wake_rested(struct db_pipeline *pipeline, uint64_t now_ns);

/* pipeline_admission.c */

static inline struct queue *pipeline_queue_of(struct lane *lane, const struct db_batch *batch)
{
	return batch->travels_alone ? &lane->alone : &lane->quick;
}

/* It has a place, and counts in what the others have to wait for. */
void pipeline_let_in(struct db_pipeline *pipeline, struct queue *queue, struct db_batch *batch, uint64_t now_ns);
/* Of those that came in this turn and found no connection: lets in as many as there is room for, in number and in
 * time. Refuses the others. */
void pipeline_admit(struct db_pipeline *pipeline, struct lane *lane, uint64_t now_ns);
/* It is its turn: true when too little time is left, and it is refused. */
bool pipeline_refuse_late(struct db_pipeline *pipeline, struct lane *lane, struct db_batch *batch, uint64_t now_ns);

/* pipeline_link.c */

void link_open(struct db_pipeline *pipeline, struct lane *lane);
/* Takes it off the link, where it waits for a statement that is being prepared. */
void link_drop_held(struct link *link, struct db_batch *batch);
void pipeline_flush_links(struct db_pipeline *pipeline, uint64_t now_ns);
/* What travels alone on it may be over. */
void link_note_idle(struct link *link);

/* pipeline_loss.c */

/* Closes it; each batch on it is run again, or fails with an outcome that is not known. */
void link_give_up(struct link *link);
/* The same, when it broke: conn.error says why. */
void link_lose(struct link *link);

/* pipeline_tick.c */

void pipeline_start_ticking(struct db_pipeline *pipeline);
/* Opens those that are always to be there. */
void pipeline_keep_links(struct db_pipeline *pipeline, uint64_t now_ns);
