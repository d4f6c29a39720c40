#include "handlers/queue/idempotency_key.h"

#include "lib/arena_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct queue_order enqueue;

static const char *read(const char *key, const char *body)
{
	const struct http_field fields[] = {
	    {TEXT("host"), TEXT("a")},
	    {TEXT("idempotency-key"), text_of(key)},
	};
	const struct http_request request = {.fields = fields, .field_count = 2, .body = text_of(body)};

	enqueue = (struct queue_order){.errand = ORDER_ENQUEUE};
	return idempotency_key_read(&request, &arena, &enqueue);
}

static void assert_key(const char *written, const char *expected)
{
	assert_null(read(written, "{}"));
	assert_string_equal(arena_copy(&arena, enqueue.key), expected);
}

static void quotes_are_no_part_of_a_key(void **state)
{
	(void)state;
	assert_key("a-1", "a-1");
	assert_key("\"a-1\"", "a-1");
	assert_key("\"a\\\"\\\\b\"", "a\"\\b");
	assert_key("a\"b", "a\"b");
}

static void a_request_may_have_none(void **state)
{
	const struct http_request request = {.body = TEXT("{}")};

	(void)state;
	enqueue = (struct queue_order){.errand = ORDER_ENQUEUE};
	assert_null(idempotency_key_read(&request, &arena, &enqueue));
	assert_int_equal(enqueue.key.length, 0);
}

static void bodies_are_told_apart(void **state)
{
	uint64_t first[2];

	(void)state;
	assert_null(read("a", "{}"));
	memcpy(first, enqueue.body_hash, sizeof(first));
	assert_true(first[0] != first[1]);
	assert_null(read("b", "{}"));
	assert_memory_equal(first, enqueue.body_hash, sizeof(first));
	assert_null(read("a", "{} "));
	assert_true(first[0] != enqueue.body_hash[0] && first[1] != enqueue.body_hash[1]);
}

static void other_texts_are_refused(void **state)
{
	static const char *const wrong[] = {"",         "\"\"", "\"",      "\"a",      "\"a\\\"",
					    "\"a\"b\"", "a b",  "\"a b\"", "\xc3\xa4", "a\x7f"};
	char longest[ORDER_KEY_BYTES_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
		assert_non_null(read(wrong[i], "{}"));
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_non_null(read(longest, "{}"));
	longest[sizeof(longest) - 2] = '\0';
	assert_null(read(longest, "{}"));
}

static void two_keys_are_none(void **state)
{
	const struct http_field fields[] = {
	    {TEXT("idempotency-key"), TEXT("a")},
	    {TEXT("idempotency-key"), TEXT("a")},
	};
	const struct http_request request = {.fields = fields, .field_count = 2};

	(void)state;
	assert_non_null(strstr(idempotency_key_read(&request, &arena, &enqueue), "Idempotency-Key"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(quotes_are_no_part_of_a_key, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_request_may_have_none, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(bodies_are_told_apart, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(other_texts_are_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(two_keys_are_none, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
