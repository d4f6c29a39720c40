/* How links are opened: looked up, connected, refused. */
#include "pipeline_fixture.h"

#include "lib/log_tap.h"

/* Opening */

static void answer_set_up(PGconn *pg, unsigned ms)
{
	for (int i = 0; i < 3; i++) {
		run_for(ms);
		fake_pq_answer_all(pg);
		turn();
	}
}

/* Of those that are usable: one that is being opened has measured nothing so far. */
static void the_distance_is_the_shortest_there_is(void **state)
{
	(void)state;
	fake_pq.answers_setup = false;
	pipeline = db_pipeline_create(&loop, &pipeline_settings);
	turn();
	answer_set_up(reads(), 3);
	assert_true(db_pipeline_is_ready(pipeline));
	assert_true(pipeline->distance_ns == 3 * NS_PER_MS);
	answer_set_up(writes(), 7);
	assert_true(link_of(1)->conn.distance_ns == 7 * NS_PER_MS);
	assert_true(pipeline->distance_ns == 3 * NS_PER_MS);
}

static void a_connect_that_succeeds_ends_what_failed(void **state)
{
	(void)state;
	start();
	fake_pq.answers_setup = false;
	fake_pq_hang_up(reads());
	for (int i = 0; i < 1000 && fake_pq.opened < 3; i++)
		run_for(1);
	turn();
	pipeline->failures = pipeline->dismissed = 2;
	pipeline->room_tries = 3;
	pipeline->is_full = true;
	answer_set_up(fake_pq_conn(2), 0);
	assert_true(db_conn_is_usable(&link_of(0)->conn));
	assert_int_equal(pipeline->failures + pipeline->dismissed + pipeline->room_tries, 0);
	assert_false(pipeline->is_full);
	assert_int_equal(link_of(0)->opening_ns, 0);
	assert_true(link_of(0)->used_ns == clock_now_ns());
}

/* Of another connection they say nothing. */
static void an_answer_ends_no_failure(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	turn();
	pipeline->failures = pipeline->dismissed = 2;
	fake_pq_answer_all(reads());
	turn();
	assert_ok(0, "country");
	assert_int_equal(pipeline->failures, 2);
	assert_int_equal(pipeline->dismissed, 2);
	pipeline->failures = 0;
}

static void a_connect_that_is_refused_at_once_fails_what_waits(void **state)
{
	(void)state;
	fake_pq.refuses_at_once = true;
	pipeline = db_pipeline_create(&loop, &pipeline_settings);
	assert_int_equal(pipeline->open_count, 0);
	assert_true(pipeline->failures > 0);
	submit(0, &country);
	turn();
	assert_failed(0, ERROR_DATABASE_UNAVAILABLE);
}

/* PostgreSQL grants no more */

#define FULL "connection to server failed: FATAL:  53300: too many connections\nLOCATION:  Init, miscinit.c:727\n"

/* Where none is there, a place may be free in a moment; after a few tries it is not. */
static void where_postgresql_is_full_it_is_asked_a_few_times_quickly(void **state)
{
	const char *said;
	unsigned before;

	(void)state;
	fake_pq.refuses = true;
	fake_pq.refusal = FULL;
	log_tap_begin(LOG_INFO);
	pipeline = db_pipeline_create(&loop, &pipeline_settings);
	turn();
	assert_int_equal(pipeline->failures, 2);
	assert_int_equal(pipeline->room_tries, PIPELINE_ROOM_TRIES - 2);
	assert_true(pipeline->retry_ns == clock_now_ns() + 20 * NS_PER_MS);
	for (int ms = 0; ms < 1000 && pipeline->room_tries > 0; ms++)
		run_for(1);
	assert_int_equal(pipeline->failures, PIPELINE_ROOM_TRIES);
	before = pipeline->failures;
	for (int ms = 0; ms < 10000 && pipeline->failures == before; ms++)
		run_for(1);
	assert_int_equal(pipeline->failures, before + 1);
	assert_int_equal(pipeline->room_tries, 0);
	assert_true(pipeline->retry_ns != clock_now_ns() + 20 * NS_PER_MS);
	fake_pq.refuses = false;
	for (int ms = 0; ms < 10000 && !db_pipeline_is_ready(pipeline); ms++)
		run_for(1);
	said = log_tap_end();
	assert_non_null(strstr(said, "cannot connect to the database: connection to server failed: FATAL:  too many"));
	assert_null(strstr(strstr(said, "cannot connect") + 1, "cannot connect"));
	assert_null(strstr(said, "grants no more"));
	assert_non_null(strstr(said, "connected to the database again"));
	assert_null(strstr(strstr(said, "again") + 1, "again"));
}

static void what_cannot_be_reached_is_not_full(void **state)
{
	(void)state;
	fake_pq.refuses = true;
	pipeline = db_pipeline_create(&loop, &pipeline_settings);
	turn();
	assert_int_equal(pipeline->failures, 2);
	assert_int_equal(pipeline->room_tries, 0);
	assert_false(pipeline->is_full);
}

