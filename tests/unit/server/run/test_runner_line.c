/* Where waiting blocks, exchanges stand in line: for a worker in threads mode, for the loop itself in sync mode. The
 * database is the test's: it answers, holds up what waits, or says that there is no connection. */
#include "server/run/runner.h"
#include "line_fixture.h"

/* All that comes now waits in line: the only worker is busy, or the loop has not turned. */
static void start_with_all_busy(enum mode mode)
{
	start(mode);
	if (mode == MODE_SYNC)
		return;
	database.to_hold = 1;
	run(0, NULL);
	until_held(1);
}

static unsigned busy_ones(enum mode mode)
{
	return mode == MODE_SYNC ? 0 : 1;
}

/* Both modes */

static void beyond_the_limit_is_busy_at_once(void **state)
{
	(void)state;
	options.queue_limit = 2;
	for (enum mode mode = MODE_SYNC; mode <= MODE_THREADS; mode++) {
		start_with_all_busy(mode);
		run(1, NULL);
		run(2, NULL);
		assert_int_equal(ready_count, 0);
		assert_int_equal(waiting(), 2);
		assert_problem(run(3, NULL), 503, refusal_words(REFUSAL_FULL));
		assert_int_equal(ready_count, 1);
		assert_int_equal(runner->class->numbers(runner).db.refused[REFUSAL_FULL], 1);
		let_go();
		until_ready(3 + busy_ones(mode));
		assert_int_equal(exchanges[1]->response.status, 204);
		assert_int_equal(exchanges[2]->response.status, 204);
		assert_int_equal(waiting(), 0);
		assert_int_equal(runner->class->numbers(runner).db.units, database.waits);
		stop();
		set_up(NULL);
		options.queue_limit = 2;
	}
}

static void what_is_over_gives_its_place_in_line_to_another(void **state)
{
	(void)state;
	for (enum mode mode = MODE_SYNC; mode <= MODE_THREADS; mode++) {
		struct exchange *late = begin(1, ask, NULL, 1), *left = begin(2, ask, NULL, 60000);

		options.queue_limit = 2;
		start_with_all_busy(mode);
		runner_run(runner, late);
		runner_run(runner, left);
		runner_note_departure(runner, left);
		while (clock_now_ns() < late->deadline_ns)
			;
		until_ready(2);
		assert_problem(late, 504, "its turn did not come before the deadline");
		assert_problem(left, 503, db_client_left);
		assert_int_equal(database.waits, busy_ones(mode));
		assert_int_equal(waiting(), 0);
		run(3, NULL);
		run(4, NULL);
		assert_int_equal(waiting(), 2);
		let_go();
		until_ready(4 + busy_ones(mode));
		assert_int_equal(exchanges[4]->response.status, 204);
		stop();
		set_up(NULL);
	}
}

static void what_takes_longer_than_is_left_is_refused_at_its_turn(void **state)
{
	(void)state;
	for (enum mode mode = MODE_SYNC; mode <= MODE_THREADS; mode++) {
		struct exchange *x;

		start(mode);
		run(0, &slow_route);
		until_ready(1);
		/* the next one's waiting has learnt what the last one took */
		run(1, NULL);
		until_ready(2);
		/* what is refused teaches nothing, however often */
		for (unsigned i = 2; i < EXCHANGES - 1; i++) {
			x = begin(i, ask, &slow_route, LONG_S * 1000 / 4);
			runner_run(runner, x);
			until_ready(i + 1);
			assert_problem(x, 503, refusal_words(REFUSAL_TIME));
		}
		assert_int_equal(database.waits, 2);
		x = begin(EXCHANGES - 1, ask, &slow_route, LONG_S * 1000);
		runner_run(runner, x);
		until_ready(EXCHANGES);
		assert_int_equal(x->response.status, 204);
		stop();
		set_up(NULL);
	}
}

static void statements_are_of_the_edition_that_is_served(void **state)
{
	const struct db_catalog catalog = {.edition = 7, .statement_count = 3};

	(void)state;
	for (enum mode mode = MODE_SYNC; mode <= MODE_THREADS; mode++) {
		common.db.catalog.edition = 6;
		start(mode);
		run(0, NULL);
		until_ready(1);
		assert_int_equal(database.edition, 6);
		/* so are those of streams, whatever waits */
		assert_ptr_equal(database.resources->stream_settings, &common.db_for_streams);
		assert_ptr_equal(database.resources->streams, &runner->streams);
		runner->class->turn(runner, catalog, NULL);
		run(1, NULL);
		until_ready(2);
		assert_int_equal(database.edition, 7);
		assert_int_equal(runner_oldest_edition(runner), UINT_MAX);
		stop();
		set_up(NULL);
	}
}

/* The log names connections by their numbers, over all loops and workers: two for each that waits. */
static void no_two_connections_have_one_number(void **state)
{
	unsigned first, second;

	(void)state;
	start(MODE_SYNC);
	run(0, NULL);
	until_ready(1);
	assert_int_equal(database.number, 2 * NUMBER);
	stop();
	set_up(NULL);
	options.threads = 2;
	start(MODE_THREADS);
	database.to_hold = 2;
	run(0, NULL);
	until_held(1);
	first = database.number;
	run(1, NULL);
	until_held(2);
	second = database.number;
	assert_true(first != second);
	assert_int_equal(first + second, 2 * (2 * NUMBER) + 2 * (2 * NUMBER + 1));
	let_go();
	until_ready(2);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(beyond_the_limit_is_busy_at_once),
	    TEST(what_is_over_gives_its_place_in_line_to_another),
	    TEST(what_takes_longer_than_is_left_is_refused_at_its_turn),
	    TEST(statements_are_of_the_edition_that_is_served),
	    TEST(no_two_connections_have_one_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
