#include "handlers/sql/steps.h"

#include "handlers/sql/context.h"
#include "handlers/sql/endpoint.h"
#include "handlers/sql/input.h"
#include "handlers/sql/parts.h"

_Static_assert((int)PARTS_MAX <= (int)DB_BATCH_QUERIES_MAX, "each step is a query of one batch");

static bool has_found_nothing(const struct exchange *x)
{
	const struct db_batch *batch = &x->batch;

	return strcmp(batch->sqlstate, "22P02") == 0 && (strstr(batch->said, STEPS_FOUND_NOTHING) != NULL ||
							 strstr(batch->message, STEPS_FOUND_NOTHING) != NULL);
}

static enum step steps_are_done(struct exchange *x)
{
	const struct sql_plan *plan = x->request.match.route->data;

	if (exchange_db_error(x) != ERROR_NONE && plan->may_find_nothing && has_found_nothing(x))
		return sql_respond_nothing_found(x, plan);
	if (exchange_db_error(x) != ERROR_NONE)
		return respond_db_problem(x);
	return sql_respond_result(x, plan, plan->endpoint->part_count - 1);
}

enum step sql_steps_begin(struct exchange *x)
{
	const struct sql_plan *plan = x->request.match.route->data;
	const struct endpoint *endpoint = plan->endpoint;
	const struct db_signature *checked_for[PARTS_MAX];
	const struct db_signature *signature = sql_parts_signature(endpoint, &x->arena, checked_for);
	const char **values, *problem;
	enum error error;

	x->media = plan->usual;
	if (plan->offered != 0 && !exchange_choose_media(x, plan->offered, plan->usual))
		return respond_not_acceptable(x, plan->offered);
	error = sql_input_bind(x, plan, signature, &values, &problem);
	if (error != ERROR_NONE)
		return respond_problem(x, error, "%s", problem);
	x->context = sql_context_of(x, endpoint);
	for (unsigned i = 0; i < endpoint->part_count; i++) {
		const struct endpoint_part *part = &endpoint->parts[i];

		db_query(x, &part->endpoint.statement, sql_part_values(part, values, &x->arena));
		db_checked_for(x, checked_for[i]);
	}
	return await_db(x, steps_are_done);
}
