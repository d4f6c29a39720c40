/* May a batch run again, after an outcome without a result? */
#include "db/rerun.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct db_statement reads = {.sql = "SELECT 1", .is_read_only = true}, writes = {.sql = "INSERT"};

static void begin(struct db_batch *batch, const struct db_statement *statement)
{
	db_batch_init(batch);
	db_batch_add(batch, statement, NULL);
}

static void expect_failure(struct db_batch *batch, enum db_conn_outcome outcome, enum error error, const char *message)
{
	assert_false(rerun_may(batch, outcome));
	assert_int_equal(batch->error, error);
	assert_ptr_equal(batch->message, message);
	db_batch_cleanup(batch);
}

static void what_was_not_run_runs_a_few_times(void **state)
{
	const struct db_statement *const statements[] = {&reads, &writes};
	struct db_batch batch;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(statements); i++) {
		begin(&batch, statements[i]);
		for (unsigned j = 0; j < GIVEN_UP_MAX; j++)
			assert_true(rerun_may(&batch, DB_CONN_NOT_RUN));
		expect_failure(&batch, DB_CONN_NOT_RUN, ERROR_DATABASE_UNAVAILABLE, db_not_run);
	}
}

static void a_read_that_was_lost_runs_once_more(void **state)
{
	struct db_batch batch;

	(void)state;
	begin(&batch, &reads);
	assert_true(rerun_may(&batch, DB_CONN_LOST));
	expect_failure(&batch, DB_CONN_LOST, ERROR_DATABASE_UNAVAILABLE, db_lost_twice);
}

/* What was not run is not its fault, and no reason to call it lost twice. */
static void what_was_not_run_before_it_was_lost_does_not_count_as_lost(void **state)
{
	struct db_batch batch;

	(void)state;
	begin(&batch, &reads);
	assert_true(rerun_may(&batch, DB_CONN_NOT_RUN));
	assert_true(rerun_may(&batch, DB_CONN_LOST));
	assert_true(rerun_may(&batch, DB_CONN_NOT_RUN));
	expect_failure(&batch, DB_CONN_LOST, ERROR_DATABASE_UNAVAILABLE, db_lost_twice);
}

static void a_read_whose_connection_is_given_up_runs_a_few_times(void **state)
{
	struct db_batch batch;

	(void)state;
	begin(&batch, &reads);
	for (unsigned i = 0; i < GIVEN_UP_MAX; i++)
		assert_true(rerun_may(&batch, DB_CONN_GIVEN_UP));
	assert_true(rerun_may(&batch, DB_CONN_LOST));
	expect_failure(&batch, DB_CONN_GIVEN_UP, ERROR_DATABASE_UNAVAILABLE, db_given_up);
}

static void a_write_that_was_sent_never_runs_again(void **state)
{
	struct db_batch batch;

	(void)state;
	begin(&batch, &writes);
	expect_failure(&batch, DB_CONN_LOST, ERROR_OUTCOME_UNKNOWN, db_outcome_unknown);
	begin(&batch, &writes);
	assert_true(rerun_may(&batch, DB_CONN_NOT_RUN));
	expect_failure(&batch, DB_CONN_GIVEN_UP, ERROR_OUTCOME_UNKNOWN, db_outcome_unknown);
}

static void what_has_failed_keeps_its_error(void **state)
{
	static const enum db_conn_outcome outcomes[] = {DB_CONN_NOT_RUN, DB_CONN_GIVEN_UP, DB_CONN_LOST};
	struct db_batch batch;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(outcomes); i++) {
		begin(&batch, &reads);
		db_batch_fail(&batch, ERROR_DEADLINE, db_no_answer);
		expect_failure(&batch, outcomes[i], ERROR_DEADLINE, db_no_answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_not_run_runs_a_few_times),
	    cmocka_unit_test(a_read_that_was_lost_runs_once_more),
	    cmocka_unit_test(what_was_not_run_before_it_was_lost_does_not_count_as_lost),
	    cmocka_unit_test(a_read_whose_connection_is_given_up_runs_a_few_times),
	    cmocka_unit_test(a_write_that_was_sent_never_runs_again),
	    cmocka_unit_test(what_has_failed_keeps_its_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
