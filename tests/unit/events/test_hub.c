/* Subscribers and a listener that the test plays. */
#include "events/hub.h"
#include "hub_fixture.h"

static void on_ready(struct event_subscription *subscription)
{
	(void)subscription;
	ready_count++;
}

static void assert_waits(struct event_subscription *subscription)
{
	unsigned before = ready_count;

	event_hub_await(subscription, on_ready);
	assert_int_equal(ready_count, before);
}

static void assert_is_ready(struct event_subscription *subscription)
{
	unsigned before = ready_count;

	event_hub_await(subscription, on_ready);
	assert_int_equal(ready_count, before + 1);
}

static bool is_woken(void)
{
	struct pollfd fd = {.fd = event_hub_wanted_fd(hub), .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

static void assert_changes(struct event_subscription *subscription, unsigned first, const char *const *payloads,
			   unsigned expected)
{
	struct buffer all = buffer_in(&arena);

	for (unsigned i = 0; i < expected; i++)
		buffer_printf(&all, "event: change\nid: %016llx-%u\ndata: %s\n\n",
			      (unsigned long long)subscription->news.id.epoch, first + i, payloads[i]);
	assert_int_equal(subscription->news.kind, EVENT_CHANGES);
	assert_int_equal(subscription->news.text.length, all.length);
	assert_memory_equal(subscription->news.text.at, all.bytes, all.length);
	assert_int_equal(subscription->news.id.number, first + expected - 1);
}

static void a_channel_is_listened_to_before_its_subscribers_hear(void **state)
{
	struct event_subscription *subscription = subscribe("a\"b");

	(void)state;
	event_hub_note_connected(hub);
	assert_true(is_woken());
	assert_waits(subscription);
	assert_string_equal(commands(), "LISTEN \"a\"\"b\";");
	assert_string_equal(commands(), "");
	assert_int_equal(ready_count, 0);
	event_hub_note_done(hub);
	assert_int_equal(ready_count, 1);
	assert_int_equal(taken(subscription), EVENT_SUBSCRIBED);
	assert_int_equal(taken(subscription), EVENT_NONE);
	assert_waits(subscription);
}

static void events_come_in_order_to_their_channel_only(void **state)
{
	struct event_subscription *a = listening_to("a"), *b = listening_to("b");

	(void)state;
	assert_waits(a);
	assert_waits(b);
	publish("a", "one");
	assert_int_equal(ready_count, 1);
	publish("a", "two");
	publish("c", "nobody's");
	assert_int_equal(ready_count, 1);
	assert_int_equal(taken(a), EVENT_CHANGES);
	assert_changes(a, 1, (const char *[]){"one", "two"}, 2);
	assert_int_equal(taken(b), EVENT_NONE);
	assert_int_equal(taken(a), EVENT_NONE);
	publish("b", "three");
	assert_int_equal(taken(b), EVENT_CHANGES);
	assert_changes(b, 3, (const char *[]){"three"}, 1);
}

static void what_came_before_is_not_heard(void **state)
{
	struct event_subscription *late;

	(void)state;
	listening_to("a");
	publish("a", "early");
	late = subscribe("a");
	assert_is_ready(late);
	assert_int_equal(taken(late), EVENT_SUBSCRIBED);
	assert_int_equal(late->news.id.number, 1);
	assert_int_equal(taken(late), EVENT_NONE);
}

static void a_part_is_bounded(void **state)
{
	static char payload[40 * 1024];
	struct event_subscription *subscription = listening_to("a");

	(void)state;
	memset(payload, 'x', sizeof(payload) - 1);
	publish("a", payload);
	publish("a", payload);
	assert_int_equal(taken(subscription), EVENT_CHANGES);
	assert_changes(subscription, 1, (const char *[]){payload}, 1);
	assert_is_ready(subscription);
	assert_int_equal(taken(subscription), EVENT_CHANGES);
	assert_changes(subscription, 2, (const char *[]){payload}, 1);
}

static void a_slow_one_falls_behind_and_the_others_do_not(void **state)
{
	struct event_subscription *slow = listening_to("a"), *quick = subscribe("a");

	(void)state;
	assert_int_equal(taken(quick), EVENT_SUBSCRIBED);
	for (unsigned i = 0; i < HISTORY_MAX + 1; i++) {
		publish("a", "x");
		assert_int_equal(taken(quick), EVENT_CHANGES);
	}
	assert_is_ready(slow);
	assert_int_equal(taken(slow), EVENT_BEHIND);
	assert_int_equal(event_hub_numbers(hub).cut_off, 1);
	assert_int_equal(event_hub_numbers(hub).events, HISTORY_MAX + 1);
}

static void one_that_comes_back_resumes_where_it_was(void **state)
{
	struct event_subscription *first = listening_to("a"), *back;
	struct event_id seen;

	(void)state;
	publish("a", "one");
	taken(first);
	seen = first->news.id;
	publish("a", "two");
	back = resume("a", seen);
	assert_int_equal(taken(back), EVENT_RESUMED);
	assert_int_equal(taken(back), EVENT_CHANGES);
	assert_changes(back, 2, (const char *[]){"two"}, 1);
}

static void what_cannot_be_resumed_is_subscribed_to(void **state)
{
	struct event_subscription *first = listening_to("a");
	struct event_id place = first->news.id;

	(void)state;
	for (unsigned i = 0; i < HISTORY_MAX + 1; i++)
		publish("a", "x");
	assert_int_equal(taken(resume("a", place)), EVENT_SUBSCRIBED);
	unsubscribe_last();
	assert_int_equal(taken(resume("a", (struct event_id){place.epoch, 99})), EVENT_SUBSCRIBED);
	unsubscribe_last();
	assert_int_equal(taken(resume("a", (struct event_id){place.epoch + 1, 3})), EVENT_SUBSCRIBED);
	unsubscribe_last();
	/* b is listened to since then only */
	resume("b", (struct event_id){place.epoch, 3});
	listen_to_all();
	assert_int_equal(taken(subscriptions[count - 1]), EVENT_SUBSCRIBED);
}

static void behind_a_loss_all_subscribe_once_more(void **state)
{
	struct event_subscription *a = listening_to("a"), *b = listening_to("b");
	struct event_id place = a->news.id;

	(void)state;
	publish("a", "one");
	event_hub_note_lost(hub);
	/* a connection that is being opened is no news */
	assert_waits(a);
	assert_waits(b);
	event_hub_note_unreachable(hub);
	assert_int_equal(ready_count, 0);
	event_hub_note_connected(hub);
	assert_string_equal(commands(), "LISTEN \"a\";LISTEN \"b\";");
	event_hub_note_done(hub);
	assert_int_equal(ready_count, 2);
	assert_int_equal(taken(a), EVENT_SUBSCRIBED);
	assert_true(a->news.id.epoch != place.epoch);
	assert_int_equal(taken(b), EVENT_SUBSCRIBED);
	assert_int_equal(event_hub_numbers(hub).losses, 1);
	/* what came before is gone with its epoch */
	assert_int_equal(taken(resume("a", place)), EVENT_SUBSCRIBED);
	publish("a", "two");
	assert_int_equal(taken(a), EVENT_CHANGES);
}

static void a_loss_in_the_middle_of_a_command_asks_again(void **state)
{
	(void)state;
	subscribe("a");
	assert_string_equal(commands(), "LISTEN \"a\";");
	event_hub_note_lost(hub);
	event_hub_note_done(hub);
	assert_int_equal(taken(subscriptions[0]), EVENT_NONE);
	assert_string_equal(commands(), "LISTEN \"a\";");
}

static void where_nothing_is_reached_only_those_without_a_place_hear(void **state)
{
	struct event_subscription *a = listening_to("a"), *b = subscribe("b");

	(void)state;
	assert_waits(b);
	event_hub_note_lost(hub);
	event_hub_note_unreachable(hub);
	assert_int_equal(ready_count, 1);
	assert_false(event_hub_take(b));
	assert_waits(a);
	assert_true(event_hub_take(a));
	event_hub_note_connected(hub);
	assert_waits(b);
}

static void one_that_does_not_wait_any_more_is_not_called(void **state)
{
	struct event_subscription *a = listening_to("a");

	(void)state;
	assert_waits(a);
	assert_true(event_hub_withdraw(a));
	assert_false(event_hub_withdraw(a));
	publish("a", "one");
	assert_int_equal(ready_count, 0);
	assert_is_ready(a);
	assert_false(event_hub_withdraw(a));
}

static void the_end_is_told_to_all(void **state)
{
	struct event_subscription *a = listening_to("a"), *b = subscribe("b");

	(void)state;
	assert_waits(a);
	assert_waits(b);
	event_hub_end(hub);
	assert_int_equal(ready_count, 2);
	assert_int_equal(taken(a), EVENT_ENDED);
	assert_int_equal(taken(b), EVENT_ENDED);
	assert_int_equal(taken(subscribe("a")), EVENT_ENDED);
}

static void another_edition_ends_those_of_the_ones_before(void **state)
{
	struct event_subscription *old, *new;

	(void)state;
	old = subscribe_with(&(struct event_order){.channel = TEXT("a"), .edition = 1});
	new = subscribe_with(&(struct event_order){.channel = TEXT("a"), .edition = 2});
	listen_to_all();
	taken(old);
	taken(new);
	assert_waits(old);
	assert_waits(new);
	event_hub_turn(hub, 2);
	assert_int_equal(ready_count, 1);
	assert_int_equal(taken(old), EVENT_ENDED);
	assert_int_equal(taken(new), EVENT_NONE);
}

/* What the service itself hears */

static char heard[200];

static void hear(const char *what, struct text payload)
{
	size_t used = strlen(heard);

	snprintf(heard + used, sizeof(heard) - used, "%s%.*s ", what, TEXT_ARGS(payload));
}

static void on_listening(void *data)
{
	hear(data, TEXT(" listens"));
}

static void on_event(void *data, struct text payload)
{
	(void)data;
	hear("", payload);
}

static void on_lost(void *data)
{
	hear(data, TEXT(" lost"));
}

static void tap(void)
{
	static char name[] = "tap";
	static const struct event_tap the_tap = {"own", on_listening, on_event, on_lost, name};

	heard[0] = '\0';
	event_hub_tap(hub, &the_tap);
}

static void the_service_hears_a_channel_itself(void **state)
{
	(void)state;
	tap();
	event_hub_note_connected(hub);
	assert_string_equal(commands(), "LISTEN \"own\";");
	publish("own", "early");
	event_hub_note_done(hub);
	publish("own", "one");
	publish("other", "two");
	event_hub_note_lost(hub);
	event_hub_note_lost(hub);
	publish("own", "missed");
	listen_to_all();
	publish("own", "three");
	event_hub_sweep(hub, clock_now_ns() + 2 * EVENT_LINGER_S * NS_PER_S);
	assert_string_equal(commands(), "");
	assert_string_equal(heard, "tap listens one tap lost tap listens three ");
}

static void what_the_service_hears_takes_no_place(void **state)
{
	struct event_subscription *own;

	(void)state;
	tap();
	listen_to_all();
	for (unsigned i = 0; i < CHANNELS_MAX; i++)
		listening_to(i == 0 ? "a" : "b");
	assert_null(subscribe("c"));
	/* its channel may have subscribers as well */
	own = listening_to("own");
	publish("own", "one");
	assert_int_equal(taken(own), EVENT_CHANGES);
	unsubscribe_last();
	publish("own", "two");
	assert_string_equal(heard, "tap listens one two ");
}

static void a_channel_with_subscribers_may_be_tapped(void **state)
{
	(void)state;
	listening_to("own");
	listening_to("b");
	tap();
	assert_string_equal(heard, "tap listens ");
	/* it takes no place any more */
	assert_non_null(subscribe("c"));
}

static void an_idle_channel_may_be_tapped(void **state)
{
	(void)state;
	listening_to("own");
	unsubscribe_last();
	tap();
	event_hub_sweep(hub, clock_now_ns() + 2 * EVENT_LINGER_S * NS_PER_S);
	assert_string_equal(commands(), "");
	publish("own", "one");
	assert_string_equal(heard, "tap listens one ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_channel_is_listened_to_before_its_subscribers_hear),
	    TEST(events_come_in_order_to_their_channel_only),
	    TEST(what_came_before_is_not_heard),
	    TEST(a_part_is_bounded),
	    TEST(a_slow_one_falls_behind_and_the_others_do_not),
	    TEST(one_that_comes_back_resumes_where_it_was),
	    TEST(what_cannot_be_resumed_is_subscribed_to),
	    TEST(behind_a_loss_all_subscribe_once_more),
	    TEST(a_loss_in_the_middle_of_a_command_asks_again),
	    TEST(where_nothing_is_reached_only_those_without_a_place_hear),
	    TEST(one_that_does_not_wait_any_more_is_not_called),
	    TEST(the_end_is_told_to_all),
	    TEST(another_edition_ends_those_of_the_ones_before),
	    TEST(the_service_hears_a_channel_itself),
	    TEST(what_the_service_hears_takes_no_place),
	    TEST(a_channel_with_subscribers_may_be_tapped),
	    TEST(an_idle_channel_may_be_tapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
