#include "handlers/sql/events.h"

#include "base/clock.h"
#include "db/values/row_json.h"
#include "events/values/event_text.h"
#include "exchange/media_type.h"
#include "handlers/sql/context.h"
#include "handlers/sql/endpoint.h"
#include "handlers/sql/event_channel.h"
#include "handlers/sql/input.h"

#include <stdlib.h>

enum {
	/* a client that was cut off comes back within this time: all of a service at once would be a burst */
	RETRY_MS_LEAST = 1000,
	RETRY_MS_SPREAD = 2000,
};

static const char content_type[] = "text/event-stream";

/* What a subscriber's exchange keeps from part to part; the buffers are used again. */
struct event_stream {
	struct event_order order;
	char channel[CHANNEL_NAME_BYTES_MAX + 1];
	const struct db_signature *signature; /* that the values were checked for */
	const char *const *values;
	struct event_id place;
	bool has_place;
	bool is_gap; /* before the snapshot to come, the client may have missed events */
	struct buffer part, json;
};

static step_fn events_arrived, snapshot_arrived, part_taken, rested, still_without_snapshot;

static const struct sql_plan *plan_of(const struct exchange *x)
{
	return x->request.match.route->data;
}

/* Sending */

static void begin_part(struct exchange *x, struct event_stream *stream)
{
	stream->part.length = 0;
	if (x->response.part_count == 0)
		event_text_add_retry(&stream->part, RETRY_MS_LEAST + (unsigned)random() % RETRY_MS_SPREAD);
}

static enum step send(struct exchange *x, struct text part)
{
	return respond_part(x, 200, content_type, part, part_taken);
}

/* No cache keeps it, and a proxy such as nginx is not to collect it. */
static void add_headers(struct exchange *x)
{
	if (x->response.part_count > 0)
		return;
	response_add_header(x, "cache-control", TEXT("no-store"));
	response_add_header(x, "x-accel-buffering", TEXT("no"));
}

static enum step send_comment(struct exchange *x, const char *words)
{
	struct event_stream *stream = x->state;

	begin_part(x, stream);
	event_text_add_comment(&stream->part, words);
	add_headers(x);
	return send(x, buffer_text(&stream->part));
}

/* A browser comes back by itself, with the id of the last event. */
static enum step end(struct exchange *x, const char *words)
{
	struct event_stream *stream = x->state;

	begin_part(x, stream);
	event_text_add_comment(&stream->part, words);
	add_headers(x);
	return respond_last_part(x, 200, content_type, buffer_text(&stream->part));
}

/* The snapshot */

static enum step take_snapshot(struct exchange *x)
{
	const struct event_stream *stream = x->state;

	exchange_begin_part(x);
	db_query(x, &plan_of(x)->endpoint->statement, stream->values);
	db_checked_for(x, stream->signature);
	return await_db(x, snapshot_arrived);
}

static void write_rows(struct exchange *x, struct buffer *json, const struct db_signature *signature,
		       const struct db_result *rows)
{
	const struct endpoint *endpoint = plan_of(x)->endpoint;
	unsigned count = db_row_count(rows);

	if (count > endpoint->max_rows && x->response.part_count == 0)
		response_add_header(x, "meantime-truncated",
				    text_of(arena_printf(&x->arena, "max-rows=%u", endpoint->max_rows)));
	buffer_add_char(json, '[');
	for (unsigned row = 0; row < count && row < endpoint->max_rows; row++) {
		if (row > 0)
			buffer_add_char(json, ',');
		row_json_add(json, signature, rows, row);
	}
	buffer_add_char(json, ']');
}

static void write_snapshot(struct exchange *x, struct buffer *json)
{
	const struct db_signature *signature = exchange_signature(x, 0);
	const struct db_result *rows = exchange_result(x, 0);

	json->length = 0;
	if (plan_of(x)->endpoint->shape == ENDPOINT_MANY)
		write_rows(x, json, signature, rows);
	else if (db_row_count(rows) > 0)
		row_json_add(json, signature, rows, 0);
	else
		buffer_add(json, TEXT("null"));
}

static enum step send_snapshot(struct exchange *x)
{
	struct event_stream *stream = x->state;

	write_snapshot(x, &stream->json);
	begin_part(x, stream);
	if (stream->is_gap)
		event_text_add(&stream->part, "gap", NULL, TEXT(""));
	stream->is_gap = false;
	event_text_add(&stream->part, "snapshot", stream->has_place ? &stream->place : NULL,
		       buffer_text(&stream->json));
	add_headers(x);
	/* where each subscriber would need a thread, the client asks again when `retry` is over */
	if (!x->settings->follows_events)
		return respond_last_part(x, 200, content_type, buffer_text(&stream->part));
	return send(x, buffer_text(&stream->part));
}

/* Within a stream another try is made later: the database, or the line before it, may have been full. */
static enum step snapshot_failed(struct exchange *x)
{
	enum error error = exchange_db_error(x);

	if (x->response.part_count == 0)
		return respond_db_problem(x);
	exchange_log_db_error(x, "has no snapshot for a subscriber");
	if (error != ERROR_BUSY && error != ERROR_DATABASE_UNAVAILABLE && error != ERROR_DEADLINE)
		return respond_broken_off(x);
	exchange_begin_part(x);
	return await_timer(x, RETRY_MS_LEAST + (unsigned)random() % RETRY_MS_SPREAD, rested);
}

