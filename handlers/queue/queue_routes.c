#include "handlers/queue/queue_routes.h"

#include "base/clock.h"
#include "handlers/queue/claim_query.h"
#include "handlers/queue/idempotency_key.h"
#include "handlers/queue/queue_answers.h"
#include "handlers/queue/queue_bodies.h"
#include "handlers/queue/queue_request.h"
#include "handlers/queue/queue_upkeep.h"
#include "handlers/sql/whole_body.h"

static const char no_wait[] =
    "parameter \"wait\": in sync mode a claim cannot wait, since no other request would be served meanwhile; leave it "
    "out, or serve with --mode async";

static const struct queue_route_settings *settings_of(const struct exchange *x)
{
	return x->request.match.route->data;
}

/* Jobs in */

static enum step enqueued(struct exchange *x)
{
	const struct queue_order *order = x->state;

	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	return respond_json(x, 201, queue_answer_ids(&x->arena, order));
}

static enum step enqueue(struct exchange *x)
{
	enum step step;
	struct queue_order *order = queue_request_order(x, ORDER_ENQUEUE, &step);
	bool is_lines = whole_body_is_lines(x->request.content_type);
	struct fields_read drafts;
	const char *problem;

	if (order == NULL || !queue_request_takes_no_query(x, &step) || !queue_request_takes_body(x, true, &step))
		return step;
	problem = queue_bodies_read_jobs(x->request.body, is_lines, x->settings->max_json_depth, &x->arena, &drafts);
	if (problem == NULL)
		problem = idempotency_key_read(&x->request, &x->arena, order);
	if (problem != NULL)
		return respond_problem(x, ERROR_BAD_INPUT, "%s", problem);
	order->drafts = drafts.items;
	order->draft_count = drafts.count;
	return await_order(x, order, enqueued);
}

/* Jobs out */

static enum step gave_back(struct exchange *x)
{
	return respond_empty(x, 204);
}

/* The client has left before the answer was written: its jobs are given to another one at once. */
static enum step give_back(struct exchange *x, const struct queue_order *claim)
{
	struct queue_order *order = arena_alloc_zeroed(&x->arena, sizeof(*order));

	order->errand = ORDER_GIVE_BACK;
	order->queue = claim->queue;
	order->receipts = arena_alloc_zeroed(&x->arena, claim->given_count * sizeof(*order->receipts));
	order->receipt_count = claim->given_count;
	for (unsigned i = 0; i < claim->given_count; i++)
		order->receipts[i] = (struct order_receipt){.id = claim->given[i].id, .token = claim->given[i].token};
	return await_order(x, order, gave_back);
}

static enum step claimed(struct exchange *x)
{
	const struct queue_order *order = x->state;

	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	if (order->given_count > 0 && exchange_client_has_left(x))
		return give_back(x, order);
	if (x->request.has_body)
		return respond_json(x, 200, queue_answer_round(&x->arena, order));
	return respond_json(x, 200, queue_answer_jobs(&x->arena, order));
}

/* Returns NULL, or what is wrong with the body. */
static const char *read_acks(struct exchange *x, struct queue_order *order)
{
	struct fields_read acks;
	const char *problem = queue_bodies_read_claim(x->request.body, x->settings->max_json_depth, &x->arena, &acks);

	order->receipts = acks.items;
	order->receipt_count = acks.count;
	return problem;
}

static enum step claim(struct exchange *x)
{
	enum step step;
	struct queue_order *order = queue_request_order(x, ORDER_CLAIM, &step);
	const char *problem;

	if (order == NULL || (x->request.has_body && !queue_request_takes_body(x, false, &step)))
		return step;
	problem = claim_query_read(x->request.query, &x->arena, order);
	if (problem == NULL && x->request.has_body)
		problem = read_acks(x, order);
	if (problem != NULL)
		return respond_problem(x, ERROR_BAD_INPUT, "%s", problem);
	if (order->wait_ns > 0 && !settings_of(x)->may_wait)
		return respond_problem(x, ERROR_BAD_INPUT, "%s", no_wait);
	if (settings_of(x)->may_wait)
		x->deadline_ns -= CLAIM_WAIT_MS_MAX * NS_PER_MS - order->wait_ns; /* the route has room for any */
	return await_order(x, order, claimed);
}

/* What became of them */

static enum step settled_one(struct exchange *x)
{
	const struct queue_order *order = x->state;

	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	switch (order->receipts[0].verdict) {
	case LEASE_HELD:
		return respond_empty(x, 204);
	case LEASE_STALE:
		return respond_problem(x, ERROR_CONFLICT,
				       "the token is not that of the job's lease: the lease has ended, and nothing was "
				       "changed");
	default:
		return respond_problem(x, ERROR_NOT_FOUND,
				       "the queue has no such job: it was acked, is dead, or never was");
	}
}

static enum step settled_many(struct exchange *x)
{
	const struct queue_order *order = x->state;

	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	return respond_json(x, 200, queue_answer_verdicts(&x->arena, order));
}

