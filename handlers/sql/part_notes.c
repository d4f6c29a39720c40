/* The annotations of an endpoint's parts: `-- gather: NAME :one`, `-- step: NAME :one`, and what may stand between these
 * and the part's SQL. */
#include "handlers/sql/draft.h"

#include "handlers/sql/parts.h"

static struct part_draft *part_at_hand(struct parser *parser)
{
	return &parser->draft.parts[parser->draft.part_count - 1];
}

/* Reading */

static const char *key_of(enum parts_kind kind)
{
	return sql_annotation_key(kind == PARTS_STEPS ? ANNOTATION_STEP : ANNOTATION_GATHER);
}

/* Steps share their transaction, so that all of them are isolated, or none. */
static bool is_of_part(enum parts_kind kind, enum annotation annotation)
{
	if (sql_begins_part(annotation) || annotation == ANNOTATION_MAX_ROWS)
		return true;
	return kind == PARTS_GATHERED && (annotation == ANNOTATION_OPTIONAL || annotation == ANNOTATION_ISOLATED);
}

bool sql_part_refuses(struct parser *parser, enum annotation annotation, unsigned line)
{
	enum parts_kind kind = parser->draft.endpoint.parts_kind;

	if (kind != PARTS_GATHERED && annotation == ANNOTATION_OPTIONAL)
		complain(parser, line, "`-- optional` is for a part: it stands behind its `-- gather:` line");
	else if (kind != PARTS_NONE && !is_of_part(kind, annotation))
		complain(parser, line,
			 "`-- %s:` belongs to the whole endpoint: it must stand before the first `-- %s:`",
			 sql_annotation_key(annotation), key_of(kind));
	else
		return false;
	return true;
}

static void check_name(struct parser *parser, const struct note *note, struct text name)
{
	const struct draft *draft = &parser->draft;

	for (unsigned i = 0; i < draft->part_count; i++)
		if (text_equal(draft->parts[i].name, name))
			complain(parser, note->line, "the part %.*s is there already, on line %u", TEXT_ARGS(name),
				 draft->parts[i].line);
	if (draft->endpoint.name != NULL && strlen(draft->endpoint.name) + 1 + name.length > NAME_BYTES_MAX)
		complain(parser, note->line, "%s.%.*s is too long a name for a statement; the most is %d bytes",
			 draft->endpoint.name, TEXT_ARGS(name), NAME_BYTES_MAX);
}

/* What one part has says nothing of the next. */
static void begin_afresh(struct draft *draft)
{
	draft->lines[ANNOTATION_MAX_ROWS] = draft->lines[ANNOTATION_OPTIONAL] = 0;
	draft->endpoint.max_rows = 0;
	draft->is_optional = false;
	if (draft->endpoint.parts_kind == PARTS_GATHERED) {
		draft->lines[ANNOTATION_ISOLATED] = 0;
		draft->endpoint.is_isolated = false;
	}
	memset(draft->numbers, 0, sizeof(draft->numbers));
	draft->used_count = 0;
}

static void note_first(struct draft *draft, enum parts_kind kind)
{
	draft->endpoint.parts_kind = kind;
	draft->whole_max_rows_line = draft->lines[ANNOTATION_MAX_ROWS];
	draft->whole_isolated_line = kind == PARTS_GATHERED ? draft->lines[ANNOTATION_ISOLATED] : 0;
}

static void begin_part(struct parser *parser, const struct note *note, const struct part_draft *part,
		       enum parts_kind kind)
{
	struct draft *draft = &parser->draft;

	sql_check_part_has_sql(parser);
	if (draft->part_count == 0)
		note_first(draft, kind);
	else if (draft->endpoint.parts_kind != kind)
		complain(parser, note->line,
			 "`-- %s:` and `-- %s:`: the parts of an endpoint are gathered, or steps of one transaction",
			 key_of(kind), key_of(draft->endpoint.parts_kind));
	if (draft->part_count == PARTS_MAX) {
		complain(parser, note->line, "one part too many; the most is %d", PARTS_MAX);
		return;
	}
	begin_afresh(draft);
	draft->parts[draft->part_count++] = *part;
}

static bool read_part(struct parser *parser, const struct note *note, enum parts_kind kind)
{
	struct text rest = note->value;
	struct part_draft part = {.name = sql_take_word(&rest), .line = note->line};
	bool is_good = sql_take_shape(rest, &part.shape) && sql_is_endpoint_name(part.name);

	if (part.shape == ENDPOINT_EXEC && kind == PARTS_GATHERED)
		is_good = false;
	if (is_good)
		check_name(parser, note, part.name);
	begin_part(parser, note, &part, kind);
	return is_good;
}

