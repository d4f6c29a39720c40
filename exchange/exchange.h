/* exchange.h - one request on its way to its response, and the words that handlers are written in.
 *
 * A handler is a few short steps. A step never waits: it reads what has arrived, says what it wants next, and returns
 * one of the await_ or respond_ functions. What waits, and how, is the runner's business.
 *
 * Life:    all zero -> exchange_begin() -> steps -> response -> exchange_recycle() -> exchange_begin()... ->
 *          exchange_cleanup(): by the border and the runner.
 * Owner:   one owner at a time: the loop, a worker thread, or what completes its awaitable.
 *          All memory of a request is in its arena; handlers free nothing.
 * Thread:  the owner's.
 * Limits:  EXCHANGE_INLINE_BYTES before the arena asks malloc.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/deadlines.h"
#include "base/error.h"
#include "db/values/batch.h"
#include "events/values/event_news.h"
#include "fetch/values/page.h"
#include "files/values/file_order.h"
#include "exchange/awaitable.h"
#include "base/computation.h"
#include "exchange/media.h"
#include "exchange/message.h"
#include "identity/identity.h"
#include "exchange/settings.h"

struct cache_ticket;
struct queue_order;

enum { EXCHANGE_INLINE_BYTES = 4096 };

struct exchange {
	/* read-only for handlers */
	const struct exchange_settings *settings;
	struct http_request request;
	const struct identity *identity; /* that the client has proved, where keys are configured; NULL: none */
	uint64_t arrived_ns, deadline_ns;

	/* handlers' own */
	void *state; /* what a handler keeps from step to step */
	/* what PostgreSQL is told of the request, by each query from now on; NULL: nothing */
	const struct db_context *context;
	enum media media; /* of rows: what the client takes */

	/* written by the return functions, read by the runner and the border */
	step_fn *next;
	struct http_response response;

	/* private */
	struct awaitable awaited;
	bool batch_is_spent;      /* its results are those of the last step: the next query starts afresh */
	struct db_stream *stream; /* owned, while rows are streamed */
	uint64_t queue_ns, db_ns; /* for Server-Timing, summed over the steps */
	uint64_t work_ns;         /* of what is not the database */
	const char *work_name;    /* "timer", "compute", "fetch", "jobs", "file"; NULL: none was awaited */
	bool has_worked;          /* some of that took time: the request is not refused half way */
	uint64_t wake_ns;         /* of await_timer() */
	struct batches *batches;  /* of await_db_all() */
	struct computation *computation;
	const struct fetch_order *fetch_order;
	struct queue_order *queue_order;
	struct cache_ticket *cache_ticket; /* of an endpoint whose answers are kept; NULL: it is none */
	struct task *fetch;                /* owned, while pages are fetched */
	struct list pages;                 /* that came with the last await_pages() */
	unsigned pages_left;
	const struct event_order *event_order;
	struct event_subscription *events;   /* owned, while events are awaited */
	const struct event_news *event_news; /* of the last await_event() */
	struct file_order *file;             /* owned, while it is read */
	atomic_bool is_abandoned;    /* the client has left: set by the loop, read in any thread that works for it */
	struct aside_step *aside;    /* what is needed to run a step beside the loop; NULL: none was yet */
	bool is_aside;               /* the loop's: one is run */
	unsigned retry_s;            /* of ERROR_BUSY: when it may be tried again; 0: not known */
	uint64_t waits_ns;           /* what it is expected to take, as counted in the line it waits in */
	struct deadline waits_until; /* while it is in that line */
	enum step outcome;           /* of the last step, when it is not STEP_AWAIT */
	struct runner *runner;
	struct list link;
	struct db_batch batch; /* not cleared with what is above: it has its own way */

	/* handlers' own again: all memory of the request; last, since it outlives a request */
	struct arena arena;
	_Alignas(16) char inline_bytes[EXCHANGE_INLINE_BYTES];
};

/* For awaitables and runners: whose it is. */
static inline struct exchange *exchange_of(struct awaitable *awaitable)
{
	return CONTAINER_OF(awaitable, struct exchange, awaited);
}

