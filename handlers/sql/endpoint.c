#include "handlers/sql/endpoint.h"

#include "base/log.h"
#include "handlers/sql/answer_row.h"
#include "handlers/sql/cached.h"
#include "handlers/sql/context.h"
#include "handlers/sql/events.h"
#include "handlers/sql/gather.h"
#include "handlers/sql/representation.h"
#include "handlers/sql/row_stream.h"
#include "handlers/sql/input.h"
#include "handlers/sql/steps.h"
#include "handlers/sql/work_row.h"

static step_fn result_arrived;
static step_fn stream_rows_arrived;

/* Routes, at start */

static step_fn *const first_steps[] = {
    [PARTS_NONE] = sql_endpoint_begin, [PARTS_GATHERED] = sql_gather_begin, [PARTS_STEPS] = sql_steps_begin};

static bool is_first_step(step_fn *first)
{
	if (first == sql_events_begin || first == sql_cached_begin)
		return true;
	for (unsigned i = 0; i < ARRAY_LENGTH(first_steps); i++)
		if (first == first_steps[i])
			return true;
	return false;
}

step_fn *sql_endpoint_first_step(const struct endpoint *endpoint)
{
	return endpoint->events != NULL ? sql_events_begin : first_steps[endpoint->parts_kind];
}

static void diagnose_taken(struct endpoint_set *set, const struct endpoint *endpoint, const struct route *taken_by)
{
	const char *method = http_method_name(endpoint->method);

	if (is_first_step(taken_by->first)) {
		const struct sql_plan *other = taken_by->data;

		diagnostics_add(&set->diagnostics, endpoint->file, endpoint->route_line,
				"%s %s is already the route of %s (%s:%u); each route has one endpoint", method,
				endpoint->path, other->endpoint->name, other->endpoint->file,
				other->endpoint->route_line);
	} else {
		diagnostics_add(&set->diagnostics, endpoint->file, endpoint->route_line,
				"%s %s is served by Meantime itself; choose another path", method, endpoint->path);
	}
}

static void add_name(struct buffer *list, const char *name)
{
	buffer_printf(list, "%s%s", list->length > 0 ? ", " : "", name);
}

/* For the preflight of a browser. */
static const char *headers_of(const struct endpoint *endpoint, struct arena *arena)
{
	struct buffer list = buffer_in(arena);

	for (unsigned i = 0; endpoint->sources != NULL && i < endpoint->statement.parameter_count; i++)
		if (endpoint->sources[i].kind == SOURCE_HEADER)
			add_name(&list, endpoint->sources[i].name);
	if (endpoint->takes_if_match || endpoint->has_etag)
		add_name(&list, "if-match");
	if (endpoint->events != NULL)
		add_name(&list, "last-event-id");
	if (endpoint->has_etag)
		add_name(&list, "if-none-match");
	if (endpoint->modified_column != NULL) {
		add_name(&list, "if-modified-since");
		add_name(&list, "if-unmodified-since");
	}
	return list.length > 0 ? arena_copy(arena, buffer_text(&list)) : NULL;
}

static bool reads_head(const struct endpoint *endpoint)
{
	bool reads = endpoint->settings.headers || endpoint->events != NULL;

	for (unsigned i = 0; endpoint->sources != NULL && i < endpoint->statement.parameter_count; i++)
		reads |= endpoint->sources[i].kind != SOURCE_CLIENT && endpoint->sources[i].kind != SOURCE_GIVEN;
	return reads;
}

static struct limits *limits_of(const struct endpoint *endpoint, struct arena *arena)
{
	struct limits *limits;

	if (endpoint->rate.count == 0 && endpoint->inflight_max == 0)
		return NULL;
	limits = arena_alloc_zeroed(arena, sizeof(*limits));
	limits->name = endpoint->shares_rate ? "all-endpoints" : endpoint->name;
	limits->rate = endpoint->rate;
	limits->inflight_max = endpoint->inflight_max;
	return limits;
}

static int add_route(struct router *router, struct endpoint_set *set, const struct endpoint *endpoint)
{
	const struct route *taken_by;
	enum router_verdict verdict;
	struct route route;

	if (endpoint->work != NULL && !work_is_known(endpoint, &set->diagnostics))
		return -1;
	route = (struct route){
	    .method = endpoint->method,
	    .pattern = endpoint->path,
	    .name = endpoint->name,
	    .first = endpoint->cache != NULL ? sql_cached_begin : sql_endpoint_first_step(endpoint),
	    .data = sql_plan_create(&set->arena, endpoint),
	    .timeout_ms = endpoint->timeout_ms,
	    .reads_head = reads_head(endpoint),
	    .is_uncompressed = endpoint->is_uncompressed || endpoint->events != NULL, /* it would hold events back */
	    .takes_if_match = endpoint->takes_if_match || endpoint->has_etag,
	    .takes_conditions = endpoint->takes_if_match || endpoint->has_etag || endpoint->modified_column != NULL,
	    .access = &endpoint->access,
	    .limits = limits_of(endpoint, &set->arena),
	    .headers = headers_of(endpoint, &set->arena),
	};
	verdict = router_add(router, &route, &taken_by);
	if (verdict == ROUTER_MALFORMED)
		diagnostics_add(&set->diagnostics, endpoint->file, endpoint->route_line,
				"the path %s is malformed; expected /literal/{parameter}, at most %d segments and %d "
				"parameters",
				endpoint->path, ROUTE_SEGMENTS_MAX, ROUTE_VALUES_MAX);
	else if (verdict == ROUTER_TAKEN)
		diagnose_taken(set, endpoint, taken_by);
	return verdict == ROUTER_ADDED ? 0 : -1;
}

