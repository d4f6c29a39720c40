#include "db/values/value_text.h"

#include "base/hex.h"
#include "db/values/row_json.h"

/* What is quoted and has no escapes. */
static void add_unquoted(struct buffer *out, enum db_type_kind kind, struct text value)
{
	size_t begins = out->length, length;

	value_json_add(out, kind, value);
	length = out->length - begins - 2;
	memmove(out->bytes + begins, out->bytes + begins + 1, length);
	out->length = begins + length;
}

/* A function may have set another bytea_output, whose text is shown as it is. */
static void add_bytea(struct buffer *out, struct text value)
{
	if (UNLIKELY(!value_is_hex(value)))
		buffer_add(out, value);
	else
		add_unquoted(out, DB_TYPE_BYTEA, value);
}

void value_text_add(struct buffer *out, const struct db_type *type, struct text value)
{
	if (type->is_array) {
		row_json_add_value(out, type, value);
		return;
	}
	switch (type->kind) {
	case DB_TYPE_BOOL:
		value_json_add(out, type->kind, value);
		break;
	case DB_TYPE_TIMESTAMP:
	case DB_TYPE_TIMESTAMPTZ:
		add_unquoted(out, type->kind, value);
		break;
	case DB_TYPE_BYTEA:
		add_bytea(out, value);
		break;
	case DB_TYPE_VOID:
		break;
	default:
		buffer_add(out, value);
		break;
	}
}

void value_bytes_add(struct buffer *out, struct text bytea)
{
	size_t count = bytea.length / 2 - 1;
	char *place;

	if (UNLIKELY(!value_is_hex(bytea))) {
		buffer_add(out, bytea);
		return;
	}
	place = buffer_reserve(out, count);
	for (size_t i = 0; i < count; i++)
		place[i] = (char)(hex_value(bytea.at[2 * i + 2]) << 4 | hex_value(bytea.at[2 * i + 3]));
	out->length += count;
}
