#include "exchange/exchange.h"

#include "base/clock.h"
#include "base/require.h"
#include "exchange/batches.h"

#include <strings.h>

void exchange_begin(struct exchange *x, const struct exchange_settings *settings, uint64_t arrived_ns)
{
	memset(x, 0, offsetof(struct exchange, batch));
	if (x->arena.first == NULL)
		arena_init(&x->arena, x->inline_bytes, sizeof(x->inline_bytes));
	x->settings = settings;
	x->arrived_ns = arrived_ns;
	db_batch_init(&x->batch);
	list_init(&x->link);
	list_init(&x->pages);
}

enum step exchange_step(struct exchange *x)
{
	enum step step = x->next(x);

	if (step != STEP_AWAIT)
		x->outcome = step;
	/* what is to be sent is in the arena: libpq's memory serves the next result, and need not wait for the client
	 */
	if (step == STEP_RESPOND)
		db_batch_rewind(&x->batch);
	return step;
}

void exchange_note_times(struct exchange *x)
{
	const struct db_batch *batch = &x->batch;
	/* a batch that was never sent has only queued */
	uint64_t sent_ns = batch->sent_ns > 0 ? batch->sent_ns : batch->done_ns;

	x->queue_ns += sent_ns - batch->submitted_ns;
	x->db_ns += batch->done_ns - sent_ns;
	x->retry_s = batch->retry_s > 0 ? batch->retry_s : x->retry_s;
}

void exchange_recycle(struct exchange *x)
{
	REQUIRE(x->stream == NULL && x->fetch == NULL);
	db_batch_rewind(&x->batch);
	arena_reset(&x->arena);
}

void exchange_cleanup(struct exchange *x)
{
	db_batch_cleanup(&x->batch);
	arena_cleanup(&x->arena);
}

/* Database */

static void begin_afresh(struct exchange *x)
{
	if (x->batch_is_spent)
		db_batch_cleanup(&x->batch);
	x->batch_is_spent = false;
}

void db_query(struct exchange *x, const struct db_statement *statement, const char *const *values)
{
	begin_afresh(x);
	x->batch.context = x->context;
	db_batch_add(&x->batch, statement, values);
}

void db_checked_for(struct exchange *x, const struct db_signature *signature)
{
	REQUIRE(x->batch.query_count > 0 && !x->batch_is_spent);
	x->batch.queries[x->batch.query_count - 1].checked_for = signature;
}

/* A stream may take as long as it likes; each of its parts has the time of a request. */
void exchange_begin_part(struct exchange *x)
{
	const struct route *route = x->request.match.route;
	uint64_t timeout_ms = x->settings->request_timeout_ms;

	if (x->response.part_count == 0)
		return;
	if (route != NULL && route->timeout_ms > 0)
		timeout_ms = route->timeout_ms;
	x->deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
}

static enum step await(struct exchange *x, const struct awaitable_class *class, step_fn *next)
{
	x->awaited.class = class;
	x->awaited.deadline_ns = x->deadline_ns;
	x->awaited.error = ERROR_NONE;
	x->next = next;
	return STEP_AWAIT;
}

static enum step await_batch(struct exchange *x, const struct awaitable_class *class, step_fn *next)
{
	x->batch_is_spent = true;
	x->batch.deadline_ns = x->deadline_ns;
	x->batch.submitted_ns = clock_now_ns();
	x->batch.sent_ns = x->batch.done_ns = 0;
	return await(x, class, next);
}

enum step await_db(struct exchange *x, step_fn *next)
{
	REQUIRE(x->batch.query_count > 0 && !x->batch_is_spent);
	return await_batch(x, x->settings->await_batch, next);
}

enum step await_db_all(struct exchange *x, step_fn *next)
{
	batches_begin(x->batches, x->deadline_ns, next);
	return await(x, x->settings->await_batches, batches_over);
}

static bool has_awaited_db(const struct exchange *x)
{
	return x->awaited.class == x->settings->await_batch || x->awaited.class == x->settings->await_rows;
}

enum error exchange_db_error(const struct exchange *x)
{
	REQUIRE(has_awaited_db(x));
	return x->batch.error;
}

const struct db_result *exchange_result(const struct exchange *x, unsigned index)
{
	REQUIRE(index < x->batch.query_count);
	return x->batch.queries[index].result;
}

const struct db_signature *exchange_signature(const struct exchange *x, unsigned index)
{
	REQUIRE(index < x->batch.query_count);
	return x->batch.queries[index].signature;
}

/* Rows as they come: the queries of a part are the stream's business. */

void db_stream_rows(struct exchange *x, const struct db_statement *statement, const char *const *values)
{
	REQUIRE(x->stream == NULL);
	db_query(x, statement, values);
}

enum step await_rows(struct exchange *x, step_fn *next)
{
	exchange_begin_part(x);
	return await_batch(x, x->settings->await_rows, next);
}

const struct db_result *exchange_rows(const struct exchange *x)
{
	const struct db_result *rows;

	if (x->batch.error != ERROR_NONE || x->batch.query_count == 0)
		return NULL;
	rows = x->batch.queries[x->batch.query_count - 1].result;
	return rows != NULL && db_row_count(rows) > 0 ? rows : NULL;
}

const struct db_signature *exchange_rows_signature(const struct exchange *x)
{
	return exchange_signature(x, x->batch.query_count - 1);
}

bool exchange_rows_end(const struct exchange *x)
{
	return x->batch.is_last_part;
}

/* Other things than the database */

enum step await_timer(struct exchange *x, uint64_t ms, step_fn *next)
{
	x->awaited.submitted_ns = clock_now_ns();
	x->wake_ns = x->awaited.submitted_ns + ms * NS_PER_MS;
	return await(x, x->settings->await_timer, next);
}

