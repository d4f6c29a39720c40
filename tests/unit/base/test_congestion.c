/* The rule on a clock that the test sets, and a queue with its servers as a simulation. */
#include "base/congestion.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { QUEUE_MAX = 4096, SERVERS_MAX = 64 };

/* One that asks to be let in. */
static struct congestion_guest guest(uint64_t now_ns)
{
	return (struct congestion_guest){
	    .deadline_ns = now_ns + 5 * NS_PER_S, .usual_ns = 5 * NS_PER_S, .limit = 1000, .servers = 8};
}

static enum refusal ask(struct congestion *queue, uint64_t now_ms, uint64_t expected_ms)
{
	struct congestion_guest asks = guest(now_ms * NS_PER_MS);

	asks.expected_ns = expected_ms * NS_PER_MS;
	return congestion_judge(queue, &asks, now_ms * NS_PER_MS);
}

static void enter(struct congestion *queue, unsigned count, uint64_t expected_ms, uint64_t now_ms)
{
	while (count-- > 0)
		congestion_enter(queue, expected_ms * NS_PER_MS, now_ms * NS_PER_MS);
}

static void leave(struct congestion *queue, unsigned count, uint64_t expected_ms)
{
	while (count-- > 0)
		congestion_leave(queue, expected_ms * NS_PER_MS);
}

static void as_many_as_the_limit_may_wait(void **state)
{
	struct congestion queue = {0};
	struct congestion_guest asks = guest(NS_PER_S);

	(void)state;
	asks.limit = 2;
	enter(&queue, 1, 0, 1000);
	assert_int_equal(congestion_judge(&queue, &asks, NS_PER_S), REFUSAL_NONE);
	enter(&queue, 1, 0, 1000);
	assert_int_equal(congestion_judge(&queue, &asks, NS_PER_S), REFUSAL_FULL);
	assert_int_equal(queue.refused[REFUSAL_FULL], 1);
	leave(&queue, 1, 0);
	assert_int_equal(congestion_judge(&queue, &asks, NS_PER_S), REFUSAL_NONE);
}

static void a_long_queue_is_refused_once_it_has_stood_for_100_ms(void **state)
{
	struct congestion queue = {0};

	(void)state;
	enter(&queue, 81, 250, 1000); /* 2.53 s on eight servers: more than half of the 5 s */
	assert_int_equal(ask(&queue, 1000, 250), REFUSAL_NONE);
	assert_int_equal(ask(&queue, 1099, 250), REFUSAL_NONE);
	assert_false(queue.is_overloaded);
	assert_int_equal(ask(&queue, 1100, 250), REFUSAL_WAIT);
	assert_true(queue.is_overloaded);
	assert_int_equal(queue.refused[REFUSAL_WAIT], 1);
}

static void a_queue_that_stands_full_is_overloaded(void **state)
{
	struct congestion queue = {0};
	struct congestion_guest asks = guest(1099 * NS_PER_MS);

	(void)state;
	asks.limit = 20;
	enter(&queue, 20, 1, 1000);
	assert_int_equal(congestion_judge(&queue, &asks, 1099 * NS_PER_MS), REFUSAL_FULL);
	assert_false(queue.is_overloaded);
	assert_int_equal(congestion_judge(&queue, &asks, 1100 * NS_PER_MS), REFUSAL_FULL);
	assert_true(queue.is_overloaded);
}

static void a_queue_that_was_empty_has_not_stood(void **state)
{
	struct congestion queue = {0};

	(void)state;
	enter(&queue, 1, 250, 1000);
	leave(&queue, 1, 250);
	enter(&queue, 81, 250, 1500);
	assert_int_equal(ask(&queue, 1550, 250), REFUSAL_NONE);
}

static void half_of_the_time_may_be_waited(void **state)
{
	struct congestion queue = {0};

	(void)state;
	enter(&queue, 80, 250, 1000); /* 2.5 s */
	assert_int_equal(ask(&queue, 3000, 250), REFUSAL_NONE);
}

static void what_was_never_seen_counts_nothing(void **state)
{
	struct congestion queue = {0};

	(void)state;
	enter(&queue, 999, 0, 1000);
	assert_int_equal(ask(&queue, 9000, 0), REFUSAL_NONE);
	assert_int_equal(congestion_wait_ns(&queue, 1), 0);
}

static void who_is_in_a_hurry_overloads_the_queue_for_nobody_else(void **state)
{
	struct congestion queue = {0};
	struct congestion_guest hurried = guest(1200 * NS_PER_MS);

	(void)state;
	enter(&queue, 8, 250, 1000); /* 250 ms */
	hurried.deadline_ns = 1600 * NS_PER_MS;
	assert_int_equal(congestion_judge(&queue, &hurried, 1200 * NS_PER_MS), REFUSAL_WAIT);
	assert_false(queue.is_overloaded);
	assert_int_equal(ask(&queue, 1200, 250), REFUSAL_NONE);
}

