#include "base/csv.h"

#include "base/run.h"

void csv_begin(struct csv_reader *reader, struct text text, struct arena *arena)
{
	const char *at = text.length > 0 ? text.at : "";

	*reader = (struct csv_reader){.at = at, .end = at + text.length, .arena = arena, .line = 1};
}

static bool fail(struct csv_reader *reader, unsigned line, const char *wrong)
{
	reader->wrong = wrong;
	reader->wrong_line = line;
	reader->at = reader->end;
	return false;
}

static struct text rest_of(const struct csv_reader *reader)
{
	return (struct text){reader->at, (size_t)(reader->end - reader->at)};
}

static void count_lines(struct csv_reader *reader, struct text text)
{
	for (;;) {
		size_t run = run_length_before(text, '\n', '\n');

		if (run == text.length)
			return;
		reader->line++;
		text = (struct text){text.at + run + 1, text.length - run - 1};
	}
}

/* Each second quote is left out. */
static struct text without_doubled(struct text text, struct arena *arena)
{
	char *copy = arena_alloc(arena, text.length), *out = copy;

	for (size_t i = 0; i < text.length; i++) {
		*out++ = text.at[i];
		if (text.at[i] == '"')
			i++;
	}
	return (struct text){copy, (size_t)(out - copy)};
}

/* Behind the quote that opens it, up to the one that closes it. */
static bool take_quoted(struct csv_reader *reader, struct csv_field *field)
{
	bool has_doubled = false;

	field->text.at = ++reader->at;
	for (;;) {
		reader->at += run_length_before(rest_of(reader), '"', '"');
		if (reader->at == reader->end)
			return fail(reader, field->line, "a field begins with a quote and none closes it");
		if (reader->at + 1 == reader->end || reader->at[1] != '"')
			break;
		has_doubled = true;
		reader->at += 2;
	}
	field->text.length = (size_t)(reader->at - field->text.at);
	count_lines(reader, field->text);
	if (has_doubled)
		field->text = without_doubled(field->text, reader->arena);
	reader->at++;
	return true;
}

static bool take_plain(struct csv_reader *reader, struct csv_field *field)
{
	struct text rest = rest_of(reader);
	size_t length;

	rest.length = run_length_before(rest, ',', '\n');
	length = run_length_before(rest, '"', '\r');
	field->text = (struct text){rest.at, length};
	reader->at += length;
	if (length < rest.length && rest.at[length] == '"')
		return fail(reader, reader->line, "a field with a quote must stand in quotes");
	return true;
}

/* A comma, the end of a line or the end of the text. */
static bool take_end(struct csv_reader *reader, struct csv_field *field)
{
	field->is_last = true;
	if (reader->at == reader->end)
		return true;
	if (*reader->at == ',') {
		field->is_last = false;
		reader->at++;
		return true;
	}
	if (*reader->at == '\r' && reader->at + 1 < reader->end && reader->at[1] == '\n')
		reader->at++;
	if (*reader->at != '\n')
		return fail(reader, reader->line,
			    field->is_quoted ? "a comma or the end of the line was expected "
					       "behind a closing quote"
					     : "a line must end with CR LF or LF");
	reader->at++;
	reader->line++;
	return true;
}

bool csv_next(struct csv_reader *reader, struct csv_field *field)
{
	if (reader->wrong != NULL || (reader->at == reader->end && !reader->is_in_record))
		return false;
	*field = (struct csv_field){.line = reader->line};
	field->is_quoted = reader->at < reader->end && *reader->at == '"';
	if (!(field->is_quoted ? take_quoted(reader, field) : take_plain(reader, field)) || !take_end(reader, field))
		return false;
	reader->is_in_record = !field->is_last;
	return true;
}
