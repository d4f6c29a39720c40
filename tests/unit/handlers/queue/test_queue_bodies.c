#include "handlers/queue/queue_bodies.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "lib/arena_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct fields_read read;

static const char *jobs(const char *body)
{
	return queue_bodies_read_jobs(text_of(body), false, 8, &arena, &read);
}

static const char *receipts(const char *body, enum order_errand errand, bool has_id)
{
	return queue_bodies_read_receipts(text_of(body), errand, has_id, 8, &arena, &read);
}

static void a_job_has_defaults(void **state)
{
	const struct order_draft *draft;

	(void)state;
	assert_null(jobs(" {\"payload\" : [1, 2.50] } "));
	assert_int_equal(read.count, 1);
	assert_false(read.is_array);
	draft = read.items;
	assert_true(text_equal(draft->payload, TEXT("[1, 2.50]")));
	assert_int_equal(draft->max_attempts, 5);
	assert_int_equal(draft->priority, 0);
	assert_int_equal(draft->delay_ns, 0);
	assert_int_equal(draft->group.length, 0);
}

static void each_field_of_a_job_is_read(void **state)
{
	const struct order_draft *draft;

	(void)state;
	assert_null(jobs("[{\"payload\":null},{\"payload\":\"x\",\"delay\":\"5m\",\"priority\":-100,"
			 "\"max_attempts\":100,\"group\":\"a\\u00e4\"}]"));
	assert_int_equal(read.count, 2);
	assert_true(read.is_array);
	draft = (const struct order_draft *)read.items + 1;
	assert_int_equal(draft->delay_ns, 300 * NS_PER_S);
	assert_int_equal(draft->priority, -100);
	assert_int_equal(draft->max_attempts, 100);
	assert_string_equal(draft->group.at, "a\xc3\xa4");
}

