/* The SQL of an endpoint. */
#include "unit/handlers/sql/file_fixture.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void parameters_become_numbers(void **state)
{
	(void)state;
	expect_sql("SELECT :b, :a, :b, :a_1, :A", "SELECT $1, $2, $1, $3, $4");
	expect_parameter(&set.endpoints[0], 0, "b", 3);
	expect_parameter(&set.endpoints[0], 1, "a", 3);
	expect_parameter(&set.endpoints[0], 2, "a_1", 3);
	expect_parameter(&set.endpoints[0], 3, "A", 3);
	expect_sql("SELECT\n:x\n,\n:y", "SELECT\n$1\n,\n$2");
	expect_parameter(&set.endpoints[0], 1, "y", 6);
	expect_sql("SELECT :a::text, (:a)::int, a::text, :_", "SELECT $1::text, ($1)::int, a::text, $2");
	expect_sql("SELECT f(a := 1, b := :b, c:=:c)", "SELECT f(a := 1, b := $1, c:=$2)");
	expect_sql("SELECT x[1:2], x[:2], x[1:], x[:], x[1:2][3:4], x[:n]",
		   "SELECT x[1:2], x[:2], x[1:], x[:], x[1:2][3:4], x[$1]");
	expect_sql("SELECT -:a, @:a, :a+:b, :a:b", "SELECT -$1, @$1, $1+$2, $1 $2");
	expect_sql("SELECT:a FROM t WHERE x IN(:a) LIMIT:b OFFSET 1:b",
		   "SELECT $1 FROM t WHERE x IN($1) LIMIT $2 OFFSET 1 $2");
	expect_sql("SELECT :a'x', :a\"y\"", "SELECT $1'x', $1\"y\"");
	expect_sql("SELECT 1 :", "SELECT 1 :");
	expect_sql("SELECT 1 \xc3\xa4:a", "SELECT 1 \xc3\xa4 $1");
}

static void parameter_names(void **state)
{
	char sql[1000];
	size_t length;

	(void)state;
	wrong_sql("SELECT\n:caf\xc3\xa9", 4, ":caf");
	wrong_sql("SELECT :a$b", 3, "the parameter \":a\"");
	snprintf(sql, sizeof(sql), "SELECT :%063d", 0);
	sql[8] = 'p';
	expect_sql(sql, "SELECT $1");
	snprintf(sql, sizeof(sql), "SELECT :%064d", 0);
	sql[8] = 'p';
	wrong_sql(sql, 3, "63 bytes at most");
	wrong_sql("SELECT 1,\n$1", 4, "\"$1\" in the SQL: a parameter is written :name");
	wrong_sql("SELECT $12abc", 3, "\"$12abc\"");
	length = (size_t)snprintf(sql, sizeof(sql), "SELECT 0");
	for (unsigned i = 1; i <= DB_PARAMETERS_MAX; i++)
		length += (size_t)snprintf(sql + length, sizeof(sql) - length, "\n,:p%u", i);
	{
		char source[1200];
		const struct endpoint *endpoint;

		snprintf(source, sizeof(source), EXEC "%s", sql);
		endpoint = only(source);
		assert_int_equal(endpoint->statement.parameter_count, 64);
		expect_parameter(endpoint, 63, "p64", 67);
		assert_non_null(strstr(endpoint->statement.sql, "\n,$64"));
	}
	snprintf(sql + length, sizeof(sql) - length, "\n,:p1,:p65");
	wrong_sql(sql, 68, "\":p65\" is one parameter too many; the most is 64");
}

static void literals_and_comments_are_left_alone(void **state)
{
	static const char *const alone[] = {
	    "SELECT ':a' || 'it''s :b;' || ''",
	    "SELECT 'back\\' || ':a'",
	    "SELECT E'it\\'s :a;' || e'\\\\' || E'a''b :c'",
	    "SELECT E'a'\n  'b\\':c' || 'd\\'",
	    "SELECT E'a' -- and on\n'b\\':c'",
	    "SELECT some'\\' || ':a', name_e'\\' || ':a', U&'\\' || ':b'",
	    "SELECT e'\\':a', else'\\' || ':a'",
	    "SELECT $$ :a $$1, $b$ :c $b$",
	    "SELECT \":a\", \"a\"\":b;\", U&\"\\\"",
	    "SELECT $$ :a ; ' $1 $x$ $$",
	    "SELECT $tag$ :a $$ $ta$ $tagg$ ' $tag$",
	    "SELECT $\xc3\xa4_1$ :a $\xc3\xa4_1$",
	    "SELECT a$b$c, :: $ 1, $ a",
	    "SELECT 1 -- :a ; ' $1 \"\n + 2",
	    "SELECT 1 /* :a ; ' /* nested */ $1 :b */ + 2",
	    "SELECT 1 /*/ :a */ + 2 /**/ + 3",
	    "SELECT 4 / 2 - 1 * 3 - -1",
	    "SELECT '-- no comment', '/* none' || '*/'",
	    "SELECT '\n-- name: b :one\n'",
	    "SELECT $$\n-- name: b :one\n$$",
	    "SELECT 1 /*\n-- name: b :one\n*/ + 2",
	    "SELECT 1 -- a comment ends at a carriage return\r + 2",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(alone); i++) {
		expect_sql(alone[i], alone[i]);
		assert_int_equal(set.endpoints[0].statement.parameter_count, 0);
	}
	/* Where the literal ends, parameters begin again. */
	expect_sql("SELECT 'a\\', :a, E'\\'', :b, $$'$$, :c, \"'\", :d /* ' */, :e -- '\n, :f, a$$, :g",
		   "SELECT 'a\\', $1, E'\\'', $2, $$'$$, $3, \"'\", $4 /* ' */, $5 -- '\n, $6, a$$, $7");
	expect_sql("SELECT E'a'::text || 'b\\', :c", "SELECT E'a'::text || 'b\\', $1");
	expect_sql("SELECT 1 -- a\r, :c", "SELECT 1 -- a\r, $1");
}

