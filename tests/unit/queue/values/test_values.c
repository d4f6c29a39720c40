#include "queue/values/back_off.h"
#include "queue/values/job.h"
#include "queue/values/lease_token.h"
#include "queue/values/queue_name.h"
#include "queue/values/rate.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Tokens */

static void a_token_is_read_as_it_was_written(void **state)
{
	static const struct lease_token tokens[] = {
	    {0, 1}, {1, 0xabcdef}, {UINT64_MAX, UINT64_MAX}, {0x123456789abcdef0u, 0x99}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(tokens); i++) {
		char bytes[LEASE_TOKEN_BYTES_MAX];
		struct text text = {bytes, lease_token_write(tokens[i], bytes)};
		struct lease_token read;

		assert_true(lease_token_read(text, &read));
		assert_int_equal(read.epoch, tokens[i].epoch);
		assert_int_equal(read.number, tokens[i].number);
	}
}

static void a_token_is_two_small_hexadecimal_numbers(void **state)
{
	char bytes[LEASE_TOKEN_BYTES_MAX];
	struct text text = {bytes, lease_token_write((struct lease_token){0x1f, 10}, bytes)};

	(void)state;
	assert_true(text_equal(text, TEXT("1f-a")));
}

static void what_is_no_token_is_refused(void **state)
{
	static const char *const wrong[] = {"",      "1",
					    "-",     "1-",
					    "-1",    "1-2-3",
					    "1-G",   "01-1",
					    "1-00",  "1-A",
					    " 1-1",  "1-1 ",
					    "0x1-1", "11111111111111111-1",
					    "+1-1",  "1-11111111111111111"};
	struct lease_token token;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(wrong); i++)
		assert_false(lease_token_read(text_of(wrong[i]), &token));
}

/* Back-off */

static void back_off_doubles_up_to_its_bound(void **state)
{
	(void)state;
	/* half of it without luck, all of it with all luck */
	assert_int_equal(back_off_ns(1, 0), NS_PER_S / 2);
	assert_int_equal(back_off_ns(1, NS_PER_S / 2), NS_PER_S);
	assert_int_equal(back_off_ns(2, 0), NS_PER_S);
	assert_int_equal(back_off_ns(5, 0), 8 * NS_PER_S);
	assert_int_equal(back_off_ns(10, 0), 256 * NS_PER_S);
	assert_int_equal(back_off_ns(11, 0), BACK_OFF_MOST_NS / 2);
	assert_int_equal(back_off_ns(ATTEMPTS_MAX, 0), BACK_OFF_MOST_NS / 2);
}

static void back_off_stays_between_half_and_all(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t ns = back_off_ns(3, i * 0x9e3779b97f4a7c15u);

		assert_in_range(ns, 2 * NS_PER_S, 4 * NS_PER_S);
	}
}

/* Rates */

static void a_rate_allows_its_count_at_once_and_then_one_by_one(void **state)
{
	struct rate rate = {.count = 10, .period_s = 1};
	uint64_t now_ns = 100 * NS_PER_S, next_ns;

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		assert_true(rate_take(&rate, now_ns, &next_ns));
	assert_false(rate_take(&rate, now_ns, &next_ns));
	assert_int_equal(next_ns, now_ns + 100 * NS_PER_MS);
	assert_false(rate_take(&rate, next_ns - 1, &next_ns));
	assert_true(rate_take(&rate, next_ns, &next_ns));
	assert_false(rate_take(&rate, now_ns + 100 * NS_PER_MS, &next_ns));
}

static void a_faster_rate_forgets_what_a_slower_one_has_used(void **state)
{
	struct rate rate = {.count = 1, .period_s = 3600};
	uint64_t now_ns = 100 * NS_PER_S, next_ns;

	(void)state;
	assert_true(rate_take(&rate, now_ns, &next_ns));
	assert_false(rate_take(&rate, now_ns, &next_ns));
	assert_int_equal(next_ns, now_ns + 3600 * NS_PER_S);
	rate.count = 2;
	rate.period_s = 1;
	assert_false(rate_take(&rate, now_ns, &next_ns));
	assert_int_equal(next_ns, now_ns + 500 * NS_PER_MS);
}

static void no_rate_allows_everything(void **state)
{
	struct rate rate = {.count = 0};
	uint64_t next_ns;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		assert_true(rate_take(&rate, 1, &next_ns));
}

/* Names and words */

static void names_of_queues_are_plain(void **state)
{
	char longest[QUEUE_NAME_BYTES_MAX + 1];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	assert_true(queue_name_is_valid(TEXT("mail")));
	assert_true(queue_name_is_valid(TEXT("0")));
	assert_true(queue_name_is_valid(TEXT("Mail.out-1_b")));
	assert_true(queue_name_is_valid(TEXT("azAZ09")));
	assert_true(queue_name_is_valid(TEXT("z")));
	assert_true(queue_name_is_valid(TEXT("9")));
	assert_true(queue_name_is_valid(TEXT("Z")));
	assert_true(queue_name_is_valid(TEXT("A")));
	assert_true(queue_name_is_valid((struct text){longest, QUEUE_NAME_BYTES_MAX}));
	assert_false(queue_name_is_valid((struct text){longest, QUEUE_NAME_BYTES_MAX + 1}));
	assert_false(queue_name_is_valid(TEXT("")));
	assert_false(queue_name_is_valid(TEXT(".mail")));
	assert_false(queue_name_is_valid(TEXT("-")));
	assert_false(queue_name_is_valid(TEXT("a b")));
	assert_false(queue_name_is_valid(TEXT("a/b")));
	assert_false(queue_name_is_valid(TEXT("a\0b")));
	assert_false(queue_name_is_valid(TEXT("\xc3\xa4")));
}

static void why_a_job_came_back_has_a_word(void **state)
{
	(void)state;
	assert_null(came_back_word(CAME_NEW));
	assert_string_equal(came_back_word(CAME_EXPIRED), "expired");
	assert_string_equal(came_back_word(CAME_NACKED), "nacked");
	assert_string_equal(came_back_word(CAME_DISCONNECTED), "disconnected");
	assert_string_equal(came_back_word(CAME_RESTARTED), "restarted");
}

static void priority_comes_before_id(void **state)
{
	const struct job high = {.priority = PRIORITY_MAX, .id = JOB_ID_MAX}, higher_id = {.priority = 0, .id = 9},
			 lower_id = {.priority = 0, .id = 8}, low = {.priority = PRIORITY_MIN, .id = 1};

	(void)state;
	assert_true(job_order(&high) < job_order(&lower_id));
	assert_true(job_order(&lower_id) < job_order(&higher_id));
	assert_true(job_order(&higher_id) < job_order(&low));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_token_is_read_as_it_was_written),
	    cmocka_unit_test(a_token_is_two_small_hexadecimal_numbers),
	    cmocka_unit_test(what_is_no_token_is_refused),
	    cmocka_unit_test(back_off_doubles_up_to_its_bound),
	    cmocka_unit_test(back_off_stays_between_half_and_all),
	    cmocka_unit_test(a_rate_allows_its_count_at_once_and_then_one_by_one),
	    cmocka_unit_test(a_faster_rate_forgets_what_a_slower_one_has_used),
	    cmocka_unit_test(no_rate_allows_everything),
	    cmocka_unit_test(names_of_queues_are_plain),
	    cmocka_unit_test(why_a_job_came_back_has_a_word),
	    cmocka_unit_test(priority_comes_before_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