static void what_takes_long_itself_may_wait_as_long(void **state)
{
	struct congestion queue = {0};
	struct congestion_guest asks = guest(1200 * NS_PER_MS);

	(void)state;
	enter(&queue, 8, 20000, 1000); /* 20 s */
	asks.deadline_ns += 60 * NS_PER_S;
	asks.expected_ns = 20 * NS_PER_S;
	assert_int_equal(congestion_judge(&queue, &asks, 1200 * NS_PER_MS), REFUSAL_NONE);
	asks.expected_ns = NS_PER_S;
	assert_int_equal(congestion_judge(&queue, &asks, 1200 * NS_PER_MS), REFUSAL_WAIT);
}

static void overload(struct congestion *queue)
{
	enter(queue, 90, 250, 1000);
	assert_int_equal(ask(queue, 1200, 250), REFUSAL_WAIT);
}

static void an_overloaded_queue_is_four_places_long(void **state)
{
	struct congestion queue = {0};

	(void)state;
	overload(&queue);
	leave(&queue, 86, 250);
	assert_int_equal(ask(&queue, 1300, 250), REFUSAL_WAIT);
	leave(&queue, 1, 250);
	assert_int_equal(ask(&queue, 1300, 250), REFUSAL_NONE);
}

static void or_five_ms(void **state)
{
	struct congestion queue = {0};

	(void)state;
	overload(&queue);
	leave(&queue, 90, 250);
	enter(&queue, 40, 1, 1300); /* 5 ms on eight servers */
	assert_int_equal(ask(&queue, 1300, 1), REFUSAL_NONE);
	enter(&queue, 1, 1, 1300);
	assert_int_equal(ask(&queue, 1300, 1), REFUSAL_WAIT);
}

static void a_second_without_a_refusal_ends_the_overload(void **state)
{
	struct congestion queue = {0};

	(void)state;
	overload(&queue);
	leave(&queue, 80, 250);
	assert_int_equal(ask(&queue, 2199, 250), REFUSAL_WAIT);
	/* eight places take 250 ms */
	assert_int_equal(ask(&queue, 3448, 250), REFUSAL_WAIT);
	assert_int_equal(ask(&queue, 4698, 250), REFUSAL_NONE);
	assert_false(queue.is_overloaded);
}

/* Every quarter of a second some more wait than before. */
static enum refusal grow(struct congestion *queue, unsigned more)
{
	enum refusal refusal = REFUSAL_NONE;

	for (uint64_t now_ms = 1000; now_ms <= 3000 && refusal == REFUSAL_NONE; now_ms += 250) {
		enter(queue, more, 250, now_ms);
		refusal = ask(queue, now_ms, 250);
	}
	return refusal;
}

static void a_queue_that_grows_and_grows_is_overloaded_before_it_is_too_long(void **state)
{
	struct congestion queue = {0};

	(void)state;
	assert_int_equal(grow(&queue, 6), REFUSAL_WAIT);
	assert_true(queue.is_overloaded);
	assert_true(congestion_wait_ns(&queue, 8) > NS_PER_S / 2);
	assert_true(congestion_wait_ns(&queue, 8) < 2 * NS_PER_S);
}

static void a_short_one_may_grow(void **state)
{
	struct congestion queue = {0};

	(void)state;
	assert_int_equal(grow(&queue, 1), REFUSAL_NONE);
}

static void what_goes_up_and_down_does_not_grow(void **state)
{
	struct congestion queue = {0};

	(void)state;
	enter(&queue, 40, 250, 1000);
	for (uint64_t now_ms = 1000; now_ms < 60000; now_ms += 250) {
		unsigned some = (unsigned)(now_ms / 250 % 8);

		assert_int_equal(ask(&queue, now_ms, 250), REFUSAL_NONE);
		leave(&queue, some, 250);
		enter(&queue, some, 250, now_ms);
	}
}

static void no_time_is_when_less_than_half_of_it_is_left(void **state)
{
	struct congestion queue = {0};

	(void)state;
	assert_false(congestion_is_hopeless(&queue, 1500, 1000, 1000));
	assert_true(congestion_is_hopeless(&queue, 1499, 1000, 1000));
	assert_int_equal(queue.refused[REFUSAL_TIME], 1);
	assert_false(congestion_is_hopeless(&queue, 1001, 0, 1000)); /* never seen: tried */
}

static void an_average_follows(void **state)
{
	uint64_t expected_ns = 0;

	(void)state;
	congestion_learn(&expected_ns, 8000);
	assert_int_equal(expected_ns, 8001);
	congestion_learn(&expected_ns, 0);
	assert_int_equal(expected_ns, 7002);
}

