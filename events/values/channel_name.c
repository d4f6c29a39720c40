#include "events/values/channel_name.h"

#include <string.h>

static const char too_long[] = "makes the name of a channel longer than 63 bytes",
		  malformed[] = "must have a literal before each {parameter}, and no blanks, quotes or other brackets";

/* Reading */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool may_stand_in_literal(char c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '\'' && c != '{' && c != '}';
}

static bool add_piece(struct channel_name *name, struct text text, bool is_parameter)
{
	if (text.length == 0 || name->count == CHANNEL_PIECES_MAX)
		return false;
	name->pieces[name->count++] = (struct channel_piece){text, is_parameter};
	return true;
}

static bool take_literal(struct text *rest, struct channel_name *name)
{
	struct text literal = {rest->at, 0};

	while (literal.length < rest->length && may_stand_in_literal(rest->at[literal.length]))
		literal.length++;
	*rest = (struct text){rest->at + literal.length, rest->length - literal.length};
	return add_piece(name, literal, false);
}

static bool take_parameter(struct text *rest, struct channel_name *name)
{
	const char *end = memchr(rest->at, '}', rest->length);
	struct text parameter;

	if (rest->at[0] != '{' || end == NULL)
		return false;
	parameter = (struct text){rest->at + 1, (size_t)(end - rest->at) - 1};
	*rest = (struct text){end + 1, rest->length - parameter.length - 2};
	return add_piece(name, parameter, true);
}

static size_t literal_bytes(const struct channel_name *name)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < name->count; i++)
		bytes += name->pieces[i].is_parameter ? 0 : name->pieces[i].text.length;
	return bytes;
}

/* A number before or behind it would not be told from it. */
static bool separates(struct text literal)
{
	for (size_t i = 0; i < literal.length; i++)
		if ((literal.at[i] >= '0' && literal.at[i] <= '9') || literal.at[i] == '-')
			return false;
	return true;
}

static bool are_separated(const struct channel_name *name)
{
	for (unsigned i = 2; i + 1 < name->count; i += 2)
		if (!separates(name->pieces[i].text))
			return false;
	return true;
}

const char *channel_name_read(struct text text, struct channel_name *name)
{
	name->count = 0;
	if (text.length == 0 || !is_letter(text.at[0]))
		return "must begin with a letter or _, so that no client names a channel alone";
	while (text.length > 0) {
		if (!take_literal(&text, name))
			return malformed;
		if (text.length > 0 && !take_parameter(&text, name))
			return malformed;
	}
	if (!are_separated(name))
		return "must have no digit and no hyphen between two parameters";
	return literal_bytes(name) > CHANNEL_NAME_BYTES_MAX ? too_long : NULL;
}

/* Writing */

const char *channel_name_add_literal(char out[CHANNEL_NAME_BYTES_MAX + 1], struct text literal)
{
	size_t length = strlen(out);

	if (length + literal.length > CHANNEL_NAME_BYTES_MAX)
		return too_long;
	memcpy(out + length, literal.at, literal.length);
	out[length + literal.length] = '\0';
	return NULL;
}

static const char *add_integer(char *out, struct text value)
{
	bool is_negative = value.length > 0 && value.at[0] == '-';

	if (value.length > 0 && (value.at[0] == '-' || value.at[0] == '+'))
		value = (struct text){value.at + 1, value.length - 1};
	while (value.length > 1 && value.at[0] == '0')
		value = (struct text){value.at + 1, value.length - 1};
	if (is_negative && !text_equal(value, TEXT("0"))) {
		const char *problem = channel_name_add_literal(out, TEXT("-"));

		if (problem != NULL)
			return problem;
	}
	return channel_name_add_literal(out, value);
}

/* PostgreSQL takes capitals, and hyphens or none. */
static const char *add_uuid(char *out, struct text value)
{
	char uuid[36];
	size_t length = 0;

	for (size_t i = 0; i < value.length && length < sizeof(uuid); i++) {
		char c = value.at[i];

		if (c == '-' || c == '{' || c == '}')
			continue;
		if (length == 8 || length == 13 || length == 18 || length == 23)
			uuid[length++] = '-';
		uuid[length++] = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
	}
	return channel_name_add_literal(out, (struct text){uuid, length});
}

const char *channel_name_add(char out[CHANNEL_NAME_BYTES_MAX + 1], enum channel_kind kind, struct text value)
{
	switch (kind) {
	case CHANNEL_INTEGER:
		return add_integer(out, value);
	case CHANNEL_UUID:
		return add_uuid(out, value);
	default:
		return value.length > 0 ? channel_name_add_literal(out, value)
					: "must not be empty: it is part of the name of a channel";
	}
}
