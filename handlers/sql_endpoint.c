#include "handlers/sql_endpoint.h"

#include "base/log.h"
#include "base/percent.h"
#include "base/require.h"
#include "db/parameter.h"
#include "db/row_json.h"
#include "db/sql_token.h"
#include "handlers/body.h"
#include "server/exchange.h"
#include "server/service.h"

#include <strings.h>

/* What is known of an endpoint before the first request. */
struct sql_plan {
	const struct endpoint *endpoint;
	const struct text *names;                   /* of the parameters, in their order */
	unsigned path_parameters[ROUTE_VALUES_MAX]; /* the parameter that a value of the path fills */
	const char *takes;                          /* "a, b": what a query string or body may name */
	bool may_find_nothing;
};

static const char IN_PATH[] = "the path", IN_QUERY[] = "the query string", IN_BODY[] = "the JSON body";

/* The parameters of one request, as they are found. */
struct input {
	struct exchange *x;
	const struct sql_plan *plan;
	const char **values;                    /* to bind */
	const char *origins[DB_PARAMETERS_MAX]; /* IN_PATH...; NULL: not given so far */
};

struct row_stream {
	struct buffer part; /* used again for each part, so that a long stream needs no more memory than its longest */
	bool is_ndjson;
	bool has_begun;
};

static step_fn result_arrived;
static step_fn stream_rows_arrived;

/* What a statement does */

static bool is_any_of(struct text word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (word.length == strlen(*words) && strncasecmp(word.at, *words, word.length) == 0)
			return true;
	return false;
}

/* Returns the statement's first word, or, where that is WITH, the verb behind the common tables. */
static struct text statement_verb(const char *sql)
{
	static const char *const with[] = {"with", NULL};
	static const char *const verbs[] = {"select", "insert", "update", "delete", "merge", "values", "table", NULL};
	struct sql_scanner scanner = {.at = sql, .end = sql + strlen(sql)};
	bool is_behind_with = false;
	unsigned depth = 0;

	for (;;) {
		struct sql_token token = sql_token_next(&scanner);

		if (token.kind == SQL_TOKEN_END)
			return TEXT("");
		if (token.kind == SQL_TOKEN_OTHER && text_equal(token.text, TEXT("(")))
			depth++;
		if (token.kind == SQL_TOKEN_OTHER && text_equal(token.text, TEXT(")")) && depth > 0)
			depth--;
		if (token.kind == SQL_TOKEN_WORD && depth == 0) {
			if (is_behind_with ? is_any_of(token.text, verbs) : !is_any_of(token.text, with))
				return token.text;
			is_behind_with = true;
		}
		sql_token_pass(&scanner, &token);
	}
}

bool sql_endpoint_may_find_nothing(const struct endpoint *endpoint)
{
	static const char *const changing[] = {"update", "delete", "merge", NULL};

	if (endpoint->shape == ENDPOINT_EXEC)
		return is_any_of(statement_verb(endpoint->statement.sql), changing);
	return endpoint->shape == ENDPOINT_ONE;
}

/* Plans and routes, at start */

bool sql_endpoint_takes_body(const struct endpoint *endpoint)
{
	enum http_method method = endpoint->method;

	return method == HTTP_POST || method == HTTP_PUT || method == HTTP_PATCH || method == HTTP_DELETE;
}

bool sql_endpoint_next_path_name(const char **pattern, struct text *name)
{
	const char *open = strchr(*pattern, '{'), *close = open != NULL ? strchr(open, '}') : NULL;

	if (close == NULL)
		return false;
	*name = (struct text){open + 1, (size_t)(close - open - 1)};
	*pattern = close + 1;
	return true;
}

/* Returns the parameter of that name, or the number of parameters when there is none. */
static unsigned find_parameter(const struct sql_plan *plan, struct text name)
{
	unsigned count = plan->endpoint->statement.parameter_count, index = 0;

	while (index < count && !text_equal(plan->names[index], name))
		index++;
	return index;
}

static const struct text *parameter_names(const struct db_statement *statement, struct arena *arena)
{
	struct text *names = arena_alloc(arena, statement->parameter_count * sizeof(*names));

	for (unsigned index = 0; index < statement->parameter_count; index++)
		names[index] = text_of(statement->parameters[index].name);
	return names;
}

static const char *listed_names(const struct sql_plan *plan, uint64_t left_out, struct arena *arena)
{
	struct buffer list = buffer_in(arena);

	for (unsigned index = 0; index < plan->endpoint->statement.parameter_count; index++) {
		if (left_out & UINT64_C(1) << index)
			continue;
		if (list.length > 0)
			buffer_add(&list, TEXT(", "));
		buffer_add(&list, plan->names[index]);
	}
	return list.length > 0 ? arena_copy(arena, buffer_text(&list)) : "none";
}

