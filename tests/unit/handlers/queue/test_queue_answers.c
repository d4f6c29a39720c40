#include "handlers/queue/queue_answers.h"

#include "base/clock.h"
#include "lib/arena_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_json(struct text json, const char *expected)
{
	assert_string_equal(arena_copy(&arena, json), expected);
}

static void jobs_are_told(void **state)
{
	struct given given[2] = {
	    {.id = 7,
	     .token = {1, 255},
	     .enqueued_ns = 1700000000 * NS_PER_S + 5000,
	     .attempt = 1,
	     .max_attempts = 5,
	     .priority = -3,
	     .came_back = CAME_NEW,
	     .payload = TEXT("{\"a\": 1}")},
	    {.id = 8,
	     .token = {1, 256},
	     .enqueued_ns = 1700000000 * NS_PER_S,
	     .attempt = 2,
	     .max_attempts = 5,
	     .came_back = CAME_EXPIRED,
	     .group = TEXT("g\""),
	     .payload = TEXT("null")},
	};
	struct queue_order order = {.given = given, .given_count = 2};

	(void)state;
	assert_json(
	    queue_answer_jobs(&arena, &order),
	    "[{\"id\":7,\"token\":\"1-ff\",\"payload\":{\"a\": 1},\"attempt\":1,\"max_attempts\":5,\"priority\":-3,"
	    "\"group\":null,\"enqueued_at\":\"2023-11-14T22:13:20.000005+00:00\",\"redelivered\":null},"
	    "{\"id\":8,\"token\":\"1-100\",\"payload\":null,\"attempt\":2,\"max_attempts\":5,\"priority\":0,"
	    "\"group\":\"g\\\"\",\"enqueued_at\":\"2023-11-14T22:13:20.000000+00:00\",\"redelivered\":\"expired\"}]");
	order.given_count = 0;
	assert_json(queue_answer_jobs(&arena, &order), "[]");
}

static void verdicts_are_sorted(void **state)
{
	struct order_receipt receipts[] = {
	    {.id = 1, .verdict = LEASE_HELD},
	    {.id = 2, .verdict = LEASE_STALE},
	    {.id = 3, .verdict = LEASE_NO_JOB},
	    {.id = 4, .verdict = LEASE_HELD},
	};
	const struct queue_order order = {.receipts = receipts, .receipt_count = 4};

	(void)state;
	assert_json(queue_answer_verdicts(&arena, &order), "{\"done\":[1,4],\"stale\":[2],\"missing\":[3]}");
}

static void a_round_tells_both(void **state)
{
	struct order_receipt receipts[] = {{.id = 1, .verdict = LEASE_HELD}, {.id = 2, .verdict = LEASE_NO_JOB}};
	const struct queue_order order = {.receipts = receipts, .receipt_count = 2};

	(void)state;
	assert_json(queue_answer_round(&arena, &order), "{\"jobs\":[],\"done\":[1],\"stale\":[],\"missing\":[2]}");
}

static void dead_letters_are_told(void **state)
{
	struct order_dead letters[] = {
	    {.id = 7,
	     .enqueued_ns = 1700000000 * NS_PER_S,
	     .died_ns = 1700000001 * NS_PER_S,
	     .attempt = 2,
	     .max_attempts = 2,
	     .priority = -1,
	     .group = TEXT("g"),
	     .reason = TEXT("a \"b\""),
	     .payload = TEXT("[1]")},
	    {.id = 8, .payload = TEXT("1")},
	};
	struct queue_order order = {.dead = letters, .dead_count = 2, .settled = 3, .figures = {.dead = 4}};
	const char *json = arena_copy(&arena, queue_answer_dead(&arena, &order));

	(void)state;
	assert_non_null(
	    strstr(json, "[{\"id\":7,\"payload\":[1],\"attempt\":2,\"max_attempts\":2,\"priority\":-1,"
			 "\"group\":\"g\",\"enqueued_at\":\"2023-11-14T22:13:20.000000+00:00\","
			 "\"died_at\":\"2023-11-14T22:13:21.000000+00:00\",\"reason\":\"a \\\"b\\\"\"},{\"id\":8,"));
	assert_non_null(strstr(json, "\"reason\":null}]"));
	assert_json(queue_answer_settled(&arena, &order), "{\"done\":3,\"left\":4}");
}

static void settings_are_told(void **state)
{
	struct queue_order order = {
	    .queue = TEXT("q"),
	    .settings =
		{.length_max = 5, .group_concurrency = 2, .rate_count = 9, .rate_period_s = 60, .is_paused = true},
	};

	(void)state;
	assert_non_null(
	    strstr(arena_copy(&arena, queue_answer_figures(&arena, &order)),
		   "\"paused\":true,\"limits\":{\"length\":5,\"group_concurrency\":2,\"rate\":\"9/minute\"}}"));
	order.settings.rate_period_s = 1;
	assert_non_null(strstr(arena_copy(&arena, queue_answer_figures(&arena, &order)), "9/second"));
	order.settings.rate_period_s = 3600;
	assert_non_null(strstr(arena_copy(&arena, queue_answer_figures(&arena, &order)), "9/hour"));
}

static void ids_and_figures_are_told(void **state)
{
	static const int64_t ids[] = {1, INT64_C(4503599627370496)};
	struct queue_order order = {
	    .queue = TEXT("q"), .ids = ids, .draft_count = 2, .oldest_age_ns = 1500 * NS_PER_US};

	(void)state;
	assert_json(queue_answer_ids(&arena, &order), "{\"ids\":[1,4503599627370496]}");
	order.figures =
	    (struct queue_figures){.depth = 6, .ready = 1, .delayed = 2, .in_flight = 3, .parked = 4, .dead = 5};
	assert_json(queue_answer_figures(&arena, &order),
		    "{\"queue\":\"q\",\"depth\":6,\"ready\":1,\"delayed\":2,\"in_flight\":3,\"parked\":4,\"dead\":5,"
		    "\"oldest_age_ms\":null,\"paused\":false,"
		    "\"limits\":{\"length\":null,\"group_concurrency\":null,\"rate\":null}}");
	order.figures.oldest_ns = 1;
	assert_non_null(strstr(arena_copy(&arena, queue_answer_figures(&arena, &order)), "\"oldest_age_ms\":1,"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(jobs_are_told, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(verdicts_are_sorted, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_round_tells_both, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(dead_letters_are_told, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(settings_are_told, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(ids_and_figures_are_told, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