int sql_endpoint_add_routes(struct router *router, struct endpoint_set *endpoints)
{
	int outcome = 0;

	for (unsigned index = 0; index < endpoints->count; index++)
		if (add_route(router, endpoints, &endpoints->endpoints[index]) != 0)
			outcome = -1;
	return outcome;
}

int sql_endpoint_check_works(struct endpoint_set *endpoints)
{
	int outcome = 0;

	for (unsigned index = 0; index < endpoints->count; index++) {
		const struct endpoint *endpoint = &endpoints->endpoints[index];

		if (endpoint->work != NULL && work_check(endpoint, &endpoints->diagnostics) != 0)
			outcome = -1;
	}
	return outcome;
}

/* Steps */

static enum step begin_stream(struct exchange *x, const struct endpoint *endpoint, const struct db_signature *signature,
			      const char *const *values)
{
	struct row_stream *stream = arena_alloc_zeroed(&x->arena, sizeof(*stream));

	row_stream_init(stream, x);
	x->state = stream;
	db_stream_rows(x, &endpoint->statement, values);
	db_checked_for(x, signature);
	return await_rows(x, stream_rows_arrived);
}

static enum step begin_work(struct exchange *x, const struct sql_plan *plan, const char *const *values)
{
	const char *ordered[WORK_VALUES_MAX] = {NULL};

	for (unsigned i = 0; i < plan->endpoint->statement.parameter_count; i++) {
		ordered[i] = values[plan->work_order[i]];
		if (ordered[i] == NULL && (plan->work->may_be_null >> i & 1) == 0)
			return respond_problem(x, ERROR_BAD_INPUT, "parameter \"%s\" must not be null",
					       plan->work->takes[i].name);
	}
	if (plan->work->compute != NULL)
		return work_row_begin(x, plan->endpoint, plan->work, ordered);
	return plan->work->begin(x, ordered);
}

/* False: the client takes nothing of what there is. */
static bool choose_media(struct exchange *x, const struct sql_plan *plan)
{
	if (plan->offered != 0)
		return exchange_choose_media(x, plan->offered, plan->usual);
	return answer_is_acceptable(plan->endpoint->answer, x->request.accept);
}

static enum step refuse_media(struct exchange *x, const struct sql_plan *plan)
{
	if (plan->offered != 0)
		return respond_not_acceptable(x, plan->offered);
	return respond_problem(x, ERROR_NOT_ACCEPTABLE, "the Accept header does not take what there is: %s",
			       plan->endpoint->answer->content_type);
}

enum step sql_endpoint_begin(struct exchange *x)
{
	const struct sql_plan *plan = x->request.match.route->data;
	const struct db_statement *statement = &plan->endpoint->statement;
	const struct db_signature *signature = db_statement_signature(statement);
	const char **values, *problem;
	enum error error;

	x->media = plan->usual;
	if (UNLIKELY(x->request.accept.length > 0) && !choose_media(x, plan))
		return refuse_media(x, plan);
	error = sql_input_bind(x, plan, signature, &values, &problem);
	if (error != ERROR_NONE)
		return respond_problem(x, error, "%s", problem);
	if (plan->work != NULL)
		return begin_work(x, plan, values);
	x->context = sql_context_of(x, plan->endpoint);
	if (plan->endpoint->is_stream)
		return begin_stream(x, plan->endpoint, signature, values);
	db_query(x, statement, values);
	db_checked_for(x, signature);
	return await_db(x, result_arrived);
}

enum step sql_respond_nothing_found(struct exchange *x, const struct sql_plan *plan)
{
	const struct route_match *match = &x->request.match;
	const struct db_parameter *parameters = plan->endpoint->statement.parameters;
	struct buffer found = buffer_in(&x->arena);

