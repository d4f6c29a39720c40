/* Places in the SQL that PostgreSQL was sent, in the file that the author wrote. */
#include "handlers/sql/place.h"

#include "db/values/sql_message.h"
#include "unit/handlers/sql/file_fixture.h"

static const struct endpoint *endpoint_of(const char *sql)
{
	char source[4096];

	start_again();
	snprintf(source, sizeof(source), EXEC "%s", sql);
	assert_int_equal(sql_file_parse(&set, "a.sql", text_of(source)), 0);
	return &set.endpoints[0];
}

/* As PostgreSQL counts: characters from 1, up to the mark in the text that it is sent. */
static unsigned long position_of(const struct endpoint *endpoint, const char *mark)
{
	const char *at = strstr(endpoint->statement.sql, mark);
	unsigned long position = 1;

	assert_non_null(at);
	for (const char *c = endpoint->statement.sql; c < at; c++)
		position += ((unsigned char)*c & 0xc0) != 0x80;
	return position;
}

static void expect_shown(const struct endpoint *endpoint, unsigned long position, unsigned line, const char *expected)
{
	struct sql_place place = sql_place_of(endpoint, position);
	struct buffer shown = buffer_in(&set.arena);

	sql_place_show(&place, &shown);
	buffer_add_char(&shown, '\0');
	assert_string_equal(shown.bytes, expected);
	assert_int_equal(place.line, line);
}

/* The mark is found in what PostgreSQL is sent, and shown in what the author wrote. */
static void expect(const char *sql, const char *mark, unsigned line, const char *expected)
{
	const struct endpoint *endpoint = endpoint_of(sql);

	expect_shown(endpoint, position_of(endpoint, mark), line, expected);
}

static void a_place_is_found_where_the_author_wrote_it(void **state)
{
	(void)state;
	expect("SELECT nme FROM t;", "nme", 3, "    SELECT nme FROM t;\n           ^");
	expect("SELECT a\nFROM\n  nowhere\nWHERE b", "nowhere", 5, "      nowhere\n      ^");
	expect("SELECT a\r\nFROM b\r\n", "b", 4, "    FROM b\n         ^");
	expect("/* why */ SELECT a -- more", "a", 3, "    /* why */ SELECT a -- more\n                     ^");
}

static void parameters_are_longer_or_shorter_than_their_numbers(void **state)
{
	(void)state;
	expect("SELECT :a_long_name, :b, wrong", "wrong", 3,
	       "    SELECT :a_long_name, :b, wrong\n                             ^");
	expect("SELECT :a, :b, :a, wrong", "wrong", 3, "    SELECT :a, :b, :a, wrong\n                       ^");
	expect("SELECT :first, :second", "$2", 3, "    SELECT :first, :second\n                   ^");
	expect("SELECT 1 WHERE 1 IN:a AND wrong", "wrong", 3,
	       "    SELECT 1 WHERE 1 IN:a AND wrong\n                              ^");
	expect("SELECT 1 WHERE 1 IN:a", "$1", 3, "    SELECT 1 WHERE 1 IN:a\n                       ^");
	expect("SELECT :a::int, '$1 :b', wrong", "wrong", 3,
	       "    SELECT :a::int, '$1 :b', wrong\n                             ^");
	expect("SELECT :a\n, :b, wrong", "wrong", 4, "    , :b, wrong\n          ^");
	expect("SELECT :a_1,\n  :a_2,\n  :a_3,\n  :a_4,\n :a_5, :a_6,\n :a_7, :a_8, :a_9, :a_10, wrong", "wrong", 8,
	       "     :a_7, :a_8, :a_9, :a_10, wrong\n                              ^");
}

