#include "handlers/sql/plan.h"

#include "base/buffer.h"
#include "base/require.h"
#include "db/values/sql_token.h"
#include "exchange/route_pattern.h"
#include "handlers/sql/parts.h"

#include <stdint.h>
#include <strings.h>

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

bool sql_plan_may_find_nothing(const struct endpoint *endpoint)
{
	static const char *const changing[] = {"update", "delete", "merge", NULL};

	if (endpoint->work != NULL || endpoint->parts_kind == PARTS_GATHERED)
		return false;
	if (endpoint->parts_kind == PARTS_STEPS)
		return sql_steps_may_find_nothing(endpoint);
	if (endpoint->shape == ENDPOINT_EXEC)
		return is_any_of(statement_verb(endpoint->statement.sql), changing);
	return endpoint->shape == ENDPOINT_ONE;
}

/* The plan */

bool sql_plan_takes_body(const struct endpoint *endpoint)
{
	enum http_method method = endpoint->method;

	return method == HTTP_POST || method == HTTP_PUT || method == HTTP_PATCH || method == HTTP_DELETE;
}

bool sql_plan_takes_fields(const struct endpoint *endpoint)
{
	return endpoint->body == BODY_FIELDS && sql_plan_takes_body(endpoint);
}

unsigned sql_plan_offers(const struct endpoint *endpoint)
{
	if (endpoint->shape == ENDPOINT_EXEC || (endpoint->answer != NULL && answer_is_single(endpoint->answer)))
		return 0;
	if (endpoint->parts_kind == PARTS_GATHERED)
		return MEDIA_OF_JSON;
	if (endpoint->work != NULL)
		return endpoint->is_stream ? MEDIA_OF_STREAMS : MEDIA_OF_JSON;
	return MEDIA_OF_ROWS;
}

unsigned sql_plan_find(const struct sql_plan *plan, struct text name)
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

const struct sql_plan *sql_plan_create(struct arena *arena, const struct endpoint *endpoint)
{
	struct sql_plan *plan = arena_alloc_zeroed(arena, sizeof(*plan));
	struct text pattern = text_of(endpoint->path);
	uint64_t left_out = 0;
	unsigned value = 0;
	struct text name;

	plan->endpoint = endpoint;
	plan->names = parameter_names(&endpoint->statement, arena);
	while (value < ROUTE_VALUES_MAX && route_take_parameter(&pattern, &name)) {
		unsigned index = sql_plan_find(plan, name);

		/* the parser saw to it that the SQL uses every parameter of the path */
		REQUIRE(index < endpoint->statement.parameter_count);
		plan->path_parameters[value++] = index;
		left_out |= UINT64_C(1) << index;
	}
	for (unsigned index = 0; endpoint->sources != NULL && index < endpoint->statement.parameter_count; index++)
		if (endpoint->sources[index].kind != SOURCE_CLIENT)
			left_out |= UINT64_C(1) << index;
	plan->body_parameter = endpoint->statement.parameter_count;
	if (endpoint->body != BODY_FIELDS) {
		plan->body_parameter = sql_plan_find(plan, TEXT("body"));
		left_out |= UINT64_C(1) << plan->body_parameter;
	}
	plan->takes = listed_names(plan, left_out, arena);
	plan->may_find_nothing = sql_plan_may_find_nothing(endpoint);
	plan->offered = sql_plan_offers(endpoint);
	if (endpoint->work != NULL) {
		plan->work = work_find(endpoint->work);
		plan->usual = plan->work->prefers_lines ? MEDIA_NDJSON : MEDIA_JSON;
		work_order(plan->work, &endpoint->statement, plan->work_order);
	}
	return plan;
}
