/* What runs instead of SQL: driven as a runner would, with the parts of a computation run here, in turn. */
#include "base/clock.h"
#include "handlers/sql/work_row.h"
#include "exchange/exchange.h"
#include "works_fixture.h"

static void assert_body(const struct work *work, const char *value, const char *expected)
{
	struct text body;

	tear_down(NULL);
	set_up(NULL);
	body = run(work, value);
	if (body.length != strlen(expected) || memcmp(body.at, expected, body.length) != 0)
		fail_msg("%s of %s is %.*s, expected %s", work->name, value, (int)body.length, body.at, expected);
}

static void primes_are_counted(void **state)
{
	/* pi(10^k): OEIS A006880; around the first primes, a segment's end (262144) and a square (16769025 = 4095^2) */
	static const struct {
		const char *below, *count;
	} cases[] = {
	    {"1", "0"},
	    {"2", "0"},
	    {"3", "1"},
	    {"4", "2"},
	    {"5", "2"},
	    {"6", "3"},
	    {"9", "4"},
	    {"10", "4"},
	    {"25", "9"},
	    {"26", "9"},
	    {"100", "25"},
	    {"121", "30"},
	    {"122", "30"},
	    {"1000", "168"},
	    {"10000", "1229"},
	    {"100000", "9592"},
	    {"1000000", "78498"},
	    {"10000000", "664579"},
	    {"100000000", "5761455"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		char expected[80];

		snprintf(expected, sizeof(expected), "{\"below\":%s,\"count\":%s}", cases[i].below, cases[i].count);
		assert_body(&work_primes, cases[i].below, expected);
	}
}

static bool is_prime(unsigned n)
{
	for (unsigned i = 2; i * i <= n; i++)
		if (n % i == 0)
			return false;
	return n >= 2;
}

static void primes_around_the_end_of_a_segment(void **state)
{
	unsigned count = 0, at = 0;

	(void)state;
	for (unsigned below = 262000; below < 262300; below++) {
		char value[16], expected[80];

		for (; at < below; at++)
			count += is_prime(at);
		snprintf(value, sizeof(value), "%u", below);
		snprintf(expected, sizeof(expected), "{\"below\":%u,\"count\":%u}", below, count);
		assert_body(&work_primes, value, expected);
	}
}

/* Against GMP's own. */
static void assert_fibonacci(unsigned n)
{
	char value[16], *digits, *expected;
	mpz_t number;

	mpz_init(number);
	mpz_fib_ui(number, n);
	digits = mpz_get_str(NULL, 10, number);
	expected = malloc(strlen(digits) + 100);
	sprintf(expected, "{\"n\":%u,\"digits\":%zu,\"value\":%s}", n, strlen(digits), digits);
	snprintf(value, sizeof(value), "%u", n);
	assert_body(&work_fibonacci_number, value, expected);
	free(expected);
	free(digits);
	mpz_clear(number);
}

static void fibonacci_numbers_are_those_of_gmp(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 400; n++)
		assert_fibonacci(n);
	/* 8192 and 16384 digits are where they are cut */
	for (unsigned n = 39190; n < 39220; n++)
		assert_fibonacci(n);
	for (unsigned n = 78385; n < 78405; n++)
		assert_fibonacci(n);
	assert_fibonacci(1000000);
	assert_fibonacci(9999999);
	assert_fibonacci(10000000);
}

