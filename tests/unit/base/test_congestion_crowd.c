/* The rule in use: a simulation of a queue, of what serves it, and of the clients, on a clock of its own. */
#include "base/congestion.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	CLIENTS_MAX = 4096,
	PLACES_MAX = 4096,
	SERVERS_MAX = 64,
	LIMIT = 1000,
	TIME_S = 5, /* that a request has */
};

#define NEVER UINT64_MAX

static const uint64_t at_once_ns = 100 * NS_PER_US;

/* It asks again when it is answered. A stream of requests asks again at random, whatever is answered. */
struct client {
	uint64_t asks_ns;
	uint64_t pause_ns; /* after a refusal */
	uint64_t gap_ns;   /* of a stream, on average; 0: it is none */
	bool has_left;
};

struct place {
	uint64_t came_ns, expected_ns;
	struct client *client;
};

struct crowd {
	struct congestion queue;
	uint64_t now_ns, seed;
	unsigned servers;
	uint64_t service_ns, expected_ns;
	uint64_t free_ns[SERVERS_MAX]; /* when each is free again */
	struct place places[PLACES_MAX];
	unsigned first, waiting;
	struct client clients[CLIENTS_MAX];
	unsigned client_count;
	struct client *asking[CLIENTS_MAX]; /* a heap of those that will ask; the first is the soonest */
	unsigned asking_count;
	uint64_t door_ns; /* what one that asks takes of the loop */
	uint64_t door_free_ns;
	/* counted since begin_counting() */
	unsigned good, soon, late, refused;
};

static const struct {
	unsigned servers, service_ms;
} kinds[] = {{1, 20}, {1, 250}, {8, 60}, {8, 250}, {38, 20}, {38, 250}};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static struct crowd crowd_of(unsigned kind)
{
	return (struct crowd){
	    .now_ns = NS_PER_S,
	    .seed = 1,
	    .servers = kinds[kind].servers,
	    .service_ns = kinds[kind].service_ms * NS_PER_MS,
	};
}

static void swap(struct client **a, struct client **b)
{
	struct client *other = *a;

	*a = *b;
	*b = other;
}

static void will_ask(struct crowd *crowd, struct client *client, uint64_t when_ns)
{
	struct client **heap = crowd->asking;
	unsigned at = crowd->asking_count++;

	client->asks_ns = when_ns;
	heap[at] = client;
	for (; at > 0 && heap[at]->asks_ns < heap[(at - 1) / 2]->asks_ns; at = (at - 1) / 2)
		swap(&heap[at], &heap[(at - 1) / 2]);
}

static unsigned sooner_of(const struct crowd *crowd, unsigned a, unsigned b)
{
	return b < crowd->asking_count && crowd->asking[b]->asks_ns < crowd->asking[a]->asks_ns ? b : a;
}

static struct client *take_soonest(struct crowd *crowd)
{
	struct client **heap = crowd->asking, *soonest = heap[0];
	unsigned at = 0, child;

	heap[0] = heap[--crowd->asking_count];
	while ((child = sooner_of(crowd, sooner_of(crowd, at, 2 * at + 1), 2 * at + 2)) != at) {
		swap(&heap[at], &heap[child]);
		at = child;
	}
	return soonest;
}

static void add(struct crowd *crowd, struct client client)
{
	crowd->clients[crowd->client_count] = client;
	will_ask(crowd, &crowd->clients[crowd->client_count++], crowd->now_ns);
}

static void add_clients(struct crowd *crowd, unsigned count, uint64_t pause_ns)
{
	while (count-- > 0)
		add(crowd, (struct client){.pause_ns = pause_ns});
}

static void add_stream(struct crowd *crowd, double load)
{
	double gap_ns = (double)crowd->service_ns / crowd->servers / load;

	add(crowd, (struct client){.gap_ns = (uint64_t)gap_ns});
}

/* What they asked for already goes on. */
static void let_leave(struct crowd *crowd, unsigned from, unsigned count)
{
	for (unsigned i = from; i < from + count; i++)
		crowd->clients[i].has_left = true;
}

static double random_part(struct crowd *crowd)
{
	crowd->seed = crowd->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(crowd->seed >> 11) / 9007199254740992.0;
}