static void what_has_no_end(void **state)
{
	(void)state;
	wrong_sql("SELECT 1,\n'a''\n\n", 4, "the string literal (') that begins here has no end");
	wrong_sql("SELECT 1,\nE'a\\'\n\n", 4, "the string literal (')");
	wrong_sql("SELECT 1,\nE'a\\", 4, "the string literal (')");
	wrong_sql("SELECT 1,\n\"a\"\"\n", 4, "the quoted identifier (\")");
	wrong_sql("SELECT 1,\n$a$ $$ $b$\n", 4, "the dollar-quoted string");
	wrong_sql("SELECT 1\n/* /* */\n", 4, "the comment (/*)");
}

static void the_end_of_a_statement(void **state)
{
	(void)state;
	expect_sql("SELECT 1 ;  \n\n", "SELECT 1");
	expect_sql("SELECT 1;;\n;", "SELECT 1");
	expect_sql("SELECT 1\n -- the end\n /* really */ \n", "SELECT 1");
	expect_sql("SELECT 1 /* in */ -- and\n; -- after: all\n", "SELECT 1");
	expect_sql("\n/* first */\n  SELECT 1", "SELECT 1");
	assert_int_equal(set.endpoints[0].sql_line, 5);
	start_again();
	assert_int_equal(parse(ONE "SELECT 1;\n\nDELETE FROM note;\n"), 1);
	expect_diagnostic(0, 5, "a second statement after the `;`");
	wrong(ONE, 1, "no SQL");
	wrong("\n" ONE "-- a comment\n ; ", 2, "no SQL");
	wrong("\nSELECT 1;", 2, "SQL before the first endpoint");
}

static void first_words(void **state)
{
	static const char *const allowed[] = {"SELECT", "insert",       "Update", "DELETE",    "merge",
					      "WITH",   "values (1), ", "TABLE",  "(SELECT 1", "( (\nSELECT"};
	static const char *const refused[] = {"BEGIN", "COMMIT",  "SET", "RESET",   "LISTEN", "LOCK",
					      "COPY",  "PREPARE", "DO",  "EXPLAIN", "CREATE", "SELECTED",
					      "SELEC", "1",       "'a'", ":a",      "VACUUM", "\"select\""};
	char source[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(allowed); i++) {
		snprintf(source, sizeof(source), "%s x", allowed[i]);
		expect_sql(source, source);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		char fragment[50];

		snprintf(source, sizeof(source), "-- SELECT\n/* SELECT */ %s x", refused[i]);
		snprintf(fragment, sizeof(fragment), "begins with \"%s\"; it must be SELECT", refused[i]);
		wrong_sql(source, 4, fragment);
	}
	wrong_sql("(\nSET x", 4, "begins with \"SET\"");
	wrong(ONE "call f()", 3, "CALL is for the other methods");
	assert_non_null(only("-- name: a :exec\n-- route: POST /a\nCALL f()"));
}

static void a_get_can_not_switch_read_only_off(void **state)
{
	(void)state;
	wrong(ONE "SELECT\nset_config('transaction_read_only', 'off', true)", 4,
	      "must not mention transaction_read_only");
	wrong(ONE "SELECT set_config('default_Transaction_READ_only', 'off', true)", 3, "must not mention");
	wrong(ONE "SELECT \"transaction_read_only\"", 3, "must not mention");
	wrong(ONE "SELECT f($$SET transaction_read_only = off$$)", 3, "must not mention");
	wrong(ONE "SELECT E'transaction_read_only'", 3, "must not mention");
	wrong(ONE "SELECT transaction_read_only FROM t", 3, "must not mention");
	only(ONE "SELECT 1 -- transaction_read_only\n /* default_transaction_read_only */ + 2");
	only(ONE "SELECT 'transaction_read_onl', 'y'");
	only(EXEC "SELECT current_setting('transaction_read_only')");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(parameters_become_numbers),
	    TEST(parameter_names),
	    TEST(literals_and_comments_are_left_alone),
	    TEST(what_has_no_end),
	    TEST(the_end_of_a_statement),
	    TEST(first_words),
	    TEST(a_get_can_not_switch_read_only_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