static void what_is_out_of_range_is_refused(void **state)
{
	static const struct {
		const struct work *work;
		const char *value, *words;
	} cases[] = {
	    {&work_primes, "0", "\\\"below\\\" must be an integer from 1 to 10000000000, got 0"},
	    {&work_primes, "10000000001", "got 10000000001"},
	    {&work_primes, "-9223372036854775808", "got -9223372036854775808"},
	    {&work_fibonacci_number, "-1", "\\\"n\\\" must be an integer from 0 to 10000000, got -1"},
	    {&work_fibonacci_number, "10000001", "got 10000001"},
	    {&work_delay, "-1", "\\\"ms\\\" must be an integer from 0 to 60000, got -1"},
	    {&work_delay, "60001", "got 60001"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct text body;

		tear_down(NULL);
		set_up(NULL);
		body = run(cases[i].work, cases[i].value);
		assert_int_equal(x.response.status, 400);
		if (strstr(arena_copy(&x.arena, body), cases[i].words) == NULL)
			fail_msg("%.*s does not say %s", (int)body.length, body.at, cases[i].words);
	}
}

/* What a computed row may hold. */
static void compute_all_kinds(struct work_row *row)
{
	row->gives[0] = text_of(row->values[0]);
	row->gives[1] = TEXT("-12345678901234567890.50");
	row->gives[2] = TEXT("t");
	row->gives[4] = TEXT("");
}

static const struct work work_of_all_kinds = {
    .name = "all",
    .takes = {{"text", DB_TYPE_OTHER}},
    .gives = {{"text", DB_TYPE_OTHER},
	      {"number", DB_TYPE_NUMERIC},
	      {"flag", DB_TYPE_BOOL},
	      {"nothing", DB_TYPE_INT4},
	      {"empty", DB_TYPE_OTHER}},
    .compute = compute_all_kinds,
};

static void a_row_is_written_from_its_columns(void **state)
{
	(void)state;
	assert_body(
	    &work_of_all_kinds, "a \"quote\"\n",
	    "{\"text\":\"a \\\"quote\\\"\\n\",\"number\":-12345678901234567890.50,\"flag\":true,\"nothing\":null,"
	    "\"empty\":\"\"}");
	assert_int_equal(x.response.status, 200);
	assert_string_equal(x.response.content_type, "application/json");
}

/* Given up in the middle: it ends early, and nothing of it is answered. */
static void a_computation_is_given_up(void **state)
{
	static const struct {
		const struct work *work;
		const char *value;
	} cases[] = {{&work_primes, "10000000000"}, {&work_fibonacci_number, "10000000"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases) * 2; i++) {
		const char *values[WORK_VALUES_MAX] = {cases[i / 2].value};
		uint64_t began_ns = clock_now_ns();

		tear_down(NULL);
		set_up(NULL);
		if (i % 2 == 0)
			x.deadline_ns = began_ns + 20 * NS_PER_MS;
		else
			x.is_abandoned = true;
		assert_int_equal(begin(cases[i / 2].work, values), STEP_AWAIT);
		compute();
		if (!x.computation->was_cut) {
			assert_int_equal(x.next(&x), STEP_AWAIT);
			compute();
		}
		assert_true(x.computation->was_cut);
		/* as the awaitable says it */
		x.awaited.error = ERROR_DEADLINE;
		x.awaited.why = "the deadline passed";
		assert_int_equal(x.next(&x), STEP_RESPOND);
		assert_int_equal(x.response.status, 504);
	}
}

/* The generator */

static char *stream; /* all parts */
static size_t stream_bytes, largest_part;
static unsigned computed_parts, loop_parts;

/* Takes every part of GET /fibonacci, as a client that reads does. */
static void take_all(bool is_ndjson, const char *limit, const char *above, const char *stop_after)
{
	const char *values[WORK_VALUES_MAX] = {limit, above, stop_after};
	enum step step;

	tear_down(NULL);
	set_up(NULL);
	free(stream);
	stream = calloc(1, 1);
	stream_bytes = largest_part = computed_parts = loop_parts = 0;
	x.media = is_ndjson ? MEDIA_NDJSON : MEDIA_JSON;
	step = work_fibonacci_numbers.begin(&x, values);
	for (;;) {
		struct text part = x.response.body;

		if (step == STEP_AWAIT) {
			compute();
			computed_parts++;
			step = x.next(&x);
			continue;
		}
		loop_parts++;
		stream = realloc(stream, stream_bytes + part.length + 1);
		if (part.length > 0)
			memcpy(stream + stream_bytes, part.at, part.length);
		stream_bytes += part.length;
		stream[stream_bytes] = '\0';
		largest_part = part.length > largest_part ? part.length : largest_part;
		if (step == STEP_RESPOND)
			return;
		step = x.next(&x);
	}
}

static void assert_stream(const char *limit, const char *above, const char *stop_after, const char *expected)
{
	take_all(false, limit, above, stop_after);
	assert_string_equal(stream, expected);
}

static void the_sequence_has_bounds(void **state)
{
	(void)state;
	assert_stream("0", NULL, NULL, "[]");
	assert_stream("1", NULL, NULL, "[{\"n\":0,\"value\":0}]");
	assert_stream("3", NULL, NULL, "[{\"n\":0,\"value\":0},\n{\"n\":1,\"value\":1},\n{\"n\":2,\"value\":1}]");
	assert_stream("1", "0", NULL, "[{\"n\":1,\"value\":1}]");
	assert_stream("1", "1", NULL, "[{\"n\":3,\"value\":2}]");
	assert_stream("1", "00088", NULL, "[{\"n\":11,\"value\":89}]");
	assert_stream("1", "89", NULL, "[{\"n\":12,\"value\":144}]");
	assert_stream(NULL, "100", "145", "[{\"n\":12,\"value\":144},\n{\"n\":13,\"value\":233}]");
	assert_stream(NULL, "100", "144", "[{\"n\":12,\"value\":144}]");
	assert_stream(NULL, NULL, "0", "[{\"n\":0,\"value\":0}]");
	assert_stream("1", "18446744073709551615", NULL, "[{\"n\":94,\"value\":19740274219868223167}]");
	take_all(true, "2", NULL, NULL);
	assert_string_equal(stream, "{\"n\":0,\"value\":0}\n{\"n\":1,\"value\":1}\n");
	take_all(true, "0", NULL, NULL);
	assert_string_equal(stream, "");
}

static void wrong_bounds_are_refused(void **state)
{
	static const char *const values[][3] = {{"-1", NULL, NULL},  {NULL, "-1", NULL},  {NULL, NULL, "1.5"},
						{NULL, "1e5", NULL}, {NULL, NULL, "NaN"}, {NULL, "", NULL}};
	char too_long[10003];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
		take_all(false, values[i][0], values[i][1], values[i][2]);
		assert_int_equal(x.response.status, 400);
	}
	memset(too_long, '9', 10001);
	too_long[10001] = '\0';
	take_all(false, "1", too_long, NULL);
	assert_int_equal(x.response.status, 400);
	too_long[10000] = '\0';
	take_all(true, "1", too_long, NULL);
	assert_int_equal(x.response.status, 200);
	assert_int_equal(strlen(strstr(stream, "value\":") + 7), 10001 + 2);
}

