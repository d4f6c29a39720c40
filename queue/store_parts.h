/* store_parts.h - the inside of the store, for queue/ only.
 *
 *   store.c       life, messages, turns
 *   ownership.c   which service owns the queues
 *   loading.c     what is there already
 *   claims.c      jobs go out
 *   payloads.c    those that are only in their rows
 *   writing.c     jobs come in
 *   written.c     what became of them
 *   relay.c       jobs for a service that owns the queues
 *   inbox_rows.c  jobs that came so
 *   upkeep.c      dead letters and settings
 *   sweeping.c    what is not needed any more
 *   settling.c    acks, and other ends of leases
 *
 * Thread:  the store's.
 */
#pragma once

#include <uv.h>

#include "base/clock.h"
#include "db/pipeline.h"
#include "db/values/batch.h"
#include "loop/inbox.h"
#include "queue/enqueue_keys.h"
#include "queue/id_blocks.h"
#include "queue/store.h"
#include "queue/values/inbox_places.h"

enum {
	STORE_ROWS_MAX = 1000,           /* of a batch: what is locked and sent at once */
	STORE_BATCH_BYTES = 1024 * 1024, /* as long as it has more than one order */
	STORE_DB_MS = 5000,              /* for a batch; then its connection is closed */
	STORE_RETRY_MS = 200,            /* after a batch that failed and has to be done */
};

/* Held by a transaction that writes jobs (shared), and by one that takes the queues over: "queue" in ASCII. */
#define STORE_FENCE "x'7175657565'::bigint"
/* Of a column of u in microseconds since 1970. */
#define STORE_TIME(column) "'epoch'::timestamptz + u." column " * interval '1 microsecond'"

enum store_phase {
	STORE_WATCHING, /* another service owns the queues, or PostgreSQL cannot be reached */
	STORE_LOADING,
	STORE_SERVING,
};

/* A transaction that is done again and again, each time with other values: at most one of it is under way. */
struct errand {
	struct db_batch batch;
	struct queue_store *store;
	bool is_under_way;
	uint64_t next_ns;   /* not before */
	struct arena arena; /* of its values */
};

/* An enqueue on its way to its rows: all that the dispatcher will be told. */
struct write {
	struct list link;
	struct queue_order *order; /* NULL: it has ended */
	struct arena arena;
	unsigned queue, count;
	bool is_sent; /* with a batch */
	bool is_relayed;
	const char *name; /* of the queue, where it is relayed: it has no number here */
	struct enqueue_key key;
	size_t bytes;
	struct job_spec *jobs;
};

struct writing {
	struct list waiting; /* writes */
	struct list sent;    /* in `insert` */
	struct errand insert;
	struct errand resolve; /* asks whether it was written */
	bool is_unsure;        /* the outcome of `insert` is not known */
	struct id_blocks ids;
	unsigned rows, plain_rows; /* in `insert`: all of them, and those without a key */
	size_t bytes;
	struct enqueue_keys keys;
	unsigned plain_place, keys_place; /* of the statements that tell what was written */
	bool asks_ids;                    /* its last query does */
	bool *is_named;                   /* by queue: its name is in its table */
	unsigned named_capacity;
};

/* Jobs for another service that owns the queues. */
struct relay {
	struct list waiting, sent; /* writes */
	struct errand errand;
	struct id_blocks ids;
	unsigned rows, plain_rows; /* under way: all of them, and those without a key */
	size_t bytes;
	struct enqueue_keys keys;
	unsigned plain_place, keys_place; /* of the statements that tell what was written */
	bool asks_ids;
	bool is_full; /* as much waits for the owner as may */
};

/* Jobs from other services. */
struct inbox_rows {
	struct errand errand;
	struct arena arena;
	struct job_spec *jobs; /* that were read, and are to be moved */
	int64_t *places;
	unsigned count;
	unsigned most; /* that are asked for */
	struct inbox_places reads;
};

/* A job that ends, or goes on, and whose row is not yet as it should be. */
struct settlement {
	struct job_change change;  /* of one that was acked only the id */
	struct queue_order *order; /* NULL: none waits for it */
	char *reason;              /* owned; NULL: none */
};

struct settlements {
	struct settlement *items;
	unsigned count, capacity, sent; /* the first ones are in the batch */
	struct errand errand;
};

struct upkeep {
	struct list waiting; /* tasks */
	struct task *current;
	struct errand errand;
};

