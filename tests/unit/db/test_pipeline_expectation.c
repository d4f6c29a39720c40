/* What a statement is expected to take, and which are quick. */
#include "pipeline_fixture.h"

static void what_is_of_no_statement_of_the_catalog_is_not_learnt(void **state)
{
	static const struct db_statement beyond = READ("beyond", 7, .row_limit = 0);
	static const struct db_statement before = READ("before", 0, .edition = 1);

	(void)state;
	start();
	db_batch_add(&batches[0], &beyond, values[0]);
	db_batch_add(&batches[1], &before, values[0]);
	db_batch_add(&batches[2], &other_add, values[0]);
	for (int i = 0; i < 2; i++) {
		assert_null(pipeline_expectation_of(pipeline, &batches[i]));
		assert_int_equal(pipeline_share_of(pipeline, &batches[i]), 0);
		assert_false(pipeline_is_quick(pipeline, &batches[i]));
		pipeline_learn(pipeline, &batches[i], NS_PER_MS);
	}
	pipeline_note_change(pipeline, &beyond);
	assert_ptr_equal(pipeline_expectation_of(pipeline, &batches[2]), &pipeline->expected_ns[6]);
}

static void what_takes_as_long_as_a_quick_one_is_not_quick(void **state)
{
	(void)state;
	start();
	db_batch_add(&batches[0], &country, values[0]);
	assert_false(pipeline_is_quick(pipeline, &batches[0])); /* never seen */
	pipeline->distance_ns = NS_PER_MS;
	pipeline->expected_ns[country.index] = 5 * NS_PER_MS;
	assert_false(pipeline_is_quick(pipeline, &batches[0]));
	pipeline->expected_ns[country.index] = 5 * NS_PER_MS - 1;
	assert_true(pipeline_is_quick(pipeline, &batches[0]));
	assert_int_equal(pipeline_share_of(pipeline, &batches[0]), 5 * NS_PER_MS - 1);
	batches[0].was_rescued = true;
	assert_false(pipeline_is_quick(pipeline, &batches[0]));
}

/* For a minute. Then it is as if it had never been seen. */
static void what_changed_its_session_is_not_quick_for_a_while(void **state)
{
	(void)state;
	start();
	db_batch_add(&batches[0], &country, values[0]);
	pipeline->expected_ns[country.index] = NS_PER_MS;
	pipeline_note_change(pipeline, &country);
	fake_clock_advance(60 * NS_PER_S);
	assert_false(pipeline_is_quick(pipeline, &batches[0]));
	assert_int_equal(pipeline->expected_ns[country.index], NS_PER_MS);
	fake_clock_advance(1);
	assert_false(pipeline_is_quick(pipeline, &batches[0]));
	assert_int_equal(pipeline->expected_ns[country.index], 0);
	pipeline->expected_ns[country.index] = NS_PER_MS;
	assert_true(pipeline_is_quick(pipeline, &batches[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_of_no_statement_of_the_catalog_is_not_learnt),
	    TEST(what_takes_as_long_as_a_quick_one_is_not_quick),
	    TEST(what_changed_its_session_is_not_quick_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
