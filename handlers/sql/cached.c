#include "handlers/sql/cached.h"

#include "base/clock.h"
#include "base/decimal.h"
#include "cache/response_cache.h"
#include "exchange/kept_response.h"
#include "handlers/sql/context.h"
#include "handlers/sql/endpoint.h"
#include "handlers/sql/input.h"
#include "handlers/sql/parts.h"
#include "identity/claim.h"

/* What is known of a request whose answer may be kept. */
struct cached {
	struct cache_ticket ticket;
	step_fn *next;        /* of the endpoint without the cache */
	unsigned own_headers; /* that the response had before: they are this request's */
};

static const struct sql_plan *plan_of(const struct exchange *x)
{
	return x->request.match.route->data;
}

static struct cached *cached_of(const struct exchange *x)
{
	return CONTAINER_OF(x->cache_ticket, struct cached, ticket);
}

/* The key: texts with their lengths, always the same ones in the same order. */

static void add_number(struct buffer *key, uint64_t number)
{
	buffer_add(key, (struct text){(const char *)&number, sizeof(number)});
}

/* `at` NULL is another value than an empty text. */
static void add_text(struct buffer *key, struct text text)
{
	uint32_t length = text.at != NULL ? (uint32_t)text.length : UINT32_MAX;

	buffer_add(key, (struct text){(const char *)&length, sizeof(length)});
	if (text.at != NULL)
		buffer_add(key, text);
}

static void add_string(struct buffer *key, const char *string)
{
	add_text(key, string != NULL ? text_of(string) : (struct text){NULL, 0});
}

/* An identity without the claim is alike only to itself. */
static void add_identity(struct buffer *key, struct exchange *x, const struct db_context *context)
{
	const struct endpoint_cache *cache = plan_of(x)->endpoint->cache;
	struct text raw;

	add_string(key, context != NULL ? context->role : NULL);
	if (cache->by == CACHE_BY_ALL)
		add_string(key, context != NULL ? context->claims : NULL);
	if (cache->by != CACHE_BY_CLAIM || x->identity == NULL)
		return;
	if (claim_find(x->identity->claims, cache->claim, &x->arena, &raw)) {
		add_text(key, raw);
	} else {
		add_string(key, NULL);
		add_text(key, x->identity->claims);
	}
}

/* Values of the path count as they came, too: what is not found is named as it was asked for. */
static struct text key_of(struct exchange *x, const char *const *values)
{
	const struct sql_plan *plan = plan_of(x);
	const struct route_match *match = &x->request.match;
	const struct db_context *context = sql_context_of(x, plan->endpoint);
	struct buffer key = buffer_in(&x->arena);

	add_number(&key, plan->endpoint->cache->id);
	buffer_add_char(&key, (char)x->media);
	for (unsigned i = 0; i < match->value_count; i++)
		add_text(&key, match->values[i]);
	for (unsigned i = 0; i < plan->endpoint->statement.parameter_count; i++)
		add_string(&key, values[i]);
	add_identity(&key, x, context);
	if (context != NULL) {
		add_string(&key, context->headers);
		add_string(&key, context->method);
		add_string(&key, context->path);
	}
	return buffer_text(&key);
}

/* Headers */

/* Whole seconds; a stale answer has had its time, so that it shows at least one that it has not. */
static char *write_seconds_left(char *out, uint64_t until_ns, uint64_t now_ns)
{
	if (now_ns < until_ns)
		return decimal_write(out, (until_ns - now_ns) / NS_PER_S);
	*out++ = '-';
	return decimal_write(out, (now_ns - until_ns) / NS_PER_S + 1);
}

/* RFC 9211 */
static void add_status(struct exchange *x, struct text what, const struct cache_times *times, uint64_t now_ns)
{
	static const char ttl[] = "; ttl=";
	char *text = arena_alloc(&x->arena, what.length + sizeof(ttl) + DECIMAL_BYTES + 1), *end = text;

	memcpy(end, what.at, what.length);
	end += what.length;
	if (times != NULL) {
		memcpy(end, ttl, sizeof(ttl) - 1);
		end = write_seconds_left(end + sizeof(ttl) - 1, times->fresh_until_ns, now_ns);
	}
	response_add_header(x, "cache-status", (struct text){text, (size_t)(end - text)});
}

static void add_age(struct exchange *x, uint64_t age_ns)
{
	char *text = arena_alloc(&x->arena, DECIMAL_BYTES), *end = decimal_write(text, age_ns / NS_PER_S);

	response_add_header(x, "age", (struct text){text, (size_t)(end - text)});
}

/* Answering */

static enum step give(struct exchange *x, struct cached *cached, uint64_t now_ns)
{
	struct cache_ticket *ticket = &cached->ticket;
	struct cache_answer *answer = ticket->answer;
	enum step step = respond_kept(x, cached->own_headers, (struct text){answer->bytes, answer->length});

	ticket->answer = NULL;
	cache_answer_release(answer);
	if (ticket->is_collapsed) {
		add_status(x,
			   ticket->was_stale ? TEXT("meantime; fwd=stale; collapsed")
					     : TEXT("meantime; fwd=miss; collapsed"),
			   NULL, now_ns);
		return step;
	}
	add_age(x, now_ns - ticket->times.stored_ns);
	add_status(x, TEXT("meantime; hit"), &ticket->times, now_ns);
	return step;
}

