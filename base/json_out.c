#include "base/json_out.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/percent.h"
#include "base/require.h"

/* A line of its own for the next member or bracket. */
static void begin_line(struct json_out *json)
{
	buffer_add_char(json->out, '\n');
	for (unsigned level = 0; level < json->depth; level++)
		buffer_add(json->out, TEXT("  "));
}

void json_out_begin(struct json_out *json, const char *key)
{
	if (json->needs_comma)
		buffer_add_char(json->out, ',');
	if (json->is_indented && json->depth > 0)
		begin_line(json);
	if (key != NULL) {
		buffer_add_json_string(json->out, text_of(key));
		buffer_add(json->out, json->is_indented ? TEXT(": ") : TEXT(":"));
	}
	json->needs_comma = true;
}

void json_out_open(struct json_out *json, const char *key, char bracket)
{
	REQUIRE(json->depth < JSON_OUT_DEPTH_MAX);
	json_out_begin(json, key);
	buffer_add_char(json->out, bracket);
	json->closers[json->depth++] = bracket == '{' ? '}' : ']';
	json->needs_comma = false;
}

void json_out_close(struct json_out *json)
{
	REQUIRE(json->depth > 0);
	json->depth--;
	if (json->is_indented && json->needs_comma)
		begin_line(json);
	buffer_add_char(json->out, json->closers[json->depth]);
	json->needs_comma = true;
}

void json_out_close_above(struct json_out *json, unsigned depth)
{
	while (json->depth > depth)
		json_out_close(json);
}

void json_out_json(struct json_out *json, const char *key, const char *value)
{
	json_out_begin(json, key);
	buffer_add(json->out, text_of(value));
}

void json_out_text(struct json_out *json, const char *key, struct text text)
{
	json_out_begin(json, key);
	buffer_add_json_string(json->out, text);
}

void json_out_number(struct json_out *json, const char *key, double number)
{
	char digits[32];

	if (!isfinite(number)) {
		json_out_null(json, key);
		return;
	}
	snprintf(digits, sizeof(digits), "%.15g", number);
	if (strtod(digits, NULL) < number || strtod(digits, NULL) > number)
		snprintf(digits, sizeof(digits), "%.17g", number);
	json_out_begin(json, key);
	buffer_add(json->out, text_of(digits));
}

void json_out_count(struct json_out *json, const char *key, uint64_t count)
{
	json_out_begin(json, key);
	buffer_printf(json->out, "%" PRIu64, count);
}

void json_out_bool(struct json_out *json, const char *key, bool is_true)
{
	json_out_begin(json, key);
	buffer_add(json->out, is_true ? TEXT("true") : TEXT("false"));
}

void json_out_null(struct json_out *json, const char *key)
{
	json_out_begin(json, key);
	buffer_add(json->out, TEXT("null"));
}

/* How long the UTF-8 sequence at the front of `text` is; 0 when it is none. */
static size_t utf8_sequence(struct text text)
{
	unsigned char first = (unsigned char)text.at[0];
	size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (length > text.length || !utf8_is_valid((struct text){text.at, length}))
		return 0;
	return length;
}

static struct text with_replacements(struct arena *arena, struct text text)
{
	char *copy = arena_alloc(arena, text.length * 3 + 1);
	size_t length = 0;

	while (text.length > 0) {
		size_t taken = utf8_sequence(text);

		memcpy(copy + length, taken > 0 ? text.at : "\xef\xbf\xbd", taken > 0 ? taken : 3);
		length += taken > 0 ? taken : 3;
		taken = taken > 0 ? taken : 1;
		text = (struct text){text.at + taken, text.length - taken};
	}
	return (struct text){copy, length};
}

void json_out_string(struct json_out *json, const char *key, const char *string)
{
	struct text text;

	if (string == NULL) {
		json_out_null(json, key);
		return;
	}
	text = text_of(string);
	if (!utf8_is_valid(text))
		text = with_replacements(json->out->arena, text);
	json_out_begin(json, key);
	buffer_add_json_string(json->out, text);
}
