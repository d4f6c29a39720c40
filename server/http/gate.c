#include "server/http/gate.h"

#include "base/clock.h"
#include "exchange/limits.h"
#include "identity/claim.h"
#include "identity/rate_table.h"
#include "server/http/access.h"

static const char *period_word(unsigned period_s)
{
	return period_s == 1 ? "a second" : period_s == 60 ? "a minute" : "an hour";
}

/* That of the client's network, where the client may have all of that. */
static struct text counted_address(struct exchange *x)
{
	struct network_address address;
	char text[NETWORK_TEXT_BYTES];

	if (!network_address_read(x->request.address, &address))
		return x->request.address;
	address = network_address_of_client(&address);
	network_address_write(&address, text);
	return text_of(arena_copy(&x->arena, text_of(text)));
}

static const char by_address[] = "address";

/* Clients with many addresses are no reason to forget what is known of identities. */
static struct rate_table *rates_of(struct exchange *x, const char *whose)
{
	const struct http *http = http_reply_of(x)->http->http;

	return whose == by_address ? http->address_rates : http->identity_rates;
}

/* What is counted: "NAME\nKIND\nVALUE". */
static struct text key_of(struct exchange *x, const struct limits *limits, const char **whose)
{
	const struct rate_limit *rate = &limits->rate;
	struct buffer key = buffer_in(&x->arena);
	struct text value = {NULL, 0};

	if (rate->by == LIMIT_BY_CLAIM && x->identity != NULL &&
	    !claim_text(x->identity->claims, text_of(rate->claim), &x->arena, &value))
		value.at = NULL;
	if (rate->by == LIMIT_BY_IDENTITY && x->identity != NULL)
		value = (struct text){(const char *)x->identity->hash, sizeof(x->identity->hash)};
	*whose = value.at == NULL ? by_address : rate->by == LIMIT_BY_CLAIM ? "claim" : "identity";
	if (value.at == NULL)
		value = counted_address(x);
	buffer_printf(&key, "%s\n%s\n", limits->name, *whose);
	buffer_add(&key, value);
	return buffer_text(&key);
}

static void add_fields(struct exchange *x, const struct limits *limits, const struct rate_verdict *verdict)
{
	response_add_header(x, "ratelimit-policy",
			    text_of(arena_printf(&x->arena, "\"%s\";q=%u;w=%u", limits->name, limits->rate.count,
						 limits->rate.period_s)));
	response_add_header(
	    x, "ratelimit",
	    text_of(arena_printf(&x->arena, "\"%s\";r=%u;t=%u", limits->name, verdict->left, verdict->reset_s)));
}

static enum step refuse_rate(struct exchange *x, const struct limits *limits, unsigned retry_s, const char *whose)
{
	x->retry_s = retry_s;
	return respond_problem(x, ERROR_RATE_LIMITED, "more than %u requests %s from one %s; try again in %u s",
			       limits->rate.count, period_word(limits->rate.period_s), whose, retry_s);
}

static bool take(struct exchange *x, enum step *answered)
{
	const struct limits *limits = x->request.match.route->limits;
	const struct rate_quota quota = {limits->rate.count, limits->rate.period_s};
	const char *whose;
	struct text key = key_of(x, limits, &whose);
	struct rate_verdict verdict = rate_table_take(rates_of(x, whose), key, &quota, clock_now_ns());

	add_fields(x, limits, &verdict);
	if (!verdict.is_allowed)
		*answered = refuse_rate(x, limits, verdict.retry_s, whose);
	return verdict.is_allowed;
}

static enum step refuse_full(struct exchange *x)
{
	const struct route *route = x->request.match.route;

	return respond_problem(x, ERROR_BUSY, "%u requests to %s are under way, which is all that it takes at once",
			       route->limits->inflight_max, route->name);
}

/* The step of a request that was answered already. */
static enum step answered_already(struct exchange *x)
{
	(void)x;
	return STEP_RESPOND;
}

static bool takes_place(struct http_reply *reply, struct limits *limits)
{
	if (limits->inflight_max == 0)
		return true;
	if (atomic_fetch_add(&limits->inflight, 1) < limits->inflight_max) {
		reply->place = &limits->inflight;
		return true;
	}
	atomic_fetch_sub(&limits->inflight, 1);
	return false;
}

bool http_gate_pass(struct exchange *x, enum step *answered)
{
	struct limits *limits = x->request.match.route->limits;

	if (LIKELY(limits == NULL))
		return true;
	if (limits->rate.count > 0 && limits->rate.by != LIMIT_BY_ADDRESS && !take(x, answered))
		return false;
	if (takes_place(http_reply_of(x), limits))
		return true;
	*answered = refuse_full(x);
	return false;
}

step_fn *http_gate_begin(struct http_reply *reply)
{
	struct exchange *x = &reply->x;
	struct limits *limits = x->request.match.route->limits;
	enum step answered;

	if (LIKELY(limits == NULL))
		return http_access_begin(reply);
	if (limits->rate.count > 0 && limits->rate.by == LIMIT_BY_ADDRESS && !take(x, &answered))
		return answered_already;
	if (http_access_is_asked(reply))
		return http_access_begin(reply);
	return http_gate_pass(x, &answered) ? x->request.match.route->first : answered_already;
}

void http_gate_end(struct http_reply *reply)
{
	if (LIKELY(reply->place == NULL))
		return;
	atomic_fetch_sub(reply->place, 1);
	reply->place = NULL;
}