/* Makes `x` ready for a request that arrived at `arrived_ns`; the border then fills in the request. */
void exchange_begin(struct exchange *x, const struct exchange_settings *settings, uint64_t arrived_ns);
/* Runs one step; when it does not wait, notes the outcome; when it was the last one, gives back the results. */
enum step exchange_step(struct exchange *x);
/* After an awaited batch is over, in whatever thread: adds up where the time went. */
void exchange_note_times(struct exchange *x);
/* How long it was waited for so far, without queueing and connecting. */
static inline uint64_t exchange_busy_ns(const struct exchange *x)
{
	return x->db_ns + x->work_ns;
}

/* Gives back results and memory; `x` may be begun again. */
void exchange_recycle(struct exchange *x);
/* Gives back what was kept for the next request, too. */
void exchange_cleanup(struct exchange *x);

/* Database */

/* Adds a query to those that the next await_db() runs together, in one transaction. */
void db_query(struct exchange *x, const struct db_statement *statement, const char *const *values);
/* Which signature of its statement the values of the last query were checked for, if it was not the newest there is. */
void db_checked_for(struct exchange *x, const struct db_signature *signature);
enum step await_db(struct exchange *x, step_fn *next);
/* How the last await_db(), or await_rows(), ended. Asking for it after another wait is a mistake, and aborts. */
enum error exchange_db_error(const struct exchange *x);
/* Returns a view of the rows of query `index`, valid until the next db_query(). */
const struct db_result *exchange_result(const struct exchange *x, unsigned index);
/* With which its rows are to be read: a table may have changed since the request came. */
const struct db_signature *exchange_signature(const struct exchange *x, unsigned index);

/* Runs those of batches.h, each in a transaction of its own. They are read by `next`, and not longer. */
enum step await_db_all(struct exchange *x, step_fn *next);

/* Other things than the database */

/* Waits so long; no thread and no connection waits with it, but in the modes where one does. */
enum step await_timer(struct exchange *x, uint64_t ms, step_fn *next);
/* Runs the parts of a computation on the compute threads. */
enum step await_compute(struct exchange *x, struct computation *computation, step_fn *next);
/* Pages of other hosts, as they come. The first await_pages() hands the order over, and each ends when there are some
 * more. The deadline ends all that are left. */
enum step await_pages(struct exchange *x, const struct fetch_order *order, step_fn *next);
/* Returns the next of those that came, valid until the next await_pages(); NULL: that was the last of them. */
const struct fetch_page *exchange_next_page(struct exchange *x);
/* How many are still to come. */
unsigned exchange_pages_left(const struct exchange *x);
/* What is notified on a channel, and that for `ms` at most. The first await_event() subscribes. Until the channel is listened to
 * the deadline is the request's, and errors are those of exchange_await_error(). Later there is none. */
enum step await_event(struct exchange *x, const struct event_order *order, uint64_t ms, step_fn *next);
/* Returns what was heard, valid until the next await_event(). */
const struct event_news *exchange_event_news(const struct exchange *x);
/* What an order asks of the queues (queue/values/order.h); its texts are in the arena, or last as long. */
enum step await_order(struct exchange *x, struct queue_order *order, step_fn *next);
/* An answer that is kept, or the right to make one (cache/response_cache.h); the ticket is in the arena. */
enum step await_kept(struct exchange *x, struct cache_ticket *ticket, step_fn *next);
/* Finds the file of an order, then reads the next part of it with each call (files/values/file_order.h). */
enum step await_file(struct exchange *x, struct file_order *order, step_fn *next);
/* How the last of these ended: ERROR_NONE, ERROR_DEADLINE, ERROR_BUSY; ERROR_NONE where none was awaited. After a wait
 * for the database it aborts. */
enum error exchange_await_error(const struct exchange *x);
/* That error, as a problem. */
enum step respond_await_problem(struct exchange *x);
/* For awaitables: adds up where the time went, when the waiting is over. */
void exchange_note_work(struct exchange *x, const char *name, uint64_t started_ns, uint64_t done_ns);
/* It was not begun, and will not be. */
void exchange_fail_work(struct exchange *x, const char *name, enum error error, const char *why);

