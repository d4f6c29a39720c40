/* Requests that are alike: which one leads, which wait, and what each of them gets. */
#include "cache/response_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { TICKETS = 4 };

static struct response_cache *cache;
static struct cache_ticket tickets[TICKETS];
static struct cache_ticket *ready[TICKETS];
static unsigned ready_count;
static uint64_t now_ns;

static void on_ready(struct cache_ticket *ticket)
{
	ready[ready_count++] = ticket;
}

static struct cache_ticket ticket_for(const char *key)
{
	return (struct cache_ticket){.key = text_of(key),
				     .subject = cache_subject_of(TEXT("a")),
				     .fresh_ns = 20 * NS_PER_S,
				     .stale_ns = 100 * NS_PER_S};
}

static int set_up(void **state)
{
	(void)state;
	cache = response_cache_create(1024 * 1024);
	for (unsigned i = 0; i < TICKETS; i++)
		tickets[i] = ticket_for("key");
	ready_count = 0;
	now_ns = 1000 * NS_PER_S;
	response_cache_note_heard(cache);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	response_cache_destroy(cache);
	return 0;
}

static enum cache_turn enter(unsigned index)
{
	return response_cache_enter(cache, &tickets[index], on_ready, now_ns);
}

static bool finish(unsigned index, enum cache_outcome outcome, const char *bytes)
{
	struct cache_answer *answer = outcome != CACHE_FAILED ? cache_answer_create(strlen(bytes)) : NULL;
	bool was_stored;

	if (answer != NULL)
		memcpy(answer->bytes, bytes, strlen(bytes));
	was_stored = response_cache_finish(cache, &tickets[index], outcome, answer, now_ns);
	if (answer != NULL)
		cache_answer_release(answer);
	return was_stored;
}

static void assert_gets(unsigned index, const char *bytes)
{
	struct cache_ticket *ticket = &tickets[index];

	assert_int_equal(ticket->turn, CACHE_HIT);
	assert_int_equal(ticket->answer->length, strlen(bytes));
	assert_memory_equal(ticket->answer->bytes, bytes, strlen(bytes));
	cache_answer_release(ticket->answer);
	*ticket = ticket_for("key");
}

/* Whether a new request finds something at once. */
static bool looks(unsigned index)
{
	tickets[index] = ticket_for("key");
	return response_cache_look(cache, &tickets[index], now_ns);
}

static void keep(const char *bytes)
{
	tickets[0] = ticket_for("key");
	assert_int_equal(enter(0), CACHE_LEADS);
	assert_true(finish(0, CACHE_KEEP, bytes));
}

static void one_leads_and_the_others_get_its_answer(void **state)
{
	(void)state;
	assert_false(response_cache_look(cache, &tickets[0], now_ns));
	assert_int_equal(enter(0), CACHE_LEADS);
	assert_int_equal(enter(1), CACHE_WAITS);
	assert_int_equal(enter(2), CACHE_WAITS);
	assert_int_equal(ready_count, 0);
	assert_true(finish(0, CACHE_KEEP, "answer"));
	assert_int_equal(ready_count, 2);
	assert_ptr_equal(ready[0], &tickets[1]);
	assert_true(tickets[1].is_collapsed && tickets[1].has_waited);
	assert_gets(1, "answer");
	assert_gets(2, "answer");
	assert_true(looks(3));
	assert_false(tickets[3].is_collapsed || tickets[3].was_stale);
	assert_int_equal(tickets[3].times.stored_ns, now_ns);
	assert_int_equal(tickets[3].times.fresh_until_ns, now_ns + 20 * NS_PER_S);
	assert_gets(3, "answer");
}

static void other_keys_lead_for_themselves(void **state)
{
	(void)state;
	tickets[1] = ticket_for("other");
	assert_int_equal(enter(0), CACHE_LEADS);
	assert_int_equal(enter(1), CACHE_LEADS);
	assert_true(finish(1, CACHE_KEEP, "other"));
	assert_int_equal(ready_count, 0);
	assert_true(finish(0, CACHE_KEEP, "answer"));
	assert_true(looks(2));
	assert_gets(2, "answer");
}

static void what_is_not_kept_is_shared(void **state)
{
	(void)state;
	assert_int_equal(enter(0), CACHE_LEADS);
	assert_int_equal(enter(1), CACHE_WAITS);
	assert_false(finish(0, CACHE_SHARE_ONLY, "nothing found"));
	assert_gets(1, "nothing found");
	assert_false(looks(2));
}

