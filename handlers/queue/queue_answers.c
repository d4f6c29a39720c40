#include "handlers/queue/queue_answers.h"

#include "base/buffer.h"
#include "base/clock.h"

#include <inttypes.h>
#include <time.h>

/* As rows have a timestamptz, in UTC. */
static void add_time(struct buffer *json, uint64_t ns)
{
	time_t seconds = (time_t)(ns / NS_PER_S);
	struct tm parts;
	char text[32];

	gmtime_r(&seconds, &parts);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
	buffer_printf(json, "\"%s.%06u+00:00\"", text, (unsigned)(ns % NS_PER_S / NS_PER_US));
}

static void add_ids(struct buffer *json, const int64_t *ids, unsigned count)
{
	buffer_add_char(json, '[');
	for (unsigned i = 0; i < count; i++)
		buffer_printf(json, "%s%" PRId64, i > 0 ? "," : "", ids[i]);
	buffer_add_char(json, ']');
}

struct text queue_answer_ids(struct arena *arena, const struct queue_order *order)
{
	struct buffer json = buffer_in(arena);

	buffer_add(&json, TEXT("{\"ids\":"));
	add_ids(&json, order->ids, order->draft_count);
	buffer_add_char(&json, '}');
	return buffer_text(&json);
}

static void add_word_or_null(struct buffer *json, struct text text)
{
	if (text.length > 0)
		buffer_add_json_string(json, text);
	else
		buffer_add(json, TEXT("null"));
}

static void add_job(struct buffer *json, const struct given *given)
{
	char token[LEASE_TOKEN_BYTES_MAX];
	size_t token_length = lease_token_write(given->token, token);
	const char *came_back = came_back_word(given->came_back);

	buffer_printf(json, "{\"id\":%" PRId64 ",\"token\":\"%.*s\",\"payload\":", given->id, (int)token_length, token);
	buffer_add(json, given->payload);
	buffer_printf(json, ",\"attempt\":%u,\"max_attempts\":%u,\"priority\":%d,\"group\":", given->attempt,
		      given->max_attempts, given->priority);
	add_word_or_null(json, given->group);
	buffer_add(json, TEXT(",\"enqueued_at\":"));
	add_time(json, given->enqueued_ns);
	buffer_add(json, TEXT(",\"redelivered\":"));
	add_word_or_null(json, came_back != NULL ? text_of(came_back) : TEXT(""));
	buffer_add_char(json, '}');
}

static void add_jobs(struct buffer *json, const struct queue_order *order)
{
	buffer_add_char(json, '[');
	for (unsigned i = 0; i < order->given_count; i++) {
		if (i > 0)
			buffer_add_char(json, ',');
		add_job(json, &order->given[i]);
	}
	buffer_add_char(json, ']');
}

struct text queue_answer_jobs(struct arena *arena, const struct queue_order *order)
{
	struct buffer json = buffer_in(arena);

	add_jobs(&json, order);
	return buffer_text(&json);
}

static void add_receipts(struct buffer *json, struct arena *arena, const struct queue_order *order,
			 enum lease_verdict verdict)
{
	int64_t *ids = arena_alloc(arena, order->receipt_count * sizeof(*ids));
	unsigned count = 0;

	for (unsigned i = 0; i < order->receipt_count; i++)
		if (order->receipts[i].verdict == verdict)
			ids[count++] = order->receipts[i].id;
	add_ids(json, ids, count);
}

static void add_verdicts(struct buffer *json, struct arena *arena, const struct queue_order *order)
{
	buffer_add(json, TEXT("\"done\":"));
	add_receipts(json, arena, order, LEASE_HELD);
	buffer_add(json, TEXT(",\"stale\":"));
	add_receipts(json, arena, order, LEASE_STALE);
	buffer_add(json, TEXT(",\"missing\":"));
	add_receipts(json, arena, order, LEASE_NO_JOB);
	buffer_add_char(json, '}');
}

struct text queue_answer_verdicts(struct arena *arena, const struct queue_order *order)
{
	struct buffer json = buffer_in(arena);

