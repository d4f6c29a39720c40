/* Columns that PostgreSQL shows as JSON: the SQL that asks for them, and what becomes of their types. */
#include "server/edition/as_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TEXT_OID = 25, BOX_OID = 600, OTHER_OID = 601 };

static struct arena arena;
static struct learn_catalog catalog = {.arena = &arena};

bool learn_is_shown_as_json(const struct learn_catalog *of, Oid oid)
{
	assert_ptr_equal(of, &catalog);
	return oid == BOX_OID;
}

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_cleanup(&arena);
	return 0;
}

static const char *list_of(struct db_column *columns, unsigned count)
{
	return as_json_list(&(struct db_signature){.columns = columns, .column_count = count}, &catalog);
}

static void the_list_has_every_column_in_its_place(void **state)
{
	struct db_column columns[] = {
	    {.name = "id", .oid = TEXT_OID}, {.name = "at", .oid = BOX_OID}, {.name = "to", .oid = TEXT_OID}};

	(void)state;
	assert_string_equal(list_of(columns, 3), "\"id\", pg_catalog.to_json(\"at\") AS \"at\", \"to\"");
	assert_string_equal(list_of(columns + 1, 1), "pg_catalog.to_json(\"at\") AS \"at\"");
}

static void without_such_a_column_there_is_no_list(void **state)
{
	struct db_column columns[] = {{.name = "id", .oid = TEXT_OID}, {.name = "to", .oid = TEXT_OID}};

	(void)state;
	assert_null(list_of(columns, 2));
	assert_null(list_of(columns, 0));
}

static void quotes_in_names_are_doubled(void **state)
{
	struct db_column columns[] = {{.name = "a\"b\"", .oid = BOX_OID}};

	(void)state;
	assert_string_equal(list_of(columns, 1), "pg_catalog.to_json(\"a\"\"b\"\"\") AS \"a\"\"b\"\"\"");
}

static void a_limit_is_one_more_than_is_shown(void **state)
{
	(void)state;
	assert_string_equal(as_json_in_from("SELECT 1 -- one", "\"a\"", 0, &arena),
			    "SELECT \"a\" FROM (SELECT 1 -- one\n) AS rows");
	assert_string_equal(as_json_in_from("SELECT 1", "\"a\"", 7, &arena),
			    "SELECT \"a\" FROM (SELECT 1\n) AS rows LIMIT 8");
	assert_string_equal(as_json_in_from("SELECT 1", "\"a\"", 1, &arena),
			    "SELECT \"a\" FROM (SELECT 1\n) AS rows LIMIT 2");
}

static void expect_with(const char *sql, const char *expected)
{
	const char *found = as_json_in_with(sql, "\"a\"", &arena);

	if (expected == NULL) {
		assert_null(found);
		return;
	}
	assert_non_null(found);
	assert_string_equal(found, expected);
}

#define ROWS "\"meantime rows\""

static void what_returns_rows_becomes_a_table_of_a_with(void **state)
{
	static const char *const verbs[] = {"SELECT", "insert", "Update", "DELETE", "values", "TABLE"};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(verbs); i++)
		expect_with(arena_printf(&arena, "%s x", verbs[i]),
			    arena_printf(&arena, "WITH " ROWS " AS (%s x\n) SELECT \"a\" FROM " ROWS, verbs[i]));
	expect_with("MERGE x", NULL);
	expect_with("", NULL);
	expect_with("selects x", NULL);
	expect_with("selec x", NULL);
	expect_with("'select' x", NULL);
}

/* Its own common tables stay before it. */
static void a_with_of_its_own_goes_on(void **state)
{
	(void)state;
	expect_with("WITH a AS (SELECT 1) INSERT INTO t TABLE a",
		    "WITH a AS (SELECT 1) , " ROWS " AS (INSERT INTO t TABLE a\n) SELECT \"a\" FROM " ROWS);
	expect_with("with a AS (DELETE FROM t RETURNING (id)), b AS (VALUES (1)) SELECT 1",
		    "with a AS (DELETE FROM t RETURNING (id)), b AS (VALUES (1)) , " ROWS
		    " AS (SELECT 1\n) SELECT \"a\" FROM " ROWS);
	/* one that is inside is not the statement's */
	expect_with("(WITH a AS (SELECT 1) TABLE a) SELECT 2",
		    "(WITH a AS (SELECT 1) TABLE a) WITH " ROWS " AS (SELECT 2\n) SELECT \"a\" FROM " ROWS);
	expect_with("(SELECT 1)", NULL);
	expect_with(") SELECT 1", ") WITH " ROWS " AS (SELECT 1\n) SELECT \"a\" FROM " ROWS);
}

static void what_cannot_be_shown_as_json_is_text(void **state)
{
	struct db_column columns[] = {
	    {.type.kind = DB_TYPE_COMPOSITE}, {.type.kind = DB_TYPE_INTERVAL}, {.type.kind = DB_TYPE_HSTORE}};
	struct db_signature signature = {.columns = columns, .column_count = 3};

	(void)state;
	as_json_show_text(&signature);
	assert_int_equal(columns[0].type.kind, DB_TYPE_OTHER);
	assert_int_equal(columns[1].type.kind, DB_TYPE_INTERVAL);
	assert_int_equal(columns[2].type.kind, DB_TYPE_OTHER);
}

static void what_is_shown_as_json_says_what_it_is_made_from(void **state)
{
	struct db_column before[] = {{.oid = BOX_OID, .type.name = "box"}, {.oid = TEXT_OID, .type.name = "text"}};
	struct db_column shown[] = {{.oid = OTHER_OID}, {.oid = TEXT_OID}};
	struct db_signature of_before = {.columns = before, .column_count = 2};
	struct db_signature of_shown = {.columns = shown, .column_count = 2};

	(void)state;
	as_json_note(&of_shown, &of_before, &arena);
	assert_non_null(shown[0].type.made_from);
	assert_string_equal(shown[0].type.made_from->name, "box");
	assert_null(shown[1].type.made_from);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_list_has_every_column_in_its_place),
	    TEST(without_such_a_column_there_is_no_list),
	    TEST(quotes_in_names_are_doubled),
	    TEST(a_limit_is_one_more_than_is_shown),
	    TEST(what_returns_rows_becomes_a_table_of_a_with),
	    TEST(a_with_of_its_own_goes_on),
	    TEST(what_cannot_be_shown_as_json_is_text),
	    TEST(what_is_shown_as_json_says_what_it_is_made_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
