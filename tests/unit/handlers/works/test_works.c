/* What runs instead of SQL: driven as a runner would, with the parts of a computation run here, in turn. */
#include "base/clock.h"
#include "handlers/sql/work_row.h"
#include "exchange/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <gmp.h>

static const struct awaitable_class timer_class, compute_class, pages_class;
static struct exchange_settings settings = {.request_timeout_ms = 60000,
					    .await_timer = &timer_class,
					    .await_compute = &compute_class,
					    .await_pages = &pages_class};
static struct exchange x;

static int set_up(void **state)
{
	(void)state;
	memset(&x, 0, sizeof(x));
	exchange_begin(&x, &settings, clock_now_ns());
	x.deadline_ns = clock_now_ns() + 60 * NS_PER_S;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	exchange_recycle(&x);
	exchange_cleanup(&x);
	return 0;
}

/* The parts from the last to the first: their order must not matter. */
static void compute(void)
{
	struct computation *computation = x.computation;

	assert_ptr_equal(x.awaited.class, &compute_class);
	for (unsigned part = computation->parts; part > 0; part--)
		computation->run(computation, part - 1);
}

/* The endpoint of a work, as its SQL would describe it. */
static const struct endpoint *endpoint_for(const struct work *work)
{
	static struct db_column columns[WORK_VALUES_MAX];
	static struct text keys[WORK_VALUES_MAX];
	static struct endpoint endpoint;
	unsigned count = 0;

	for (; count < WORK_VALUES_MAX && work->gives[count].name != NULL; count++) {
		keys[count] = text_of(arena_printf(&x.arena, "\"%s\":", work->gives[count].name));
		columns[count] = (struct db_column){
		    .name = work->gives[count].name, .key = keys[count], .type = {.kind = work->gives[count].kind}};
	}
	endpoint.statement.signature.columns = columns;
	endpoint.statement.signature.column_count = count;
	return &endpoint;
}

static enum step begin(const struct work *work, const char *const *values)
{
	return work->compute != NULL ? work_row_begin(&x, endpoint_for(work), work, values) : work->begin(&x, values);
}

/* Runs a work with one value to its end. Returns the body. */
static struct text run(const struct work *work, const char *value)
{
	const char *values[WORK_VALUES_MAX] = {value};
	enum step step = begin(work, values);

	while (step == STEP_AWAIT) {
		compute();
		step = x.next(&x);
	}
	assert_int_equal(step, STEP_RESPOND);
	return x.response.body;
}

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

/* What a file says of a work */

static struct endpoint_set set;

static struct endpoint *endpoint_of(const char *source)
{
	endpoint_set_cleanup(&set);
	endpoint_set_init(&set);
	assert_int_equal(sql_file_parse(&set, "a.sql", text_of(source)), 0);
	return &set.endpoints[0];
}

static void a_work_is_found_by_its_name(void **state)
{
	(void)state;
	assert_ptr_equal(work_find("delay"), &work_delay);
	assert_ptr_equal(work_find("primes"), &work_primes);
	assert_null(work_find("delays"));
}

static void type_all(struct endpoint *endpoint, enum db_type_kind takes, enum db_type_kind gives, const char *column)
{
	for (unsigned i = 0; i < endpoint->statement.parameter_count; i++)
		endpoint->statement.parameters[i].type.kind = takes;
	endpoint->statement.signature.columns =
	    arena_alloc_zeroed(&set.arena, sizeof(*endpoint->statement.signature.columns));
	endpoint->statement.signature.columns[0] = (struct db_column){.name = column, .type = {.kind = gives}};
	endpoint->statement.signature.column_count = 1;
}

