#include "handlers/sql/work_row.h"

#include "db/values/row_json.h"
#include "exchange/exchange.h"

/* The columns are those of the endpoint's own SQL, which the start has found to be what the work gives. */
static void write_row(struct work_row *row)
{
	const struct db_signature *signature = db_statement_signature(&row->endpoint->statement);

	for (unsigned i = 0; i < signature->column_count; i++) {
		buffer_add_char(&row->json, i == 0 ? '{' : ',');
		buffer_add(&row->json, signature->columns[i].key);
		if (row->gives[i].at == NULL)
			buffer_add(&row->json, TEXT("null"));
		else
			row_json_add_value(&row->json, &signature->columns[i].type, row->gives[i]);
	}
	buffer_add_char(&row->json, '}');
}

static void run(struct computation *computation, unsigned part)
{
	struct work_row *row = CONTAINER_OF(computation, struct work_row, computation);

	(void)part;
	row->work->compute(row);
	if (row->problem == NULL && !atomic_load(&computation->was_cut))
		write_row(row);
}

static enum step computed(struct exchange *x)
{
	const struct work_row *row = x->state;

	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	if (row->problem != NULL)
		return respond_problem(x, ERROR_BAD_INPUT, "%s", row->problem);
	return respond_json(x, 200, buffer_text(&row->json));
}

enum step work_row_begin(struct exchange *x, const struct endpoint *endpoint, const struct work *work,
			 const char *const *values)
{
	struct work_row *row = arena_alloc_zeroed(&x->arena, sizeof(*row));
	const char **kept = arena_alloc(&x->arena, WORK_VALUES_MAX * sizeof(*kept));

	memcpy(kept, values, WORK_VALUES_MAX * sizeof(*kept));
	row->values = kept;
	row->arena = &x->arena;
	row->computation = (struct computation){.parts = 1, .run = run};
	row->endpoint = endpoint;
	row->work = work;
	row->json = buffer_in(&x->arena);
	x->state = row;
	return await_compute(x, &row->computation, computed);
}

bool work_row_is_over(struct work_row *row)
{
	return computation_is_over(&row->computation);
}
