#include "db/row_json.h"

#include "base/base64.h"

/* Quotes what is known to need no escape. */
static void add_quoted(struct buffer *out, struct text value)
{
	char *place = buffer_reserve(out, value.length + 2);

	*place++ = '"';
	memcpy(place, value.at, value.length);
	place[value.length] = '"';
	out->length += value.length + 2;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A float or numeric; NaN and infinities are no JSON numbers. */
static void add_number(struct buffer *out, struct text value)
{
	size_t first_digit = value.length > 0 && *value.at == '-' ? 1 : 0;

	if (LIKELY(first_digit < value.length && is_digit(value.at[first_digit])))
		buffer_add(out, value);
	else
		buffer_add_json_string(out, value);
}

/* 2026-11-22 10:00:00.5 with a T between; +02 becomes +02:00. What else there is (infinity, "... BC") has no
 * ISO 8601 form and stays. */
static void add_timestamp(struct buffer *out, struct text value)
{
	const char *space = value.length > 0 ? memchr(value.at, ' ', value.length) : NULL;
	char *place;

	if (UNLIKELY(space == NULL || space - value.at < (ptrdiff_t)sizeof("2026-11-22") - 1 || space[-3] != '-' ||
		     value.at[value.length - 1] == 'C')) {
		buffer_add_json_string(out, value);
		return;
	}
	place = buffer_reserve(out, value.length + 5);
	*place++ = '"';
	memcpy(place, value.at, value.length);
	place[space - value.at] = 'T';
	place += value.length;
	if (place[-3] == '+' || place[-3] == '-') {
		memcpy(place, ":00", 3);
		place += 3;
	}
	*place++ = '"';
	out->length = (size_t)(place - out->bytes);
}

static uint8_t hex_value(char c)
{
	return (uint8_t)(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* \x00ff in base64; a function may have set another bytea_output, whose text is shown as it is. */
static void add_bytea(struct buffer *out, struct text value)
{
	const char *hex;
	char *place;
	size_t left;

	if (UNLIKELY(value.length < 2 || value.length % 2 != 0 || memcmp(value.at, "\\x", 2) != 0)) {
		buffer_add_json_string(out, value);
		return;
	}
	hex = value.at + 2;
	left = value.length / 2 - 1;
	place = buffer_reserve(out, base64_length(left) + 2);
	*place++ = '"';
	while (left > 0) {
		unsigned count = left < 3 ? (unsigned)left : 3;
		uint8_t bytes[3] = {0, 0, 0};

		for (unsigned i = 0; i < count; i++, hex += 2)
			bytes[i] = (uint8_t)(hex_value(hex[0]) << 4 | hex_value(hex[1]));
		base64_encode_group(bytes, count, place);
		place += 4;
		left -= count;
	}
	*place++ = '"';
	out->length = (size_t)(place - out->bytes);
}

static void add_scalar(struct buffer *out, enum db_type_kind kind, struct text value)
{
	switch (kind) {
	case DB_TYPE_INT2:
	case DB_TYPE_INT4:
	case DB_TYPE_INT8:
	case DB_TYPE_JSON:
		buffer_add(out, value);
		break;
	case DB_TYPE_FLOAT4:
	case DB_TYPE_FLOAT8:
	case DB_TYPE_NUMERIC:
		add_number(out, value);
		break;
	case DB_TYPE_BOOL:
		buffer_add(out, value.length > 0 && *value.at == 't' ? TEXT("true") : TEXT("false"));
		break;
	case DB_TYPE_UUID:
	case DB_TYPE_DATE:
	case DB_TYPE_TIME:
	case DB_TYPE_INTERVAL:
		add_quoted(out, value);
		break;
	case DB_TYPE_TIMESTAMP:
	case DB_TYPE_TIMESTAMPTZ:
		add_timestamp(out, value);
		break;
	case DB_TYPE_BYTEA:
		add_bytea(out, value);
		break;
	case DB_TYPE_VOID:
		buffer_add(out, TEXT("null"));
		break;
	default:
		buffer_add_json_string(out, value);
		break;
	}
}

/* An array's text form, being read. */
struct array_text {
	const char *at, *end;
	char *unescaped;    /* room for any element of this array; NULL until one has a backslash */
	struct buffer *out; /* whose scratch holds `unescaped` */
};

/* The text may end anywhere: what is cut off is not there. */
static void skip(struct array_text *array)
{
	if (array->at < array->end)
		array->at++;
}

static struct text take_escaped_element(struct array_text *array, const char *first)
{
	size_t length = (size_t)(array->at - first);

	if (array->unescaped == NULL)
		array->unescaped = buffer_scratch(array->out, (size_t)(array->end - first));
	memcpy(array->unescaped, first, length);
	while (array->at < array->end && *array->at != '"') {
		if (*array->at == '\\')
			skip(array);
		if (array->at < array->end)
			array->unescaped[length++] = *array->at++;
	}
	skip(array);
	return (struct text){array->unescaped, length};
}

/* An element in quotes; a view of the text itself when it has no backslash. */
static struct text take_quoted_element(struct array_text *array)
{
	const char *first = ++array->at;
	struct text element;

	while (array->at < array->end && *array->at != '"' && *array->at != '\\')
		array->at++;
	if (array->at < array->end && *array->at == '\\')
		return take_escaped_element(array, first);
	element = (struct text){first, (size_t)(array->at - first)};
	skip(array);
	return element;
}

static struct text take_plain_element(struct array_text *array, char delimiter)
{
	const char *first = array->at;

	while (array->at < array->end && *array->at != delimiter && *array->at != '}')
		array->at++;
	return (struct text){first, (size_t)(array->at - first)};
}

/* {1,NULL,"a \"b\""}, nested braces for more dimensions, before it [0:1]= when it does not count from 1. */
static void add_array(struct buffer *out, const struct db_type *type, struct text value)
{
	struct array_text array = {.end = value.at + value.length, .out = out};
	const char *brace = value.length > 0 ? memchr(value.at, '{', value.length) : NULL;
	struct text element;

	/* int2vector and oidvector have elements too, but a text form of their own */
	if (UNLIKELY(brace == NULL || (brace > value.at && *value.at != '['))) {
		buffer_add_json_string(out, value);
		return;
	}
	array.at = brace;
	while (array.at < array.end) {
		if (*array.at == '{' || *array.at == '}') {
			buffer_add_char(out, *array.at++ == '{' ? '[' : ']');
		} else if (*array.at == type->delimiter) {
			buffer_add_char(out, ',');
			array.at++;
		} else if (*array.at == '"') {
			add_scalar(out, type->kind, take_quoted_element(&array));
		} else {
			element = take_plain_element(&array, type->delimiter);
			if (text_equal(element, TEXT("NULL")))
				buffer_add(out, TEXT("null"));
			else
				add_scalar(out, type->kind, element);
		}
	}
}

void row_json_add_value(struct buffer *out, const struct db_type *type, struct text value)
{
	if (UNLIKELY(type->is_array))
		add_array(out, type, value);
	else
		add_scalar(out, type->kind, value);
}

void row_json_add(struct buffer *out, const struct db_signature *signature, const struct db_result *rows, unsigned row)
{
	buffer_add_char(out, '{');
	for (unsigned i = 0; i < signature->column_count; i++) {
		const struct db_column *column = &signature->columns[i];
		char *place = buffer_reserve(out, 1 + column->key.length + 4);
		struct text value;

		if (i > 0)
			*place++ = ',';
		memcpy(place, column->key.at, column->key.length);
		out->length = (size_t)(place - out->bytes) + column->key.length;
		value = db_value(rows, row, i);
		/* libpq is asked only when it may be: a null has no length */
		if (value.length == 0 && db_is_null(rows, row, i))
			buffer_add(out, TEXT("null"));
		else
			row_json_add_value(out, &column->type, value);
	}
	buffer_add_char(out, '}');
}