/* The stream may be over meanwhile. */
static enum step rested(struct exchange *x)
{
	struct event_stream *stream = x->state;

	return await_event(x, &stream->order, 0, still_without_snapshot);
}

static enum step other_columns(struct exchange *x)
{
	if (x->response.part_count > 0)
		return end(x, "the columns have just changed; connect again");
	return respond_problem(x, ERROR_DATABASE_UNAVAILABLE, "the columns of %s have just changed; try again",
			       plan_of(x)->endpoint->name);
}

static enum step snapshot_arrived(struct exchange *x)
{
	const struct sql_plan *plan = plan_of(x);

	if (exchange_db_error(x) != ERROR_NONE)
		return snapshot_failed(x);
	if (!db_columns_are_those_of(exchange_result(x, 0), exchange_signature(x, 0)))
		return other_columns(x);
	if (x->response.part_count == 0 && plan->may_find_nothing && db_row_count(exchange_result(x, 0)) == 0)
		return sql_respond_nothing_found(x, plan);
	return send_snapshot(x);
}

/* A token that is not good any more hears nothing more. */
static bool has_expired(const struct exchange *x)
{
	return x->identity != NULL && x->identity->expires_s != IDENTITY_NEVER_EXPIRES &&
	       time(NULL) >= x->identity->expires_s;
}

/* What is heard */

static enum step await_more(struct exchange *x)
{
	struct event_stream *stream = x->state;

	return await_event(x, &stream->order, x->settings->heartbeat_ms, events_arrived);
}

static enum step part_taken(struct exchange *x)
{
	const struct event_stream *stream = x->state;

	/* no snapshot yet: another try */
	return stream->is_gap ? take_snapshot(x) : await_more(x);
}

static enum step begin_place(struct exchange *x, const struct event_news *news)
{
	struct event_stream *stream = x->state;

	stream->is_gap = stream->has_place || stream->order.has_seen;
	stream->place = news->id;
	stream->has_place = true;
	return take_snapshot(x);
}

static enum step hear(struct exchange *x, const struct event_news *news)
{
	struct event_stream *stream = x->state;

	switch (news->kind) {
	case EVENT_SUBSCRIBED:
		return begin_place(x, news);
	case EVENT_RESUMED:
		stream->has_place = true;
		return send_comment(x, "resumed");
	case EVENT_CHANGES:
		return send(x, news->text);
	case EVENT_BEHIND:
		return end(x, "cut off: events came faster than they were taken");
	case EVENT_ENDED:
		return end(x, "the service ends this stream; connect again");
	default:
		return send_comment(x, "");
	}
}

/* The events that have come are in the snapshot to come. The comment shows whether the client is still there. */
static enum step still_without_snapshot(struct exchange *x)
{
	struct event_stream *stream = x->state;
	const struct event_news *news = exchange_event_news(x);

	if (exchange_client_has_left(x))
		return respond_broken_off(x);
	if (news->kind == EVENT_ENDED || news->kind == EVENT_BEHIND || has_expired(x))
		return end(x, "the service ends this stream; connect again");
	if (news->kind == EVENT_SUBSCRIBED)
		stream->place = news->id;
	return send_comment(x, "no snapshot yet");
}

static enum step events_arrived(struct exchange *x)
{
	if (exchange_client_has_left(x) && x->response.part_count > 0)
		return respond_broken_off(x);
	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	if (has_expired(x))
		return end(x, "the identity has expired");
	return hear(x, exchange_event_news(x));
}

/* The beginning */

/* An id that no service has written is one that cannot be resumed. */
static void read_seen(struct exchange *x, struct event_order *order)
{
	for (unsigned i = 0; i < x->request.field_count; i++) {
		const struct http_field *field = &x->request.fields[i];

		if (!text_equal(field->name, TEXT("last-event-id")) || field->value.length == 0)
			continue;
		order->has_seen = true;
		if (!event_id_read(field->value, &order->seen))
			order->seen = (struct event_id){0, 0};
	}
}

static struct event_stream *begin_stream(struct exchange *x)
{
	struct event_stream *stream = arena_alloc_zeroed(&x->arena, sizeof(*stream));

	stream->part = buffer_in(&x->arena);
	stream->json = buffer_in(&x->arena);
	read_seen(x, &stream->order);
	x->state = stream;
	return stream;
}

enum step sql_events_begin(struct exchange *x)
{
	const struct sql_plan *plan = plan_of(x);
	struct event_stream *stream = begin_stream(x);
	const char **values, *problem;
	enum error error;

	if (accept_quality(x->request.accept, text_of(content_type)).quality == 0)
		return respond_problem(x, ERROR_NOT_ACCEPTABLE, "the Accept header does not take what there is: %s",
				       content_type);
	stream->signature = db_statement_signature(&plan->endpoint->statement);
	error = sql_input_bind(x, plan, stream->signature, &values, &problem);
	if (error != ERROR_NONE)
		return respond_problem(x, error, "%s", problem);
	problem = event_channel_make(x, plan->endpoint, stream->channel, values);
	if (problem != NULL)
		return respond_problem(x, ERROR_BAD_INPUT, "%s", problem);
	stream->values = values;
	x->context = sql_context_of(x, plan->endpoint);
	stream->order.channel = text_of(stream->channel);
	stream->order.edition = plan->endpoint->statement.edition;
	if (x->settings->follows_events)
		return await_more(x);
	stream->is_gap = stream->order.has_seen;
	return take_snapshot(x);
}
