/* Rows as arrays, and the numbers that they get. */
#include "queue/arrays.h"

#include "base/clock.h"
#include "lib/arena_fixture.h"
#include "lib/fake_result.h"
#include "queue/id_blocks.h"
#include "queue/job_columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void elements_are_quoted(void **state)
{
	struct buffer array = buffer_in(&arena);

	(void)state;
	array_add_text(&array, "a\"\\,{}");
	array_add_text(&array, "");
	array_add_text(&array, "NULL");
	assert_string_equal(array_end(&array), "{\"a\\\"\\\\,{}\",\"\",\"NULL\"}");
	array = buffer_in(&arena);
	assert_string_equal(array_end(&array), "{}");
}

static void times_are_microseconds(void **state)
{
	struct buffer array = buffer_in(&arena);

	(void)state;
	array_add_time(&array, 0);
	array_add_time(&array, 1234567);
	assert_string_equal(array_end(&array), "{NULL,1234}");
}

static void each_column_is_an_array(void **state)
{
	const struct job_spec job = {.id = 7,
				     .enqueued_ns = 5000,
				     .due_ns = 9000,
				     .priority = -1,
				     .max_attempts = 3,
				     .group = TEXT("g"),
				     .payload = TEXT("{}")};
	const char *values[JOB_COLUMNS];
	struct job_columns columns;

	(void)state;
	job_columns_init(&columns, &arena);
	assert_null(job_columns_names(&columns));
	job_columns_add(&columns, &job, "q");
	job_columns_add(&columns, &job, "q");
	job_columns_end(&columns, values);
	assert_string_equal(values[COLUMN_ID], "{7,7}");
	assert_string_equal(values[COLUMN_QUEUE], "{\"q\",\"q\"}");
	assert_string_equal(values[COLUMN_PRIORITY], "{-1,-1}");
	assert_string_equal(values[COLUMN_MAX_ATTEMPTS], "{3,3}");
	assert_string_equal(values[COLUMN_DUE], "{9,9}");
	assert_string_equal(values[COLUMN_ENQUEUED], "{5,5}");
	assert_string_equal(values[COLUMN_GROUP], "{\"g\",\"g\"}");
	assert_string_equal(values[COLUMN_PAYLOAD], "{\"{}\",\"{}\"}");
	job_columns_add_name(&columns, "q");
	assert_string_equal(job_columns_names(&columns), "{\"q\"}");
}

static void numbers_come_in_blocks(void **state)
{
	struct id_blocks ids = {.count = 2, .blocks = {{999, 1001}, {5001, 6001}}};

	(void)state;
	assert_int_equal(id_blocks_left(&ids), 1002);
	assert_int_equal(id_blocks_next(&ids), 999);
	assert_int_equal(id_blocks_next(&ids), 1000);
	assert_int_equal(id_blocks_next(&ids), 5001);
	assert_int_equal(id_blocks_left(&ids), 999);
	assert_int_equal(ids.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(elements_are_quoted, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(times_are_microseconds, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(each_column_is_an_array, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(numbers_come_in_blocks, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
