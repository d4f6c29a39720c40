#include "db/values/parameter.h"

#include "base/base64.h"
#include "base/buffer.h"
#include "base/hex.h"
#include "base/json_scan.h"
#include "base/require.h"
#include "db/values/datetime.h"
#include "db/values/number.h"
#include "db/values/quoted.h"
#include "db/values/record.h"

#include <stdint.h>
#include <stdlib.h>

static bool is_uuid(struct text text)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (text.length != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; i < text.length; i++)
		if (shape[i] == '-' ? text.at[i] != '-' : hex_value(text.at[i]) < 0)
			return false;
	return true;
}

static bool is_json(struct text text, unsigned max_depth)
{
	size_t end;

	return json_scan_value(text, max_depth, &end) && json_scan_space(text, end) == text.length;
}

/* PostgreSQL's hex form of the bytes that `base64` stands for. */
static bool bytea_from_base64(struct text base64, struct arena *arena, const char **bound)
{
	const char *at = base64.at, *end = base64.at + base64.length;
	uint8_t bytes[3];
	unsigned count = 0;
	char *start, *out;

	if (base64.length % 4 != 0)
		return false;
	out = start = arena_alloc(arena, 3 + base64.length / 4 * 6);
	*out++ = '\\';
	*out++ = 'x';
	for (; end - at > 4; at += 4, out += 6) {
		uint32_t bits = base64_get(at);

		if (bits >> 24 != 0)
			return false;
		hex_put((uint8_t)(bits >> 16), out);
		hex_put((uint8_t)(bits >> 8), out + 2);
		hex_put((uint8_t)bits, out + 4);
	}
	if (at < end && (count = base64_decode_group(at, true, bytes)) == 0)
		return false;
	for (unsigned i = 0; i < count; i++, out += 2)
		hex_put(bytes[i], out);
	*out = '\0';
	*bound = start;
	return true;
}