static void a_file_has_to_say_what_the_work_does(void **state)
{
	static const struct {
		const char *source;
		enum db_type_kind takes, gives;
		const char *column;
		bool is_good;
	} cases[] = {
	    {"-- name: a :one\n-- route: GET /a/{ms}\n-- work: delay\nSELECT :ms", DB_TYPE_INT4, DB_TYPE_INT4, "ms",
	     true},
	    {"-- name: a :one\n-- route: GET /a\n-- work: delay\nSELECT :ms", DB_TYPE_INT4, DB_TYPE_INT4, "ms", true},
	    {"-- name: a :one\n-- route: GET /a/{ms}\n-- work: delay\nSELECT :ms", DB_TYPE_INT8, DB_TYPE_INT4, "ms",
	     false},
	    {"-- name: a :one\n-- route: GET /a/{ms}\n-- work: delay\nSELECT :ms", DB_TYPE_INT4, DB_TYPE_INT8, "ms",
	     false},
	    {"-- name: a :one\n-- route: GET /a/{ms}\n-- work: delay\nSELECT :ms", DB_TYPE_INT4, DB_TYPE_INT4, "m",
	     false},
	    {"-- name: a :one\n-- route: GET /a/{s}\n-- work: delay\nSELECT :s", DB_TYPE_INT4, DB_TYPE_INT4, "ms",
	     false},
	    {"-- name: a :one\n-- route: GET /a\n-- work: delay\nSELECT 1", DB_TYPE_INT4, DB_TYPE_INT4, "ms", false},
	    {"-- name: a :one\n-- route: GET /a/{ms}\n-- work: delay\nSELECT :ms, :b", DB_TYPE_INT4, DB_TYPE_INT4, "ms",
	     false},
	    {"-- name: a :many\n-- route: GET /a/{ms}\n-- work: delay\nSELECT :ms", DB_TYPE_INT4, DB_TYPE_INT4, "ms",
	     false},
	    {"-- name: a :one\n-- route: POST /a/{ms}\n-- work: delay\nSELECT :ms", DB_TYPE_INT4, DB_TYPE_INT4, "ms",
	     false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct endpoint *endpoint = endpoint_of(cases[i].source);

		type_all(endpoint, cases[i].takes, cases[i].gives, cases[i].column);
		if ((work_check(endpoint, &set.diagnostics) == 0) != cases[i].is_good)
			fail_msg("%zu: %s", i, cases[i].source);
		assert_true(work_is_known(endpoint, &set.diagnostics));
		assert_int_equal(set.diagnostics.count, !cases[i].is_good);
	}
	endpoint_set_cleanup(&set);
}

static void a_work_that_there_is_not_is_named(void **state)
{
	const struct endpoint *endpoint =
	    endpoint_of("-- name: a :one\n-- route: GET /a/{ms}\n-- work: decay\nSELECT :ms");

	(void)state;
	assert_false(work_is_known(endpoint, &set.diagnostics));
	assert_int_equal(set.diagnostics.count, 1);
	assert_int_equal(set.diagnostics.items[0].line, 3);
	assert_string_equal(
	    set.diagnostics.items[0].message,
	    "there is no work decay; there are delay, fibonacci_number, fibonacci_numbers, primes, titles");
	endpoint_set_cleanup(&set);
}

/* Titles: the pages are what the test says. */

static const char *const order_of_two[WORK_VALUES_MAX] = {"{\"http://a/\",\"http://b/?x=\\\"\"}", "7", "4", "false"};

static void bring(struct fetch_page *pages, unsigned count, unsigned left)
{
	for (unsigned i = 0; i < count; i++)
		list_append(&x.pages, &pages[i].link);
	x.pages_left = left;
}

static void titles_are_told_as_they_come(void **state)
{
	struct fetch_page pages[] = {
	    {.url = "http://b/?x=\"",
	     .final_url = "http://b/y",
	     .status = 200,
	     .title = "B \"b\"",
	     .bytes = 12,
	     .wait_us = 1002003},
	    {.url = "http://a/", .final_url = "http://a/", .error = "none"},
	};

	(void)state;
	x.media = MEDIA_NDJSON;
	assert_int_equal(work_titles.begin(&x, order_of_two), STEP_AWAIT);
	assert_ptr_equal(x.awaited.class, &pages_class);
	assert_int_equal(x.fetch_order->count, 2);
	assert_string_equal(x.fetch_order->urls[0], "http://a/");
	assert_string_equal(x.fetch_order->urls[1], "http://b/?x=\"");
	assert_int_equal(x.fetch_order->concurrency, 7);
	assert_int_equal(x.fetch_order->interval_ns, 250000000);
	assert_false(x.fetch_order->is_sequential);
	bring(&pages[0], 1, 1);
	assert_int_equal(x.next(&x), STEP_STREAM);
	assert_string_equal(x.response.content_type, "application/x-ndjson");
	assert_true(text_equal(
	    x.response.body,
	    TEXT("{\"url\":\"http://b/?x=\\\"\",\"final_url\":\"http://b/y\",\"status\":200,\"title\":\"B \\\"b\\\"\","
		 "\"bytes\":12,\"dns_ms\":0.000,\"connect_ms\":0.000,\"wait_ms\":1002.003,"
		 "\"transfer_ms\":0.000,\"error\":null}\n")));
	assert_int_equal(x.next(&x), STEP_AWAIT);
	bring(&pages[1], 1, 0);
	assert_int_equal(x.next(&x), STEP_RESPOND);
	assert_true(text_equal(x.response.body,
			       TEXT("{\"url\":\"http://a/\",\"final_url\":\"http://a/\",\"status\":null,\"title\":null,"
				    "\"bytes\":0,\"dns_ms\":0.000,\"connect_ms\":0.000,\"wait_ms\":0.000,"
				    "\"transfer_ms\":0.000,\"error\":\"none\"}\n")));
}

static void titles_in_an_array(void **state)
{
	struct fetch_page pages[2] = {{.url = "a", .final_url = "a"}, {.url = "b", .final_url = "b"}};

	(void)state;
	x.request.accept = TEXT("text/html, Application/JSON");
	assert_int_equal(work_titles.begin(&x, order_of_two), STEP_AWAIT);
	bring(pages, 2, 0);
	assert_int_equal(x.next(&x), STEP_RESPOND);
	assert_string_equal(x.response.content_type, "application/json");
	assert_memory_equal(x.response.body.at, "[{\"url\":\"a\"", 11);
	assert_non_null(strstr(arena_copy(&x.arena, x.response.body), "},\n{\"url\":\"b\""));
	assert_int_equal(x.response.body.at[x.response.body.length - 1], ']');
}

static void a_fetcher_that_is_busy_is_said(void **state)
{
	(void)state;
	assert_int_equal(work_titles.begin(&x, order_of_two), STEP_AWAIT);
	x.awaited.error = ERROR_BUSY;
	x.awaited.why = "busy";
	assert_int_equal(x.next(&x), STEP_RESPOND);
	assert_int_equal(x.response.status, 503);
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
	    cmocka_unit_test_setup_teardown(titles_are_told_as_they_come, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(titles_in_an_array, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_fetcher_that_is_busy_is_said, set_up, tear_down),
	    cmocka_unit_test(a_work_is_found_by_its_name),
	    cmocka_unit_test(a_file_has_to_say_what_the_work_does),
	    cmocka_unit_test(a_work_that_there_is_not_is_named),
	};

	endpoint_set_init(&set);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
