#include "loadgen/figures/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"

static struct arena arena;

static int tear_down(void **state)
{
	(void)state;
	arena_cleanup(&arena);
	arena = (struct arena){0};
	return 0;
}

static void good_is_2xx_and_3xx(void **state)
{
	struct report_load load = {.requests = 100};

	(void)state;
	load.statuses[199] = 1;
	load.statuses[200] = 2;
	load.statuses[399] = 3;
	load.statuses[400] = 4;
	assert_int_equal(good_of(&load), 5);
	assert_int_equal(failures_of(&load), 95);
	load.requests = 4; /* of the warm-up some may be answered within */
	assert_int_equal(failures_of(&load), 0);
	load.requests = 5;
	assert_int_equal(failures_of(&load), 0);
}

static void loads_are_added(void **state)
{
	struct report_load load = {.requests = 100};
	struct tally tally = {0};

	(void)state;
	load.statuses[200] = 80;
	load.statuses[503] = 5;
	load.outcomes[OUTCOME_ANSWERED] = 85;
	load.outcomes[OUTCOME_REFUSED] = 2;
	load.outcomes[OUTCOME_NOT_SENT] = 10;
	load.outcomes[OUTCOME_CUT_OFF] = 3;
	tally_add_load(&tally, &load);
	tally_add_load(&tally, &load);
	assert_int_equal(tally.requests, 180); /* what was not sent did not fail */
	assert_int_equal(tally.failed, 20);
	assert_int_equal(tally.statuses[200], 160);
	assert_int_equal(tally.statuses[503], 10);
	assert_int_equal(tally.outcomes[OUTCOME_ANSWERED], 170);
	assert_int_equal(tally.outcomes[OUTCOME_REFUSED], 4);
	assert_int_equal(tally.outcomes[OUTCOME_CUT_OFF], 6);
	load.is_interrupted = true; /* nor what Ctrl-C has cut off */
	tally = (struct tally){0};
	tally_add_load(&tally, &load);
	assert_int_equal(tally.requests, 87);
	assert_int_equal(tally.failed, 7);
}

static void add_record(struct report_burst *burst, enum outcome outcome, unsigned status)
{
	struct record *record = record_log_add(&burst->measurement.records);

	record->outcome = (uint8_t)outcome;
	record->status = (uint16_t)status;
}

static void bursts_are_added(void **state)
{
	struct report_burst burst = {0};
	struct tally tally = {0};

	(void)state;
	record_log_init(&burst.measurement.records);
	add_record(&burst, OUTCOME_ANSWERED, 200);
	add_record(&burst, OUTCOME_ANSWERED, 404);
	add_record(&burst, OUTCOME_ANSWERED, 302);
	add_record(&burst, OUTCOME_CUT_OFF, 0);
	add_record(&burst, OUTCOME_TIMED_OUT, 0);
	add_record(&burst, OUTCOME_ANSWERED, STATUS_COUNT);
	tally_add_burst(&tally, &burst);
	assert_int_equal(tally.requests, 6);
	assert_int_equal(tally.failed, 4);
	assert_int_equal(tally.statuses[404], 1);
	assert_int_equal(tally.statuses[0], 3); /* no status, or none that there is */
	assert_int_equal(tally.outcomes[OUTCOME_TIMED_OUT], 1);
	burst.measurement.is_interrupted = true;
	tally = (struct tally){0};
	tally_add_burst(&tally, &burst);
	assert_int_equal(tally.requests, 5);
	assert_int_equal(tally.failed, 3);
	assert_int_equal(tally.outcomes[OUTCOME_CUT_OFF], 0);
	measurement_cleanup(&burst.measurement);
}

static void more_than_a_tenth_fails(void **state)
{
	(void)state;
	assert_false(tally_fails(&(struct tally){.requests = 100, .failed = 10}));
	assert_true(tally_fails(&(struct tally){.requests = 100, .failed = 11}));
	assert_false(tally_fails(&(struct tally){0}));
	assert_true(tally_fails(&(struct tally){.failed = 1}));
}