bool sql_read_gather(struct parser *parser, const struct note *note)
{
	return read_part(parser, note, PARTS_GATHERED);
}

bool sql_read_step(struct parser *parser, const struct note *note)
{
	return read_part(parser, note, PARTS_STEPS);
}

bool sql_read_optional(struct parser *parser, const struct note *note)
{
	parser->draft.is_optional = true;
	return note->value.length == 0 || text_equal(note->value, TEXT("true"));
}

/* Between the parts */

bool sql_is_at_part(const struct parser *parser)
{
	return parser->draft.part_count > 0 &&
	       (sql_is_at_note(parser, TEXT("gather")) || sql_is_at_note(parser, TEXT("step")));
}

void sql_check_part_has_sql(struct parser *parser)
{
	const struct draft *draft = &parser->draft;
	const struct part_draft *part = draft->parts;

	if (draft->part_count == 0)
		return;
	part += draft->part_count - 1;
	if (part->sql == NULL)
		complain(parser, part->line, "the part %.*s has no SQL", TEXT_ARGS(sql_shown(part->name)));
}

void sql_keep_part(struct parser *parser)
{
	struct draft *draft = &parser->draft;
	const struct endpoint *endpoint = &draft->endpoint;
	struct part_draft *part = part_at_hand(parser);

	part->sql = endpoint->statement.sql;
	part->sql_line = endpoint->sql_line;
	part->source = endpoint->source;
	part->source_begin = endpoint->source_begin;
	part->max_rows = endpoint->max_rows;
	part->max_rows_line = draft->lines[ANNOTATION_MAX_ROWS];
	part->is_isolated = endpoint->is_isolated;
	part->is_optional = draft->is_optional;
	part->parameter_count = draft->used_count;
	memcpy(part->takes, draft->used, sizeof(part->takes));
	if (part->max_rows > 0 && part->shape != ENDPOINT_MANY)
		complain(parser, part->max_rows_line, "`-- max-rows:` is for :many only");
	begin_afresh(draft);
}

/* What has to fit together */

static void check_belongs_to_part(struct parser *parser, enum annotation annotation, unsigned line)
{
	if (line > 0)
		complain(parser, line, "`-- %s` belongs to a part: it must stand behind its `-- %s:` line",
			 sql_annotation_key(annotation), key_of(parser->draft.endpoint.parts_kind));
}

/* What is not for an endpoint of parts. */
static void refuse_of_one(struct parser *parser)
{
	static const enum annotation annotations[] = {ANNOTATION_BODY, ANNOTATION_CONTENT_TYPE, ANNOTATION_HEADER,
						      ANNOTATION_COLUMN};
	const struct draft *draft = &parser->draft;

	for (unsigned i = 0; i < ARRAY_LENGTH(annotations); i++)
		if (draft->lines[annotations[i]] > 0)
			complain(parser, draft->lines[annotations[i]], "`-- %s:` is for an endpoint without parts",
				 sql_annotation_key(annotations[i]));
	if (draft->answer.status_column != NULL)
		complain(parser, draft->answer.status_line, "a status from a column is for an endpoint without parts");
}

static void check_whole(struct parser *parser)
{
	struct draft *draft = &parser->draft;
	struct endpoint *endpoint = &draft->endpoint;

	if (draft->has_shape)
		complain(parser, endpoint->line,
			 "`-- name:` of an endpoint of parts must be NAME alone: each part has a shape of its own");
	if (endpoint->is_stream)
		complain(parser, draft->lines[ANNOTATION_STREAM], "`-- stream` is for an endpoint without parts");
	endpoint->is_stream = false;
	refuse_of_one(parser);
	if (endpoint->work != NULL)
		complain(parser, draft->lines[ANNOTATION_WORK], "`-- work:` is for an endpoint without parts");
	check_belongs_to_part(parser, ANNOTATION_MAX_ROWS, draft->whole_max_rows_line);
	check_belongs_to_part(parser, ANNOTATION_ISOLATED, draft->whole_isolated_line);
}

