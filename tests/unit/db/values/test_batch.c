#include "db/values/batch.h"

#include "lib/fake_result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct db_statement reading = {.name = "reading", .is_read_only = true};
static const struct db_statement writing = {.name = "writing"};

static void a_new_batch_is_empty_and_has_no_error(void **state)
{
	struct db_batch batch;

	(void)state;
	memset(&batch, 0xee, sizeof(batch));
	db_batch_init(&batch);
	assert_int_equal(batch.query_count, 0);
	assert_int_equal(batch.error, ERROR_NONE);
	assert_string_equal(batch.sqlstate, "");
	assert_string_equal(batch.message, "");
	assert_string_equal(batch.detail, "");
	assert_string_equal(batch.hint, "");
	assert_string_equal(batch.said, "");
	assert_true(list_is_empty(&batch.link));
}

static void it_takes_as_many_queries_as_it_may_and_no_more(void **state)
{
	const char *const values[] = {"1"};
	struct db_batch batch;

	(void)state;
	db_batch_init(&batch);
	for (unsigned i = 0; i < DB_BATCH_QUERIES_MAX; i++) {
		db_batch_add(&batch, &reading, values);
		assert_int_equal(batch.query_count, i + 1);
		assert_ptr_equal(batch.queries[i].statement, &reading);
		assert_ptr_equal(batch.queries[i].values, values);
		assert_null(batch.queries[i].result);
	}
	expect_assert_failure(db_batch_add(&batch, &reading, values));
}

static void one_writing_query_makes_it_a_write(void **state)
{
	struct db_batch batch;

	(void)state;
	db_batch_init(&batch);
	db_batch_add(&batch, &reading, NULL);
	assert_true(db_batch_is_read_only(&batch));
	db_batch_add(&batch, &writing, NULL);
	assert_false(db_batch_is_read_only(&batch));
	db_batch_add(&batch, &reading, NULL);
	assert_false(db_batch_is_read_only(&batch));
}

static void the_first_failure_is_kept(void **state)
{
	struct db_batch batch;

	(void)state;
	db_batch_init(&batch);
	db_batch_fail(&batch, ERROR_CONFLICT, "first");
	db_batch_fail(&batch, ERROR_DEADLINE, "second");
	assert_int_equal(batch.error, ERROR_CONFLICT);
	assert_string_equal(batch.message, "first");
}

static struct db_batch batch_with_results(struct db_result *first)
{
	struct db_batch batch;

	db_batch_init(&batch);
	db_batch_add(&batch, &reading, NULL);
	db_batch_add(&batch, &writing, NULL);
	batch.queries[0].result = first;
	batch.words = calloc(1, 1);
	batch.status = 422;
	batch.arrived = 1;
	strcpy(batch.sqlstate, "23505");
	db_batch_fail(&batch, ERROR_CONFLICT, "message");
	batch.detail = batch.hint = batch.said = "detail";
	batch.deadline_ns = 17;
	return batch;
}

static void rewind_forgets_the_outcome_and_keeps_the_queries(void **state)
{
	struct db_result *first = FAKE_EMPTY(1);
	struct db_batch batch = batch_with_results(first);

	(void)state;
	db_batch_rewind(&batch);
	assert_int_equal(first->destroyed_count, 1);
	assert_int_equal(batch.query_count, 2);
	assert_ptr_equal(batch.queries[1].statement, &writing);
	assert_null(batch.queries[0].result);
	assert_null(batch.words);
	assert_int_equal(batch.status, 0);
	assert_int_equal(batch.error, ERROR_NONE);
	assert_string_equal(batch.sqlstate, "");
	assert_string_equal(batch.message, "");
	assert_string_equal(batch.detail, "");
	assert_string_equal(batch.hint, "");
	assert_string_equal(batch.said, "");
	assert_int_equal(batch.arrived, 0);
	assert_int_equal(batch.deadline_ns, 17);
	db_batch_rewind(&batch); /* and frees nothing twice */
}

static void cleanup_leaves_a_new_batch(void **state)
{
	struct db_result *first = FAKE_EMPTY(1);
	struct db_batch batch = batch_with_results(first), fresh;

	(void)state;
	list_init(&batch.link);
	db_batch_cleanup(&batch);
	assert_int_equal(first->destroyed_count, 1);
	db_batch_init(&fresh);
	list_init(&fresh.link);
	assert_int_equal(batch.query_count, 0);
	assert_int_equal(batch.deadline_ns, 0);
	assert_int_equal(batch.error, fresh.error);
	assert_string_equal(batch.message, "");
	assert_true(list_is_empty(&batch.link));
	db_batch_cleanup(&batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_new_batch_is_empty_and_has_no_error),
	    cmocka_unit_test(it_takes_as_many_queries_as_it_may_and_no_more),
	    cmocka_unit_test(one_writing_query_makes_it_a_write),
	    cmocka_unit_test(the_first_failure_is_kept),
	    cmocka_unit_test(rewind_forgets_the_outcome_and_keeps_the_queries),
	    cmocka_unit_test(cleanup_leaves_a_new_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