enum step await_compute(struct exchange *x, struct computation *computation, step_fn *next)
{
	REQUIRE(computation->parts > 0);
	exchange_begin_part(x);
	x->awaited.submitted_ns = clock_now_ns();
	x->computation = computation;
	computation->deadline_ns = x->deadline_ns;
	computation->is_abandoned = &x->is_abandoned;
	return await(x, x->settings->await_compute, next);
}

enum step await_pages(struct exchange *x, const struct fetch_order *order, step_fn *next)
{
	exchange_begin_part(x);
	x->awaited.submitted_ns = clock_now_ns();
	x->fetch_order = order;
	return await(x, x->settings->await_pages, next);
}

enum step await_order(struct exchange *x, struct queue_order *order, step_fn *next)
{
	x->awaited.submitted_ns = clock_now_ns();
	x->queue_order = order;
	return await(x, x->settings->await_order, next);
}

enum step await_kept(struct exchange *x, struct cache_ticket *ticket, step_fn *next)
{
	x->awaited.submitted_ns = clock_now_ns();
	x->cache_ticket = ticket;
	return await(x, x->settings->await_kept, next);
}

enum step await_file(struct exchange *x, struct file_order *order, step_fn *next)
{
	exchange_begin_part(x);
	x->awaited.submitted_ns = clock_now_ns();
	x->file = order;
	return await(x, x->settings->await_file, next);
}

const struct fetch_page *exchange_next_page(struct exchange *x)
{
	struct list *first = x->pages.next;

	if (list_is_empty(&x->pages))
		return NULL;
	list_remove(first);
	return CONTAINER_OF(first, struct fetch_page, link);
}

unsigned exchange_pages_left(const struct exchange *x)
{
	return x->pages_left;
}

/* A subscriber waits long, and keeps no results meanwhile. */
enum step await_event(struct exchange *x, const struct event_order *order, uint64_t ms, step_fn *next)
{
	enum step step;

	begin_afresh(x);
	exchange_begin_part(x);
	x->awaited.submitted_ns = clock_now_ns();
	x->event_order = order;
	step = await(x, x->settings->await_event, next);
	if (x->response.part_count > 0)
		x->awaited.deadline_ns = x->awaited.submitted_ns + ms * NS_PER_MS;
	return step;
}

const struct event_news *exchange_event_news(const struct exchange *x)
{
	return x->event_news;
}

enum error exchange_await_error(const struct exchange *x)
{
	REQUIRE(x->awaited.class == NULL || !has_awaited_db(x));
	return x->awaited.error;
}

void exchange_note_work(struct exchange *x, const char *name, uint64_t started_ns, uint64_t done_ns)
{
	x->queue_ns += started_ns - x->awaited.submitted_ns;
	x->work_ns += done_ns - started_ns;
	x->has_worked |= done_ns > started_ns;
	x->work_name = name;
}

void exchange_fail_work(struct exchange *x, const char *name, enum error error, const char *why)
{
	uint64_t now_ns = clock_now_ns();

	exchange_note_work(x, name, now_ns, now_ns);
	x->awaited.error = error;
	x->awaited.why = why;
}

bool exchange_client_has_left(const struct exchange *x)
{
	return atomic_load_explicit(&x->is_abandoned, memory_order_relaxed);
}

/* Responses */

void response_add_header(struct exchange *x, const char *name, struct text value)
{
	struct http_response *response = &x->response;

	REQUIRE(response->header_count < HTTP_EXTRA_HEADERS_MAX);
	response->headers[response->header_count++] = (struct http_header){name, value};
}

bool response_has_header(const struct exchange *x, const char *name)
{
	for (unsigned i = 0; i < x->response.header_count; i++)
		if (strcmp(x->response.headers[i].name, name) == 0)
			return true;
	return false;
}

static enum step respond(struct exchange *x, unsigned status, const char *content_type, struct text body)
{
	x->response.status = status;
	x->response.content_type = content_type;
	x->response.body = body;
	return STEP_RESPOND;
}

enum step respond_empty(struct exchange *x, unsigned status)
{
	return respond(x, status, NULL, TEXT(""));
}

enum step respond_json(struct exchange *x, unsigned status, struct text json)
{
	return respond(x, status, "application/json", json);
}

enum step respond_text(struct exchange *x, unsigned status, const char *content_type, struct text body)
{
	return respond(x, status, content_type, body);
}

static enum step respond_streamed(struct exchange *x, unsigned status, const char *content_type, struct text part)
{
	if (x->response.part_count++ == 0) {
		x->response.status = status;
		x->response.content_type = content_type;
		x->response.is_streamed = true;
	}
	x->response.body = part;
	return STEP_STREAM;
}

enum step respond_part(struct exchange *x, unsigned status, const char *content_type, struct text part, step_fn *next)
{
	x->next = next;
	return respond_streamed(x, status, content_type, part);
}

enum step respond_last_part(struct exchange *x, unsigned status, const char *content_type, struct text part)
{
	respond_streamed(x, status, content_type, part);
	/* the only one: its length is known */
	x->response.is_streamed = x->response.part_count > 1;
	return STEP_RESPOND;
}

enum step respond_part_of(struct exchange *x, unsigned status, const char *content_type, uint64_t length,
			  struct text part, step_fn *next)
{
	respond_streamed(x, status, content_type, part);
	x->response.length = length;
	x->next = next;
	return next != NULL ? STEP_STREAM : STEP_RESPOND;
}

enum step respond_broken_off(struct exchange *x)
{
	REQUIRE(x->response.part_count > 0);
	x->response.is_broken_off = true;
	x->response.body = TEXT("");
	return STEP_RESPOND;
}