static void a_caret_stands_below_its_character(void **state)
{
	(void)state;
	expect("SELECT 'äöü€', wrong", "wrong", 3, "    SELECT 'äöü€', wrong\n                   ^");
	expect("SELECT 'äöü€' AS \"ü\",\n wrong", "wrong", 4, "     wrong\n     ^");
	expect("\tSELECT\t1,\twrong", "wrong", 3, "     SELECT 1, wrong\n               ^");
	expect("SELECT '漢字😀', wrong", "wrong", 3, "    SELECT '漢字😀', wrong\n                     ^");
	expect("SELECT 'e\xCC\x81', wrong", "wrong", 3, "    SELECT 'e\xCC\x81', wrong\n                ^");
	expect("SELECT '\x1b[2J', wrong", "wrong", 3, "    SELECT ' [2J', wrong\n                   ^");
}

static void the_end_and_what_is_beyond_are_the_end(void **state)
{
	const struct endpoint *endpoint = endpoint_of("SELECT (:a;\n");

	(void)state;
	expect_shown(endpoint, strlen("SELECT ($1") + 1, 3, "    SELECT (:a;\n              ^");
	expect_shown(endpoint, 10000, 3, "    SELECT (:a;\n              ^");
	expect_shown(endpoint, 0, 3, "    SELECT (:a;\n    ^");
	/* PostgreSQL never points into a number */
	expect_shown(endpoint, strlen("SELECT ($") + 1, 3, "    SELECT (:a;\n            ^");
}

static void long_lines_are_cut_around_the_place(void **state)
{
	char sql[1000] = "SELECT ", expected[300];
	char x[201], sixty[61], forty[36];

	(void)state;
	memset(x, 'x', 200);
	memset(sixty, 'x', 60);
	memset(forty, 'y', 35);
	x[200] = sixty[60] = forty[35] = '\0';
	snprintf(sql, sizeof(sql), "SELECT %swrong%.60s", x,
		 "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
	snprintf(expected, sizeof(expected), "    ...%swrong%s...\n%*s^", sixty, forty, 4 + 3 + 60, "");
	expect(sql, "wrong", 3, expected);
}

static void the_first_place_of_a_parameter(void **state)
{
	const struct endpoint *endpoint = endpoint_of("SELECT 'ü $2 :b', :a, :b /* $1 */, :a, :b");
	unsigned found;

	(void)state;
	assert_int_equal(sql_place_of_parameter(&endpoint->statement, 2, 0, &found), position_of(endpoint, "$2 /*"));
	assert_int_equal(found, 2);
	assert_int_equal(sql_place_of_parameter(&endpoint->statement, 1, 0, &found),
			 position_of(endpoint, "$1, $2 /*"));
	assert_int_equal(found, 1);
	assert_int_equal(sql_place_of_parameter(&endpoint->statement, 0, position_of(endpoint, "$2 /*") + 1, &found),
			 position_of(endpoint, "$1, $2") + strlen("$1, $2 /* $1 */, "));
	assert_int_equal(found, 1);
	assert_int_equal(sql_place_of_parameter(&endpoint->statement, 3, 0, &found), 0);
}

static void expect_named(const char *message, const char *expected)
{
	const struct endpoint *endpoint = endpoint_of("SELECT :first, :second");
	char named[40];

	sql_message_named(&endpoint->statement, message, named, sizeof(named));
	assert_string_equal(named, expected);
}

static void messages_name_parameters(void **state)
{
	(void)state;
	expect_named("type of parameter $1", "type of parameter :first");
	expect_named("at or near \"$2\"", "at or near \":second\"");
	expect_named("$1$2 $1", ":first$2 :first");
	expect_named("$3 $0 $ $x a$1 $99999999999999999999", "$3 $0 $ $x a$1 $99999999999999999999");
	expect_named("", "");
	expect_named("0123456789012345678901234567890123456789", "012345678901234567890123456789012345678");
	expect_named("012345678901234567890123456789012345 $1", "012345678901234567890123456789012345 :f");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_place_is_found_where_the_author_wrote_it),
	    TEST(parameters_are_longer_or_shorter_than_their_numbers),
	    TEST(a_caret_stands_below_its_character),
	    TEST(the_end_and_what_is_beyond_are_the_end),
	    TEST(long_lines_are_cut_around_the_place),
	    TEST(the_first_place_of_a_parameter),
	    TEST(messages_name_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