struct loading {
	struct errand errand;
	int64_t last_id;
	unsigned long long count;
	uint64_t began_ns;
	bool has_names;
};

struct ownership {
	struct errand watch, take, beat;
	uint64_t seen_ns; /* when the last beat was sent that counted */
	bool is_suspended;
	char reason[200]; /* why there is none here, as it is in the log */
};

struct queue_store {
	struct queue_store_settings settings;
	pthread_t thread;
	uv_loop_t loop;
	struct inbox inbox;
	struct list stop, drain; /* messages that are no orders */
	uv_timer_t timer;
	uv_prepare_t turn_end;
	uv_idle_t has_work;
	struct db_pipeline *pipeline;
	struct db_settings db;
	uint64_t epoch_ns; /* of 1970, as the clock would have had it: negative, so added */
	bool is_ending, is_draining;

	enum store_phase phase;
	uint64_t epoch;
	struct dispatcher *dispatcher; /* NULL while watching */
	struct given *given;           /* CLAIM_MAX */
	struct deadlines deadlines;    /* of orders that PostgreSQL keeps waiting */
	unsigned awaiting;             /* orders there */
	uint64_t next_sweep_ns;        /* for claims whose client has left */
	struct ownership ownership;
	struct loading loading;
	struct writing writing;
	struct settlements acks, changes;
	struct list parked;          /* claims that wait for jobs */
	struct list without_payload; /* claims */
	struct list fetching;        /* of them, in the batch */
	struct errand payloads, sweeping;
	struct upkeep upkeep;
	struct relay relay;
	struct inbox_rows inbox_rows;
};

/* store.c */

/* Now, on the dispatcher's time line. */
static inline uint64_t store_time_ns(const struct queue_store *store, uint64_t now_ns)
{
	return store->epoch_ns + now_ns;
}
/* There is something to do at the end of this turn. */
void store_note_work(struct queue_store *store);
/* The order waits for PostgreSQL from now on, until its deadline. */
void store_await(struct queue_store *store, struct queue_order *order);
/* It does no more. */
void store_await_no_more(struct queue_store *store, struct queue_order *order);
void store_end(struct queue_store *store, struct queue_order *order);
void store_fail(struct queue_store *store, struct queue_order *order, enum error error, const char *why,
		unsigned retry_s);
/* As the batch has failed. */
void store_fail_as(struct queue_store *store, struct queue_order *order, const struct db_batch *batch);
/* The queue's number; one that is not known is made. -1: the order was refused, as there are too many. */
int store_queue_of(struct queue_store *store, struct queue_order *order);

/* errand.c */
void errand_init(struct errand *errand, struct queue_store *store);
/* Is it time for the next one? */
bool errand_is_due(const struct errand *errand, uint64_t now_ns);
/* Forgets the one before. */
void errand_begin(struct errand *errand);
/* `values` are copied as pointers, which live as long as the errand's arena. */
void errand_add(struct errand *errand, const struct db_statement *statement, const char *const *values);
const char *errand_number(struct errand *errand, int64_t number);
void errand_submit(struct errand *errand, uint64_t timeout_ms, db_done_fn *done);
/* To be called in `done`. The next one may come after so long. */
struct errand *errand_over(struct db_batch *batch, uint64_t pause_ms);
/* Logs its error. */
void errand_log(const struct errand *errand, const char *what);
void errand_cleanup(struct errand *errand);

/* ownership.c */
void ownership_init(struct queue_store *store);
void ownership_turn(struct queue_store *store, uint64_t now_ns);
/* All that is known is forgotten: another service owns the queues. */
void ownership_lose(struct queue_store *store, const char *why);
bool ownership_is_sure(const struct queue_store *store, uint64_t now_ns);
/* The errand's last statement: did this service own the queues? Where the fence is held, the answer holds for all of it. */
void ownership_ask(struct errand *errand);
/* Its answer. False: they are lost from now on, and what the batch was to write is not written by it. */
bool ownership_was_kept(struct queue_store *store, const struct db_batch *batch);
void ownership_release(struct queue_store *store);
void ownership_cleanup(struct queue_store *store);

/* loading.c */
void loading_init(struct queue_store *store);
void loading_begin(struct queue_store *store);
void loading_turn(struct queue_store *store, uint64_t now_ns);
void loading_cleanup(struct queue_store *store);