	buffer_add_char(&json, '{');
	add_verdicts(&json, arena, order);
	return buffer_text(&json);
}

struct text queue_answer_round(struct arena *arena, const struct queue_order *order)
{
	struct buffer json = buffer_in(arena);

	buffer_add(&json, TEXT("{\"jobs\":"));
	add_jobs(&json, order);
	buffer_add_char(&json, ',');
	add_verdicts(&json, arena, order);
	return buffer_text(&json);
}

static void add_dead(struct buffer *json, const struct order_dead *letter)
{
	buffer_printf(json, "{\"id\":%" PRId64 ",\"payload\":", letter->id);
	buffer_add(json, letter->payload);
	buffer_printf(json, ",\"attempt\":%u,\"max_attempts\":%u,\"priority\":%d,\"group\":", letter->attempt,
		      letter->max_attempts, letter->priority);
	add_word_or_null(json, letter->group);
	buffer_add(json, TEXT(",\"enqueued_at\":"));
	add_time(json, letter->enqueued_ns);
	buffer_add(json, TEXT(",\"died_at\":"));
	add_time(json, letter->died_ns);
	buffer_add(json, TEXT(",\"reason\":"));
	add_word_or_null(json, letter->reason);
	buffer_add_char(json, '}');
}

struct text queue_answer_dead(struct arena *arena, const struct queue_order *order)
{
	struct buffer json = buffer_in(arena);

	buffer_add_char(&json, '[');
	for (unsigned i = 0; i < order->dead_count; i++) {
		if (i > 0)
			buffer_add_char(&json, ',');
		add_dead(&json, &order->dead[i]);
	}
	buffer_add_char(&json, ']');
	return buffer_text(&json);
}

struct text queue_answer_settled(struct arena *arena, const struct queue_order *order)
{
	struct buffer json = buffer_in(arena);

	buffer_printf(&json, "{\"done\":%u,\"left\":%" PRIu64 "}", order->settled, order->figures.dead);
	return buffer_text(&json);
}

static void add_number_or_null(struct buffer *json, const char *name, unsigned number)
{
	if (number > 0)
		buffer_printf(json, "\"%s\":%u", name, number);
	else
		buffer_printf(json, "\"%s\":null", name);
}

static const char *period_word(unsigned period_s)
{
	if (period_s == 1)
		return "second";
	return period_s == 60 ? "minute" : "hour";
}

static void add_settings(struct buffer *json, const struct queue_settings *settings)
{
	buffer_printf(json, ",\"paused\":%s,\"limits\":{", settings->is_paused ? "true" : "false");
	add_number_or_null(json, "length", settings->length_max);
	buffer_add_char(json, ',');
	add_number_or_null(json, "group_concurrency", settings->group_concurrency);
	if (settings->rate_count > 0)
		buffer_printf(json, ",\"rate\":\"%u/%s\"}", settings->rate_count, period_word(settings->rate_period_s));
	else
		buffer_add(json, TEXT(",\"rate\":null}"));
}

struct text queue_answer_figures(struct arena *arena, const struct queue_order *order)
{
	const struct queue_figures *figures = &order->figures;
	struct buffer json = buffer_in(arena);

	buffer_printf(&json,
		      "{\"queue\":\"%.*s\",\"depth\":%u,\"ready\":%u,\"delayed\":%u,\"in_flight\":%u,\"parked\":%u,"
		      "\"dead\":%" PRIu64 ",\"oldest_age_ms\":",
		      TEXT_ARGS(order->queue), figures->depth, figures->ready, figures->delayed, figures->in_flight,
		      figures->parked, figures->dead);
	if (figures->oldest_ns > 0)
		buffer_printf(&json, "%" PRIu64, order->oldest_age_ns / NS_PER_MS);
	else
		buffer_add(&json, TEXT("null"));
	add_settings(&json, &order->settings);
	buffer_add_char(&json, '}');
	return buffer_text(&json);
}