/* Those that there are have to do: reads go where the writes are. It is said once. */
static void where_some_are_granted_they_have_to_do(void **state)
{
	const char *said;

	(void)state;
	start();
	teach(&country, 0);
	fake_pq.granted = 1;
	log_tap_begin(LOG_INFO);
	fake_pq_hang_up(reads());
	turn();
	submit(0, &country);
	for (int ms = 0; ms < 1000 && pipeline->failures == 0; ms++)
		run_for(1);
	assert_true(pipeline->is_full);
	assert_int_equal(pipeline->room_tries, 0);
	assert_true(batches[0].comes_back);
	assert_ptr_equal(await_carrier(0), writes());
	for (int ms = 0; ms < 10000 && pipeline->failures < 3; ms++)
		run_for(1);
	said = log_tap_end();
	assert_non_null(strstr(said, "grants no more connections, so that 1 have to do: connection to server"));
	assert_null(strstr(strstr(said, "grants") + 1, "grants"));
	assert_null(strstr(said, "cannot connect"));
	answer_until_done(1);
	assert_ok(0, "country");
}

/* Names */

static void wait_for_names(unsigned open)
{
	for (int i = 0; i < 5000 && (fake_pq.opened < open || link_of(0)->resolve != NULL); i++) {
		turn();
		usleep(1000); /* a thread looks it up */
	}
}

static void a_name_is_looked_up_before_its_server_is_connected_to(void **state)
{
	(void)state;
	fake_pq.host = "localhost";
	pipeline = db_pipeline_create(&loop, &pipeline_settings);
	assert_int_equal(fake_pq.opened, 0);
	assert_non_null(link_of(0)->resolve);
	wait_for_names(2);
	assert_null(link_of(0)->resolve);
	for (int i = 0; i < 100 && !db_pipeline_is_ready(pipeline); i++)
		turn();
	assert_true(db_pipeline_is_ready(pipeline));
}

static void a_name_that_does_not_exist_is_no_server(void **state)
{
	const char *said;

	(void)state;
	fake_pq.host = "no such host";
	log_tap_begin(LOG_ERROR);
	pipeline = db_pipeline_create(&loop, &pipeline_settings);
	submit(0, &country);
	wait_for_names(0);
	turn();
	said = log_tap_end();
	assert_int_equal(fake_pq.opened, 0);
	assert_failed(0, ERROR_DATABASE_UNAVAILABLE);
	assert_non_null(strstr(said, "no such host"));
}

static void a_name_that_is_being_looked_up_is_forgotten_with_its_link(void **state)
{
	(void)state;
	fake_pq.host = "localhost";
	pipeline = db_pipeline_create(&loop, &pipeline_settings);
	link_give_up(link_of(0));
	assert_null(link_of(0)->resolve);
	db_pipeline_close(pipeline);
	uv_run(&loop, UV_RUN_DEFAULT);
	db_pipeline_destroy(pipeline);
	pipeline = NULL;
	assert_int_equal(fake_pq.opened, 0);
}

static void run_until_a_connect_fails(void)
{
	for (int ms = 0; ms < 3000 && pipeline->failures == 0; ms++)
		run_for(1);
	assert_true(pipeline->failures > 0);
}

/* What is reached again is told once; the first time is no news. */
static void that_it_is_reached_again_is_logged(void **state)
{
	const char *logged;

	(void)state;
	log_tap_begin(LOG_INFO);
	start();
	logged = log_tap_end();
	assert_string_equal(logged, "");
	fake_pq.refuses = true;
	fake_pq_hang_up(reads());
	run_until_a_connect_fails();
	fake_pq.refuses = false;
	log_tap_begin(LOG_INFO);
	for (int i = 0; i < 2000 && pipeline->failures > 0; i++)
		run_for(5);
	logged = log_tap_end();
	assert_non_null(strstr(logged, "connected to the database again"));
	assert_null(strstr(strstr(logged, "again") + 1, "again"));
}

/* Quick tries are for a place that is about to be free, and not for a server that is gone. */
static void what_is_not_full_takes_no_quick_try(void **state)
{
	(void)state;
	start();
	pipeline->room_tries = 5;
	fake_pq.refuses = true;
	fake_pq_hang_up(reads());
	run_until_a_connect_fails();
	assert_int_equal(pipeline->room_tries, 5);
	pipeline->room_tries = 0;
	fake_pq_hang_up(writes());
	pipeline->failures = 0;
	run_until_a_connect_fails();
	assert_int_equal(pipeline->room_tries, 0);
}

/* It need not turn to the statements that it begins with. */
static void a_link_is_opened_for_the_statements_of_now(void **state)
{
	static const unsigned carried_from[] = {0, 1, 2, 3, 4, 5, 6};

	(void)state;
	start();
	db_pipeline_turn(pipeline, (struct db_catalog){.edition = 1, .statement_count = 7}, carried_from);
	answer_all_open();
	turn();
	fake_pq.hangs = true;
	fake_pq_hang_up(reads());
	run_for(10);
	assert_int_equal(fake_pq.opened, 3);
	assert_int_equal(link_of(0)->conn.catalog.edition, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(that_it_is_reached_again_is_logged),
	    TEST(what_is_not_full_takes_no_quick_try),
	    TEST(a_link_is_opened_for_the_statements_of_now),

	    TEST(the_distance_is_the_shortest_there_is),
	    TEST(a_connect_that_succeeds_ends_what_failed),
	    TEST(an_answer_ends_no_failure),
	    TEST(a_connect_that_is_refused_at_once_fails_what_waits),
	    TEST(where_postgresql_is_full_it_is_asked_a_few_times_quickly),
	    TEST(what_cannot_be_reached_is_not_full),
	    TEST(where_some_are_granted_they_have_to_do),
	    TEST(a_name_is_looked_up_before_its_server_is_connected_to),
	    TEST(a_name_that_does_not_exist_is_no_server),
	    TEST(a_name_that_is_being_looked_up_is_forgotten_with_its_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
