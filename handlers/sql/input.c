#include "handlers/sql/input_parts.h"

#include "base/percent.h"
#include "db/values/digits.h"
#include "handlers/sql/body.h"
#include "handlers/sql/whole_body.h"

static const char IN_PATH[] = "the path", IN_BODY[] = "the JSON body", IN_WHOLE_BODY[] = "the body",
		  IN_NOTHING[] = "the service";
const char input_in_query[] = "the query string";

/* Each bind_ function returns NULL, or a sentence for the client. */

const char *sql_input_shown(struct arena *arena, struct text text)
{
	enum { SHOWN_BYTES_MAX = 60 };
	bool is_long = text.length > SHOWN_BYTES_MAX;
	char *copy = arena_printf(arena, "%.*s%s", TEXT_ARGS(text_cut_to(text, SHOWN_BYTES_MAX)), is_long ? "..." : "");

	if (!utf8_is_valid(text_of(copy)))
		for (char *c = copy; *c != '\0'; c++)
			*c = (unsigned char)*c < 0x80 ? *c : '?';
	return copy;
}

/* A parameter has one place, so that no value is ignored. */
static const char *claim(struct input *input, unsigned index, const char *origin)
{
	const char *name = input_parameter_at(input, index)->name, *other = input->origins[index];

	if (other == NULL) {
		input->origins[index] = origin;
		return NULL;
	}
	if (other == origin)
		return arena_printf(&input->x->arena, "parameter \"%s\" is given more than once in %s", name, origin);
	return arena_printf(&input->x->arena, "parameter \"%s\" is given in %s and in %s", name, other, origin);
}

static const char *describe_wrong_text(struct input *input, unsigned index, const struct text *texts, unsigned count)
{
	const struct db_parameter *parameter = input_parameter_at(input, index);
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
			    db_type_expectation(&type), sql_input_shown(&input->x->arena, *texts));
}

const char *input_refuse_given(struct input *input, unsigned index)
{
	const struct source *sources = input->plan->endpoint->sources;

	if (LIKELY(sources == NULL) || sources[index].kind == SOURCE_CLIENT)
		return NULL;
	return arena_printf(&input->x->arena, "parameter \"%s\" is not the client's to give; this endpoint takes %s",
			    input_parameter_at(input, index)->name, input->plan->takes);
}

const char *input_bind_texts(struct input *input, unsigned index, const struct text *texts, unsigned count,
			     const char *origin)
{
	const struct db_parameter *parameter = input_parameter_at(input, index);
	struct arena *arena = &input->x->arena;
	const char *problem = claim(input, index, origin);
	bool is_good;

	if (problem != NULL)
		return problem;
	if (parameter->type.is_array)
		is_good = parameter_from_texts(&parameter->type, texts, count, arena, &input->values[index]);
	else
		is_good = parameter_from_text(&parameter->type, *texts, arena, &input->values[index]);
	return is_good ? NULL : describe_wrong_text(input, index, texts, count);
}

static const char *bind_path(struct input *input)
{
	const struct route_match *match = &input->x->request.match;
	const char *problem = NULL;

	for (unsigned value = 0; value < match->value_count && problem == NULL; value++)
		problem =
		    input_bind_texts(input, input->plan->path_parameters[value], &match->values[value], 1, IN_PATH);
	return problem;
}

static const char *bind_field(struct input *input, const struct body_field *field)
{
	unsigned index = sql_plan_find(input->plan, field->name);
	struct arena *arena = &input->x->arena;
	const struct db_parameter *parameter;
	const char *bound, *given;

	if (index == input->plan->endpoint->statement.parameter_count)
		return arena_printf(arena, "unknown field \"%s\" in the JSON body; this endpoint takes %s in it",
				    sql_input_shown(arena, field->name), input->plan->takes);
	given = input_refuse_given(input, index);
	if (given != NULL)
		return given;
	parameter = input_parameter_at(input, index);
	if (!parameter_from_json(&parameter->type, field->raw, arena, &bound)) {
		const char *problem = parameter_problem(&parameter->type, field->raw, arena);

		if (problem != NULL)
			return arena_printf(arena, "parameter \"%s\" %s", parameter->name, problem);
		return arena_printf(arena, "parameter \"%s\" must be %s, got %s", parameter->name,
				    db_type_expectation(&parameter->type), sql_input_shown(arena, field->raw));
	}
	/* a row that goes back to its own path may hold the key */
	if (input->origins[index] == IN_PATH) {
		if (parameter_is_same(&parameter->type, input->values[index], bound))
			return NULL;
		return arena_printf(arena, "parameter \"%s\" has one value in %s and another in %s", parameter->name,
				    IN_PATH, IN_BODY);
	}
	input->values[index] = bound;
	return claim(input, index, IN_BODY);
}

