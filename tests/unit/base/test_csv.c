#include "base/csv.h"

#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Shows fields as [quoted] or (plain), and a record's end as /; what is wrong with its line behind it. */
static const char *shown(struct arena *arena, const char *csv)
{
	struct buffer out = buffer_in(arena);
	size_t length = strlen(csv);
	char *exact = malloc(length + 1);
	struct csv_reader reader;
	struct csv_field field;

	/* nothing behind the text is there, so that ASan sees a step beyond it */
	memcpy(exact + 1, csv, length);
	csv_begin(&reader, (struct text){exact + 1, length}, arena);
	while (csv_next(&reader, &field))
		buffer_printf(&out, field.is_quoted ? "[%.*s]%s" : "(%.*s)%s", TEXT_ARGS(field.text),
			      field.is_last ? "/" : "");
	if (reader.wrong != NULL)
		buffer_printf(&out, " %u: %s", reader.wrong_line, reader.wrong);
	assert_false(csv_next(&reader, &field));
	free(exact);
	buffer_add_char(&out, '\0');
	return out.bytes;
}

static void fields_and_records(void **state)
{
	static const char *const cases[][2] = {
	    {"", ""},
	    {"a", "(a)/"},
	    {"a,b", "(a)(b)/"},
	    {"a\n", "(a)/"},
	    {"a,b\r\nc,\r\n", "(a)(b)/(c)()/"},
	    {",", "()()/"},
	    {"\n", "()/"},
	    {"a\n\nb", "(a)/()/(b)/"},
	    {"a\r\n\r\n", "(a)/()/"},
	    {" a , b ", "( a )( b )/"},
	    {"\"\"", "[]/"},
	    {"\"a\"", "[a]/"},
	    {"\"a,b\",c", "[a,b](c)/"},
	    {"\"a\r\nb\n\"\r\nc", "[a\r\nb\n]/(c)/"},
	    {"\"\"\"\"", "[\"]/"},
	    {"\"a\"\"b\"\"\"", "[a\"b\"]/"},
	    {"\"\",\"\"\n", "[][]/"},
	    {"a,\"\"", "(a)[]/"},
	    {"gr\xc3\xb6\xc3\x9f;'x'", "(gr\xc3\xb6\xc3\x9f;'x')/"},
	    {"a long field that is longer than a block,another one of such a length\n",
	     "(a long field that is longer than a block)(another one of such a length)/"},
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, NULL, 0);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		assert_string_equal(shown(&arena, cases[i][0]), cases[i][1]);
	arena_cleanup(&arena);
}

static void what_is_wrong_has_a_line(void **state)
{
	static const char *const cases[][2] = {
	    {"\"", " 1: a field begins with a quote and none closes it"},
	    {"a\n\"b\nc", "(a)/ 2: a field begins with a quote and none closes it"},
	    {"\"a\"\"", " 1: a field begins with a quote and none closes it"},
	    {"\"a\nb\"c", " 2: a comma or the end of the line was expected behind a closing quote"},
	    {"\"a\" ,b", " 1: a comma or the end of the line was expected behind a closing quote"},
	    {"\"a\"\rb", " 1: a comma or the end of the line was expected behind a closing quote"},
	    {"a\nb\"c", "(a)/ 2: a field with a quote must stand in quotes"},
	    {"a\rb", " 1: a line must end with CR LF or LF"},
	    {"a\r", " 1: a line must end with CR LF or LF"},
	    {"\r", " 1: a line must end with CR LF or LF"},
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, NULL, 0);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		assert_string_equal(shown(&arena, cases[i][0]), cases[i][1]);
	arena_cleanup(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields_and_records),
	    cmocka_unit_test(what_is_wrong_has_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
