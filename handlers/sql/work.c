#include "handlers/sql/work.h"

#include "base/buffer.h"

static const struct work *const works[] = {
#define WORK(name) &work_##name,
#include "handlers/sql/works.def"
#undef WORK
};

const struct work *work_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(works); i++)
		if (strcmp(works[i]->name, name) == 0)
			return works[i];
	return NULL;
}

static unsigned count_of(const struct work_value *values)
{
	unsigned count = 0;

	while (count < WORK_VALUES_MAX && values[count].name != NULL)
		count++;
	return count;
}

static unsigned find_parameter(const struct db_statement *statement, const char *name)
{
	unsigned index = 0;

	while (index < statement->parameter_count && strcmp(statement->parameters[index].name, name) != 0)
		index++;
	return index;
}

static bool is_of(const struct db_type *type, const struct work_value *value, bool is_array)
{
	return type->kind == value->kind && type->is_array == is_array;
}

static bool takes_that(const struct work *work, const struct db_statement *statement)
{
	unsigned count = count_of(work->takes);

	for (unsigned i = 0; i < count; i++) {
		unsigned index = find_parameter(statement, work->takes[i].name);

		if (index == statement->parameter_count ||
		    !is_of(&statement->parameters[index].type, &work->takes[i], i == 0 && work->takes_array))
			return false;
	}
	return count == statement->parameter_count;
}

static bool gives_that(const struct work *work, const struct db_statement *statement)
{
	unsigned count = count_of(work->gives);

	for (unsigned i = 0; i < count && i < statement->signature.column_count; i++)
		if (strcmp(statement->signature.columns[i].name, work->gives[i].name) != 0 ||
		    !is_of(&statement->signature.columns[i].type, &work->gives[i], false))
			return false;
	return count == statement->signature.column_count;
}

static const char *listed(struct arena *arena, const struct work_value *values, const char *mark, bool has_array)
{
	static const char *const types[DB_TYPE_KIND_COUNT] = {[DB_TYPE_OTHER] = "text",
							      [DB_TYPE_BOOL] = "boolean",
							      [DB_TYPE_INT4] = "integer",
							      [DB_TYPE_INT8] = "bigint",
							      [DB_TYPE_FLOAT8] = "double precision",
							      [DB_TYPE_NUMERIC] = "numeric"};
	struct buffer list = buffer_in(arena);

	for (unsigned i = 0; i < count_of(values); i++)
		buffer_printf(&list, "%s%s%s %s%s", i > 0 ? ", " : "", mark, values[i].name, types[values[i].kind],
			      i == 0 && has_array ? "[]" : "");
	return arena_copy(arena, buffer_text(&list));
}

bool work_is_known(const struct endpoint *endpoint, struct diagnostics *diagnostics)
{
	struct buffer known = buffer_in(diagnostics->arena);

	if (work_find(endpoint->work) != NULL)
		return true;
	for (size_t i = 0; i < ARRAY_LENGTH(works); i++)
		buffer_printf(&known, "%s%s", i > 0 ? ", " : "", works[i]->name);
	diagnostics_add(diagnostics, endpoint->file, endpoint->work_line, "there is no work %s; there are %.*s",
			endpoint->work, TEXT_ARGS(buffer_text(&known)));
	return false;
}

/* NULL when all of them have values that it can work with. */
static const char *null_default(const struct work *work, const struct db_statement *statement)
{
	for (unsigned i = 0; i < count_of(work->takes); i++) {
		const struct db_parameter *parameter =
		    &statement->parameters[find_parameter(statement, work->takes[i].name)];

		if (parameter->has_default && parameter->default_text == NULL && (work->may_be_null >> i & 1) == 0)
			return parameter->name;
	}
	return NULL;
}

int work_check(const struct endpoint *endpoint, struct diagnostics *diagnostics)
{
	static const char *const shapes[] = {
	    [ENDPOINT_ONE] = ":one", [ENDPOINT_MANY] = ":many", [ENDPOINT_EXEC] = ":exec"};
	const struct work *work = work_find(endpoint->work);
	const char *is_null;

	if (endpoint->method == work->method && endpoint->shape == work->shape &&
	    endpoint->is_stream == work->is_stream && takes_that(work, &endpoint->statement) &&
	    gives_that(work, &endpoint->statement)) {
		is_null = null_default(work, &endpoint->statement);
		if (is_null == NULL)
			return 0;
		diagnostics_add(diagnostics, endpoint->file, endpoint->work_line,
				"the work %s can do nothing with null, the default of parameter \"%s\"", work->name,
				is_null);
		return -1;
	}
	diagnostics_add(diagnostics, endpoint->file, endpoint->work_line,
			"the work %s is %s on %s%s; its SQL must take %s and return the columns %s", work->name,
			shapes[work->shape], http_method_name(work->method),
			work->is_stream ? " with `-- stream`" : ", without `-- stream`",
			listed(diagnostics->arena, work->takes, ":", work->takes_array),
			listed(diagnostics->arena, work->gives, "", false));
	return -1;
}

void work_order(const struct work *work, const struct db_statement *statement, unsigned order[static WORK_VALUES_MAX])
{
	for (unsigned i = 0; i < count_of(work->takes); i++)
		order[i] = find_parameter(statement, work->takes[i].name);
}