static void retry_after_is_what_the_queue_takes(void **state)
{
	(void)state;
	assert_int_equal(congestion_retry_s(0), 1);
	assert_int_equal(congestion_retry_s(NS_PER_S - 1), 1);
	assert_int_equal(congestion_retry_s(2 * NS_PER_S), 3);
}

static void every_refusal_has_a_name_and_words(void **state)
{
	(void)state;
	for (enum refusal i = REFUSAL_FULL; i < REFUSAL_COUNT; i++) {
		assert_true(strlen(refusal_name(i)) > 0);
		assert_true(strlen(refusal_words(i)) > 20);
	}
}

/* A simulation: the queue, and what serves it */

struct simulation {
	struct congestion queue;
	unsigned servers, waiting;
	uint64_t service_ns, expected_ns, seed;
	uint64_t free_ns[SERVERS_MAX]; /* when each is free again */
	uint64_t came_ns[QUEUE_MAX];   /* a ring of those that wait */
	unsigned first;
	/* counted since begin_counting() */
	unsigned good, late, refused;
	uint64_t longest_ns; /* response of a good one */
};

static double random_part(struct simulation *simulation)
{
	simulation->seed = simulation->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(simulation->seed >> 11) / 9007199254740992.0;
}

static unsigned soonest(const struct simulation *simulation)
{
	unsigned best = 0;

	for (unsigned i = 1; i < simulation->servers; i++)
		if (simulation->free_ns[i] < simulation->free_ns[best])
			best = i;
	return best;
}

/* The sleeping statement takes as long as it takes; its client is answered well until its deadline. */
static void serve(struct simulation *simulation, unsigned server, uint64_t came_ns, uint64_t now_ns)
{
	uint64_t over_ns = now_ns + simulation->service_ns;

	simulation->free_ns[server] = over_ns;
	congestion_learn(&simulation->expected_ns, simulation->service_ns);
	if (over_ns <= came_ns + 5 * NS_PER_S) {
		simulation->good++;
		if (over_ns - came_ns > simulation->longest_ns)
			simulation->longest_ns = over_ns - came_ns;
	} else {
		simulation->late++;
	}
}

/* A server that is free until `now_ns` takes the first. */
static void advance(struct simulation *simulation, uint64_t now_ns)
{
	while (simulation->waiting > 0) {
		unsigned server = soonest(simulation);
		uint64_t came_ns = simulation->came_ns[simulation->first], free_ns = simulation->free_ns[server];

		if (free_ns > now_ns)
			break;
		simulation->first = (simulation->first + 1) % QUEUE_MAX;
		simulation->waiting--;
		congestion_leave(&simulation->queue, simulation->service_ns);
		if (congestion_is_hopeless(&simulation->queue, came_ns + 5 * NS_PER_S, simulation->expected_ns,
					   free_ns))
			simulation->refused++;
		else
			serve(simulation, server, came_ns, free_ns > came_ns ? free_ns : came_ns);
	}
}

/* False: refused. */
static bool arrive(struct simulation *simulation, uint64_t now_ns)
{
	struct congestion_guest asks = guest(now_ns);
	unsigned server;

	advance(simulation, now_ns);
	server = soonest(simulation);
	if (simulation->waiting == 0 && simulation->free_ns[server] <= now_ns) {
		serve(simulation, server, now_ns, now_ns);
		return true;
	}
	asks.limit = QUEUE_MAX - 1;
	asks.servers = simulation->servers;
	asks.expected_ns = simulation->expected_ns;
	if (congestion_judge(&simulation->queue, &asks, now_ns) != REFUSAL_NONE) {
		simulation->refused++;
		return false;
	}
	congestion_enter(&simulation->queue, simulation->service_ns, now_ns);
	simulation->came_ns[(simulation->first + simulation->waiting++) % QUEUE_MAX] = now_ns;
	return true;
}

static void begin_counting(struct simulation *simulation)
{
	simulation->good = simulation->late = simulation->refused = 0;
	simulation->longest_ns = 0;
}

/* An open loop whose arrivals are random. */
static uint64_t open_loop(struct simulation *simulation, double load, uint64_t from_ns, double seconds)
{
	double gap_ns = (double)simulation->service_ns / simulation->servers / load, now_ns = (double)from_ns;

	while (now_ns < (double)from_ns + seconds * 1e9) {
		arrive(simulation, (uint64_t)now_ns);
		now_ns += gap_ns * 2 * random_part(simulation);
	}
	return (uint64_t)now_ns;
}

static const struct {
	unsigned servers, service_ms;
} places[] = {{1, 20}, {1, 250}, {8, 60}, {8, 250}, {38, 20}, {38, 250}};

