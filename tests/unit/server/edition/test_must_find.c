#include "server/edition/must_find.h"

#include "db/learn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;

bool learn_is_shown_as_json(const struct learn_catalog *of, Oid oid)
{
	(void)of;
	(void)oid;
	return false;
}

#define LIMIT                                                                                                          \
	" FROM \"meantime rows\" LIMIT (SELECT CASE WHEN count(*) = 0 THEN ('meantime found nothing: ' || "            \
	"count(*))::bigint END FROM \"meantime rows\")"

static void a_statement_asks_how_many_rows_it_has(void **state)
{
	(void)state;
	assert_string_equal(must_find_row("UPDATE a SET b = 1 RETURNING c", "*", false, &arena),
			    "WITH \"meantime rows\" AS (UPDATE a SET b = 1 RETURNING c\n) SELECT *" LIMIT);
}

static void common_tables_of_its_own_stay_before_it(void **state)
{
	(void)state;
	assert_string_equal(must_find_row("WITH x AS (SELECT 1) SELECT * FROM x", "\"a\"", false, &arena),
			    "WITH x AS (SELECT 1) , \"meantime rows\" AS (SELECT * FROM x\n) SELECT \"a\"" LIMIT);
}

static void what_has_no_verb_is_none(void **state)
{
	(void)state;
	assert_null(must_find_row("CALL p()", "*", false, &arena));
}

static void the_first_row_may_be_enough(void **state)
{
	(void)state;
	assert_string_equal(must_find_row("SELECT 1", "a", true, &arena),
			    "WITH \"meantime rows\" AS (SELECT 1\n) SELECT a FROM \"meantime rows\" LIMIT (SELECT CASE "
			    "WHEN count(*) = 0 THEN ('meantime found nothing: ' || count(*))::bigint ELSE 1 END FROM "
			    "\"meantime rows\")");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_statement_asks_how_many_rows_it_has),
	    cmocka_unit_test(common_tables_of_its_own_stay_before_it),
	    cmocka_unit_test(the_first_row_may_be_enough),
	    cmocka_unit_test(what_has_no_verb_is_none),
	};
	int failed;

	arena_init(&arena, NULL, 0);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_cleanup(&arena);
	return failed;
}
