/* What PostgreSQL is told of a request. */
#include "handlers/sql/context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct exchange x;
static struct endpoint endpoint;
static struct identity identity;

static int set_up(void **state)
{
	(void)state;
	memset(&x, 0, sizeof(x));
	memset(&endpoint, 0, sizeof(endpoint));
	identity_init(&identity, TEXT("reader"), TEXT("{\"sub\":\"zoe\"}"), IDENTITY_NEVER_EXPIRES);
	x.request.method = HTTP_PATCH;
	x.request.path = TEXT("/a/b");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_cleanup(&x.arena);
	return 0;
}

/* NULL is a text, too. */
static void expect_text(const char *text, const char *expected)
{
	if (text == NULL || expected == NULL)
		assert_ptr_equal(text, expected);
	else
		assert_string_equal(text, expected);
}

static void expect(const char *role, const char *claims, const char *headers, const char *method, const char *path)
{
	const struct db_context *context = sql_context_of(&x, &endpoint);

	assert_non_null(context);
	expect_text(context->role, role);
	expect_text(context->claims, claims);
	expect_text(context->headers, headers);
	expect_text(context->method, method);
	expect_text(context->path, path);
}

static void without_identity_and_settings_nothing_is_told(void **state)
{
	(void)state;
	assert_null(sql_context_of(&x, &endpoint));
}

static void a_role_is_told_and_claims_where_they_are_asked_for(void **state)
{
	struct identity without_role;

	(void)state;
	x.identity = &identity;
	expect("reader", NULL, NULL, NULL, NULL);
	endpoint.settings.claims = true;
	expect("reader", "{\"sub\":\"zoe\"}", NULL, NULL, NULL);
	identity_init(&without_role, (struct text){NULL, 0}, TEXT("{}"), IDENTITY_NEVER_EXPIRES);
	x.identity = &without_role;
	expect(NULL, "{}", NULL, NULL, NULL);
	x.identity = NULL;
	expect(NULL, NULL, NULL, NULL, NULL);
}

static void each_setting_is_asked_for_by_itself(void **state)
{
	(void)state;
	endpoint.settings.method = true;
	expect(NULL, NULL, NULL, "PATCH", NULL);
	endpoint.settings.method = false;
	endpoint.settings.path = true;
	expect(NULL, NULL, NULL, NULL, "/a/b");
	x.request.path = TEXT("/\xff");
	expect(NULL, NULL, NULL, NULL, NULL);
	endpoint.settings.path = false;
	endpoint.settings.headers = true;
	expect(NULL, NULL, "{}", NULL, NULL);
}

static void set_fields(const struct http_field *fields, unsigned count)
{
	x.request.fields = fields;
	x.request.field_count = count;
}

static void lines_of_one_name_are_one_value(void **state)
{
	static const struct http_field fields[] = {
	    {TEXT_INIT("a"), TEXT_INIT("1")},        {TEXT_INIT("b"), TEXT_INIT("\"\\")},
	    {TEXT_INIT("a"), TEXT_INIT("2")},        {TEXT_INIT("c"), TEXT_INIT("\xff")},
	    {TEXT_INIT("c"), TEXT_INIT("3")},        {TEXT_INIT("c"), TEXT_INIT("\xfe")},
	    {TEXT_INIT("c"), TEXT_INIT("\xc3\xa4")}, {TEXT_INIT("a"), TEXT_INIT("")},
	    {TEXT_INIT("aa"), TEXT_INIT("4")},
	};

	(void)state;
	endpoint.settings.headers = true;
	set_fields(fields, ARRAY_LENGTH(fields));
	expect(NULL, NULL, "{\"a\":\"1, 2, \",\"b\":\"\\\"\\\\\",\"c\":\"3, \xc3\xa4\",\"aa\":\"4\"}", NULL, NULL);
	set_fields(fields, 1);
	expect(NULL, NULL, "{\"a\":\"1\"}", NULL, NULL);
}

static void credentials_are_not_told(void **state)
{
	static const struct http_field fields[] = {
	    {TEXT_INIT("authorization"), TEXT_INIT("Bearer x")},
	    {TEXT_INIT("cookie"), TEXT_INIT("session=x")},
	    {TEXT_INIT("proxy-authorization"), TEXT_INIT("x")},
	    {TEXT_INIT("x-api-key"), TEXT_INIT("x")},
	    {TEXT_INIT("host"), TEXT_INIT("h")},
	};

	(void)state;
	endpoint.settings.headers = true;
	set_fields(fields, ARRAY_LENGTH(fields));
	expect(NULL, NULL, "{\"host\":\"h\"}", NULL, NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(without_identity_and_settings_nothing_is_told),
	    TEST(a_role_is_told_and_claims_where_they_are_asked_for),
	    TEST(each_setting_is_asked_for_by_itself),
	    TEST(lines_of_one_name_are_one_value),
	    TEST(credentials_are_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
