/* GETs that PostgreSQL can only refuse, by their SQL and by the plan that the test gives. */
#include "server/edition/read_only.h"

#include "lib/fake_error.h"
#include "lib/log_tap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct endpoint_set set;
static struct read_only_check check;

/* What PostgreSQL says, and what it was asked. */
static PGresult *plan;
static char asked[1024];
static unsigned questions;

PGresult *PQexec(PGconn *pg, const char *sql)
{
	assert_ptr_equal(pg, (PGconn *)&set);
	snprintf(asked, sizeof(asked), "%s", sql);
	questions++;
	return plan;
}

static int set_up(void **state)
{
	(void)state;
	endpoint_set_init(&set);
	questions = 0;
	log_set_level(LOG_ERROR + 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	endpoint_set_cleanup(&set);
	return 0;
}

static struct endpoint *parse(const char *head, const char *sql)
{
	char source[1024];

	endpoint_set_cleanup(&set);
	endpoint_set_init(&set);
	check = (struct read_only_check){.set = &set, .pg = (PGconn *)&set};
	questions = 0;
	snprintf(source, sizeof(source), "-- name: a :many\n-- route: %s\n%s", head, sql);
	assert_int_equal(sql_file_parse(&set, "a.sql", text_of(source)), 0);
	return &set.endpoints[0];
}

#define PLAN(node) FAKE_ERROR(.text = "[{\"Plan\": {" node "}}]", .rows = 1)
#define READS      PLAN("\"Node Type\": \"Result\"")
#define DELETES    PLAN("\"Node Type\": \"ModifyTable\", \"Operation\": \"Delete\", \"Relation Name\": \"t\"")

/* Returns what is found at fault; NULL: nothing. */
static const struct diagnostic *found_in(const char *head, const char *sql, PGresult *answer)
{
	struct endpoint *endpoint = parse(head, sql);

	plan = answer;
	read_only_check_endpoint(&check, endpoint);
	assert_int_equal(answer->cleared, questions);
	return set.diagnostics.count > 0 ? &set.diagnostics.items[0] : NULL;
}

static void a_get_that_reads_passes(void **state)
{
	(void)state;
	assert_null(found_in("GET /a", "SELECT 1", READS));
	assert_int_equal(questions, 1);
	assert_non_null(strstr(asked, "transaction_read_only = on"));
	assert_non_null(strstr(asked, "least(100, "));
	assert_non_null(strstr(asked, " EXECUTE \"a\""));
	assert_string_equal(strstr(asked, " EXECUTE"), " EXECUTE \"a\"");
}

static void a_parameter_is_planned_for_any_value(void **state)
{
	(void)state;
	assert_null(found_in("GET /a", "SELECT :x::int", READS));
	assert_non_null(strstr(asked, " EXECUTE \"a\"(NULL)"));
	assert_null(found_in("GET /a", "SELECT :x::int, :y::int, :z::int", READS));
	assert_non_null(strstr(asked, " EXECUTE \"a\"(NULL, NULL, NULL)"));
}

static void a_get_that_always_writes_is_at_fault_at_its_word(void **state)
{
	const struct diagnostic *found =
	    found_in("GET /a", "WITH d AS (\n  DELETE FROM t RETURNING id)\nSELECT id FROM d", DELETES);

	(void)state;
	assert_non_null(found);
	assert_string_equal(found->file, "a.sql");
	assert_int_equal(found->line, 4);
	assert_string_equal(found->message, "a is a GET and always writes (DELETE on t), so each request would be a "
					    "405; its route must be POST, PUT, PATCH or DELETE");
}

/* Where a view or a function hides the word, the place is that of the SQL. */
static void what_hides_its_word_is_at_fault_where_it_begins(void **state)
{
	const struct diagnostic *found = found_in("GET /a", "SELECT\n 1", DELETES);

	(void)state;
	assert_non_null(found);
	assert_int_equal(found->line, 3);
}

static void what_is_no_get_is_not_looked_at(void **state)
{
	struct endpoint *endpoint;

	(void)state;
	assert_null(found_in("POST /a", "SELECT 1", DELETES));
	assert_int_equal(questions, 0);
	endpoint = parse("GET /a", "SELECT 1");
	endpoint->work = "delay";
	read_only_check_endpoint(&check, endpoint);
	assert_int_equal(questions, 0);
}

static void what_cannot_be_planned_passes(void **state)
{
	(void)state;
	assert_null(found_in("GET /a", "SELECT 1", FAKE_ERROR(.sqlstate = "23514", .message = "no")));
	assert_false(check.has_met_lock);
	assert_null(found_in("GET /a", "SELECT 1", FAKE_ERROR(.message = "no")));
	assert_false(check.has_met_lock);
	assert_null(found_in("GET /a", "SELECT 1", FAKE_ERROR(.text = DELETES->text, .rows = 0)));
	assert_null(found_in("GET /a", "SELECT 1", FAKE_ERROR(.sqlstate = "23514", .rows = 1)));
}

/* Behind a lock that is held nothing more is planned. */
static void the_first_lock_is_the_last(void **state)
{
	static const char *const sqlstates[] = {"55P03", "57014"};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(sqlstates); i++) {
		const char *logged;

		log_tap_begin(LOG_WARNING);
		assert_null(found_in("GET /a", "SELECT 1", FAKE_ERROR(.sqlstate = sqlstates[i])));
		logged = log_tap_end();
		assert_non_null(strstr(logged, "a.sql:3: a table of a is locked"));
		assert_true(check.has_met_lock);
		read_only_check_endpoint(&check, &set.endpoints[0]);
		assert_int_equal(questions, 1);
	}
}