static void a_fault_of_a_job_is_named(void **state)
{
	static const char *const faults[][2] = {
	    {"", "the body is no JSON"},
	    {"{\"payload\":1", "the body is no JSON"},
	    {"{\"payload\":1,\"payload\":1}", "a name stands twice"},
	    {"{\"payload\":\"\xff\"}", "the body is not UTF-8"},
	    {"1", "an object was expected"},
	    {"[]", "the array is empty"},
	    {"[{\"payload\":1},[]]", "element 2: an object was expected"},
	    {"{}", "field \"payload\" is missing"},
	    {"{\"payload\":1,\"a\":1}", "field \"a\" is not known"},
	    {"{\"payload\":1,\"priority\":101}", "field \"priority\" must be an integer from -100 to 100"},
	    {"{\"payload\":1,\"priority\":1.0}", "field \"priority\""},
	    {"{\"payload\":1,\"priority\":99999999999999999999}", "field \"priority\""},
	    {"{\"payload\":1,\"max_attempts\":101}", "field \"max_attempts\""},
	    {"{\"payload\":1,\"group\":\"\"}", "field \"group\""},
	    {"{\"payload\":1,\"group\":\"\\u0000\"}", "field \"group\""},
	    {"{\"payload\":1,\"delay\":\"367d\"}", "field \"delay\""},
	    {"{\"payload\":1,\"delay\":\"s\"}", "field \"delay\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
		const char *problem = jobs(faults[i][0]);

		assert_non_null(problem);
		assert_non_null(strstr(problem, faults[i][1]));
	}
}

static const char *lines(const char *body)
{
	return queue_bodies_read_jobs(text_of(body), true, 8, &arena, &read);
}

static void a_line_is_a_job(void **state)
{
	const struct order_draft *drafts;

	(void)state;
	assert_null(lines("{\"payload\": {\"a\" : 1.0}}\r\n\n \n{\"payload\":2,\"group\":\"g\"}"));
	assert_int_equal(read.count, 2);
	assert_true(read.is_array);
	drafts = read.items;
	assert_true(text_equal(drafts[0].payload, TEXT("{\"a\" : 1.0}")));
	assert_int_equal(drafts[0].max_attempts, 5);
	assert_true(text_equal(drafts[1].payload, TEXT("2")));
	assert_string_equal(drafts[1].group.at, "g");
}

static void a_wrong_line_is_named(void **state)
{
	static const char *const faults[][2] = {
	    {"", "no line has a job"},
	    {"\n \n", "no line has a job"},
	    {"{\"payload\":1}\n{\"payload\":", "line 2: the body is no JSON"},
	    {"{\"payload\":1}\n\n[{\"payload\":1}]", "line 3: an object was expected"},
	    {"{\"payload\":1} {\"payload\":1}", "line 1: the body is no JSON"},
	    {"{\"payload\":1}\n{}\n", "line 2: field \"payload\" is missing"},
	    {"{\"payload\":1}\n{\"payload\":\"\xff\"}", "line 2: the body is not UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
		const char *problem = lines(faults[i][0]);

		assert_non_null(problem);
		assert_non_null(strstr(problem, faults[i][1]));
	}
}

static void lines_are_bounded(void **state)
{
	static const char line[] = "{\"payload\":1}\n";
	struct buffer body = buffer_in(&arena);

	(void)state;
	for (unsigned i = 0; i < ORDER_PARTS_MAX; i++)
		buffer_add(&body, TEXT(line));
	assert_null(queue_bodies_read_jobs(buffer_text(&body), true, 8, &arena, &read));
	assert_int_equal(read.count, ORDER_PARTS_MAX);
	buffer_add(&body, TEXT(line));
	assert_non_null(
	    strstr(queue_bodies_read_jobs(buffer_text(&body), true, 8, &arena, &read), "line 1001: more than 1000"));
}

static void receipts_are_read(void **state)
{
	const struct order_receipt *receipt;

	(void)state;
	assert_null(receipts("{\"token\":\"1-a\"}", ORDER_ACK, false));
	receipt = read.items;
	assert_int_equal(receipt->token.number, 10);
	assert_null(receipts("{\"token\":\"1-a\"}", ORDER_NACK, false));
	receipt = read.items;
	assert_true(receipt->delay_ns == NACK_BACK_OFF);
	assert_null(receipts("[{\"token\":\"1-a\",\"id\":7,\"delay\":\"0s\",\"reason\":\"no\"}]", ORDER_NACK, true));
	receipt = read.items;
	assert_int_equal(receipt->id, 7);
	assert_int_equal(receipt->delay_ns, 0);
	assert_string_equal(receipt->reason.at, "no");
	assert_null(receipts("{\"token\":\"1-a\"}", ORDER_EXTEND, false));
	receipt = read.items;
	assert_int_equal(receipt->delay_ns, 30 * NS_PER_S);
}

static void a_fault_of_a_receipt_is_named(void **state)
{
	(void)state;
	assert_non_null(strstr(receipts("{}", ORDER_ACK, false), "\"token\" is missing"));
	assert_non_null(strstr(receipts("{\"token\":\"1\"}", ORDER_ACK, false), "\"token\" must be"));
	assert_non_null(strstr(receipts("{\"token\":\"1-1\"}", ORDER_ACK, true), "\"id\" is missing"));
	assert_non_null(strstr(receipts("{\"token\":\"1-1\",\"id\":1}", ORDER_ACK, false), "\"id\" is not known"));
	assert_non_null(
	    strstr(receipts("{\"token\":\"1-1\",\"delay\":\"1s\"}", ORDER_ACK, false), "\"delay\" is not known"));
	assert_non_null(strstr(receipts("{\"token\":\"1-1\",\"id\":0}", ORDER_ACK, true), "\"id\" must be"));
	assert_non_null(
	    strstr(receipts("{\"token\":\"1-1\",\"lease\":\"13h\"}", ORDER_EXTEND, false), "\"lease\" must be"));
}

static const char *claim(const char *body)
{
	return queue_bodies_read_claim(text_of(body), 8, &arena, &read);
}

static void a_claim_may_ack(void **state)
{
	const struct order_receipt *receipt;

	(void)state;
	assert_null(claim("{ \"ack\" : [{\"id\":7,\"token\":\"1-a\"} , {\"id\":8,\"token\":\"1-b\"}]}"));
	receipt = read.items;
	assert_int_equal(read.count, 2);
	assert_int_equal(receipt[1].id, 8);
	assert_int_equal(receipt[1].token.number, 11);
	assert_null(claim("{}"));
	assert_int_equal(read.count, 0);
	assert_null(claim("{\"ack\": [ ]}"));
	assert_int_equal(read.count, 0);
}

static void a_fault_of_a_claim_is_named(void **state)
{
	(void)state;
	assert_non_null(strstr(claim("[{}]"), "an object was expected"));
	assert_non_null(strstr(claim("{\"ack\":{}}"), "\"ack\" must be an array"));
	assert_non_null(strstr(claim("{\"ack\":[{\"id\":1}]}"), "field \"ack\": element 1: field \"token\""));
	assert_non_null(strstr(claim("{\"nack\":[]}"), "\"nack\" is not known"));
	assert_non_null(strstr(claim("{"), "byte 2"));
}

static struct queue_settings limits;

static const char *read_limits(const char *body)
{
	limits = (struct queue_settings){.length_max = 99};
	return queue_bodies_read_limits(text_of(body), 8, &arena, &limits);
}

static void limits_are_read(void **state)
{
	(void)state;
	assert_null(read_limits("{\"length\":5,\"rate\":\"7/minute\",\"group_concurrency\":3}"));
	assert_int_equal(limits.length_max, 5);
	assert_int_equal(limits.rate_count, 7);
	assert_int_equal(limits.rate_period_s, 60);
	assert_int_equal(limits.group_concurrency, 3);
	assert_null(read_limits("{\"length\":null,\"rate\":null}"));
	assert_int_equal(limits.length_max, 0);
	assert_int_equal(limits.rate_count, 0);
	assert_int_equal(limits.group_concurrency, 0);
}

static void a_fault_of_a_limit_is_named(void **state)
{
	(void)state;
	assert_non_null(strstr(read_limits("{\"length\":0}"), "\"length\" must be"));
	assert_non_null(strstr(read_limits("{\"length\":1000000001}"), "\"length\" must be"));
	assert_non_null(strstr(read_limits("{\"rate\":\"7/minute by key\"}"), "\"rate\" must be"));
	assert_non_null(strstr(read_limits("{\"rate\":\"0/minute\"}"), "\"rate\" must be"));
	assert_non_null(strstr(read_limits("{\"group_concurrency\":1.5}"), "\"group_concurrency\" must be"));
	assert_non_null(strstr(read_limits("[{}]"), "an object was expected"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_job_has_defaults, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(each_field_of_a_job_is_read, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_fault_of_a_job_is_named, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_line_is_a_job, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_wrong_line_is_named, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(lines_are_bounded, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(receipts_are_read, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_fault_of_a_receipt_is_named, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(limits_are_read, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_fault_of_a_limit_is_named, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_claim_may_ack, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_fault_of_a_claim_is_named, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