/* It has the most time left. */
static void when_the_leader_fails_the_newest_leads(void **state)
{
	(void)state;
	assert_int_equal(enter(0), CACHE_LEADS);
	assert_int_equal(enter(1), CACHE_WAITS);
	assert_int_equal(enter(2), CACHE_WAITS);
	assert_false(finish(0, CACHE_FAILED, NULL));
	assert_int_equal(ready_count, 1);
	assert_int_equal(tickets[2].turn, CACHE_LEADS);
	assert_int_equal(tickets[1].turn, CACHE_WAITS);
	assert_int_equal(enter(3), CACHE_WAITS);
	assert_true(finish(2, CACHE_KEEP, "second"));
	assert_gets(1, "second");
	assert_gets(3, "second");
}

static void when_the_last_one_fails_the_next_request_leads(void **state)
{
	(void)state;
	assert_int_equal(enter(0), CACHE_LEADS);
	assert_false(finish(0, CACHE_FAILED, NULL));
	assert_int_equal(enter(1), CACHE_LEADS);
	assert_false(finish(1, CACHE_FAILED, NULL));
}

static void one_that_waits_may_leave(void **state)
{
	(void)state;
	assert_int_equal(enter(0), CACHE_LEADS);
	assert_int_equal(enter(1), CACHE_WAITS);
	assert_int_equal(enter(2), CACHE_WAITS);
	assert_true(response_cache_withdraw(cache, &tickets[1]));
	assert_int_equal(tickets[1].turn, CACHE_NOTHING);
	assert_true(finish(0, CACHE_KEEP, "answer"));
	assert_int_equal(ready_count, 1);
	/* too late */
	assert_false(response_cache_withdraw(cache, &tickets[2]));
	assert_gets(2, "answer");
}

static void a_stale_answer_is_given_while_another_leads(void **state)
{
	(void)state;
	keep("old");
	now_ns += 20 * NS_PER_S - 1;
	assert_true(looks(1));
	assert_gets(1, "old");
	now_ns++;
	assert_false(looks(1));
	assert_true(tickets[1].was_stale);
	assert_int_equal(enter(1), CACHE_LEADS);
	assert_true(looks(2));
	assert_true(tickets[2].was_stale);
	assert_gets(2, "old");
	tickets[2] = ticket_for("key");
	assert_int_equal(enter(2), CACHE_HIT);
	assert_gets(2, "old");
	assert_true(finish(1, CACHE_KEEP, "new"));
	assert_true(looks(3));
	assert_gets(3, "new");
}

static void a_stale_answer_is_there_when_the_leader_fails(void **state)
{
	(void)state;
	keep("old");
	now_ns += 119 * NS_PER_S;
	assert_int_equal(enter(1), CACHE_LEADS);
	assert_false(finish(1, CACHE_FAILED, NULL));
	assert_true(response_cache_look_back(cache, &tickets[1], now_ns));
	assert_gets(1, "old");
	now_ns += NS_PER_S;
	assert_false(response_cache_look_back(cache, &tickets[1], now_ns));
}

/* It may have been written between the leader's snapshot and its answer. */
static void an_answer_from_before_a_notification_is_not_kept(void **state)
{
	(void)state;
	assert_int_equal(enter(0), CACHE_LEADS);
	assert_int_equal(enter(1), CACHE_WAITS);
	response_cache_forget(cache, TEXT("a"));
	/* the next one does not wait for what may be old */
	assert_int_equal(enter(2), CACHE_LEADS);
	assert_int_equal(enter(3), CACHE_WAITS);
	assert_false(finish(0, CACHE_KEEP, "old"));
	assert_gets(1, "old");
	assert_false(looks(1));
	assert_true(finish(2, CACHE_KEEP, "new"));
	assert_gets(3, "new");
	assert_true(looks(1));
	assert_gets(1, "new");
}

/* Its query begins when the notification has come. */
static void one_that_leads_in_the_place_of_another_begins_anew(void **state)
{
	(void)state;
	assert_int_equal(enter(0), CACHE_LEADS);
	assert_int_equal(enter(1), CACHE_WAITS);
	response_cache_forget(cache, TEXT("a"));
	assert_false(finish(0, CACHE_FAILED, NULL));
	assert_int_equal(tickets[1].turn, CACHE_LEADS);
	assert_int_equal(enter(2), CACHE_WAITS);
	assert_true(finish(1, CACHE_KEEP, "new"));
	assert_gets(2, "new");
}