/* Against GMP's own; the longer ones are computed elsewhere, and no part is much larger than it has to be. */
static void the_sequence_is_that_of_gmp(void **state)
{
	char *at;
	mpz_t number, next;

	(void)state;
	mpz_init_set_ui(number, 0);
	mpz_init_set_ui(next, 1);
	take_all(true, "9000", NULL, NULL);
	at = stream;
	for (unsigned n = 0; n < 9000; n++) {
		char *digits = mpz_get_str(NULL, 10, number), expected[4096];
		int length = snprintf(expected, sizeof(expected), "{\"n\":%u,\"value\":%s}\n", n, digits);

		assert_memory_equal(at, expected, (size_t)length);
		at += length;
		free(digits);
		mpz_add(number, number, next);
		mpz_swap(number, next);
	}
	assert_int_equal(at - stream, stream_bytes);
	assert_true(computed_parts > 100 && loop_parts > computed_parts);
	assert_true(largest_part < 16 * 1024 + 4096);
	mpz_clears(number, next, NULL);
	free(stream);
	stream = NULL;
}

static void a_delay_is_a_timer(void **state)
{
	const char *values[] = {"250"};

	(void)state;
	assert_int_equal(work_delay.begin(&x, values), STEP_AWAIT);
	assert_ptr_equal(x.awaited.class, &timer_class);
	assert_int_equal(x.wake_ns - x.awaited.submitted_ns, 250 * NS_PER_MS);
	assert_int_equal(x.next(&x), STEP_RESPOND);
	assert_int_equal(x.response.status, 200);
	assert_memory_equal(x.response.body.at, "{\"ms\":250}", x.response.body.length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(primes_are_counted, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(primes_around_the_end_of_a_segment, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(fibonacci_numbers_are_those_of_gmp, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_row_is_written_from_its_columns, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_is_out_of_range_is_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_computation_is_given_up, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_sequence_has_bounds, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(wrong_bounds_are_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_sequence_is_that_of_gmp, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_delay_is_a_timer, set_up, tear_down),
	};

	endpoint_set_init(&set);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