static enum step settle(struct exchange *x, enum order_errand errand, bool is_one)
{
	enum step step;
	struct queue_order *order = queue_request_order(x, errand, &step);
	struct fields_read receipts;
	const char *problem;
	int64_t id = 0;

	if (order == NULL || !queue_request_takes_no_query(x, &step) || !queue_request_takes_body(x, false, &step))
		return step;
	if (is_one && !queue_request_id(x, &id, &step))
		return step;
	problem = queue_bodies_read_receipts(x->request.body, errand, !is_one, x->settings->max_json_depth, &x->arena,
					     &receipts);
	if (problem == NULL && is_one && receipts.is_array)
		problem = "an object was expected";
	if (problem != NULL)
		return respond_problem(x, ERROR_BAD_INPUT, "%s", problem);
	order->receipts = receipts.items;
	order->receipt_count = receipts.count;
	if (is_one)
		order->receipts[0].id = id;
	return await_order(x, order, is_one ? settled_one : settled_many);
}

static enum step ack(struct exchange *x)
{
	return settle(x, ORDER_ACK, true);
}

static enum step nack(struct exchange *x)
{
	return settle(x, ORDER_NACK, true);
}

static enum step extend(struct exchange *x)
{
	return settle(x, ORDER_EXTEND, true);
}

static enum step ack_many(struct exchange *x)
{
	return settle(x, ORDER_ACK, false);
}

static enum step nack_many(struct exchange *x)
{
	return settle(x, ORDER_NACK, false);
}

static enum step extend_many(struct exchange *x)
{
	return settle(x, ORDER_EXTEND, false);
}

/* Figures */

static enum step told_figures(struct exchange *x)
{
	const struct queue_order *order = x->state;

	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	if (!order->is_queue_known)
		return respond_problem(x, ERROR_NOT_FOUND, "no queue of this name has had a job");
	return respond_json(x, 200, queue_answer_figures(&x->arena, order));
}

static enum step tell_figures(struct exchange *x)
{
	enum step step;
	struct queue_order *order = queue_request_order(x, ORDER_FIGURES, &step);

	if (order == NULL || !queue_request_takes_no_query(x, &step))
		return step;
	return await_order(x, order, told_figures);
}

static const struct {
	enum http_method method;
	const char *pattern, *name;
	step_fn *first;
} routes[] = {
    {HTTP_POST, "/queues/{queue}/jobs", "queue_enqueue", enqueue},
    {HTTP_POST, "/queues/{queue}/claim", "queue_claim", claim},
    {HTTP_POST, "/queues/{queue}/jobs/{id}/ack", "queue_ack", ack},
    {HTTP_POST, "/queues/{queue}/jobs/{id}/nack", "queue_nack", nack},
    {HTTP_POST, "/queues/{queue}/jobs/{id}/extend", "queue_extend", extend},
    {HTTP_POST, "/queues/{queue}/ack", "queue_ack_many", ack_many},
    {HTTP_POST, "/queues/{queue}/nack", "queue_nack_many", nack_many},
    {HTTP_POST, "/queues/{queue}/extend", "queue_extend_many", extend_many},
    {HTTP_POST, "/queues/{queue}/jobs/{id}/cancel", "queue_cancel", queue_cancel},
    {HTTP_GET, "/queues/{queue}", "queue_figures", tell_figures},
    {HTTP_GET, "/queues/{queue}/dead", "queue_list_dead", queue_list_dead},
    {HTTP_DELETE, "/queues/{queue}/dead", "queue_purge_all", queue_purge_all},
    {HTTP_DELETE, "/queues/{queue}/dead/{id}", "queue_purge", queue_purge},
    {HTTP_POST, "/queues/{queue}/dead/resend", "queue_resend_all", queue_resend_all},
    {HTTP_POST, "/queues/{queue}/dead/{id}/resend", "queue_resend", queue_resend},
    {HTTP_POST, "/queues/{queue}/pause", "queue_pause", queue_pause},
    {HTTP_POST, "/queues/{queue}/resume", "queue_resume", queue_resume},
    {HTTP_PUT, "/queues/{queue}/limits", "queue_limit", queue_limit},
};

const char *queue_routes_add(struct router *router, const struct queue_route_settings *settings)
{
	const struct route *taken_by;

	for (unsigned i = 0; i < ARRAY_LENGTH(routes); i++) {
		bool waits = routes[i].first == claim && settings->may_wait;
		const struct route route = {
		    .method = routes[i].method,
		    .pattern = routes[i].pattern,
		    .name = routes[i].name,
		    .first = routes[i].first,
		    .data = settings,
		    .timeout_ms = waits ? settings->timeout_ms + CLAIM_WAIT_MS_MAX : 0,
		    .reads_head = routes[i].first == enqueue,
		    .headers = routes[i].first == enqueue ? "Idempotency-Key" : NULL,
		    .access = settings->access,
		};

		if (router_add(router, &route, &taken_by) != ROUTER_ADDED)
			return route.pattern;
	}
	return NULL;
}