/* claims.c */
void claims_take(struct queue_store *store, struct queue_order *order, uint64_t now_ns);
/* Its acks are written. */
void claims_go_on(struct queue_store *store, struct queue_order *order);
/* There are no jobs for it. One that has acked says so all the same, and gives none. */
void claims_fail(struct queue_store *store, struct queue_order *order, enum error error, const char *why,
		 unsigned retry_s);
void claims_give_back(struct queue_store *store, struct queue_order *order);
void claims_turn(struct queue_store *store, uint64_t now_ns);
/* Ends those that wait. */
void claims_drop(struct queue_store *store);
/* Its jobs go back to where they were. */
void claims_return(struct queue_store *store, const struct queue_order *order);
/* So they do, and it is told that another service may own the queues. */
void claims_fail_unsure(struct queue_store *store, struct queue_order *order);

/* payloads.c */
void payloads_init(struct queue_store *store);
void payloads_take(struct queue_store *store, struct queue_order *order);
void payloads_turn(struct queue_store *store, uint64_t now_ns);
void payloads_forget(struct queue_store *store, struct queue_order *order);
void payloads_drop(struct queue_store *store);
void payloads_cleanup(struct queue_store *store);

/* writing.c */
void writing_init(struct queue_store *store);
void writing_take(struct queue_store *store, struct queue_order *order, uint64_t now_ns);
void writing_turn(struct queue_store *store, uint64_t now_ns);
/* The order ends; what it wrote may be written all the same. */
void writing_forget(struct queue_store *store, struct queue_order *order);
/* The name of the queue is in its table. */
void writing_note_named(struct queue_store *store, unsigned queue);
/* Is the order in what was sent? */
bool writing_was_sent(const struct queue_order *order);
void writing_forget_names(struct writing *writing);
void writing_begin(struct queue_store *store, const struct db_result *blocks);
void writing_drop(struct queue_store *store);
void writing_cleanup(struct queue_store *store);

/* `time_ns` is that of the dispatcher. */
struct write *write_create(const struct queue_order *order, unsigned queue, uint64_t time_ns);

/* relay.c */
void relay_init(struct queue_store *store);
void relay_take(struct queue_store *store, struct queue_order *order, uint64_t now_ns);
void relay_turn(struct queue_store *store, uint64_t now_ns);
void relay_forget(struct queue_order *order);
void relay_cleanup(struct queue_store *store);

/* inbox_rows.c */
void inbox_rows_init(struct queue_store *store);
void inbox_rows_turn(struct queue_store *store, uint64_t now_ns);
void inbox_rows_drop(struct queue_store *store);
void inbox_rows_cleanup(struct queue_store *store);

/* written.c */
/* The end of a batch. */
void written_on_batch(struct db_batch *batch);
/* Asks what became of a batch that is not known. */
void written_resolve(struct queue_store *store);
/* Fails all that was to be written. */
void written_drop(struct queue_store *store);
/* It has ended, well or badly: its order, where one waits still, is answered by the caller. */
struct queue_order *write_take_out(struct queue_store *store, struct write *write);
void write_destroy(struct write *write);
/* Its ids. */
void write_answer(struct queue_store *store, const struct write *write, struct queue_order *order);
/* Its key was used before: the ids of then, or that it was for another body. */
void write_answer_by_key(struct queue_store *store, const struct write *write, struct queue_order *order,
			 const struct db_result *keys, unsigned place);

/* upkeep.c */
void upkeep_init(struct queue_store *store);
void upkeep_take(struct queue_store *store, struct queue_order *order);
void upkeep_turn(struct queue_store *store, uint64_t now_ns);
/* Did it write, or may have? */
bool upkeep_was_sent(const struct queue_order *order);
void upkeep_forget(struct queue_store *store, struct queue_order *order);
void upkeep_drop(struct queue_store *store);
void upkeep_cleanup(struct queue_store *store);

/* sweeping.c */
void sweeping_init(struct queue_store *store);
void sweeping_turn(struct queue_store *store, uint64_t now_ns);
void sweeping_cleanup(struct queue_store *store);

/* settling.c */
void settling_init(struct queue_store *store);
void settling_take(struct queue_store *store, struct queue_order *order, uint64_t now_ns);
void settling_add_expired(struct queue_store *store, const struct job_change *change);
void settling_turn(struct queue_store *store, uint64_t now_ns);
void settling_forget(struct queue_store *store, struct queue_order *order);
void settling_drop(struct queue_store *store);
void settling_cleanup(struct queue_store *store);

/* Of an owner and of a relay, in writing.c */
extern const struct db_statement store_add_names, store_more_ids;
