#include "handlers/sql/gather.h"

#include "db/values/row_json.h"
#include "exchange/batches.h"
#include "handlers/sql/context.h"
#include "handlers/sql/input.h"
#include "handlers/sql/parts.h"
#include "handlers/sql/representation.h"

#include <ctype.h>

_Static_assert((int)PARTS_MAX <= (int)BATCHES_MAX, "each part has a batch");

/* The object, as it grows, and what its headers say. */
struct gathered {
	struct buffer json;
	struct buffer missing, truncated; /* lists of parts */
};

static const struct endpoint *endpoint_of(const struct exchange *x)
{
	const struct sql_plan *plan = x->request.match.route->data;

	return plan->endpoint;
}

/* What came of a part */

static const struct db_query *query_of(const struct exchange *x, unsigned index)
{
	return &batches_at(x->state, index)->queries[0];
}

static bool has_other_columns(const struct exchange *x, unsigned index)
{
	const struct db_query *query = query_of(x, index);

	return !db_columns_are_those_of(query->result, query->signature);
}

static enum error error_of(const struct exchange *x, unsigned index)
{
	enum error error = batches_at(x->state, index)->error;

	if (error == ERROR_NONE && has_other_columns(x, index))
		return ERROR_DATABASE_UNAVAILABLE;
	return error;
}

static enum step respond_failure(struct exchange *x, unsigned index)
{
	const struct db_batch *batch = batches_at(x->state, index);

	if (batch->error != ERROR_NONE)
		return respond_batch_problem(x, batch);
	return respond_problem(x, ERROR_DATABASE_UNAVAILABLE, "the columns of %s have just changed; try again",
			       endpoint_of(x)->parts[index].endpoint.name);
}

/* Writing */

static void begin_item(struct buffer *list, const char *name)
{
	buffer_printf(list, "%s%s", list->length > 0 ? ", " : "", name);
}

/* As the list of RFC 9651: notes; type=deadline; status=504 */
static void add_missing(struct exchange *x, struct gathered *gathered, unsigned index)
{
	const struct endpoint *endpoint = endpoint_of(x);
	const struct db_batch *batch = batches_at(x->state, index);
	enum error error = error_of(x, index);

	begin_item(&gathered->missing, sql_part_name(endpoint, &endpoint->parts[index]));
	buffer_add(&gathered->missing, TEXT("; type="));
	for (const char *c = error_word(error); *c != '\0'; c++)
		buffer_add_char(&gathered->missing, *c == '_' ? '-' : (char)tolower((unsigned char)*c));
	buffer_printf(&gathered->missing, "; status=%u", batch->status > 0 ? batch->status : error_status(error));
	if (batch->error != ERROR_NONE)
		exchange_log_batch_error(x, batch,
					 arena_printf(&x->arena, "goes on without %s, which fails",
						      sql_part_name(endpoint, &endpoint->parts[index])));
	buffer_add(&gathered->json, TEXT("null"));
}

static void add_rows(struct gathered *gathered, const struct endpoint *part, const char *name,
		     const struct db_query *query)
{
	unsigned count = db_row_count(query->result);

	if (count > part->max_rows) {
		count = part->max_rows;
		begin_item(&gathered->truncated, name);
		buffer_printf(&gathered->truncated, "; max-rows=%u", count);
	}
	buffer_add_char(&gathered->json, '[');
	for (unsigned row = 0; row < count; row++) {
		if (row > 0)
			buffer_add_char(&gathered->json, ',');
		row_json_add(&gathered->json, query->signature, query->result, row);
	}
	buffer_add_char(&gathered->json, ']');
}

static void add_part(struct exchange *x, struct gathered *gathered, unsigned index)
{
	const struct endpoint *endpoint = endpoint_of(x);
	const struct endpoint_part *part = &endpoint->parts[index];
	const struct db_query *query = query_of(x, index);

	buffer_add_char(&gathered->json, index > 0 ? ',' : '{');
	buffer_add(&gathered->json, part->key);
	if (error_of(x, index) != ERROR_NONE)
		add_missing(x, gathered, index);
	else if (part->endpoint.shape == ENDPOINT_MANY)
		add_rows(gathered, &part->endpoint, sql_part_name(endpoint, part), query);
	else if (db_row_count(query->result) > 0)
		row_json_add(&gathered->json, query->signature, query->result, 0);
	else
		buffer_add(&gathered->json, TEXT("null"));
}

static void add_header(struct exchange *x, const char *name, const struct buffer *list)
{
	if (list->length > 0)
		response_add_header(x, name, buffer_text(list));
}

/* Steps */

static enum step parts_arrived(struct exchange *x)
{
	const struct endpoint *endpoint = endpoint_of(x);
	struct gathered gathered = {buffer_in(&x->arena), buffer_in(&x->arena), buffer_in(&x->arena)};

	for (unsigned i = 0; i < endpoint->part_count; i++)
		if (!endpoint->parts[i].is_optional && error_of(x, i) != ERROR_NONE)
			return respond_failure(x, i);
	for (unsigned i = 0; i < endpoint->part_count; i++)
		add_part(x, &gathered, i);
	buffer_add_char(&gathered.json, '}');
	add_header(x, "meantime-missing", &gathered.missing);
	add_header(x, "meantime-truncated", &gathered.truncated);
	/* no column is the whole's, so its tag can only be of the bytes */
	if (UNLIKELY(sql_representation_is_due(endpoint)))
		sql_representation_note(x, endpoint, NULL, NULL);
	return respond_json(x, endpoint->status, buffer_text(&gathered.json));
}

enum step sql_gather_begin(struct exchange *x)
{
	const struct sql_plan *plan = x->request.match.route->data;
	const struct endpoint *endpoint = plan->endpoint;
	const struct db_signature *checked_for[PARTS_MAX];
	const struct db_signature *signature = sql_parts_signature(endpoint, &x->arena, checked_for);
	const char **values, *problem;
	struct batches *batches;
	enum error error;

	if (!exchange_choose_media(x, plan->offered, plan->usual))
		return respond_not_acceptable(x, plan->offered);
	error = sql_input_bind(x, plan, signature, &values, &problem);
	if (error != ERROR_NONE)
		return respond_problem(x, error, "%s", problem);
	x->context = sql_context_of(x, endpoint);
	x->state = batches = batches_create(x, endpoint->part_count);
	for (unsigned i = 0; i < endpoint->part_count; i++) {
		const struct endpoint_part *part = &endpoint->parts[i];

		batches_add(batches, i, &part->endpoint.statement, sql_part_values(part, values, &x->arena),
			    checked_for[i]);
		if (part->is_optional)
			batches_may_fail(batches, i);
	}
	return await_db_all(x, parts_arrived);
}
