#include "db/values/value_json.h"

#include "base/base64.h"
#include "base/hex.h"

#include <endian.h>

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

/* Of a float or numeric: NaN and infinities are no JSON numbers. */
static bool is_number(struct text value)
{
	size_t first_digit = value.length > 0 && *value.at == '-' ? 1 : 0;

	return first_digit < value.length && is_digit(value.at[first_digit]);
}

static void add_number(struct buffer *out, struct text value)
{
	if (LIKELY(is_number(value)))
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

enum {
	GROUP_DIGITS = 6, /* three bytes in hex */
	READ_DIGITS = 8,  /* at once */
};

/* The three bytes that the first six of eight hex digits are, the first byte the highest. */
static uint32_t group_bits(const char *digits)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word, values, bytes;

	memcpy(&word, digits, READ_DIGITS);
	word = be64toh(word);
	/* a letter has bit 6, and its low four bits count from 1 */
	values = (word & (ones * 15)) + 9 * (word >> 6 & ones);
	/* each second byte is two digits now */
	bytes = values | values >> 4;
	return (uint32_t)((bytes >> 32 & 0xff0000) | (bytes >> 24 & 0xff00) | (bytes >> 16 & 0xff));
}

/* Pairs of hex digits as base64; whole groups, but at the end of a value. */
static void add_base64(struct buffer *out, struct text hex)
{
	char *place = buffer_reserve(out, base64_length(hex.length / 2));
	const char *at = hex.at, *end = hex.at + hex.length;

	out->length += base64_length(hex.length / 2);
	for (; end - at >= READ_DIGITS; at += GROUP_DIGITS, place += 4)
		base64_put(group_bits(at), place);
	for (; at < end; place += 4) {
		uint8_t bytes[3] = {0, 0, 0};
		unsigned count = 0;

		for (; at < end && count < 3; at += 2)
			bytes[count++] = (uint8_t)(hex_value(at[0]) << 4 | hex_value(at[1]));
		base64_encode_group(bytes, count, place);
	}
}

static void add_bytea(struct buffer *out, struct text value)
{
	if (UNLIKELY(!value_is_hex(value))) {
		buffer_add_json_string(out, value);
		return;
	}
	buffer_add_char(out, '"');
	add_base64(out, (struct text){value.at + 2, value.length - 2});
	buffer_add_char(out, '"');
}

void value_json_add(struct buffer *out, enum db_type_kind kind, struct text value)
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

/* In chunks */

size_t value_chunks_begin(struct value_chunks *chunks, struct buffer *out, enum db_type_kind kind,
			  struct text beginning)
{
	size_t prefix = 0;

	chunks->way = VALUE_ESCAPED;
	if (kind == DB_TYPE_JSON || (kind == DB_TYPE_NUMERIC && is_number(beginning))) {
		chunks->way = VALUE_COPIED;
	} else if (kind == DB_TYPE_BYTEA && value_is_hex(beginning)) {
		chunks->way = VALUE_BASE64;
		prefix = 2;
	}
	if (chunks->way != VALUE_COPIED)
		buffer_add_char(out, '"');
	return prefix;
}

void value_chunks_add(const struct value_chunks *chunks, struct buffer *out, struct text chunk)
{
	switch (chunks->way) {
	case VALUE_COPIED:
		buffer_add(out, chunk);
		break;
	case VALUE_ESCAPED:
		buffer_add_json_chars(out, chunk);
		break;
	case VALUE_BASE64:
		add_base64(out, chunk);
		break;
	}
}

void value_chunks_end(const struct value_chunks *chunks, struct buffer *out)
{
	if (chunks->way != VALUE_COPIED)
		buffer_add_char(out, '"');
}