static void redirects_lead_elsewhere(void **state)
{
	static const unsigned redirects[] = {301, 302, 303, 307, 308},
			      others[] = {200, 300, 304, 305, 306, 309, 399, 404};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(redirects); i++) {
		struct tally tally = {0};

		tally.statuses[redirects[i]] = 7;
		assert_int_equal(tally_redirects(&tally), 7);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
		struct tally tally = {0};

		tally.statuses[others[i]] = 7;
		assert_int_equal(tally_redirects(&tally), 0);
	}
}

static void the_worst_is_what_happened_most_often(void **state)
{
	struct tally tally = {0};

	(void)state;
	assert_string_equal(tally_worst(&tally, &arena), "nothing");
	tally.outcomes[OUTCOME_REFUSED] = 1;
	assert_string_equal(tally_worst(&tally, &arena), "refused");
	tally.outcomes[OUTCOME_ANSWERED] = 1000;
	tally.statuses[0] = 1000; /* those have an outcome */
	tally.statuses[200] = tally.statuses[399] = 500;
	tally.outcomes[OUTCOME_REFUSED] = 3;
	tally.outcomes[OUTCOME_TIMED_OUT] = 3;
	assert_string_equal(tally_worst(&tally, &arena), OUTCOME_REFUSED < OUTCOME_TIMED_OUT
							     ? outcome_word(OUTCOME_REFUSED)
							     : outcome_word(OUTCOME_TIMED_OUT));
	tally.statuses[199] = 4;
	assert_string_equal(tally_worst(&tally, &arena), "status 199");
	tally.statuses[400] = 4; /* the first of equals */
	assert_string_equal(tally_worst(&tally, &arena), "status 199");
	tally.statuses[400] = 5;
	assert_string_equal(tally_worst(&tally, &arena), "status 400");
	tally.statuses[599] = 6;
	assert_string_equal(tally_worst(&tally, &arena), "status 599");
	tally.statuses[1] = 7;
	assert_string_equal(tally_worst(&tally, &arena), "status 1");
	tally.outcomes[OUTCOME_COUNT - 1] = 8;
	assert_string_equal(tally_worst(&tally, &arena), outcome_word(OUTCOME_COUNT - 1));
}

static void everything_is_said_by_count(void **state)
{
	struct tally tally = {0};

	(void)state;
	assert_string_equal(tally_words(&tally, &arena), "");
	tally.statuses[0] = 9; /* those have an outcome */
	tally.statuses[200] = 5000;
	tally.statuses[302] = 1;
	tally.statuses[599] = 2;
	tally.outcomes[OUTCOME_ANSWERED] = 5003;
	tally.outcomes[OUTCOME_REFUSED] = 1;
	tally.outcomes[OUTCOME_COUNT - 1] = 2;
	{
		char expected[256];

		snprintf(expected, sizeof(expected),
			 "status 200 5000 times, status 302 (a redirect) 1 time, status 599 2 times, refused 1 time, "
			 "%s 2 times",
			 outcome_word(OUTCOME_COUNT - 1));
		assert_string_equal(tally_words(&tally, &arena), expected);
	}
	tally = (struct tally){0};
	tally.statuses[1] = 1;
	assert_string_equal(tally_words(&tally, &arena), "status 1 1 time");
	tally = (struct tally){0};
	tally.outcomes[OUTCOME_REFUSED] = 1;
	assert_string_equal(tally_words(&tally, &arena), "refused 1 time");
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(good_is_2xx_and_3xx),
	    TEST(loads_are_added),
	    TEST(bursts_are_added),
	    TEST(more_than_a_tenth_fails),
	    TEST(redirects_lead_elsewhere),
	    TEST(the_worst_is_what_happened_most_often),
	    TEST(everything_is_said_by_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
