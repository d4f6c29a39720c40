/* Records and their log; and how late sends were. */
#include "loadgen/engine/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "loadgen/engine/load.h"
#include "loadgen/engine/random.h"

static void a_log_keeps_every_record_where_it_is(void **state)
{
	/* more chunks than there is room for at first */
	enum { COUNT = RECORDS_PER_CHUNK * 70 + 3 };
	struct record_log log;
	struct record *first;

	(void)state;
	record_log_init(&log);
	assert_int_equal(log.count, 0);
	first = record_log_add(&log);
	first->done_ns = 1;
	for (uint64_t i = 1; i < COUNT; i++)
		record_log_add(&log)->done_ns = i + 1;
	assert_int_equal(log.count, COUNT);
	assert_ptr_equal(record_log_at(&log, 0), first);
	for (uint64_t i = 0; i < COUNT; i++)
		assert_int_equal(record_log_at(&log, i)->done_ns, i + 1);
	record_log_cleanup(&log);
	assert_int_equal(log.count, 0);
	assert_int_equal(log.chunk_count, 0);
	assert_int_equal(log.chunk_capacity, 0);
	assert_null(log.chunks);
}

static void a_new_record_knows_nothing(void **state)
{
	struct record_log log;
	struct record *record;
	static const struct record cleared = {
	    .queue_us = TIMING_UNKNOWN, .database_us = TIMING_UNKNOWN, .total_us = TIMING_UNKNOWN};

	(void)state;
	record_log_init(&log);
	record = record_log_add(&log);
	assert_memory_equal(record, &cleared, sizeof(cleared));
	record_log_cleanup(&log);
}

static void a_full_log_says_so(void **state)
{
	struct record_log log = {.count = RECORDS_MAX};

	(void)state;
	assert_null(record_log_add(&log));
	assert_int_equal(log.count, RECORDS_MAX);
}

static void times_count_from_when_it_was_due_and_from_when_it_was_sent(void **state)
{
	struct record record = {.intended_ns = 1000, .sent_ns = 1300, .done_ns = 2500};

	(void)state;
	assert_int_equal(record_response_ns(&record), 1500);
	assert_int_equal(record_service_ns(&record), 1200);
	for (unsigned outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
		record.outcome = (uint8_t)outcome;
		assert_int_equal(record_is_at_least(&record),
				 outcome == OUTCOME_TIMED_OUT || outcome == OUTCOME_CUT_OFF);
	}
}

static void outcomes_have_their_words(void **state)
{
	(void)state;
	assert_string_equal(outcome_word(OUTCOME_ANSWERED), "answered");
	assert_string_equal(outcome_word(OUTCOME_TIMED_OUT), "timed out");
	assert_string_equal(outcome_word(OUTCOME_CUT_OFF), "cut off");
	assert_string_equal(outcome_help(OUTCOME_REFUSED), "the connection was refused");
}

/* 16 to a power of two; the first 32 hold a nanosecond each. */
static void lateness_buckets_are_log_linear(void **state)
{
	static const struct {
		uint64_t ns;
		unsigned bucket;
		uint64_t edge;
	} expected[] = {
	    {0, 0, 1},
	    {1, 1, 2},
	    {15, 15, 16},
	    {16, 16, 17},
	    {17, 17, 18},
	    {31, 31, 32},
	    {32, 32, 34},
	    {33, 32, 34},
	    {34, 33, 36},
	    {63, 47, 64},
	    {64, 48, 68},
	    {1024, 112, 1088},
	    {1000000, 270, 1015808},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
		assert_int_equal(lateness_bucket(expected[i].ns), expected[i].bucket);
		assert_int_equal(lateness_edge_ns(expected[i].bucket), expected[i].edge);
	}
	assert_int_equal(lateness_bucket(UINT64_MAX), LATENESS_BUCKETS - 1);
}

static void what_was_late_lies_below_its_bucket_s_edge(void **state)
{
	uint64_t seed = 9;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		uint64_t ns = random_next(&seed) >> (21 + i % 43);
		unsigned bucket = lateness_bucket(ns);

		assert_true(bucket < LATENESS_BUCKETS);
		if (bucket == LATENESS_BUCKETS - 1)
			continue;
		assert_true(ns < lateness_edge_ns(bucket));
		assert_true(bucket == 0 || ns >= lateness_edge_ns(bucket - 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_log_keeps_every_record_where_it_is),
	    cmocka_unit_test(a_new_record_knows_nothing),
	    cmocka_unit_test(a_full_log_says_so),
	    cmocka_unit_test(times_count_from_when_it_was_due_and_from_when_it_was_sent),
	    cmocka_unit_test(outcomes_have_their_words),
	    cmocka_unit_test(lateness_buckets_are_log_linear),
	    cmocka_unit_test(what_was_late_lies_below_its_bucket_s_edge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