static const struct sql_plan *plan_create(struct arena *arena, const struct endpoint *endpoint)
{
	struct sql_plan *plan = arena_alloc_zeroed(arena, sizeof(*plan));
	const char *pattern = endpoint->path;
	uint64_t in_path = 0;
	unsigned value = 0;
	struct text name;

	plan->endpoint = endpoint;
	plan->names = parameter_names(&endpoint->statement, arena);
	while (value < ROUTE_VALUES_MAX && sql_endpoint_next_path_name(&pattern, &name)) {
		unsigned index = find_parameter(plan, name);

		/* the parser saw to it that the SQL uses every parameter of the path */
		REQUIRE(index < endpoint->statement.parameter_count);
		plan->path_parameters[value++] = index;
		in_path |= UINT64_C(1) << index;
	}
	plan->takes = listed_names(plan, in_path, arena);
	plan->may_find_nothing = sql_endpoint_may_find_nothing(endpoint);
	return plan;
}

static void diagnose_taken(struct endpoint_set *set, const struct endpoint *endpoint, const struct route *taken_by)
{
	const char *method = http_method_name(endpoint->method);

	if (taken_by->first == sql_endpoint_begin) {
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

static int add_route(struct router *router, struct endpoint_set *set, const struct endpoint *endpoint)
{
	const struct route route = {
	    .method = endpoint->method,
	    .pattern = endpoint->path,
	    .name = endpoint->name,
	    .first = sql_endpoint_begin,
	    .data = plan_create(&set->arena, endpoint),
	    .timeout_ms = endpoint->timeout_ms,
	};
	const struct route *taken_by = router_add(router, &route);

	if (taken_by == &route)
		diagnostics_add(&set->diagnostics, endpoint->file, endpoint->route_line,
				"the path %s is malformed; expected /literal/{parameter}, at most %d segments",
				endpoint->path, ROUTE_SEGMENTS_MAX);
	else if (taken_by != NULL)
		diagnose_taken(set, endpoint, taken_by);
	return taken_by == NULL ? 0 : -1;
}

int sql_endpoint_add_routes(struct router *router, struct endpoint_set *endpoints)
{
	int outcome = 0;

	for (unsigned index = 0; index < endpoints->count; index++)
		if (add_route(router, endpoints, &endpoints->endpoints[index]) != 0)
			outcome = -1;
	return outcome;
}

/* Input: each function returns NULL, or a sentence for the client */

/* What came, short enough for a message and always UTF-8. */
static const char *shown(struct input *input, struct text text)
{
	enum { SHOWN_BYTES_MAX = 60 };
	bool is_long = text.length > SHOWN_BYTES_MAX;
	char *copy;

	if (is_long) {
		text.length = SHOWN_BYTES_MAX;
		while (text.length > 0 && ((unsigned char)text.at[text.length] & 0xc0) == 0x80)
			text.length--;
	}
	copy = arena_printf(&input->x->arena, "%.*s%s", TEXT_ARGS(text), is_long ? "..." : "");
	if (!utf8_is_valid(text_of(copy)))
		for (char *c = copy; *c != '\0'; c++)
			*c = (unsigned char)*c < 0x80 ? *c : '?';
	return copy;
}

static const struct db_parameter *parameter_at(const struct input *input, unsigned index)
{
	return &input->plan->endpoint->statement.parameters[index];
}

static const char *claim(struct input *input, unsigned index, const char *origin)
{
	const char *name = parameter_at(input, index)->name, *before = input->origins[index];

	input->origins[index] = origin;
	if (before == NULL)
		return NULL;
	if (before == origin)
		return arena_printf(&input->x->arena, "parameter \"%s\" is given more than once in %s", name, origin);
	return arena_printf(&input->x->arena, "parameter \"%s\" is given twice: in %s and in %s", name, before, origin);
}

static const char *describe_wrong_text(struct input *input, unsigned index, const struct text *texts, unsigned count)
{
	const struct db_parameter *parameter = parameter_at(input, index);
	struct arena *arena = &input->x->arena;
	struct db_type type = parameter->type;
	const char *bound;

	/* of an array, each text is an element: name the first that is not one */
	type.is_array = false;
	while (parameter->type.is_array && count > 1 && parameter_from_text(&type, *texts, arena, &bound)) {
		texts++;
		count--;
	}
	if (texts->length == 0)
		return arena_printf(arena, "parameter \"%s\" is empty in %s; it must be %s", parameter->name,
				    input->origins[index], db_type_expectation(&type));
	return arena_printf(arena, "parameter \"%s\" must be %s, got \"%s\"", parameter->name,
			    db_type_expectation(&type), shown(input, *texts));
}

/* Several texts, for an array, or one. */
static const char *bind_texts(struct input *input, unsigned index, const struct text *texts, unsigned count,
			      const char *origin)
{
	const struct db_type *type = &parameter_at(input, index)->type;
	struct arena *arena = &input->x->arena;
	const char *problem = claim(input, index, origin);
	bool is_good;

	if (problem != NULL)
		return problem;
	if (type->is_array)
		is_good = parameter_from_texts(type, texts, count, arena, &input->values[index]);
	else if (count > 1)
		return claim(input, index, origin); /* which says that it is there more than once */
	else
		is_good = parameter_from_text(type, *texts, arena, &input->values[index]);
	return is_good ? NULL : describe_wrong_text(input, index, texts, count);
}

static const char *bind_path(struct input *input)
{
	const struct route_match *match = &input->x->request.match;
	const char *problem = NULL;

	for (unsigned value = 0; value < match->value_count && problem == NULL; value++)
		problem = bind_texts(input, input->plan->path_parameters[value], &match->values[value], 1, IN_PATH);
	return problem;
}

/* Takes the text up to `separator` off `rest`, and the separator. */
static struct text take_until(struct text *rest, char separator)
{
	const char *found = memchr(rest->at, separator, rest->length);
	struct text taken = {rest->at, found != NULL ? (size_t)(found - rest->at) : rest->length};
	size_t used = taken.length + (found != NULL ? 1 : 0);

	*rest = (struct text){rest->at + used, rest->length - used};
	return taken;
}

struct query_pair {
	unsigned parameter;
	struct text value;
};

static const char *read_pair(struct input *input, struct text piece, struct query_pair *pair)
{
	struct arena *arena = &input->x->arena;
	struct text value = piece, encoded = take_until(&value, '='), name;
	const char *problem;

	problem = percent_decode(encoded, true, arena, &name);
	if (problem == NULL)
		problem = percent_decode(value, true, arena, &pair->value);
	if (problem != NULL)
		return arena_printf(arena, "the query string has %s in \"%s\"", problem, shown(input, piece));
	pair->parameter = find_parameter(input->plan, name);
	if (pair->parameter == input->plan->endpoint->statement.parameter_count)
		return arena_printf(arena, "unknown parameter \"%s\"; this endpoint takes %s", shown(input, name),
				    input->plan->takes);
	return NULL;
}

static const char *bind_pairs(struct input *input, const struct query_pair *pairs, unsigned pair_count)
{
	unsigned parameter_count = input->plan->endpoint->statement.parameter_count;
	const char *problem = NULL;

	for (unsigned index = 0; index < parameter_count && problem == NULL; index++) {
		struct text texts[QUERY_PAIRS_MAX];
		unsigned count = 0;

		for (unsigned pair = 0; pair < pair_count; pair++)
			if (pairs[pair].parameter == index)
				texts[count++] = pairs[pair].value;
		if (count > 0)
			problem = bind_texts(input, index, texts, count, IN_QUERY);
	}
	return problem;
}

/* Empty pieces, as in a=1&&b=2, are passed over. */
static const char *bind_query(struct input *input)
{
	struct query_pair pairs[QUERY_PAIRS_MAX];
	struct text rest = input->x->request.query;
	unsigned count = 0;

	while (rest.length > 0) {
		struct text piece = take_until(&rest, '&');
		const char *problem;

		if (piece.length == 0)
			continue;
		if (count == QUERY_PAIRS_MAX)
			return arena_printf(&input->x->arena, "the query string has more than %d parameters",
					    QUERY_PAIRS_MAX);
		problem = read_pair(input, piece, &pairs[count++]);
		if (problem != NULL)
			return problem;
	}
	return count > 0 ? bind_pairs(input, pairs, count) : NULL;
}

static const char *bind_field(struct input *input, const struct body_field *field)
{
	unsigned index = find_parameter(input->plan, field->name);
	struct arena *arena = &input->x->arena;
	const struct db_parameter *parameter;
	const char *problem;

	if (index == input->plan->endpoint->statement.parameter_count)
		return arena_printf(arena, "unknown field \"%s\" in the JSON body; this endpoint takes %s",
				    shown(input, field->name), input->plan->takes);
	problem = claim(input, index, IN_BODY);
	if (problem != NULL)
		return problem;
	parameter = parameter_at(input, index);
	if (parameter_from_json(&parameter->type, field->raw, arena, &input->values[index]))
		return NULL;
	return arena_printf(arena, "parameter \"%s\" must be %s, got %s", parameter->name,
			    db_type_expectation(&parameter->type), shown(input, field->raw));
}

static const char *bind_body(struct input *input)
{
	unsigned max_depth = input->x->service->options->max_json_depth;
	struct arena *arena = &input->x->arena;
	const char *problem;
	struct body body;

	problem = body_parse(input->x->request.body, max_depth, arena, &body);
	if (problem != NULL)
		return arena_printf(arena, "the JSON body is refused: %s", problem);
	for (unsigned index = 0; index < body.count && problem == NULL; index++)
		problem = bind_field(input, &body.fields[index]);
	return problem;
}

static const char *bind_defaults(struct input *input)
{
	const struct endpoint *endpoint = input->plan->endpoint;

	for (unsigned index = 0; index < endpoint->statement.parameter_count; index++) {
		const struct db_parameter *parameter = parameter_at(input, index);

		if (input->origins[index] != NULL)
			continue;
		if (!parameter->has_default)
			return arena_printf(&input->x->arena, "parameter \"%s\" is missing (%s, in %s)",
					    parameter->name, parameter->type.name,
					    sql_endpoint_takes_body(endpoint) ? IN_BODY : IN_QUERY);
		input->values[index] = parameter->default_text;
	}
	return NULL;
}

static const char *bind_all(struct input *input)
{
	const char *problem = bind_path(input);

	if (problem == NULL && input->x->request.query.length > 0)
		problem = bind_query(input);
	if (problem == NULL && input->x->request.has_body)
		problem = bind_body(input);
	return problem != NULL ? problem : bind_defaults(input);
}

/* application/json, or anything +json (RFC 6839), whatever its parameters */
static bool is_json(struct text content_type)
{
	static const char json[] = "application/json", prefix[] = "application/", suffix[] = "+json";
	struct text type;

	if (content_type.length == 0)
		return false;
	type = take_until(&content_type, ';');
	while (type.length > 0 && (type.at[type.length - 1] == ' ' || type.at[type.length - 1] == '\t'))
		type.length--;
	if (type.length == strlen(json) && strncasecmp(type.at, json, type.length) == 0)
		return true;
	return type.length > strlen(prefix) + strlen(suffix) && strncasecmp(type.at, prefix, strlen(prefix)) == 0 &&
	       strncasecmp(type.at + type.length - strlen(suffix), suffix, strlen(suffix)) == 0;
}

/* Steps */

static bool wants_ndjson(struct text accept)
{
	static const char ndjson[] = "application/x-ndjson";

	for (size_t at = 0; at + strlen(ndjson) <= accept.length; at++)
		if (strncasecmp(accept.at + at, ndjson, strlen(ndjson)) == 0)
			return true;
	return false;
}

static enum step begin_stream(struct exchange *x, const struct endpoint *endpoint, const char *const *values)
{
	struct row_stream *stream = arena_alloc_zeroed(&x->arena, sizeof(*stream));

	stream->part = buffer_in(&x->arena);
	stream->is_ndjson = wants_ndjson(x->request.accept);
	x->state = stream;
	db_stream_rows(x, &endpoint->statement, values);
	return await_rows(x, stream_rows_arrived);
}

static enum step refuse_media_type(struct exchange *x, struct input *input)
{
	if (x->request.content_type.length == 0)
		return respond_problem(x, ERROR_UNSUPPORTED_MEDIA_TYPE,
				       "the body must be application/json, but came without a Content-Type");
	return respond_problem(x, ERROR_UNSUPPORTED_MEDIA_TYPE, "the body must be application/json, not \"%s\"",
			       shown(input, x->request.content_type));
}

enum step sql_endpoint_begin(struct exchange *x)
{
	const struct sql_plan *plan = x->request.match.route->data;
	const struct endpoint *endpoint = plan->endpoint;
	unsigned parameter_count = endpoint->statement.parameter_count;
	struct input input = {.x = x, .plan = plan};
	const char *problem;

	if (x->request.has_body && !sql_endpoint_takes_body(endpoint))
		return respond_problem(x, ERROR_BAD_INPUT, "a %s request takes no body; parameters go in %s",
				       http_method_name(x->request.method), IN_QUERY);
	if (x->request.has_body && !is_json(x->request.content_type))
		return refuse_media_type(x, &input);
	input.values = arena_alloc_zeroed(&x->arena, parameter_count * sizeof(*input.values));
	problem = bind_all(&input);
	if (problem != NULL)
		return respond_problem(x, ERROR_BAD_INPUT, "%s", problem);
	if (endpoint->is_stream)
		return begin_stream(x, endpoint, input.values);
	db_query(x, &endpoint->statement, input.values);
	return await_db(x, result_arrived);
}

static enum step respond_nothing_found(struct exchange *x, const struct sql_plan *plan)
{
	const struct route_match *match = &x->request.match;
	struct input input = {.x = x, .plan = plan};
	struct buffer found = buffer_in(&x->arena);

	buffer_add(&found, TEXT("nothing found"));
	for (unsigned value = 0; value < match->value_count; value++)
		buffer_printf(&found, "%s%s \"%s\"", value > 0 ? ", " : " for ",
			      parameter_at(&input, plan->path_parameters[value])->name,
			      shown(&input, match->values[value]));
	return respond_problem(x, ERROR_NOT_FOUND, "%.*s", TEXT_ARGS(buffer_text(&found)));
}

/* The rows would be written under the wrong names and types. */
static bool has_other_columns(const struct db_statement *statement, const struct db_result *rows)
{
	return db_column_count(rows) != statement->column_count;
}

static enum step respond_other_columns(struct exchange *x, const struct endpoint *endpoint,
				       const struct db_result *rows)
{
	return respond_problem(x, ERROR_DATABASE_ERROR,
			       "the result of %s has %u columns, but had %u when the service started: "
			       "a table has changed since then; restart the service",
			       endpoint->name, db_column_count(rows), endpoint->statement.column_count);
}

static enum step result_arrived(struct exchange *x)
{
	const struct sql_plan *plan = x->request.match.route->data;
	const struct endpoint *endpoint = plan->endpoint;
	const struct db_statement *statement = &endpoint->statement;
	const struct db_result *rows;

	if (exchange_db_error(x) != ERROR_NONE)
		return respond_db_problem(x);
	rows = exchange_result(x, 0);
	if (has_other_columns(statement, rows))
		return respond_other_columns(x, endpoint, rows);
	switch (endpoint->shape) {
	case ENDPOINT_ONE:
		if (db_row_count(rows) == 0)
			return respond_nothing_found(x, plan);
		return respond_row(x, endpoint->status, statement, rows, 0);
	case ENDPOINT_MANY:
		return respond_rows(x, endpoint->status, statement, rows, endpoint->max_rows);
	case ENDPOINT_EXEC:
		break;
	}
	if (plan->may_find_nothing && db_affected_rows(rows) == 0)
		return respond_nothing_found(x, plan);
	return respond_empty(x, endpoint->status);
}

static enum step stream_part_taken(struct exchange *x)
{
	return await_rows(x, stream_rows_arrived);
}

static enum step end_stream_badly(struct exchange *x, const struct endpoint *endpoint)
{
	const struct row_stream *stream = x->state;

	if (!stream->has_begun)
		return respond_db_problem(x);
	log_warning("http", "the stream of %s breaks off: %s: %s", endpoint->name, error_title(exchange_db_error(x)),
		    x->batch.message);
	return respond_broken_off(x);
}

/* `[` or `,\n` before a row of the JSON array, `\n` behind one of NDJSON. */
static void add_streamed_rows(struct row_stream *stream, const struct db_statement *statement,
			      const struct db_result *rows)
{
	for (unsigned row = 0; row < db_row_count(rows); row++) {
		if (!stream->is_ndjson)
			buffer_add(&stream->part, stream->has_begun ? TEXT(",\n") : TEXT("["));
		row_json_add(&stream->part, statement, rows, row);
		if (stream->is_ndjson)
			buffer_add_char(&stream->part, '\n');
		stream->has_begun = true;
	}
}

static enum step stream_rows_arrived(struct exchange *x)
{
	const struct sql_plan *plan = x->request.match.route->data;
	const struct endpoint *endpoint = plan->endpoint;
	struct row_stream *stream = x->state;
	const char *content_type = stream->is_ndjson ? "application/x-ndjson" : "application/json";
	const struct db_result *rows = exchange_rows(x);

	if (exchange_db_error(x) != ERROR_NONE)
		return end_stream_badly(x, endpoint);
	stream->part.length = 0;
	if (rows == NULL) {
		if (!stream->is_ndjson)
			buffer_add(&stream->part, stream->has_begun ? TEXT("]") : TEXT("[]"));
		return respond_last_part(x, endpoint->status, content_type, buffer_text(&stream->part));
	}
	if (!stream->has_begun && has_other_columns(&endpoint->statement, rows))
		return respond_other_columns(x, endpoint, rows);
	add_streamed_rows(stream, &endpoint->statement, rows);
	return respond_part(x, endpoint->status, content_type, buffer_text(&stream->part), stream_part_taken);
}
