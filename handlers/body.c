#include "handlers/body.h"

#include "base/percent.h"

#include <jansson.h>
#include <stdlib.h>

enum { SCRATCH_BYTES = 8192 }; /* enough for what most bodies become */

/* Where jansson's memory comes from in this thread; NULL outside of body_parse(). */
static _Thread_local struct arena *tl_arena;

static void *allocate(size_t bytes)
{
	return tl_arena != NULL ? arena_alloc(tl_arena, bytes) : malloc(bytes);
}

/* During body_parse() everything came from the arena, which frees it all at once. */
static void release(void *memory)
{
	if (tl_arena == NULL)
		free(memory);
}

void body_init_library(void)
{
	json_set_alloc_funcs(allocate, release);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *past_space(const char *at, const char *end)
{
	while (at < end && is_space(*at))
		at++;
	return at;
}

/* `at` is behind the opening quote. Returns the place behind the closing one, or `end`. */
static const char *past_string(const char *at, const char *end)
{
	while (at < end && *at != '"')
		at += *at == '\\' && end - at > 1 ? 2 : 1;
	return at < end ? at + 1 : end;
}

/* Returns the place behind the value that begins at `at`, in text that is known to be JSON. */
static const char *past_value(const char *at, const char *end)
{
	unsigned depth = 0;

	do {
		char c = *at++;

		if (c == '"')
			at = past_string(at, end);
		else if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		else if (depth == 0)
			while (at < end && !is_space(*at) && *at != ',' && *at != '}')
				at++;
	} while (depth > 0);
	return at;
}

static const char *wrong_at(struct text json, const char *at, struct arena *arena, const char *what)
{
	unsigned line = 1, column = 1;

	for (const char *c = json.at; c < at; c++) {
		bool is_inside_character = ((unsigned char)*c & 0xc0) == 0x80;

		if (*c == '\n') {
			line++;
			column = 1;
		} else if (!is_inside_character) {
			column++;
		}
	}
	return arena_printf(arena, "line %u, column %u: %s", line, column, what);
}

/* Before jansson sees the text: it recurses. Returns the bracket that goes too deep, or NULL. */
static const char *find_too_deep(struct text json, unsigned max_depth)
{
	const char *at = json.at, *end = json.at + json.length;
	unsigned depth = 0;

	while (at < end) {
		char c = *at++;

		if (c == '"')
			at = past_string(at, end);
		else if ((c == '{' || c == '[') && ++depth > max_depth)
			return at - 1;
		else if ((c == '}' || c == ']') && depth > 0)
			depth--;
	}
	return NULL;
}

/* Integers count as reals for jansson, which refuses those beyond 64 bits; the digits are taken from the text anyway.
 */
static json_t *load(struct text json, struct arena *arena, json_error_t *error)
{
	json_t *root;

	tl_arena = arena;
	root =
	    json_loadb(json.at, json.length, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, error);
	tl_arena = NULL;
	return root;
}

/* jansson shows what stands near, and may cut it within a character; a problem is UTF-8. */
static const char *wrong_as_jansson_says(json_error_t *error, struct arena *arena)
{
	bool is_cut = !utf8_is_valid(text_of(error->text));

	for (char *c = error->text; is_cut && *c != '\0'; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	return arena_printf(arena, "line %d, column %d: %s%s", error->line, error->column, error->text,
			    json_error_code(error) == json_error_numeric_overflow ? "; write it as a string" : "");
}

/* jansson keeps the order of the keys, so names (unescaped by it) and values in the text go side by side. */
static void take_fields(json_t *object, struct text json, struct arena *arena, struct body *body)
{
	const char *end = json.at + json.length, *at = past_space(json.at, end) + 1;

	for (void *field = json_object_iter(object); field != NULL; field = json_object_iter_next(object, field)) {
		const char *value;

		at = past_string(past_space(at, end) + 1, end);
		value = past_space(past_space(at, end) + 1, end);
		at = past_value(value, end);
		body->fields[body->count++] = (struct body_field){
		    .name = text_of(arena_copy(arena, text_of(json_object_iter_key(field)))),
		    .raw = {value, (size_t)(at - value)},
		};
		at = past_space(at, end) + 1;
	}
}

/* `scratch` is for what jansson makes of it. */
static const char *read_object(struct text json, struct arena *scratch, struct arena *arena, struct body *body)
{
	json_error_t error;
	json_t *object = load(json, scratch, &error);

	if (object == NULL)
		return wrong_as_jansson_says(&error, arena);
	if (json_object_size(object) > BODY_FIELDS_MAX)
		return arena_printf(arena, "it has %zu fields; at most %d are taken", json_object_size(object),
				    BODY_FIELDS_MAX);
	take_fields(object, json, arena, body);
	return NULL;
}

const char *body_parse(struct text json, unsigned max_depth, struct arena *arena, struct body *body)
{
	const char *start = past_space(json.at, json.at + json.length), *too_deep, *problem;
	char first_bytes[SCRATCH_BYTES];
	struct arena scratch;

	body->count = 0;
	if (json.length == 0)
		return NULL;
	if (start == json.at + json.length || *start != '{')
		return wrong_at(json, start, arena, "the body must be a JSON object");
	too_deep = find_too_deep(json, max_depth);
	if (too_deep != NULL)
		return wrong_at(json, too_deep, arena, arena_printf(arena, "nested deeper than %u levels", max_depth));
	/* a value of jansson's is up to eighty times as large as its text, and the request may have to wait */
	arena_init(&scratch, first_bytes, sizeof(first_bytes));
	problem = read_object(json, &scratch, arena, body);
	arena_cleanup(&scratch);
	return problem;
}