/* Whether PostgreSQL's text form of the kind is `text`, which is NUL-terminated. */
static bool is_literal_of(enum db_type_kind kind, struct text text)
{
	switch (kind) {
	case DB_TYPE_OTHER:
	case DB_TYPE_COMPOSITE:
	case DB_TYPE_HSTORE:
	case DB_TYPE_INTERVAL:
		return memchr(text.at, '\0', text.length) == NULL;
	case DB_TYPE_INT2:
		return number_is_integer(text, INT16_MIN, INT16_MAX);
	case DB_TYPE_INT4:
		return number_is_integer(text, INT32_MIN, INT32_MAX);
	case DB_TYPE_INT8:
		return number_is_integer(text, INT64_MIN, INT64_MAX);
	case DB_TYPE_FLOAT4:
		return number_is_special(text) || number_is_float4(text);
	case DB_TYPE_FLOAT8:
		return number_is_special(text) || number_is_float8(text);
	case DB_TYPE_NUMERIC:
		return number_is_special(text) || number_is_numeric(text);
	case DB_TYPE_UUID:
		return is_uuid(text);
	case DB_TYPE_DATE:
		return datetime_is_date(text);
	case DB_TYPE_TIME:
		return datetime_is_time(text);
	case DB_TYPE_TIMESTAMP:
		return datetime_is_timestamp(text);
	case DB_TYPE_TIMESTAMPTZ:
		return datetime_is_timestamptz(text);
	default:
		return false;
	}
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What PostgreSQL's boolean takes: true, yes, on, 1 and their opposites, in any case and as short as they are clear, with
 * white space around. Bound in one form, so that two of a value are the same. */
static bool bool_from_text(struct text text, const char **bound)
{
	static const struct {
		struct text word;
		size_t least;
		const char *value;
	} words[] = {
	    {TEXT_INIT("true"), 1, "true"}, {TEXT_INIT("yes"), 1, "true"},    {TEXT_INIT("on"), 2, "true"},
	    {TEXT_INIT("1"), 1, "true"},    {TEXT_INIT("false"), 1, "false"}, {TEXT_INIT("no"), 1, "false"},
	    {TEXT_INIT("off"), 2, "false"}, {TEXT_INIT("0"), 1, "false"},
	};

	while (text.length > 0 && is_space(text.at[0]))
		text = (struct text){text.at + 1, text.length - 1};
	while (text.length > 0 && is_space(text.at[text.length - 1]))
		text.length--;
	for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
		if (text.length >= words[i].least && text.length <= words[i].word.length &&
		    strncasecmp(text.at, words[i].word.at, text.length) == 0) {
			*bound = words[i].value;
			return true;
		}
	return false;
}

/* `copy` is a NUL-terminated text in the arena. */
static bool bind_copy(enum db_type_kind kind, struct text copy, struct arena *arena, const char **bound)
{
	if (kind == DB_TYPE_BYTEA)
		return bytea_from_base64(copy, arena, bound);
	if (kind == DB_TYPE_BOOL)
		return bool_from_text(copy, bound);
	if (!is_literal_of(kind, copy))
		return false;
	*bound = copy.at;
	return true;
}

static bool bind_text(enum db_type_kind kind, struct text input, struct arena *arena, const char **bound)
{
	struct text copy = {arena_copy(arena, input), input.length};

	if (kind != DB_TYPE_JSON)
		return bind_copy(kind, copy, arena, bound);
	if (!is_json(copy, PARAMETER_JSON_DEPTH_MAX))
		return false;
	*bound = copy.at;
	return true;
}

/* A JSON string of what bind_text() takes. */
static bool bind_json_string(enum db_type_kind kind, struct text raw, struct arena *arena, const char **bound)
{
	struct text string;

	return json_scan_string(raw, arena, &string) && bind_copy(kind, string, arena, bound);
}

/* What no JSON number can say, in the strings that rows say it with. */
static bool bind_json_special(struct text raw, struct arena *arena, const char **bound)
{
	struct text string;

	if (!json_scan_string(raw, arena, &string) || !number_is_special(string))
		return false;
	*bound = string.at;
	return true;
}

/* A JSON value that is neither null nor an array of an array type. */
static bool bind_json(enum db_type_kind kind, struct text raw, struct arena *arena, const char **bound)
{
	bool is_integer;

	switch (kind) {
	case DB_TYPE_JSON:
		if (!is_json(raw, PARAMETER_BODY_DEPTH_MAX))
			return false;
		*bound = arena_copy(arena, raw);
		return true;
	case DB_TYPE_BOOL:
		return (text_equal(raw, TEXT("true")) || text_equal(raw, TEXT("false"))) && bool_from_text(raw, bound);
	case DB_TYPE_INT2:
	case DB_TYPE_INT4:
	case DB_TYPE_INT8:
		return json_scan_number(raw, &is_integer) && is_integer && bind_text(kind, raw, arena, bound);
	case DB_TYPE_FLOAT4:
	case DB_TYPE_FLOAT8:
		if (json_scan_number(raw, &is_integer))
			return bind_text(kind, raw, arena, bound);
		return bind_json_special(raw, arena, bound);
	case DB_TYPE_NUMERIC:
		if (json_scan_number(raw, &is_integer))
			return bind_text(kind, raw, arena, bound);
		return bind_json_string(kind, raw, arena, bound);
	default:
		return bind_json_string(kind, raw, arena, bound);
	}
}

/* PostgreSQL's array literal, being written. */
struct array_literal {
	const struct db_type *type;
	struct buffer text;
	unsigned dimension_count;                   /* 0 until the first element, which says how deep they all are */
	unsigned lengths[PARAMETER_DIMENSIONS_MAX]; /* 0 until the first array at that depth is closed */
};

static void array_add_element(struct array_literal *array, const char *element)
{
	if (element == NULL)
		buffer_add(&array->text, TEXT("NULL"));
	else
		quoted_add(&array->text, element);
}

static const char *array_finish(struct array_literal *array)
{
	buffer_add_char(&array->text, '\0');
	return array->text.bytes;
}

/* An element that is no array; `depth` is how many arrays it stands in. */
static bool array_add_json_element(struct array_literal *array, struct text raw, unsigned depth)
{
	const char *element = NULL;

	if (array->dimension_count == 0)
		array->dimension_count = depth;
	if (array->dimension_count != depth)
		return false;
	if (!text_equal(raw, TEXT("null")) && !bind_json(array->type->kind, raw, array->text.arena, &element))
		return false;
	array_add_element(array, element);
	return true;
}

/* PostgreSQL wants all arrays at one depth of one length, and none of them empty but the outermost. */
static bool array_is_even(struct array_literal *array, unsigned depth, unsigned length)
{
	unsigned *expected = &array->lengths[depth - 1];

	if (*expected == 0)
		*expected = length;
	return *expected == length && (length > 0 || depth == 1);
}

/* `raw` is a JSON array, checked as a whole; `depth` counts from 1. */
static bool array_add_json(struct array_literal *array, struct text raw, unsigned depth)
{
	size_t at = json_scan_space(raw, 1), end;
	unsigned length = 0;

	if (depth > PARAMETER_DIMENSIONS_MAX)
		return false;
	buffer_add_char(&array->text, '{');
	while (raw.at[at] != ']') {
		struct text element = {raw.at + at, raw.length - at};

		REQUIRE(json_scan_value(element, PARAMETER_BODY_DEPTH_MAX, &end));
		element.length = end;
		if (length++ > 0)
			buffer_add_char(&array->text, array->type->delimiter);
		if (*element.at == '[' && array->type->kind != DB_TYPE_JSON) {
			if (!array_add_json(array, element, depth + 1))
				return false;
		} else if (!array_add_json_element(array, element, depth)) {
			return false;
		}
		at = json_scan_space(raw, at + end);
		if (raw.at[at] == ',')
			at = json_scan_space(raw, at + 1);
	}
	buffer_add_char(&array->text, '}');
	return array_is_even(array, depth, length);
}

bool parameter_from_text(const struct db_type *type, struct text input, struct arena *arena, const char **bound)
{
	return !type->is_array && bind_text(type->kind, input, arena, bound);
}

bool parameter_from_texts(const struct db_type *type, const struct text *inputs, unsigned count, struct arena *arena,
			  const char **bound)
{
	struct array_literal array = {.type = type, .text = buffer_in(arena)};

	if (!type->is_array)
		return false;
	buffer_add_char(&array.text, '{');
	for (unsigned i = 0; i < count; i++) {
		const char *element;

		if (!bind_text(type->kind, inputs[i], arena, &element))
			return false;
		if (i > 0)
			buffer_add_char(&array.text, type->delimiter);
		array_add_element(&array, element);
	}
	buffer_add_char(&array.text, '}');
	*bound = array_finish(&array);
	return true;
}

bool parameter_from_json(const struct db_type *type, struct text raw, struct arena *arena, const char **bound)
{
	struct array_literal array = {.type = type, .text = buffer_in(arena)};

	if (text_equal(raw, TEXT("null"))) {
		*bound = NULL;
		return true;
	}
	if (record_is_made(type))
		return record_from_json(type, raw, arena, bound) == NULL;
	if (!type->is_array)
		return bind_json(type->kind, raw, arena, bound);
	if (raw.length == 0 || *raw.at != '[' || !is_json(raw, PARAMETER_BODY_DEPTH_MAX))
		return false;
	if (!array_add_json(&array, raw, 1))
		return false;
	*bound = array_finish(&array);
	return true;
}

bool parameter_is_same(const struct db_type *type, const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	if (!type->is_array && (type->kind == DB_TYPE_INT2 || type->kind == DB_TYPE_INT4 || type->kind == DB_TYPE_INT8))
		return strtoll(a, NULL, 10) == strtoll(b, NULL, 10);
	if (type->kind == DB_TYPE_UUID)
		return strcasecmp(a, b) == 0;
	return strcmp(a, b) == 0;
}

const char *parameter_problem(const struct db_type *type, struct text raw, struct arena *arena)
{
	const char *bound;

	return record_is_made(type) ? record_from_json(type, raw, arena, &bound) : NULL;
}
