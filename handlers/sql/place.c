#include "handlers/sql/place.h"

#include "db/values/sql_token.h"
#include "handlers/sql/step_value.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	INDENT = 4,
	COLUMNS_BEFORE = 60, /* of a long line, so much before the place and in all */
	COLUMNS_MAX = 100,
};

/* Characters */

static bool is_following(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static const char *next_character(const char *at, const char *end)
{
	do
		at++;
	while (at < end && is_following(*at));
	return at;
}

static unsigned long code_point(const char *at, const char *end)
{
	unsigned char first = (unsigned char)*at;
	unsigned long code = first < 0x80   ? first
			     : first < 0xe0 ? first & 0x1f
			     : first < 0xf0 ? first & 0x0f
					    : first & 0x07;

	for (at++; at < end && is_following(*at); at++)
		code = code << 6 | ((unsigned char)*at & 0x3f);
	return code;
}

/* In columns of a terminal: none for what combines with the character before, two for what is wide in East Asia. */
static unsigned width_of(unsigned long code)
{
	static const struct {
		unsigned long first, last;
		unsigned width;
	} ranges[] = {{0x300, 0x36f, 0},    {0x200b, 0x200f, 0}, {0xfe00, 0xfe0f, 0},   {0x1100, 0x115f, 2},
		      {0x2e80, 0xa4cf, 2},  {0xac00, 0xd7a3, 2}, {0xf900, 0xfaff, 2},   {0xfe30, 0xfe6f, 2},
		      {0xff00, 0xff60, 2},  {0xffe0, 0xffe6, 2}, {0x1f300, 0x1f64f, 2}, {0x1f900, 0x1f9ff, 2},
		      {0x20000, 0x3fffd, 2}};

	for (size_t i = 0; i < ARRAY_LENGTH(ranges); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return ranges[i].width;
	return 1;
}

/* Places */

/* The characters of `$n`, and of the blank that the parser put before it where needed. */
static unsigned long length_of_number(const char *sql)
{
	unsigned long length = *sql == ' ' ? 2 : 1;

	while (sql_is_digit(sql[length]))
		length++;
	return length;
}

static const char *pass_name(const char *source)
{
	do
		source++;
	while (sql_continues_name(*source));
	return source;
}

/* `:take.id` or `:take."Id"`. */
static const char *pass_step_value(const char *source)
{
	source = pass_name(source);
	if (source[0] != '.' || source[1] != '"')
		return source[0] == '.' ? pass_name(source) : source;
	for (source += 2; *source != '"' && *source != '\0'; source++)
		continue;
	return *source == '"' ? source + 1 : source;
}

/* The characters that stand for such a value; 0: none does here. */
static unsigned long length_of_step_value(const char *sql)
{
	const char *end;

	if (strncmp(sql, STEP_VALUE_BEGIN, strlen(STEP_VALUE_BEGIN)) != 0)
		return 0;
	end = strstr(sql, STEP_VALUE_END);
	return end != NULL ? (unsigned long)(end - sql) + strlen(STEP_VALUE_END) : 0;
}

/* Behind a parameter that is asked for: `?` in the file, a cast in the SQL. */
static void pass_question(const char **source, const char **sql)
{
	if (**source != '?' || strncmp(*sql, GIVEN_CAST, strlen(GIVEN_CAST)) != 0)
		return;
	*source += 1;
	*sql += strlen(GIVEN_CAST);
}

/* Both texts are the same but where a parameter or a step's value is: there the file has a colon, and the SQL has none. */
static const char *find_in_source(const struct endpoint *endpoint, unsigned long position)
{
	const char *source = endpoint->source + endpoint->source_begin, *sql = endpoint->statement.sql;
	const char *end = sql + strlen(sql);
	unsigned long left = position > 0 ? position - 1 : 0;

	while (sql < end && left > 0) {
		unsigned long passed = 1;

		if (*source == *sql) {
			const char *next = next_character(sql, end);

			source += next - sql;
			sql = next;
		} else {
			const char *before = sql;
			unsigned long value = length_of_step_value(sql);

			passed = value > 0 ? value : length_of_number(sql);
			if (left < passed || *source != ':')
				return source;
			sql += passed;
			source = value > 0 ? pass_step_value(source) : pass_name(source);
			pass_question(&source, &sql);
			passed = (unsigned long)(sql - before);
			if (left < passed)
				return source;
		}
		left -= passed;
	}
	return source;
}

struct sql_place sql_place_of(const struct endpoint *endpoint, unsigned long position)
{
	const char *at = find_in_source(endpoint, position), *begin = endpoint->source;
	struct sql_place place = {.line = endpoint->sql_line};

	for (const char *c = endpoint->source; c < at; c++) {
		if (*c != '\n')
			continue;
		place.line++;
		begin = c + 1;
	}
	place.text = (struct text){begin, strcspn(begin, "\n")};
	if (place.text.length > 0 && begin[place.text.length - 1] == '\r')
		place.text.length--;
	place.at = (size_t)(at - begin);
	if (place.at > place.text.length)
		place.at = place.text.length;
	return place;
}

unsigned long sql_place_of_parameter(const struct db_statement *statement, unsigned number, unsigned long position,
				     unsigned *found)
{
	struct sql_scanner scanner = {.at = statement->sql, .end = statement->sql + strlen(statement->sql), .line = 1};
	unsigned long at = 1;

	for (;;) {
		struct sql_token token = sql_token_next(&scanner);

		if (token.kind == SQL_TOKEN_END)
			return 0;
		*found = token.kind == SQL_TOKEN_NUMBERED ? (unsigned)strtoul(token.text.at + 1, NULL, 10) : 0;
		if (*found > 0 && at >= position && (number == 0 || *found == number))
			return at;
		for (size_t i = 0; i < token.text.length; i++)
			at += !is_following(token.text.at[i]);
		sql_token_pass(&scanner, &token);
	}
}

/* Showing */

/* Where the part of the line begins that is shown: not too far before the place. */
static const char *begin_of_part(const struct sql_place *place)
{
	const char *begin = place->text.at + place->at;
	unsigned columns = 0;

	while (begin > place->text.at && columns < COLUMNS_BEFORE) {
		do
			begin--;
		while (begin > place->text.at && is_following(*begin));
		columns += width_of(code_point(begin, place->text.at + place->text.length));
	}
	return begin;
}

/* A tab, or what would move the cursor, is a blank. Returns the columns it takes. */
static unsigned show_character(const char *at, const char *next, struct buffer *out)
{
	unsigned long code = code_point(at, next);

	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		buffer_add_char(out, ' ');
	else
		buffer_add(out, (struct text){at, (size_t)(next - at)});
	return width_of(code);
}

void sql_place_show(const struct sql_place *place, struct buffer *out)
{
	const char *at = begin_of_part(place), *end = place->text.at + place->text.length;
	unsigned columns = 0, caret = 0;

	buffer_printf(out, "%*s%s", INDENT, "", at > place->text.at ? "..." : "");
	caret = at > place->text.at ? 3 : 0;
	while (at < end && columns < COLUMNS_MAX) {
		const char *next = next_character(at, end);
		unsigned width = show_character(at, next, out);

		columns += width;
		if (at < place->text.at + place->at)
			caret += width;
		at = next;
	}
	buffer_printf(out, "%s\n%*s^", at < end ? "..." : "", INDENT + (int)caret, "");
}