static void other_names_forget_nothing(void **state)
{
	(void)state;
	keep("answer");
	response_cache_forget(cache, TEXT("b"));
	assert_true(looks(1));
	assert_gets(1, "answer");
	response_cache_forget(cache, TEXT(""));
	assert_false(looks(1));
	assert_int_equal(response_cache_numbers(cache).forgotten, 2);
	assert_int_equal(response_cache_numbers(cache).entries, 0);
}

static void while_nothing_is_heard_answers_are_fresh_for_a_moment(void **state)
{
	(void)state;
	keep("answer");
	response_cache_note_unheard(cache);
	now_ns += CACHE_UNHEARD_NS - 1;
	assert_true(looks(1));
	assert_gets(1, "answer");
	now_ns++;
	assert_false(looks(1));
	assert_true(response_cache_look_back(cache, &tickets[1], now_ns));
	assert_gets(1, "answer");
	assert_int_equal(enter(1), CACHE_LEADS);
	/* something may have been missed, also by the one that is under way */
	response_cache_note_heard(cache);
	assert_false(response_cache_look_back(cache, &tickets[2], now_ns));
	assert_false(finish(1, CACHE_KEEP, "answer"));
	assert_true(response_cache_numbers(cache).is_heard);
}

/* Also not while another leads, nor in place of one that fails. */
static void while_nothing_is_heard_an_old_answer_is_not_given(void **state)
{
	(void)state;
	tickets[0] = ticket_for("key");
	tickets[0].stale_ns = 0;
	assert_int_equal(enter(0), CACHE_LEADS);
	assert_true(finish(0, CACHE_KEEP, "answer"));
	response_cache_note_unheard(cache);
	now_ns += CACHE_UNHEARD_NS;
	assert_false(looks(1));
	assert_int_equal(enter(1), CACHE_LEADS);
	assert_false(looks(2));
	assert_int_equal(enter(2), CACHE_WAITS);
	assert_true(finish(1, CACHE_KEEP, "newer"));
	assert_gets(2, "newer");
	assert_true(looks(3));
	assert_int_equal(tickets[3].times.fresh_until_ns, now_ns + CACHE_UNHEARD_NS);
	assert_gets(3, "newer");
}

static void it_is_counted(void **state)
{
	struct cache_numbers numbers;

	(void)state;
	assert_int_equal(enter(0), CACHE_LEADS);
	assert_int_equal(enter(1), CACHE_WAITS);
	finish(0, CACHE_KEEP, "answer");
	assert_gets(1, "answer");
	assert_true(looks(2));
	assert_gets(2, "answer");
	now_ns += 21 * NS_PER_S;
	assert_true(response_cache_look_back(cache, &tickets[3], now_ns));
	assert_gets(3, "answer");
	numbers = response_cache_numbers(cache);
	assert_int_equal(numbers.misses, 1);
	assert_int_equal(numbers.collapsed, 1);
	assert_int_equal(numbers.hits, 1);
	assert_int_equal(numbers.stale, 1);
	assert_int_equal(numbers.entries, 1);
	assert_true(numbers.bytes > 6);
}

/* Requests that were cut off at the end have led. */
static void it_may_end_while_one_leads(void **state)
{
	(void)state;
	assert_int_equal(enter(0), CACHE_LEADS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(one_leads_and_the_others_get_its_answer),
	    TEST(other_keys_lead_for_themselves),
	    TEST(what_is_not_kept_is_shared),
	    TEST(when_the_leader_fails_the_newest_leads),
	    TEST(when_the_last_one_fails_the_next_request_leads),
	    TEST(one_that_waits_may_leave),
	    TEST(a_stale_answer_is_given_while_another_leads),
	    TEST(a_stale_answer_is_there_when_the_leader_fails),
	    TEST(an_answer_from_before_a_notification_is_not_kept),
	    TEST(one_that_leads_in_the_place_of_another_begins_anew),
	    TEST(other_names_forget_nothing),
	    TEST(while_nothing_is_heard_answers_are_fresh_for_a_moment),
	    TEST(while_nothing_is_heard_an_old_answer_is_not_given),
	    TEST(it_is_counted),
	    TEST(it_may_end_while_one_leads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
