/* The same exchanges through all three runners: the responses are the same bytes, in whatever order they end. */
#include "server/run/runner.h"
#include "runners_fixture.h"

#include <semaphore.h>

/* What is large */

static void start_with_pool(void)
{
	run.large_pool = compute_pool_create_prompt(2, 1);
	order = SHUFFLED;
	start(MODE_ASYNC);
}

static void stop_with_pool(void)
{
	stop();
	compute_pool_destroy(run.large_pool);
}

static enum step halves_arrived(struct exchange *x)
{
	note_thread();
	return respond_row(x, 200, exchange_signature(x, 1), exchange_result(x, 1), 0);
}

/* Neither is large alone. */
static void ask_for_two_halves(struct exchange *x)
{
	note_thread();
	db_query(x, &large, own_value(x));
	db_query(x, &large, own_value(x));
}

static enum step two_halves(struct exchange *x)
{
	ask_for_two_halves(x);
	return await_db(x, halves_arrived);
}

static enum step one_half(struct exchange *x)
{
	note_thread();
	db_query(x, &large, own_value(x));
	return await_db(x, row_arrived);
}

static void assert_echoed(unsigned number)
{
	char expected[RESPONSE_BYTES];

	snprintf(expected, sizeof(expected), "200 application/json\n{\"echo\":\"%u\"}", number);
	assert_string_equal(responses[number], expected);
}

/* More of them than its pool lets wait. */
static void async_reads_large_results_beside_the_loop(void **state)
{
	(void)state;
	start_with_pool();
	for (unsigned i = 0; i < EXCHANGES; i++)
		runner_run(runner, begin(i, two_halves, 5000));
	assert_int_equal(steps_on_the_loop, EXCHANGES);
	run_until_ready(EXCHANGES);
	for (unsigned i = 0; i < EXCHANGES; i++)
		assert_echoed(i);
	assert_int_equal(steps_on_the_loop, EXCHANGES);
	assert_int_equal(steps_elsewhere, EXCHANGES);
	stop_with_pool();
}

static void async_reads_others_on_the_loop(void **state)
{
	(void)state;
	start_with_pool();
	runner_run(runner, begin(7, one_half, 5000));
	run_until_ready(1);
	assert_echoed(7);
	assert_int_equal(steps_elsewhere, 0);
	stop_with_pool();
}

static void async_reads_large_bodies_beside_the_loop(void **state)
{
	struct exchange *x;

	(void)state;
	start_with_pool();
	x = begin(7, one_half, 5000);
	x->request.body = (struct text){"", ASIDE_BYTES};
	runner_run(runner, x);
	run_until_ready(1);
	assert_echoed(7);
	assert_int_equal(steps_on_the_loop, 0);
	assert_int_equal(steps_elsewhere, 2);
	stop_with_pool();
}

/* The step goes on, since what it has begun must have an end. */
static sem_t client_has_left;

static enum step halves_arrived_late(struct exchange *x)
{
	while (sem_wait(&client_has_left) != 0)
		continue;
	return halves_arrived(x);
}

static enum step two_late_halves(struct exchange *x)
{
	ask_for_two_halves(x);
	return await_db(x, halves_arrived_late);
}

static void a_client_leaves_while_its_result_is_read(void **state)
{
	struct exchange *x;

	(void)state;
	sem_init(&client_has_left, 0, 0);
	start_with_pool();
	x = begin(7, two_late_halves, 5000);
	runner_run(runner, x);
	while (!x->is_aside)
		uv_run(&loop, UV_RUN_ONCE);
	runner_note_departure(runner, x);
	sem_post(&client_has_left);
	run_until_ready(1);
	assert_echoed(7);
	assert_false(x->is_aside);
	stop_with_pool();
	sem_destroy(&client_has_left);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(async_reads_large_results_beside_the_loop),
	    TEST(async_reads_others_on_the_loop),
	    TEST(async_reads_large_bodies_beside_the_loop),
	    TEST(a_client_leaves_while_its_result_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