/* Responses: what they are given is in the arena or lasts for ever. Results do not last longer than the last step. */

/* Chooses `media` by the Accept header, of the set `offered` (media.h). False: the client takes none. */
bool exchange_choose_media(struct exchange *x, unsigned offered, enum media usual);
/* 406, which names what there is. */
enum step respond_not_acceptable(struct exchange *x, unsigned offered);
enum step respond_empty(struct exchange *x, unsigned status);
enum step respond_json(struct exchange *x, unsigned status, struct text json);
enum step respond_text(struct exchange *x, unsigned status, const char *content_type, struct text body);
/* One row; or all rows, at most `limit`: a longer result is cut and says so in a header. In JSON they are an object and
 * an array; `media` may say otherwise. */
enum step respond_row(struct exchange *x, unsigned status, const struct db_signature *signature,
		      const struct db_result *rows, unsigned row);
/* The first row without the columns that `is_left_out` marks by their number. */
enum step respond_row_without(struct exchange *x, unsigned status, const struct db_signature *signature,
			      const struct db_result *rows, const bool *is_left_out);
enum step respond_rows(struct exchange *x, unsigned status, const struct db_signature *signature,
		       const struct db_result *rows, unsigned limit);
/* application/problem+json (RFC 9457); the detail says what is wrong, where, and what was expected. */
enum step respond_problem(struct exchange *x, enum error error, const char *detail, ...) PRINTF_LIKE(3, 4);
/* The error of the last await_db(), as a problem with its SQLSTATE; what PostgreSQL said and the client must not read
 * goes to the log. */
enum step respond_db_problem(struct exchange *x);
/* The same of one of several batches. */
enum step respond_batch_problem(struct exchange *x, const struct db_batch *batch);
/* Logs that error with all that PostgreSQL said: "NAME WHAT: ...". */
void exchange_log_db_error(const struct exchange *x, const char *what);
void exchange_log_batch_error(const struct exchange *x, const struct db_batch *batch, const char *what);
void response_add_header(struct exchange *x, const char *name, struct text value);
bool response_has_header(const struct exchange *x, const char *name);

/* Rows as they come, through a cursor on a connection of their own: the next part is fetched when it is awaited.
 * db_stream_rows() once, then await_rows() and respond_part() in turn, until exchange_rows() is NULL: the end, or the
 * error of exchange_db_error(). Before the first part an error is still a problem; later the response is cut off. */
void db_stream_rows(struct exchange *x, const struct db_statement *statement, const char *const *values);
enum step await_rows(struct exchange *x, step_fn *next);
/* Returns the rows of the part that arrived, valid until the next await_rows(); NULL when there are no more. */
const struct db_result *exchange_rows(const struct exchange *x);
const struct db_signature *exchange_rows_signature(const struct exchange *x);
/* No more come behind these: there is no need to ask. */
bool exchange_rows_end(const struct exchange *x);
/* Sends a part; `next` runs when the client has taken it. Status and content type count in the first part only. */
enum step respond_part(struct exchange *x, unsigned status, const char *content_type, struct text part, step_fn *next);
/* A response that is sent in parts goes on: what is awaited next has the time of a request. The functions for rows, events,
 * computations and pages do it themselves. */
void exchange_begin_part(struct exchange *x);
/* Nothing is sent to it any more. */
bool exchange_client_has_left(const struct exchange *x);
/* The last part; the body is complete after it. */
enum step respond_last_part(struct exchange *x, unsigned status, const char *content_type, struct text part);
/* A part of a body of `length` bytes, which is not 0. The last one: `next` is NULL. A HEAD has an empty last one. */
enum step respond_part_of(struct exchange *x, unsigned status, const char *content_type, uint64_t length,
			  struct text part, step_fn *next);
/* After a part has gone out and no more can come: the client sees a body that breaks off. */
enum step respond_broken_off(struct exchange *x);
