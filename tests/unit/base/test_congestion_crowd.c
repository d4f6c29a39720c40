/* The rule in use, with a crowd of clients. */
#include "unit/base/crowd.h"

static double most_in(const struct crowd *crowd, double seconds)
{
	return seconds * 1e9 * crowd->servers / (double)crowd->service_ns;
}

static unsigned least_of(uint64_t a, uint64_t b)
{
	return (unsigned)(a < b ? a : b);
}

/* As many clients as keep those that wait waiting for so long; no more than may wait. */
static unsigned clients_that_wait(const struct crowd *crowd, uint64_t wait_ms)
{
	return crowd->servers + least_of(wait_ms * NS_PER_MS * crowd->servers / crowd->service_ns, LIMIT - 100);
}

static unsigned too_many(const struct crowd *crowd)
{
	return crowd->servers + least_of(4 * NS_PER_S * crowd->servers / crowd->service_ns, LIMIT + 100);
}

static void goodput_stays_whatever_comes(void **state)
{
	static const double loads[] = {1.3, 2, 5, 10};

	(void)state;
	for (unsigned k = 0; k < KINDS; k++)
		for (unsigned l = 0; l < 4; l++) {
			struct crowd crowd = crowd_of(k);

			add_stream(&crowd, loads[l]);
			run(&crowd, 10);
			begin_counting(&crowd);
			run(&crowd, 60);
			assert_true(crowd.good >= 0.93 * most_in(&crowd, 60));
			assert_int_equal(crowd.late, 0);
			/* the others came in a trial; by chance one server alone is at ease again now and then */
			if (crowd.servers > 1)
				assert_true(crowd.soon >= 0.6 * crowd.good);
		}
}

static void it_is_normal_again_after_a_second(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct crowd crowd = crowd_of(k);

		add_stream(&crowd, 10);
		run(&crowd, 20);
		assert_true(crowd.refused > 0);
		let_leave(&crowd, 0, 1);
		add_stream(&crowd, 0.5);
		run(&crowd, 5);
		begin_counting(&crowd);
		let_leave(&crowd, 1, 1);
		add_stream(&crowd, 0.7);
		run(&crowd, 30);
		assert_int_equal(crowd.refused, 0);
		assert_int_equal(crowd.late, 0);
		assert_false(crowd.queue.is_overloaded);
	}
}

static void a_closed_loop_is_refused_nothing(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct crowd crowd = crowd_of(k);

		add_clients(&crowd, clients_that_wait(&crowd, 1500), at_once_ns);
		run(&crowd, 30);
		assert_int_equal(crowd.refused, 0);
		assert_int_equal(crowd.late, 0);
	}
}

static void a_burst_is_refused_nothing(void **state)
{
	struct crowd crowd = crowd_of(2);

	(void)state;
	crowd.service_ns = 8 * NS_PER_MS; /* a thousand of them in a second */
	add_stream(&crowd, 0.5);
	run(&crowd, 3);
	let_leave(&crowd, 0, 1);
	begin_counting(&crowd);
	crowd.door_ns = 20 * NS_PER_US;
	add_clients(&crowd, 1000, at_once_ns);
	run(&crowd, 0.5);
	let_leave(&crowd, 1, 1000);
	run(&crowd, 20);
	assert_int_equal(crowd.refused, 0);
	assert_true(crowd.good >= 1000);
}

/* Refused clients keep the loop busy, so that fewer of them are not refused less often. */
static void lose_capacity_for_a_while(struct crowd *crowd)
{
	crowd->door_ns = 50 * NS_PER_US;
	run(crowd, 3);
	crowd->service_ns *= 6;
	run(crowd, 8);
	assert_true(crowd->refused > 0);
	crowd->service_ns /= 6;
}

static void assert_normal_within_5_s(struct crowd *crowd)
{
	run(crowd, 5);
	begin_counting(crowd);
	run(crowd, 15);
	assert_int_equal(crowd->refused, 0);
	assert_int_equal(crowd->late, 0);
	assert_true(crowd->good >= 0.98 * most_in(crowd, 15));
	assert_false(crowd->queue.is_overloaded);
}

static void clients_that_ask_again_at_once_are_let_in_after_an_overload(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct crowd crowd = crowd_of(k);

		add_clients(&crowd, clients_that_wait(&crowd, 1000), at_once_ns);
		lose_capacity_for_a_while(&crowd);
		assert_normal_within_5_s(&crowd);
	}
}

static void and_those_that_ask_from_far_away(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct crowd crowd = crowd_of(k);

		add_clients(&crowd, clients_that_wait(&crowd, 1000), 40 * NS_PER_MS);
		lose_capacity_for_a_while(&crowd);
		assert_normal_within_5_s(&crowd);
	}
}

static void a_few_are_let_in_when_a_crowd_has_left(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct crowd crowd = crowd_of(k);
		unsigned few = clients_that_wait(&crowd, 10) + 5;

		crowd.door_ns = 50 * NS_PER_US;
		add_clients(&crowd, few, at_once_ns);
		add_clients(&crowd, too_many(&crowd), at_once_ns);
		run(&crowd, 10);
		assert_true(crowd.refused > 0);
		let_leave(&crowd, few, crowd.client_count - few);
		assert_normal_within_5_s(&crowd);
	}
}

/* Without the trial those that ask at once would take each place, and the others none. */
static void a_stream_beside_them_is_let_in_too(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct crowd crowd = crowd_of(k);

		add_clients(&crowd, clients_that_wait(&crowd, 200) + 1, at_once_ns);
		add_stream(&crowd, 0.4);
		lose_capacity_for_a_while(&crowd);
		assert_normal_within_5_s(&crowd);
	}
}

static void too_many_for_ever_are_served_in_part(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct crowd crowd = crowd_of(k);

		crowd.door_ns = 50 * NS_PER_US;
		add_clients(&crowd, too_many(&crowd), at_once_ns);
		run(&crowd, 10);
		begin_counting(&crowd);
		run(&crowd, 30);
		assert_true(crowd.good >= 0.93 * most_in(&crowd, 30));
		assert_int_equal(crowd.late, 0);
		assert_true(crowd.refused > crowd.good);
	}
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(goodput_stays_whatever_comes),
	    TEST(it_is_normal_again_after_a_second),
	    TEST(a_closed_loop_is_refused_nothing),
	    TEST(a_burst_is_refused_nothing),
	    TEST(clients_that_ask_again_at_once_are_let_in_after_an_overload),
	    TEST(and_those_that_ask_from_far_away),
	    TEST(a_few_are_let_in_when_a_crowd_has_left),
	    TEST(a_stream_beside_them_is_let_in_too),
	    TEST(too_many_for_ever_are_served_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
