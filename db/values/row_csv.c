#include "db/values/row_csv.h"

#include "base/run.h"
#include "db/values/value_text.h"

static bool needs_quotes(struct text field)
{
	return field.length == 0 || run_length_before(field, '"', ',') < field.length ||
	       run_length_before(field, '\n', '\r') < field.length;
}

static size_t count_quotes(struct text field)
{
	size_t count = 0;

	for (;;) {
		size_t run = run_length_before(field, '"', '"');

		if (run == field.length)
			return count;
		count++;
		field = (struct text){field.at + run + 1, field.length - run - 1};
	}
}

/* Quotes what was written last, where it stands: from its end, so that no byte is written over before it has moved. */
static void quote(struct buffer *out, size_t begins)
{
	size_t length = out->length - begins, more = 2 + count_quotes((struct text){out->bytes + begins, length});
	const char *from;
	char *to;

	buffer_reserve(out, more);
	from = out->bytes + out->length;
	out->length += more;
	to = out->bytes + out->length;
	*--to = '"';
	while (from > out->bytes + begins) {
		*--to = *--from;
		if (*from == '"')
			*--to = '"';
	}
	*--to = '"';
}

static void quote_where_needed(struct buffer *out, size_t begins)
{
	if (needs_quotes((struct text){out->bytes + begins, out->length - begins}))
		quote(out, begins);
}

/* Digits, true and false. */
static bool is_plain(const struct db_type *type)
{
	return type->kind >= DB_TYPE_BOOL && type->kind <= DB_TYPE_NUMERIC && !type->is_array;
}

static void add_field(struct buffer *out, const struct db_type *type, struct text value)
{
	size_t begins = out->length;

	value_text_add(out, type, value);
	if (!is_plain(type) && type->kind != DB_TYPE_VOID)
		quote_where_needed(out, begins);
}

/* False: the column has none. */
static bool begins_field(struct buffer *out, unsigned column, const bool *is_left_out, bool *is_first)
{
	if (is_left_out != NULL && is_left_out[column])
		return false;
	if (!*is_first)
		buffer_add_char(out, ',');
	*is_first = false;
	return true;
}

void row_csv_add_header(struct buffer *out, const struct db_signature *signature, const bool *is_left_out)
{
	bool is_first = true;

	for (unsigned i = 0; i < signature->column_count; i++) {
		size_t begins;

		if (!begins_field(out, i, is_left_out, &is_first))
			continue;
		begins = out->length;
		buffer_add(out, text_of(signature->columns[i].name));
		quote_where_needed(out, begins);
	}
	buffer_add(out, TEXT("\r\n"));
}

void row_csv_add(struct buffer *out, const struct db_signature *signature, const struct db_result *rows, unsigned row,
		 const bool *is_left_out)
{
	bool is_first = true;

	for (unsigned i = 0; i < signature->column_count; i++) {
		struct text value = db_value(rows, row, i);

		if (!begins_field(out, i, is_left_out, &is_first))
			continue;
		/* a null has no length */
		if (value.length > 0 || !db_is_null(rows, row, i))
			add_field(out, &signature->columns[i].type, value);
	}
	buffer_add(out, TEXT("\r\n"));
}
