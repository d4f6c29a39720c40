#include "db/values/digits.h"

#include "base/compiler.h"
#include "base/text.h"
#include "db/values/number.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A number that touches one of these is part of a word: 9f3e12345 is none. */
static bool is_of_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
}

/* Of the number whose exponent begins at `e`; 0: there is none. */
static uint64_t digits_around(const char *start, const char *e)
{
	const char *first = e, *end = e + 1;

	while (first > start && (is_digit(first[-1]) || first[-1] == '.'))
		first--;
	end += *end == '+' || *end == '-';
	while (is_digit(*end))
		end++;
	if (first == e || (first > start && is_of_word(first[-1])) || is_of_word(*end))
		return 0;
	return number_digits_written((struct text){first, (size_t)(end - first)});
}

static uint64_t digits_of(const char *text)
{
	uint64_t sum = 0;

	for (const char *e = strpbrk(text, "eE"); e != NULL; e = strpbrk(e + 1, "eE"))
		sum += digits_around(text, e);
	return sum;
}

/* `json` with blanks in place of its strings. */
static const char *without_strings(const char *json, struct arena *arena)
{
	char *copy = arena_copy(arena, text_of(json));
	bool is_inside = false;

	for (char *c = copy; *c != '\0'; c++) {
		if (*c == '"') {
			is_inside = !is_inside;
			continue;
		}
		if (!is_inside)
			continue;
		if (*c == '\\')
			*c++ = ' ';
		*c = ' ';
	}
	return copy;
}

/* What is words to PostgreSQL, whatever stands in it. */
static bool is_of_words(const struct db_type *type)
{
	static const struct text names[] = {
	    TEXT_INIT("text"), TEXT_INIT("character"), TEXT_INIT("citext"), TEXT_INIT("name"), TEXT_INIT("xml"),
	};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		if (strncmp(type->name, names[i].at, names[i].length) == 0)
			return true;
	return false;
}

static bool may_hold_numeric(const struct db_type *type)
{
	switch (type->kind) {
	case DB_TYPE_NUMERIC:
	case DB_TYPE_JSON:
	case DB_TYPE_COMPOSITE:
		return true;
	case DB_TYPE_OTHER: /* ranges of them, say */
		return !is_of_words(type);
	default:
		return false;
	}
}

uint64_t digits_written(const struct db_type *type, const char *bound, struct arena *arena)
{
	uint64_t sum;

	if (bound == NULL || !may_hold_numeric(type))
		return 0;
	sum = digits_of(bound);
	if (sum > DIGITS_MAX && type->kind == DB_TYPE_JSON && !type->is_array)
		sum = digits_of(without_strings(bound, arena));
	return sum;
}
