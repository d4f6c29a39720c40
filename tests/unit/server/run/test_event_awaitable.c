/* Events that are waited for by a thread or started on a loop; the listener is the test's. */
#include "server/run/event_awaitable.h"

#include "events/hub.h"
#include "lib/awaiting.h"

#include <pthread.h>

static const struct event_order order = {.channel = {"a", 1}};
static struct event_hub *hub;

/* The listener */

static void listen_to_all(void)
{
	struct arena arena;
	struct buffer sql = buffer_in(&arena);

	arena_init(&arena, NULL, 0);
	while (event_hub_add_commands(hub, &sql))
		event_hub_note_done(hub);
	arena_cleanup(&arena);
}

static void publish(const char *payload)
{
	event_hub_publish(hub, TEXT("a"), text_of(payload));
}

/* The exchange */

static void await(uint64_t ms)
{
	await_event(&x, &order, ms, awaiting_end);
}

static void start(uint64_t ms)
{
	await(ms);
	awaiting_start();
}

static void wait_here(uint64_t ms)
{
	await(ms);
	awaiting_wait();
}

static void both_ways(uint64_t ms, bool is_on_loop)
{
	if (!is_on_loop) {
		wait_here(ms);
		return;
	}
	start(ms);
	awaiting_run_until_done();
}

static void assert_heard(enum event_kind kind)
{
	assert_int_equal(exchange_await_error(&x), ERROR_NONE);
	assert_int_equal(exchange_event_news(&x)->kind, kind);
}

static void over(void)
{
	event_awaitable_end(&x);
	assert_int_equal(event_hub_numbers(hub).subscribers, 0);
	exchange_recycle(&x);
}

/* Another one keeps the channel listened to. */
static void subscribe_first(bool is_on_loop)
{
	awaiting_begin(LONG_MS);
	if (is_on_loop)
		start(LONG_MS);
	else
		await(LONG_MS);
	if (!is_on_loop) {
		const char *why;

		x.events = event_hub_subscribe(hub, &order, &why);
		listen_to_all();
		awaiting_wait();
	} else {
		listen_to_all();
		awaiting_run_until_done();
	}
	assert_heard(EVENT_SUBSCRIBED);
	assert_string_equal(x.work_name, "events");
	/* the response has begun: there is no deadline of the request any more */
	x.response.part_count = 1;
}

static int set_up(void **state)
{
	(void)state;
	awaiting_open();
	hub = event_hub_create(&(struct event_hub_settings){1, 1, 10, 10000});
	event_hub_note_connected(hub);
	runner.resources.events = &hub;
	settings.await_event = &event_awaitable;
	runner.resources.event_inbox = event_inbox_create(&loop);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	exchange_cleanup(&x);
	event_inbox_close(runner.resources.event_inbox);
	awaiting_close();
	event_inbox_destroy(runner.resources.event_inbox);
	event_hub_destroy(hub);
	return 0;
}

static void what_has_come_is_heard_at_once(void **state)
{
	(void)state;
	for (int way = 0; way < 2; way++) {
		subscribe_first(way);
		publish("one");
		both_ways(LONG_MS, way);
		assert_heard(EVENT_CHANGES);
		over();
	}
}

static void a_silent_channel_ends_the_wait(void **state)
{
	(void)state;
	for (int way = 0; way < 2; way++) {
		subscribe_first(way);
		both_ways(SHORT_MS, way);
		assert_heard(EVENT_NONE);
		both_ways(0, way);
		assert_heard(EVENT_NONE);
		publish("late");
		both_ways(LONG_MS, way);
		assert_heard(EVENT_CHANGES);
		over();
	}
}

static void an_event_wakes_the_loop(void **state)
{
	(void)state;
	subscribe_first(true);
	start(LONG_MS);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(done_count, 0);
	publish("one");
	publish("two");
	awaiting_run_until_done();
	assert_heard(EVENT_CHANGES);
	over();
}

static void *publish_soon(void *data)
{
	(void)data;
	usleep(SHORT_MS * 1000);
	publish("one");
	return NULL;
}

static void an_event_wakes_a_thread(void **state)
{
	pthread_t thread;

	(void)state;
	subscribe_first(false);
	pthread_create(&thread, NULL, publish_soon, NULL);
	wait_here(LONG_MS);
	pthread_join(thread, NULL);
	assert_heard(EVENT_CHANGES);
	over();
}

static void a_channel_that_is_not_listened_to_in_time_is_an_error(void **state)
{
	(void)state;
	for (int way = 0; way < 2; way++) {
		awaiting_begin(SHORT_MS);
		both_ways(LONG_MS, way);
		assert_int_equal(exchange_await_error(&x), ERROR_DEADLINE);
		over();
	}
}

static void postgresql_that_is_not_reached_is_an_error(void **state)
{
	(void)state;
	event_hub_note_unreachable(hub);
	for (int way = 0; way < 2; way++) {
		awaiting_begin(LONG_MS);
		both_ways(LONG_MS, way);
		assert_int_equal(exchange_await_error(&x), ERROR_DATABASE_UNAVAILABLE);
		over();
	}
}

static void one_too_many_is_busy(void **state)
{
	const char *why;
	struct event_subscription *other = event_hub_subscribe(hub, &order, &why);

	(void)state;
	for (int way = 0; way < 2; way++) {
		awaiting_begin(LONG_MS);
		both_ways(LONG_MS, way);
		assert_int_equal(exchange_await_error(&x), ERROR_BUSY);
		assert_non_null(strstr(x.awaited.why, "max_subscribers"));
		exchange_recycle(&x);
	}
	event_hub_unsubscribe(other);
}

static void one_that_has_left_waits_no_longer(void **state)
{
	(void)state;
	subscribe_first(true);
	start(LONG_MS);
	event_awaitable_note_departure(runner.resources.event_inbox, &x);
	assert_int_equal(done_count, 1);
	/* once */
	event_awaitable_note_departure(runner.resources.event_inbox, &x);
	assert_int_equal(done_count, 1);
	over();
}

static void one_that_has_left_with_news_on_its_way_ends_once(void **state)
{
	(void)state;
	subscribe_first(true);
	start(LONG_MS);
	publish("one");
	event_awaitable_note_departure(runner.resources.event_inbox, &x);
	assert_int_equal(done_count, 0);
	awaiting_run_until_done();
	over();
}

static void it_can_be_failed_before_it_began(void **state)
{
	(void)state;
	awaiting_begin(LONG_MS);
	await(LONG_MS);
	(x.awaited.class->fail)(&x.awaited, ERROR_BUSY, "its turn did not come");
	assert_int_equal(exchange_await_error(&x), ERROR_BUSY);
	assert_string_equal(x.work_name, "events");
	exchange_recycle(&x);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(what_has_come_is_heard_at_once),
	    TEST(a_silent_channel_ends_the_wait),
	    TEST(an_event_wakes_the_loop),
	    TEST(an_event_wakes_a_thread),
	    TEST(a_channel_that_is_not_listened_to_in_time_is_an_error),
	    TEST(postgresql_that_is_not_reached_is_an_error),
	    TEST(one_too_many_is_busy),
	    TEST(one_that_has_left_waits_no_longer),
	    TEST(one_that_has_left_with_news_on_its_way_ends_once),
	    TEST(it_can_be_failed_before_it_began),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
