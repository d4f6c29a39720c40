#include "handlers/sql/input_parts.h"

#include "base/percent.h"

static void add_repeated(struct input *input, unsigned index, struct text value)
{
	struct arena *arena = &input->x->arena;
	struct repeated *repeated;

	if (input->repeated == NULL)
		input->repeated = arena_alloc_zeroed(arena, input->plan->endpoint->statement.parameter_count *
								sizeof(*input->repeated));
	repeated = &input->repeated[index];
	if (repeated->count == repeated->capacity) {
		struct text *grown;

		repeated->capacity = repeated->capacity > 0 ? 2 * repeated->capacity : 8;
		grown = arena_alloc(arena, repeated->capacity * sizeof(*grown));
		if (repeated->count > 0)
			memcpy(grown, repeated->values, repeated->count * sizeof(*grown));
		repeated->values = grown;
	}
	repeated->values[repeated->count++] = value;
}

static const char *bind_pair(struct input *input, struct text piece)
{
	struct arena *arena = &input->x->arena;
	struct text encoded_value = piece, encoded_name = text_cut_at(&encoded_value, '='), name, value;
	const char *problem;
	unsigned index;

	problem = percent_decode(encoded_name, true, arena, &name);
	if (problem == NULL)
		problem = percent_decode(encoded_value, true, arena, &value);
	if (problem != NULL)
		return arena_printf(arena, "the query string has %s in \"%s\"", problem, sql_input_shown(arena, piece));
	index = sql_plan_find(input->plan, name);
	if (index == input->plan->endpoint->statement.parameter_count || UNLIKELY(index == input->plan->body_parameter))
		return arena_printf(arena, "unknown parameter \"%s\"; this endpoint takes %s in %s",
				    sql_input_shown(arena, name), input->plan->takes, input_in_query);
	problem = input_refuse_given(input, index);
	if (problem != NULL)
		return problem;
	if (!input_parameter_at(input, index)->type.is_array)
		return input_bind_texts(input, index, &value, 1, input_in_query);
	add_repeated(input, index, value);
	return NULL;
}

static const char *bind_repeated(struct input *input)
{
	const char *problem = NULL;

	if (input->repeated == NULL)
		return NULL;
	for (unsigned index = 0; index < input->plan->endpoint->statement.parameter_count && problem == NULL; index++)
		if (input->repeated[index].count > 0)
			problem = input_bind_texts(input, index, input->repeated[index].values,
						   input->repeated[index].count, input_in_query);
	return problem;
}

/* Empty pieces, as in a=1&&b=2, are passed over. */
const char *input_bind_query(struct input *input)
{
	struct text rest = input->x->request.query;

	while (rest.length > 0) {
		struct text piece = text_cut_at(&rest, '&');
		const char *problem = piece.length > 0 ? bind_pair(input, piece) : NULL;

		if (problem != NULL)
			return problem;
	}
	return bind_repeated(input);
}