static void check_gather(struct parser *parser)
{
	const struct draft *draft = &parser->draft;
	unsigned optional = 0;

	if (draft->endpoint.path != NULL && draft->endpoint.method != HTTP_GET)
		complain(parser, draft->lines[ANNOTATION_ROUTE],
			 "`-- gather:` is for GET only: its parts are reads, each in a transaction of its own");
	for (unsigned i = 0; i < draft->part_count; i++)
		optional += draft->parts[i].is_optional;
	if (optional == draft->part_count)
		complain(parser, draft->parts[0].line,
			 "all parts are optional; at least one must not be, so that a failure can be told");
}

/* The last one is what is answered. */
static void check_steps(struct parser *parser)
{
	struct draft *draft = &parser->draft;
	const struct part_draft *last = part_at_hand(parser);

	for (const struct part_draft *part = draft->parts; part < last; part++)
		if (part->max_rows_line > 0)
			complain(parser, part->max_rows_line,
				 "`-- max-rows:` is for the last step: the rows of the others are not answered");
	sql_check_step_values(parser);
	draft->endpoint.shape = last->shape;
	draft->endpoint.max_rows = last->max_rows;
}

void sql_check_parts(struct parser *parser)
{
	const struct draft *draft = &parser->draft;

	if (draft->part_count > 0) {
		check_whole(parser);
		(draft->endpoint.parts_kind == PARTS_STEPS ? check_steps : check_gather)(parser);
	} else if (draft->endpoint.name != NULL && !draft->has_shape) {
		complain(parser, draft->endpoint.line, "`-- name:` must be %s; it is \"%s\"",
			 sql_annotation_expected(ANNOTATION_NAME), draft->endpoint.name);
	}
}

/* What is made of them */

static struct db_parameter *own_parameters(struct parser *parser, const struct part_draft *part)
{
	struct db_parameter *own = arena_alloc(&parser->set->arena, part->parameter_count * sizeof(*own));

	for (unsigned i = 0; i < part->parameter_count; i++)
		own[i] = parser->draft.parameters[part->takes[i]];
	return own;
}

static void make_part(struct parser *parser, const struct endpoint *whole, const struct part_draft *part,
		      struct endpoint_part *made)
{
	struct arena *arena = &parser->set->arena;
	struct endpoint *endpoint = &made->endpoint;
	struct db_statement *statement = &endpoint->statement;

	*endpoint = *whole;
	endpoint->parts_kind = PARTS_NONE;
	endpoint->name = arena_printf(arena, "%s.%.*s", whole->name, TEXT_ARGS(part->name));
	endpoint->line = part->line;
	endpoint->sql_line = part->sql_line;
	endpoint->source = part->source;
	endpoint->source_begin = part->source_begin;
	endpoint->shape = part->shape;
	endpoint->max_rows = part->max_rows;
	endpoint->is_isolated = part->is_isolated;
	statement->sql = part->sql;
	statement->parameters = own_parameters(parser, part);
	statement->parameter_count = part->parameter_count;
	statement->signature.parameters = statement->parameters;
	statement->needs_columns = part->shape != ENDPOINT_EXEC;
	statement->index = parser->set->statement_count++;
	sql_complete_endpoint(endpoint);
	endpoint->must_find = whole->parts_kind == PARTS_STEPS && part->shape == ENDPOINT_ONE;
	made->key = text_of(arena_printf(arena, "\"%.*s\":", TEXT_ARGS(part->name)));
	made->is_optional = part->is_optional;
	made->values = memcpy(arena_alloc(arena, part->value_count * sizeof(*part->values)), part->values,
			      part->value_count * sizeof(*part->values));
	made->value_count = part->value_count;
	made->takes = memcpy(arena_alloc(arena, sizeof(part->takes)), part->takes, sizeof(part->takes));
}

void sql_make_parts(struct parser *parser, struct endpoint *whole)
{
	const struct draft *draft = &parser->draft;
	struct endpoint_part *parts;

	if (draft->part_count == 0)
		return;
	parts = arena_alloc_zeroed(&parser->set->arena, draft->part_count * sizeof(*parts));
	for (unsigned i = 0; i < draft->part_count; i++)
		make_part(parser, whole, &draft->parts[i], &parts[i]);
	/* what a step does before the last, it does to its end */
	for (unsigned i = 0; whole->parts_kind == PARTS_STEPS && i + 1 < draft->part_count; i++)
		parts[i].endpoint.statement.row_limit = 0;
	whole->parts = parts;
	whole->part_count = draft->part_count;
	whole->statement.sql = whole->source = "";
	whole->statement.needs_columns = false;
}