static const char *bind_body(struct input *input)
{
	unsigned max_depth = input->x->settings->max_json_depth;
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

/* One without bytes is missing; as raw bytes it is empty, unless it has a default. */
static const char *bind_whole_body(struct input *input)
{
	unsigned index = input->plan->body_parameter;
	enum body_kind kind = input->plan->endpoint->body;
	const struct db_parameter *parameter = input_parameter_at(input, index);
	const char *problem = NULL;

	if (!input->x->request.has_body && (kind != BODY_RAW || parameter->has_default)) {
		if (parameter->has_default)
			return NULL;
		return arena_printf(&input->x->arena, "the body is missing; it must be %s", whole_body_types(kind));
	}
	input->origins[index] = IN_WHOLE_BODY;
	input->error = whole_body_bind(input->x, kind, parameter, &input->values[index], &problem);
	return problem;
}

/* null is given, too. */
static void bind_given(struct input *input, unsigned index)
{
	const struct source *source = &input->plan->endpoint->sources[index];
	unsigned asked_for = sql_plan_find(input->plan, text_of(source->name));

	input->origins[index] = IN_NOTHING;
	input->values[index] = input->origins[asked_for] != NULL ? "true" : "false";
}

/* What the client does not give. A claim is the signer's to bound; the other values are the client's all the same. */
static const char *bind_sources(struct input *input)
{
	const struct source *sources = input->plan->endpoint->sources;
	const char *problem = NULL;

	for (unsigned index = 0; index < input->plan->endpoint->statement.parameter_count && problem == NULL; index++) {
		if (sources[index].kind == SOURCE_CLIENT)
			continue;
		if (sources[index].kind == SOURCE_GIVEN) {
			bind_given(input, index);
			continue;
		}
		input->origins[index] = sql_source_word(sources[index].kind);
		input->error = sql_source_bind(input->x, &sources[index], input_parameter_at(input, index),
					       &input->values[index], &problem);
	}
	return problem;
}

static const char *bind_defaults(struct input *input)
{
	const struct endpoint *endpoint = input->plan->endpoint;

	for (unsigned index = 0; index < endpoint->statement.parameter_count; index++) {
		const struct db_parameter *parameter = input_parameter_at(input, index);

		if (input->origins[index] != NULL)
			continue;
		if (!parameter->has_default)
			return arena_printf(&input->x->arena, "parameter \"%s\" is missing (%s, in %s)",
					    parameter->name, parameter->type.name,
					    sql_plan_takes_fields(endpoint) ? IN_BODY : input_in_query);
		input->values[index] = parameter->default_text;
	}
	return NULL;
}

/* What the client gave; a default is the author's. */
static const char *bound_digits(const struct input *input)
{
	struct arena *arena = &input->x->arena;
	uint64_t sum = 0;

	for (unsigned index = 0; index < input->plan->endpoint->statement.parameter_count; index++) {
		const struct db_parameter *parameter = input_parameter_at(input, index);

		if (input->origins[index] == NULL)
			continue;
		sum += digits_written(&parameter->type, input->values[index], arena);
		if (sum > DIGITS_MAX)
			return arena_printf(
			    arena,
			    "parameter \"%s\" is too large in %s: PostgreSQL writes its exponents out, as 1000 "
			    "for 1e3; a request may stand for at most %u digits",
			    parameter->name, input->origins[index], DIGITS_MAX);
	}
	return NULL;
}

static const char *bind_all(struct input *input)
{
	const char *problem = bind_path(input);

	if (problem == NULL && input->x->request.query.length > 0)
		problem = input_bind_query(input);
	if (problem == NULL && UNLIKELY(input->plan->endpoint->body != BODY_FIELDS))
		problem = bind_whole_body(input);
	else if (problem == NULL && input->x->request.has_body)
		problem = bind_body(input);
	if (problem == NULL && UNLIKELY(input->plan->endpoint->sources != NULL))
		problem = bind_sources(input);
	if (problem == NULL)
		problem = bound_digits(input);
	return problem != NULL ? problem : bind_defaults(input);
}

static enum error check_media_type(struct exchange *x, enum body_kind kind, const char **problem)
{
	if (x->request.coding.length > 0) {
		response_add_header(x, "accept-encoding", TEXT("identity"));
		*problem = arena_printf(&x->arena, "the body came with Content-Encoding \"%s\"; send it without one",
					sql_input_shown(&x->arena, x->request.coding));
		return ERROR_UNSUPPORTED_MEDIA_TYPE;
	}
	if (whole_body_takes(kind, x->request.content_type))
		return ERROR_NONE;
	if (x->request.content_type.length == 0)
		*problem = arena_printf(&x->arena, "the body must be %s, but came without a Content-Type",
					whole_body_types(kind));
	else
		*problem = arena_printf(&x->arena, "the body must be %s, not \"%s\"", whole_body_types(kind),
					sql_input_shown(&x->arena, x->request.content_type));
	return ERROR_UNSUPPORTED_MEDIA_TYPE;
}

/* Whether the endpoint takes what came as its body, whatever is in it. */
static enum error check_body(struct exchange *x, const struct sql_plan *plan, const char **problem)
{
	if (!x->request.has_body)
		return ERROR_NONE;
	if (sql_plan_takes_body(plan->endpoint))
		return check_media_type(x, plan->endpoint->body, problem);
	*problem = arena_printf(&x->arena, "a %s request takes no body; parameters go in %s",
				http_method_name(x->request.method), input_in_query);
	return ERROR_BAD_INPUT;
}

enum error sql_input_bind(struct exchange *x, const struct sql_plan *plan, const struct db_signature *signature,
			  const char ***values, const char **problem)
{
	unsigned count = plan->endpoint->statement.parameter_count;
	struct input input = {.x = x, .plan = plan, .signature = signature};
	enum error error = check_body(x, plan, problem);

	if (error != ERROR_NONE)
		return error;
	*values = input.values = arena_alloc_zeroed(&x->arena, count * sizeof(*input.values));
	*problem = bind_all(&input);
	if (*problem == NULL)
		return ERROR_NONE;
	return input.error != ERROR_NONE ? input.error : ERROR_BAD_INPUT;
}