	if (UNLIKELY(x->request.has_if_match) && x->request.method != HTTP_GET && x->request.method != HTTP_HEAD)
		return respond_problem(x, ERROR_PRECONDITION_FAILED,
				       "nothing was written: what is stored has another version than If-Match names, "
				       "or is not there");
	buffer_add(&found, TEXT("nothing found"));
	for (unsigned value = 0; value < match->value_count; value++)
		buffer_printf(&found, "%s%s \"%s\"", value > 0 ? ", " : " for ",
			      parameters[plan->path_parameters[value]].name,
			      sql_input_shown(&x->arena, match->values[value]));
	return respond_problem(x, ERROR_NOT_FOUND, "%.*s", TEXT_ARGS(buffer_text(&found)));
}

/* They changed between Describe and the rows, which would be written under wrong names, and text as numbers. */
static enum step respond_other_columns(struct exchange *x, const struct endpoint *endpoint)
{
	if (endpoint->statement.is_read_only)
		return respond_problem(x, ERROR_DATABASE_UNAVAILABLE, "the columns of %s have just changed; try again",
				       endpoint->name);
	return respond_problem(x, ERROR_DATABASE_ERROR, "it was written, but the columns of %s have just changed",
			       endpoint->name);
}

/* Of steps, the last may touch no row: what they have done is committed. */
static bool has_found_nothing(const struct endpoint *endpoint, const struct db_result *rows)
{
	if (endpoint->shape == ENDPOINT_EXEC)
		return endpoint->parts_kind == PARTS_NONE && db_affected_rows(rows) == 0;
	return endpoint->shape == ENDPOINT_ONE && db_row_count(rows) == 0;
}

static enum step respond_good(struct exchange *x, const struct endpoint *endpoint, const struct db_signature *signature,
			      const struct db_result *rows)
{
	switch (endpoint->shape) {
	case ENDPOINT_ONE:
		return respond_row(x, endpoint->status, signature, rows, 0);
	case ENDPOINT_MANY:
		return respond_rows(x, endpoint->status, signature, rows, endpoint->max_rows);
	default:
		return respond_empty(x, endpoint->status);
	}
}

static enum step respond_answer(struct exchange *x, const struct sql_plan *plan, const struct db_signature *signature,
				const struct db_result *rows)
{
	enum step step;

	return answer_row_respond(x, plan->endpoint, signature, rows, &step) ? step
									     : sql_respond_nothing_found(x, plan);
}

enum step sql_respond_result(struct exchange *x, const struct sql_plan *plan, unsigned index)
{
	const struct endpoint *endpoint = plan->endpoint;
	const struct db_result *rows = exchange_result(x, index);
	const struct db_signature *signature = exchange_signature(x, index);
	enum step step;

	if (!db_columns_are_those_of(rows, signature))
		return respond_other_columns(x, endpoint);
	if (plan->may_find_nothing && has_found_nothing(endpoint, rows))
		return sql_respond_nothing_found(x, plan);
	if (UNLIKELY(endpoint->answer != NULL))
		step = respond_answer(x, plan, signature, rows);
	else
		step = respond_good(x, endpoint, signature, rows);
	if (UNLIKELY(sql_representation_is_due(endpoint)) && x->response.status < 300)
		sql_representation_note(x, endpoint, signature, rows);
	return step;
}

static enum step result_arrived(struct exchange *x)
{
	if (exchange_db_error(x) != ERROR_NONE)
		return respond_db_problem(x);
	return sql_respond_result(x, x->request.match.route->data, 0);
}

static enum step stream_part_taken(struct exchange *x)
{
	return await_rows(x, stream_rows_arrived);
}

static enum step end_stream_badly(struct exchange *x)
{
	const struct row_stream *stream = x->state;

	if (!stream->has_begun)
		return respond_db_problem(x);
	exchange_log_db_error(x, "breaks its stream off");
	return respond_broken_off(x);
}

static enum step stream_rows_arrived(struct exchange *x)
{
	const struct sql_plan *plan = x->request.match.route->data;
	const struct endpoint *endpoint = plan->endpoint;
	struct row_stream *stream = x->state;
	const struct db_result *rows = exchange_rows(x);

	if (exchange_db_error(x) != ERROR_NONE)
		return end_stream_badly(x);
	if (rows != NULL && !stream->has_begun && !db_columns_are_those_of(rows, exchange_rows_signature(x)))
		return respond_other_columns(x, endpoint);
	if (x->response.part_count == 0 && endpoint->cache_control != NULL)
		response_add_header(x, "cache-control", text_of(endpoint->cache_control));
	if (rows == NULL) {
		row_stream_add_rows(stream, exchange_rows_signature(x), NULL);
		row_stream_close(stream);
		return row_stream_respond(stream, x, endpoint->status, NULL);
	}
	row_stream_add_rows(stream, exchange_rows_signature(x), rows);
	if (!exchange_rows_end(x))
		return row_stream_respond(stream, x, endpoint->status, stream_part_taken);
	row_stream_close(stream);
	return row_stream_respond(stream, x, endpoint->status, NULL);
}
