#include "handlers/queue/queue_upkeep.h"

#include "handlers/queue/queue_answers.h"
#include "handlers/queue/queue_bodies.h"
#include "handlers/queue/queue_request.h"

enum {
	LIST_DEFAULT = 100,
	LIST_MAX = 1000,
	RESEND_MAX = 1000, /* in one transaction */
	PURGE_MAX = 10000,
};

/* Dead letters */

static enum step listed(struct exchange *x)
{
	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	return respond_json(x, 200, queue_answer_dead(&x->arena, x->state));
}

static const char *read_parameter(struct text name, struct text value, struct queue_order *order)
{
	int64_t number = 0;
	bool is_given = value.length > 0;

	if (text_equal(name, TEXT("after"))) {
		if (!is_given || !field_read_integer(value, 0, JOB_ID_MAX, &number))
			return "parameter \"after\" must be the id of a job, or 0";
		order->first_id = number + 1;
		return NULL;
	}
	if (!text_equal(name, TEXT("limit")))
		return "dead letters have the parameters after and limit, and no others";
	if (!is_given || !field_read_integer(value, 1, LIST_MAX, &number))
		return "parameter \"limit\" must be an integer from 1 to 1000";
	order->want = (unsigned)number;
	return NULL;
}

enum step queue_list_dead(struct exchange *x)
{
	enum step step;
	struct queue_order *order = queue_request_order(x, ORDER_LIST_DEAD, &step);
	struct text query = x->request.query;

	if (order == NULL)
		return step;
	order->first_id = 1;
	order->last_id = JOB_ID_MAX;
	order->want = LIST_DEFAULT;
	while (query.length > 0) {
		struct text value = text_cut_at(&query, '&'), name = text_cut_at(&value, '=');
		const char *problem = read_parameter(name, value, order);

		if (problem != NULL)
			return respond_problem(x, ERROR_BAD_INPUT, "%s", problem);
	}
	return await_order(x, order, listed);
}

static enum step settled_one(struct exchange *x)
{
	const struct queue_order *order = x->state;

	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	if (order->settled == 0)
		return respond_problem(x, ERROR_NOT_FOUND, "the queue has no such dead letter");
	return respond_empty(x, 204);
}

static enum step settled_all(struct exchange *x)
{
	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	return respond_json(x, 200, queue_answer_settled(&x->arena, x->state));
}

static enum step settle_one(struct exchange *x, enum order_errand errand)
{
	enum step step;
	struct queue_order *order = queue_request_order(x, errand, &step);

	if (order == NULL || !queue_request_takes_no_query(x, &step) || !queue_request_id(x, &order->first_id, &step))
		return step;
	order->last_id = order->first_id;
	order->want = 1;
	return await_order(x, order, settled_one);
}

static enum step settle_all(struct exchange *x, enum order_errand errand, unsigned most)
{
	enum step step;
	struct queue_order *order = queue_request_order(x, errand, &step);

	if (order == NULL || !queue_request_takes_no_query(x, &step))
		return step;
	order->first_id = 1;
	order->last_id = JOB_ID_MAX;
	order->want = most;
	return await_order(x, order, settled_all);
}

enum step queue_resend(struct exchange *x)
{
	return settle_one(x, ORDER_RESEND);
}

enum step queue_resend_all(struct exchange *x)
{
	return settle_all(x, ORDER_RESEND, RESEND_MAX);
}

enum step queue_purge(struct exchange *x)
{
	return settle_one(x, ORDER_PURGE);
}

enum step queue_purge_all(struct exchange *x)
{
	return settle_all(x, ORDER_PURGE, PURGE_MAX);
}

/* A job's end */

static enum step cancelled(struct exchange *x)
{
	const struct queue_order *order = x->state;

	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	if (order->receipts[0].verdict == LEASE_HELD)
		return respond_empty(x, 204);
	return respond_problem(x, ERROR_NOT_FOUND, "the queue has no such job: it was acked, is dead, or never was");
}

enum step queue_cancel(struct exchange *x)
{
	enum step step;
	struct queue_order *order = queue_request_order(x, ORDER_CANCEL, &step);
	int64_t id;

	if (order == NULL || !queue_request_takes_no_query(x, &step) || !queue_request_id(x, &id, &step))
		return step;
	order->receipts = arena_alloc_zeroed(&x->arena, sizeof(*order->receipts));
	order->receipts->id = id;
	order->receipt_count = 1;
	return await_order(x, order, cancelled);
}

/* Settings */

static enum step set(struct exchange *x)
{
	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	return respond_empty(x, 204);
}

static enum step pause(struct exchange *x, enum order_errand errand)
{
	enum step step;
	struct queue_order *order = queue_request_order(x, errand, &step);

	if (order == NULL || !queue_request_takes_no_query(x, &step))
		return step;
	return await_order(x, order, set);
}

enum step queue_pause(struct exchange *x)
{
	return pause(x, ORDER_PAUSE);
}

enum step queue_resume(struct exchange *x)
{
	return pause(x, ORDER_RESUME);
}

enum step queue_limit(struct exchange *x)
{
	enum step step;
	struct queue_order *order = queue_request_order(x, ORDER_LIMIT, &step);
	const char *problem;

	if (order == NULL || !queue_request_takes_no_query(x, &step) || !queue_request_takes_body(x, false, &step))
		return step;
	problem = queue_bodies_read_limits(x->request.body, x->settings->max_json_depth, &x->arena, &order->settings);
	if (problem != NULL)
		return respond_problem(x, ERROR_BAD_INPUT, "%s", problem);
	return await_order(x, order, set);
}