static bool is_refusal(unsigned status)
{
	return status == 503 || status == 504;
}

/* An answer of its own is what was refused for a while, and what its client did not wait for. */
static enum cache_outcome outcome_of(const struct exchange *x, enum step step)
{
	if (step != STEP_RESPOND || is_refusal(x->response.status))
		return CACHE_FAILED;
	if (x->response.status == 200)
		return response_has_header(x, "meantime-missing") ? CACHE_SHARE_ONLY : CACHE_KEEP;
	return exchange_client_has_left(x) ? CACHE_FAILED : CACHE_SHARE_ONLY;
}

static struct cache_answer *keep(const struct exchange *x)
{
	unsigned first = cached_of(x)->own_headers;
	struct cache_answer *answer = cache_answer_create(kept_response_bytes(&x->response, first));

	kept_response_write(&x->response, first, answer->bytes);
	return answer;
}

static bool finish(struct exchange *x, struct cache_ticket *ticket, enum step step, uint64_t now_ns)
{
	enum cache_outcome outcome = outcome_of(x, step);
	struct cache_answer *answer;
	bool was_stored;

	if (ticket->turn != CACHE_LEADS)
		return false;
	answer = outcome != CACHE_FAILED ? keep(x) : NULL;
	was_stored = response_cache_finish(x->settings->cache, ticket, outcome, answer, now_ns);
	if (answer != NULL)
		cache_answer_release(answer);
	return was_stored;
}

static enum step end(struct exchange *x, enum step step)
{
	struct cache_ticket *ticket = x->cache_ticket;
	uint64_t now_ns = clock_now_ns();
	bool was_stored = finish(x, ticket, step, now_ns);
	struct cache_times times = {.fresh_until_ns = now_ns + ticket->fresh_ns};

	if (step != STEP_RESPOND)
		return step;
	if (is_refusal(x->response.status) && response_cache_look_back(x->settings->cache, ticket, now_ns))
		return give(x, cached_of(x), now_ns);
	if (was_stored)
		add_status(x,
			   ticket->was_stale ? TEXT("meantime; fwd=stale; stored") : TEXT("meantime; fwd=miss; stored"),
			   &times, now_ns);
	else
		add_status(x, ticket->was_stale ? TEXT("meantime; fwd=stale") : TEXT("meantime; fwd=miss"), NULL,
			   now_ns);
	return step;
}

/* Steps: those of the endpoint, each of them run by one of these. */

static enum step go_on(struct exchange *x);

static enum step follow(struct exchange *x, enum step step)
{
	if (step != STEP_AWAIT)
		return end(x, step);
	cached_of(x)->next = x->next;
	x->next = go_on;
	return step;
}

static enum step go_on(struct exchange *x)
{
	return follow(x, cached_of(x)->next(x));
}

static enum step turn_came(struct exchange *x)
{
	struct cache_ticket *ticket = x->cache_ticket;

	if (ticket->turn == CACHE_HIT)
		return give(x, cached_of(x), clock_now_ns());
	if (exchange_await_error(x) != ERROR_NONE)
		return end(x, respond_await_problem(x));
	return follow(x, sql_endpoint_first_step(plan_of(x)->endpoint)(x));
}

static bool choose_media(struct exchange *x, const struct sql_plan *plan)
{
	x->media = plan->usual;
	if (LIKELY(x->request.accept.length == 0))
		return true;
	if (plan->offered != 0)
		return exchange_choose_media(x, plan->offered, plan->usual);
	return answer_is_acceptable(plan->endpoint->answer, x->request.accept);
}

static bool bind(struct exchange *x, const struct sql_plan *plan, const char ***values)
{
	const struct db_signature *checked_for[PARTS_MAX], *signature;
	const char *problem;

	if (plan->endpoint->parts_kind == PARTS_NONE)
		signature = db_statement_signature(&plan->endpoint->statement);
	else
		signature = sql_parts_signature(plan->endpoint, &x->arena, checked_for);
	return sql_input_bind(x, plan, signature, values, &problem) == ERROR_NONE;
}

/* What is wrong with the request, the endpoint's own first step says. */
enum step sql_cached_begin(struct exchange *x)
{
	const struct sql_plan *plan = plan_of(x);
	const struct endpoint_cache *cache = plan->endpoint->cache;
	uint64_t now_ns = clock_now_ns();
	struct cached *cached;
	const char **values;

	if (!choose_media(x, plan) || !bind(x, plan, &values))
		return sql_endpoint_first_step(plan->endpoint)(x);
	cached = arena_alloc_zeroed(&x->arena, sizeof(*cached));
	cached->ticket = (struct cache_ticket){
	    .key = key_of(x, values),
	    .subject = cache->subject,
	    .fresh_ns = cache->fresh_ms * NS_PER_MS,
	    .stale_ns = cache->stale_ms * NS_PER_MS,
	};
	cached->own_headers = x->response.header_count;
	if (response_cache_look(x->settings->cache, &cached->ticket, now_ns))
		return give(x, cached, now_ns);
	return await_kept(x, &cached->ticket, turn_came);
}
