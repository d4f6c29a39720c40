#include "handlers/sql/whole_body.h"

#include "base/hex.h"
#include "exchange/exchange.h"
#include "handlers/sql/body.h"
#include "handlers/sql/body_rows.h"
#include "handlers/sql/file.h"

static const struct {
	const char *word, *types;
} kinds[BODY_KIND_COUNT] = {
    [BODY_FIELDS] = {NULL, "application/json"},
    [BODY_JSON] = {"json", "application/json"},
    [BODY_ROWS] = {"rows", "application/json, application/x-ndjson or text/csv"},
    [BODY_RAW] = {"raw", "anything"},
};

const char *whole_body_word(enum body_kind kind)
{
	return kinds[kind].word;
}

const char *whole_body_types(enum body_kind kind)
{
	return kinds[kind].types;
}

/* Media types */

static struct text type_of(struct text content_type)
{
	return text_trimmed(text_cut_at(&content_type, ';'));
}

bool whole_body_is_json(struct text content_type)
{
	static const char prefix[] = "application/", suffix[] = "+json";
	struct text type = type_of(content_type);

	if (text_equal_nocase(type, TEXT("application/json")))
		return true;
	return type.length > strlen(prefix) + strlen(suffix) && strncasecmp(type.at, prefix, strlen(prefix)) == 0 &&
	       strncasecmp(type.at + type.length - strlen(suffix), suffix, strlen(suffix)) == 0;
}

bool whole_body_is_lines(struct text content_type)
{
	struct text type = type_of(content_type);

	return text_equal_nocase(type, TEXT("application/x-ndjson")) ||
	       text_equal_nocase(type, TEXT("application/ndjson")) ||
	       text_equal_nocase(type, TEXT("application/jsonl"));
}

static bool is_csv(struct text content_type)
{
	return text_equal_nocase(type_of(content_type), TEXT("text/csv"));
}

bool whole_body_takes(enum body_kind kind, struct text content_type)
{
	if (kind == BODY_RAW || whole_body_is_json(content_type))
		return true;
	return kind == BODY_ROWS && (whole_body_is_lines(content_type) || is_csv(content_type));
}

/* Values */

static const char *bytes_value(struct text body, struct arena *arena)
{
	char *value = arena_alloc(arena, 2 + 2 * body.length + 1), *out = value;

	*out++ = '\\';
	*out++ = 'x';
	for (size_t i = 0; i < body.length; i++, out += 2)
		hex_put((uint8_t)body.at[i], out);
	*out = '\0';
	return value;
}

static const char *read_raw(struct exchange *x, const struct db_parameter *parameter, const char **value)
{
	struct text body = x->request.body;
	const char *problem;

	if (parameter->type.kind == DB_TYPE_BYTEA) {
		*value = bytes_value(body, &x->arena);
		return NULL;
	}
	problem = body.length > 0 ? body_check_text(body, &x->arena) : NULL;
	*value = arena_copy(&x->arena, body);
	return problem;
}

static const char *read_json(struct exchange *x, const char **value)
{
	*value = arena_copy(&x->arena, x->request.body);
	return body_check(x->request.body, x->settings->max_json_depth, &x->arena);
}

static const char *read_array(struct exchange *x, const char **value)
{
	struct text body = x->request.body;
	size_t blank = body_blank_length(body);

	if (blank < body.length && body.at[blank] != '[')
		return "a JSON array was expected";
	return read_json(x, value);
}

static const char *read_lines(struct exchange *x, const char **value, bool *is_too_large)
{
	struct text body = x->request.body;
	struct buffer out = buffer_in(&x->arena);
	const char *problem = body_check_text(body, &x->arena);

	if (problem == NULL && is_csv(x->request.content_type))
		problem = body_rows_from_csv(body, &out, is_too_large);
	else if (problem == NULL)
		problem = body_rows_from_lines(body, x->settings->max_json_depth, &out);
	buffer_add_char(&out, '\0');
	*value = out.bytes;
	return problem;
}

static const char *name_of(enum body_kind kind, struct text content_type)
{
	if (kind == BODY_RAW)
		return "body";
	if (is_csv(content_type))
		return "CSV body";
	return whole_body_is_lines(content_type) ? "NDJSON body" : "JSON body";
}

enum error whole_body_bind(struct exchange *x, enum body_kind kind, const struct db_parameter *parameter,
			   const char **value, const char **problem)
{
	struct text content_type = x->request.content_type;
	bool is_too_large = false;
	const char *wrong;

	if (kind == BODY_RAW)
		wrong = read_raw(x, parameter, value);
	else if (kind == BODY_JSON)
		wrong = read_json(x, value);
	else if (whole_body_is_json(content_type))
		wrong = read_array(x, value);
	else
		wrong = read_lines(x, value, &is_too_large);
	if (wrong == NULL)
		return ERROR_NONE;
	*problem = arena_printf(&x->arena, "the %s is refused: %s", name_of(kind, content_type), wrong);
	return is_too_large ? ERROR_TOO_LARGE : ERROR_BAD_INPUT;
}

/* At start */

static bool fits(enum body_kind kind, const struct db_type *type)
{
	if (type->is_array)
		return false;
	if (kind == BODY_RAW)
		return type->kind == DB_TYPE_BYTEA || type->kind == DB_TYPE_OTHER;
	return type->kind == DB_TYPE_JSON;
}

void whole_body_check(const struct endpoint *endpoint, struct diagnostics *diagnostics)
{
	const struct db_statement *statement = &endpoint->statement;

	if (endpoint->body == BODY_FIELDS)
		return;
	for (unsigned i = 0; i < statement->parameter_count; i++)
		if (strcmp(statement->parameters[i].name, "body") == 0 &&
		    !fits(endpoint->body, &statement->parameters[i].type))
			diagnostics_add(diagnostics, endpoint->file, endpoint->body_line,
					"`-- body: %s` needs :body to be %s; it is %s", kinds[endpoint->body].word,
					endpoint->body == BODY_RAW ? "bytea or text" : "json or jsonb",
					statement->parameters[i].type.name);
}