static struct simulation simulation_of(unsigned place)
{
	return (struct simulation){
	    .servers = places[place].servers, .service_ns = places[place].service_ms * NS_PER_MS, .seed = 1};
}

static void goodput_stays_whatever_comes(void **state)
{
	static const double loads[] = {1.3, 2, 5, 10};

	(void)state;
	for (unsigned p = 0; p < sizeof(places) / sizeof(places[0]); p++)
		for (unsigned l = 0; l < 4; l++) {
			struct simulation simulation = simulation_of(p);
			uint64_t now_ns = open_loop(&simulation, loads[l], NS_PER_S, 10);
			double most = 60.0 * simulation.servers * 1000 / places[p].service_ms;

			begin_counting(&simulation);
			open_loop(&simulation, loads[l], now_ns, 60);
			assert_true(simulation.good >= 0.93 * most);
			assert_int_equal(simulation.late, 0);
			/* by chance one server alone is at ease again now and then */
			if (places[p].servers > 1)
				assert_true(simulation.longest_ns <= 2 * simulation.service_ns + 6 * NS_PER_MS);
		}
}

static void it_is_normal_again_after_a_second(void **state)
{
	(void)state;
	for (unsigned p = 0; p < sizeof(places) / sizeof(places[0]); p++) {
		struct simulation simulation = simulation_of(p);
		uint64_t now_ns = open_loop(&simulation, 10, NS_PER_S, 20);

		assert_true(simulation.refused > 0);
		now_ns = open_loop(&simulation, 0.5, now_ns, 5);
		begin_counting(&simulation);
		open_loop(&simulation, 0.7, now_ns, 30);
		assert_int_equal(simulation.refused, 0);
		assert_int_equal(simulation.late, 0);
		assert_false(simulation.queue.is_overloaded);
	}
}

static void a_closed_loop_is_refused_nothing(void **state)
{
	(void)state;
	for (unsigned p = 0; p < sizeof(places) / sizeof(places[0]); p++) {
		struct simulation simulation = simulation_of(p);
		/* as many clients as wait for 1.5 s; each asks again when it is answered */
		unsigned clients = simulation.servers + 1500 * simulation.servers / places[p].service_ms;
		uint64_t now_ns = NS_PER_S;

		for (unsigned i = 0; i < clients; i++)
			arrive(&simulation, now_ns);
		for (unsigned i = 0; i < 5000; i++) {
			uint64_t next_ns = simulation.free_ns[soonest(&simulation)];

			now_ns = next_ns > now_ns ? next_ns : now_ns;
			arrive(&simulation, now_ns);
		}
		assert_int_equal(simulation.refused, 0);
		assert_int_equal(simulation.late, 0);
	}
}

static void a_burst_is_refused_nothing(void **state)
{
	struct simulation simulation = simulation_of(2);

	(void)state;
	simulation.service_ns = 8 * NS_PER_MS; /* a thousand of them in a second */
	open_loop(&simulation, 0.5, NS_PER_S, 3);
	begin_counting(&simulation);
	for (unsigned i = 0; i < 1000; i++)
		arrive(&simulation, 5 * NS_PER_S + i * 20 * NS_PER_US);
	advance(&simulation, 20 * NS_PER_S);
	assert_int_equal(simulation.refused, 0);
	assert_int_equal(simulation.good, 1000);
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(as_many_as_the_limit_may_wait),
	    TEST(a_long_queue_is_refused_once_it_has_stood_for_100_ms),
	    TEST(a_queue_that_stands_full_is_overloaded),
	    TEST(a_queue_that_was_empty_has_not_stood),
	    TEST(half_of_the_time_may_be_waited),
	    TEST(what_was_never_seen_counts_nothing),
	    TEST(who_is_in_a_hurry_overloads_the_queue_for_nobody_else),
	    TEST(what_takes_long_itself_may_wait_as_long),
	    TEST(an_overloaded_queue_is_four_places_long),
	    TEST(or_five_ms),
	    TEST(a_second_without_a_refusal_ends_the_overload),
	    TEST(a_queue_that_grows_and_grows_is_overloaded_before_it_is_too_long),
	    TEST(a_short_one_may_grow),
	    TEST(what_goes_up_and_down_does_not_grow),
	    TEST(no_time_is_when_less_than_half_of_it_is_left),
	    TEST(an_average_follows),
	    TEST(retry_after_is_what_the_queue_takes),
	    TEST(every_refusal_has_a_name_and_words),
	    TEST(goodput_stays_whatever_comes),
	    TEST(it_is_normal_again_after_a_second),
	    TEST(a_closed_loop_is_refused_nothing),
	    TEST(a_burst_is_refused_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
