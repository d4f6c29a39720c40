#include "handlers/sql/body_rows.h"

#include "base/csv.h"
#include "handlers/sql/body.h"

/* NDJSON */

const char *body_rows_from_lines(struct text lines, unsigned max_depth, struct buffer *out)
{
	struct text rest = lines;
	const char *problem = NULL;
	unsigned count = 0;

	buffer_add_char(out, '[');
	while (rest.length > 0 && problem == NULL) {
		struct text line = text_cut_at(&rest, '\n');
		size_t blank = body_blank_length(line);

		if (blank == line.length)
			continue;
		line = (struct text){line.at + blank, line.length - blank};
		problem = body_check_object(lines, line, max_depth, out->arena);
		if (count++ > 0)
			buffer_add_char(out, ',');
		buffer_add(out, line);
	}
	buffer_add_char(out, ']');
	return problem;
}

/* CSV */

struct columns {
	struct text names[BODY_COLUMNS_MAX];
	struct text keys[BODY_COLUMNS_MAX]; /* `"name":` */
	unsigned count;
};

static const char *wrong_name(const struct columns *columns, const struct csv_field *field, struct arena *arena)
{
	struct text shown = text_cut_to(field->text, BODY_NAME_BYTES_MAX);

	if (columns->count == BODY_COLUMNS_MAX)
		return arena_printf(arena, "line %u: more than %d columns", field->line, BODY_COLUMNS_MAX);
	if (field->text.length == 0)
		return arena_printf(arena, "line %u: column %u has no name", field->line, columns->count + 1);
	if (field->text.length > BODY_NAME_BYTES_MAX)
		return arena_printf(arena, "line %u: the name of column %u is longer than %d bytes", field->line,
				    columns->count + 1, BODY_NAME_BYTES_MAX);
	for (unsigned i = 0; i < columns->count; i++)
		if (text_equal(columns->names[i], field->text))
			return arena_printf(arena, "line %u: two columns have the name \"%.*s\"", field->line,
					    TEXT_ARGS(shown));
	return NULL;
}

static const char *read_header(struct csv_reader *reader, struct columns *columns, struct arena *arena)
{
	struct csv_field field = {.is_last = false};

	while (!field.is_last && csv_next(reader, &field)) {
		struct buffer key = buffer_in(arena);
		const char *problem = wrong_name(columns, &field, arena);

		if (problem != NULL)
			return problem;
		buffer_add_json_string(&key, field.text);
		buffer_add_char(&key, ':');
		columns->names[columns->count] = field.text;
		columns->keys[columns->count++] = buffer_text(&key);
	}
	if (reader->wrong != NULL)
		return arena_printf(arena, "line %u: %s", reader->wrong_line, reader->wrong);
	return columns->count == 0 ? "line 1: the names of the columns were expected" : NULL;
}

static void add_field(struct buffer *out, struct text key, const struct csv_field *field, bool *is_first)
{
	if (field->text.length == 0 && !field->is_quoted)
		return;
	if (!*is_first)
		buffer_add_char(out, ',');
	*is_first = false;
	buffer_add(out, key);
	buffer_add_json_string(out, field->text);
}

/* Reads the record that begins with `field`. */
static const char *read_record(struct csv_reader *reader, const struct columns *columns, struct csv_field *field,
			       struct buffer *out)
{
	unsigned line = field->line, count = 0;
	bool is_first = true;

	buffer_add_char(out, '{');
	for (;;) {
		if (count < columns->count)
			add_field(out, columns->keys[count], field, &is_first);
		count++;
		if (field->is_last || !csv_next(reader, field))
			break;
	}
	buffer_add_char(out, '}');
	if (reader->wrong != NULL)
		return arena_printf(out->arena, "line %u: %s", reader->wrong_line, reader->wrong);
	if (count == columns->count)
		return NULL;
	return arena_printf(out->arena, "line %u has %u field%s, and the header has %u", line, count,
			    count == 1 ? "" : "s", columns->count);
}

static const char *read_records(struct csv_reader *reader, const struct columns *columns, size_t most,
				struct buffer *out, bool *is_too_large)
{
	const char *problem = NULL;
	struct csv_field field;

	while (problem == NULL && csv_next(reader, &field)) {
		if (out->length > 1)
			buffer_add_char(out, ',');
		problem = read_record(reader, columns, &field, out);
		if (problem == NULL && out->length > most) {
			*is_too_large = true;
			return arena_printf(out->arena,
					    "up to line %u the rows are %zu bytes of JSON, and %zu are the most: the "
					    "names of the columns are in each",
					    field.line, out->length, most);
		}
	}
	if (problem == NULL && reader->wrong != NULL)
		return arena_printf(out->arena, "line %u: %s", reader->wrong_line, reader->wrong);
	return problem;
}

const char *body_rows_from_csv(struct text csv, struct buffer *out, bool *is_too_large)
{
	struct columns *columns = arena_alloc(out->arena, sizeof(*columns));
	size_t most = body_rows_most(csv.length);
	struct csv_reader reader;
	const char *problem;

	columns->count = 0;
	*is_too_large = false;
	/* spreadsheets begin with a byte order mark */
	if (csv.length >= 3 && memcmp(csv.at, "\xEF\xBB\xBF", 3) == 0)
		csv = (struct text){csv.at + 3, csv.length - 3};
	csv_begin(&reader, csv, out->arena);
	problem = read_header(&reader, columns, out->arena);
	if (problem != NULL)
		return problem;
	buffer_add_char(out, '[');
	problem = read_records(&reader, columns, most, out, is_too_large);
	buffer_add_char(out, ']');
	return problem;
}