static void what_may_write_is_a_warning(void **state)
{
	const char *logged;

	(void)state;
	log_tap_begin(LOG_WARNING);
	assert_null(found_in("GET /a", "SELECT CASE WHEN :x::bool\n THEN nextval('s') END",
			     PLAN("\"Node Type\": \"Result\", "
				  "\"Output\": [\"CASE WHEN $1 THEN nextval('s'::regclass) END\"]")));
	logged = log_tap_end();
	assert_non_null(strstr(logged, "a.sql:4: a is a GET, and each request that comes to nextval("));
}

/* It has the plan of its SELECT, and no columns. */
static void select_into_writes_whatever_its_plan(void **state)
{
	const struct diagnostic *found = found_in("GET /a", "SELECT 1 AS one\nINTO t", READS);

	(void)state;
	assert_non_null(found);
	assert_int_equal(found->line, 4);
	assert_non_null(strstr(found->message, "(SELECT INTO)"));
	assert_int_equal(questions, 0);
}

/* Of an INSERT or MERGE, inside of something, or as a name. */
static void not_every_into_is_select_into(void **state)
{
	struct endpoint *endpoint;
	struct db_column column = {.name = "into"};

	(void)state;
	assert_null(found_in("GET /a", "INSERT INTO t VALUES (1)", READS));
	assert_null(found_in("GET /a", "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE", READS));
	assert_null(found_in("GET /a", "SELECT f((SELECT 1 INTO x), 2)", READS));
	assert_null(found_in("GET /a", "SELECT 'into'", READS));
	assert_int_equal(questions, 1);
	assert_non_null(found_in("GET /a", "SELECT (1) INTO t", READS));
	endpoint = parse("GET /a", "SELECT 1 AS into");
	endpoint->statement.signature.columns = &column;
	endpoint->statement.signature.column_count = 1;
	plan = READS;
	read_only_check_endpoint(&check, endpoint);
	assert_int_equal(set.diagnostics.count, 0);
	assert_int_equal(questions, 1);
	endpoint->statement.signature.columns = NULL;
	endpoint->statement.signature.column_count = 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_get_that_reads_passes),
	    TEST(a_parameter_is_planned_for_any_value),
	    TEST(a_get_that_always_writes_is_at_fault_at_its_word),
	    TEST(what_hides_its_word_is_at_fault_where_it_begins),
	    TEST(what_is_no_get_is_not_looked_at),
	    TEST(what_cannot_be_planned_passes),
	    TEST(the_first_lock_is_the_last),
	    TEST(what_may_write_is_a_warning),
	    TEST(select_into_writes_whatever_its_plan),
	    TEST(not_every_into_is_select_into),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
