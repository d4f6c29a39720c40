#include "link_fixture.h"

static void what_is_held_ends_at_its_deadline(void **state)
{
	uint64_t began_ns;

	(void)state;
	start();
	teach(&country, 1);
	teach(&language, 1);
	fake_pq.shows_prepares = true;
	pipeline->distance_ns = 100 * NS_PER_MS;
	began_ns = clock_now_ns();
	submit_until(0, &country, 9000);
	turn();
	hold_on(1, &language, 30);
	assert_true(link_of(0)->latest_end_ns == began_ns + 9 * NS_PER_S);
	assert_true(link_of(0)->expected_ns > 0);
	fake_pq_answer_all(reads());
	turn();
	answer_until_done(2);
	assert_int_equal(link_of(0)->expected_ns, 0);
	began_ns = clock_now_ns();
	hold_on(2, &language, 30);
	assert_true(link_of(0)->latest_end_ns == began_ns + 30 * NS_PER_MS);
	hold_on(3, &country, 20);
	assert_true(link_of(0)->latest_end_ns == began_ns + 30 * NS_PER_MS);
	hold_on(4, &language, 40);
	assert_true(link_of(0)->latest_end_ns == began_ns + 40 * NS_PER_MS);
	assert_true(link_of(0)->expected_ns > 0);
	run_for(50);
	for (int i = 2; i < 5; i++)
		assert_failed(i, ERROR_DEADLINE);
	assert_int_equal(link_of(0)->expected_ns, 0);
	assert_int_equal(link_of(0)->outgoing_count, 0);
}

/* It is described, and its Sync has not come; or it is not. */
static void what_is_held_waits_for_all_of_it(void **state)
{
	(void)state;
	start();
	fake_pq.shows_prepares = true;
	submit(0, &add);
	turn();
	fake_pq_answer(writes());
	turn();
	assert_int_equal(all_done, 0);
	assert_int_equal(link_of(1)->outgoing_count, 1);
	answer_until_done(1);
	assert_ok(0, "add");
	submit(1, &other_add);
	turn();
	fake_pq_answer_error(writes(), "42P01", "relation does not exist", NULL);
	fake_pq_answer_all(writes());
	turn();
	assert_failed(1, ERROR_DATABASE_ERROR);
	assert_int_equal(db_pipeline_numbers(pipeline).lost, 0);
}

/* Its request was checked for what a parameter was before: that is known before anything is sent. */
static void what_is_refused_at_once_harms_no_connection(void **state)
{
	static struct db_parameter parameter = {
	    .name = "code", .oid = 16, .type = {.kind = DB_TYPE_BOOL, .delimiter = ','}};
	static const struct db_signature before = {.parameters = &parameter};

	(void)state;
	start();
	teach(&country, 1);
	db_batch_add(&batches[0], &country, values[0]);
	batches[0].queries[0].checked_for = &before;
	batches[0].done = on_done;
	batches[0].submitted_ns = clock_now_ns();
	batches[0].deadline_ns = clock_now_ns() + NS_PER_S;
	db_pipeline_submit(pipeline, &batches[0]);
	submit(1, &country);
	turn();
	assert_failed(0, ERROR_DATABASE_UNAVAILABLE);
	assert_non_null(carrier(1));
	answer_until_done(2);
	assert_ok(1, "country");
	assert_int_equal(link_of(0)->outgoing_count, 0);
	assert_int_equal(link_of(0)->expected_ns, 0);
	assert_int_equal(db_pipeline_numbers(pipeline).lost, 0);
}

/* Nothing of it was sent, and it keeps its place. */
static void what_was_held_comes_back_before_what_waits(void **state)
{
	(void)state;
	pipeline_settings.connections = 2;
	start();
	fake_pq.shows_prepares = true;
	submit(0, &add);
	turn();
	submit(1, &other_add);
	turn();
	assert_int_equal(link_of(1)->outgoing_count, 1);
	fake_pq_hang_up(writes());
	turn();
	assert_ptr_equal(pipeline->lanes[1].alone.batches.next, &batches[0].link);
	assert_ptr_equal(batches[0].link.next, &batches[1].link);
	answer_until_done(2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_held_ends_at_its_deadline),
	    TEST(what_is_held_waits_for_all_of_it),
	    TEST(what_is_refused_at_once_harms_no_connection),
	    TEST(what_was_held_comes_back_before_what_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