static unsigned soonest_server(const struct crowd *crowd)
{
	unsigned best = 0;

	for (unsigned i = 1; i < crowd->servers; i++)
		if (crowd->free_ns[i] < crowd->free_ns[best])
			best = i;
	return best;
}

static void answer(struct crowd *crowd, struct client *client, uint64_t when_ns, uint64_t pause_ns)
{
	if (client->gap_ns == 0)
		will_ask(crowd, client, when_ns + pause_ns);
}

static void refuse(struct crowd *crowd, struct client *client)
{
	crowd->refused++;
	answer(crowd, client, crowd->now_ns, client->pause_ns);
}

static void serve(struct crowd *crowd, struct place place)
{
	uint64_t over_ns = crowd->now_ns + crowd->service_ns;

	crowd->free_ns[soonest_server(crowd)] = over_ns;
	congestion_learn(&crowd->expected_ns, crowd->service_ns);
	if (over_ns <= place.came_ns + TIME_S * NS_PER_S)
		crowd->good++;
	else
		crowd->late++;
	if (over_ns <= place.came_ns + 2 * crowd->service_ns + 6 * NS_PER_MS)
		crowd->soon++;
	answer(crowd, place.client, over_ns, at_once_ns);
}

static void serve_first(struct crowd *crowd)
{
	struct place place = crowd->places[crowd->first];

	crowd->first = (crowd->first + 1) % PLACES_MAX;
	crowd->waiting--;
	congestion_leave(&crowd->queue, place.expected_ns);
	if (congestion_is_hopeless(&crowd->queue, place.came_ns + TIME_S * NS_PER_S, crowd->expected_ns, crowd->now_ns))
		refuse(crowd, place.client);
	else
		serve(crowd, place);
}

static enum refusal judge(struct crowd *crowd)
{
	struct congestion_guest guest = {
	    .deadline_ns = crowd->now_ns + TIME_S * NS_PER_S,
	    .usual_ns = TIME_S * NS_PER_S,
	    .expected_ns = crowd->expected_ns,
	    .limit = LIMIT,
	    .servers = crowd->servers,
	};

	return congestion_judge(&crowd->queue, &guest, crowd->now_ns);
}

static void ask(struct crowd *crowd, struct client *client)
{
	struct place place = {.came_ns = crowd->now_ns, .expected_ns = crowd->expected_ns, .client = client};

	if (client->has_left)
		return;
	crowd->door_free_ns = crowd->now_ns + crowd->door_ns;
	if (client->gap_ns > 0)
		will_ask(crowd, client, client->asks_ns + (uint64_t)((double)client->gap_ns * 2 * random_part(crowd)));
	if (crowd->waiting == 0 && crowd->free_ns[soonest_server(crowd)] <= crowd->now_ns) {
		serve(crowd, place);
	} else if (judge(crowd) != REFUSAL_NONE) {
		refuse(crowd, client);
	} else {
		congestion_enter(&crowd->queue, place.expected_ns, crowd->now_ns);
		crowd->places[(crowd->first + crowd->waiting++) % PLACES_MAX] = place;
	}
}

static uint64_t later_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void run(struct crowd *crowd, double seconds)
{
	uint64_t until_ns = crowd->now_ns + (uint64_t)(seconds * 1e9);

	for (;;) {
		uint64_t asks_ns =
		    crowd->asking_count > 0 ? later_of(crowd->asking[0]->asks_ns, crowd->door_free_ns) : NEVER;
		uint64_t serves_ns = crowd->waiting > 0 ? crowd->free_ns[soonest_server(crowd)] : NEVER;
		uint64_t next_ns = serves_ns <= asks_ns ? serves_ns : asks_ns;

		if (next_ns > until_ns)
			break;
		crowd->now_ns = later_of(crowd->now_ns, next_ns);
		if (serves_ns <= asks_ns)
			serve_first(crowd);
		else
			ask(crowd, take_soonest(crowd));
	}
	crowd->now_ns = until_ns;
}

static void begin_counting(struct crowd *crowd)
{
	crowd->good = crowd->soon = crowd->late = crowd->refused = 0;
}

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
