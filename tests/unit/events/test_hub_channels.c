#include "hub_fixture.h"

static void subscribers_are_bounded(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SUBSCRIBERS_MAX; i++)
		assert_non_null(subscribe("a"));
	assert_null(subscribe("a"));
	assert_non_null(strstr(why, "max_subscribers"));
	unsubscribe_last();
	assert_non_null(subscribe("a"));
}

static void channels_are_bounded(void **state)
{
	(void)state;
	assert_non_null(subscribe("a"));
	assert_non_null(subscribe("b"));
	assert_null(subscribe("c"));
	assert_non_null(strstr(why, "max_channels"));
	assert_non_null(subscribe("b"));
	unsubscribe_last();
	unsubscribe_last();
	assert_non_null(subscribe("c"));
	/* idle, and there are as many as may be */
	assert_null(subscribe("b"));
}

static void an_idle_channel_is_listened_to_for_a_while(void **state)
{
	struct event_subscription *first = listening_to("a");
	struct event_id place = first->news.id;
	uint64_t now_ns;

	(void)state;
	unsubscribe_last();
	publish("a", "nobody was there");
	now_ns = clock_now_ns();
	event_hub_sweep(hub, now_ns);
	assert_string_equal(commands(), "");
	assert_int_equal(taken(resume("a", place)), EVENT_RESUMED);
	unsubscribe_last();
	event_hub_sweep(hub, clock_now_ns() + EVENT_LINGER_S * NS_PER_S);
	assert_int_equal(event_hub_numbers(hub).channels, 0);
	assert_string_equal(commands(), "UNLISTEN \"a\";");
	assert_string_equal(commands(), "");
}

static void the_oldest_idle_channel_makes_room(void **state)
{
	static const char *const names[] = {"a", "b", "c"};

	(void)state;
	for (unsigned i = 0; i < CHANNELS_MAX + 1; i++) {
		listening_to(names[i]);
		unsubscribe_last();
	}
	assert_int_equal(event_hub_numbers(hub).channels, CHANNELS_MAX);
	assert_string_equal(commands(), "UNLISTEN \"a\";");
}

static void one_that_is_wanted_again_is_asked_for_behind(void **state)
{
	(void)state;
	listening_to("a");
	unsubscribe_last();
	event_hub_sweep(hub, clock_now_ns() + EVENT_LINGER_S * NS_PER_S);
	subscribe("a");
	assert_string_equal(commands(), "UNLISTEN \"a\";LISTEN \"a\";");
}

static void one_that_was_never_asked_for_needs_no_word(void **state)
{
	(void)state;
	subscribe("a");
	unsubscribe_last();
	event_hub_sweep(hub, clock_now_ns() + EVENT_LINGER_S * NS_PER_S);
	assert_string_equal(commands(), "");
	assert_int_equal(event_hub_numbers(hub).channels, 0);
}

static void a_loss_forgets_idle_channels(void **state)
{
	(void)state;
	listening_to("a");
	unsubscribe_last();
	listening_to("b");
	event_hub_note_lost(hub);
	assert_string_equal(commands(), "LISTEN \"b\";");
	assert_int_equal(event_hub_numbers(hub).channels, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(subscribers_are_bounded),
	    TEST(channels_are_bounded),
	    TEST(an_idle_channel_is_listened_to_for_a_while),
	    TEST(the_oldest_idle_channel_makes_room),
	    TEST(one_that_is_wanted_again_is_asked_for_behind),
	    TEST(one_that_was_never_asked_for_needs_no_word),
	    TEST(a_loss_forgets_idle_channels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
