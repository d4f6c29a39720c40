#include "db/values/row_json.h"

#include "base/run.h"

#include <stdint.h>

void row_json_add_value(struct buffer *out, const struct db_type *type, struct text value)
{
	struct array_json array;

	if (LIKELY(!type->is_array))
		value_json_add(out, type->kind, value);
	else if (array_json_begin(&array, type, value))
		array_json_go_on(&array, out, SIZE_MAX);
	else
		buffer_add_json_string(out, value);
}

/* Large values */

static void begin_large(struct row_json *json, struct buffer *out, const struct db_type *type, struct text value)
{
	size_t skipped;

	json->is_in_value = true;
	json->is_array = type->is_array && array_json_begin(&json->array, type, value);
	if (json->is_array)
		return;
	skipped = value_chunks_begin(&json->chunks, out, type->is_array ? DB_TYPE_OTHER : type->kind, value);
	json->rest = (struct text){value.at + skipped, value.length - skipped};
}

static struct text take_chunk(struct text *rest)
{
	struct text chunk = {rest->at, rest->length < VALUE_CHUNK_BYTES ? rest->length : VALUE_CHUNK_BYTES};

	rest->at += chunk.length;
	rest->length -= chunk.length;
	return chunk;
}

/* Returns whether all of it is written. */
static bool go_on_with_large(struct row_json *json, struct buffer *out, size_t until)
{
	if (json->is_array) {
		json->is_in_value = !array_json_go_on(&json->array, out, until);
		return !json->is_in_value;
	}
	while (json->rest.length > 0) {
		if (out->length >= until)
			return false;
		value_chunks_add(&json->chunks, out, take_chunk(&json->rest));
	}
	value_chunks_end(&json->chunks, out);
	json->is_in_value = false;
	return true;
}

/* Rows */

void row_json_begin(struct row_json *json, struct buffer *out, const struct db_signature *signature,
		    const struct db_result *rows, unsigned row)
{
	json->signature = signature;
	json->rows = rows;
	json->row = row;
	json->column = 0;
	json->is_in_value = false;
	buffer_add_char(out, '{');
}

static void add_key(struct buffer *out, struct text key, bool is_first)
{
	char *place = buffer_reserve(out, 1 + key.length + 4);

	if (!is_first)
		*place++ = ',';
	memcpy(place, key.at, key.length);
	out->length = (size_t)(place - out->bytes) + key.length;
}

/* The next column; of a large value only its beginning. */
static void add_column(struct row_json *json, struct buffer *out)
{
	const struct db_column *column = &json->signature->columns[json->column];
	struct text value = db_value(json->rows, json->row, json->column);

	add_key(out, column->key, json->column == 0);
	/* libpq is asked only when it may be: a null has no length */
	if (value.length == 0 && db_is_null(json->rows, json->row, json->column))
		buffer_add(out, TEXT("null"));
	else if (UNLIKELY(value.length > VALUE_LARGE_BYTES))
		begin_large(json, out, &column->type, value);
	else
		row_json_add_value(out, &column->type, value);
	json->column++;
}

bool row_json_go_on(struct row_json *json, struct buffer *out, size_t until)
{
	for (;;) {
		if (UNLIKELY(json->is_in_value) && !go_on_with_large(json, out, until))
			return false;
		if (json->column == json->signature->column_count)
			break;
		if (UNLIKELY(out->length >= until))
			return false;
		add_column(json, out);
	}
	buffer_add_char(out, '}');
	return true;
}

void row_json_add(struct buffer *out, const struct db_signature *signature, const struct db_result *rows, unsigned row)
{
	struct row_json json;

	row_json_begin(&json, out, signature, rows, row);
	row_json_go_on(&json, out, SIZE_MAX);
}

/* json passes byte for byte, line breaks between its tokens included; in its strings there are none. */
static void keep_one_line(char *from, const char *end)
{
	for (;;) {
		from += run_length_before((struct text){from, (size_t)(end - from)}, '\n', '\r');
		if (from == end)
			return;
		*from++ = ' ';
	}
}

void row_json_end_line(struct buffer *out, size_t begins)
{
	keep_one_line(out->bytes + begins, out->bytes + out->length);
	buffer_add_char(out, '\n');
}

void row_json_add_line(struct buffer *out, const struct db_signature *signature, const struct db_result *rows,
		       unsigned row)
{
	size_t begins = out->length;

	row_json_add(out, signature, rows, row);
	row_json_end_line(out, begins);
}

void row_json_add_without(struct buffer *out, const struct db_signature *signature, const struct db_result *rows,
			  unsigned row, const bool *is_left_out)
{
	bool is_first = true;

	buffer_add_char(out, '{');
	for (unsigned i = 0; i < signature->column_count; i++) {
		if (is_left_out[i])
			continue;
		/* a second call of add_key() would keep it from being inlined in the first */
		if (!is_first)
			buffer_add_char(out, ',');
		buffer_add(out, signature->columns[i].key);
		if (db_is_null(rows, row, i))
			buffer_add(out, TEXT("null"));
		else
			row_json_add_value(out, &signature->columns[i].type, db_value(rows, row, i));
		is_first = false;
	}
	buffer_add_char(out, '}');
}
