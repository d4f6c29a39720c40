/* Parameters that the client does not give. */
#include "handlers/sql/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct exchange x;
static struct identity identity;
static struct db_parameter parameter;
static const char *value, *problem;

static int set_up(void **state)
{
	(void)state;
	memset(&x, 0, sizeof(x));
	parameter = (struct db_parameter){.name = "p", .type = {DB_TYPE_OTHER, .name = "text"}};
	value = problem = NULL;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_cleanup(&x.arena);
	return 0;
}

static enum error bind_source(enum source_kind kind, const char *name)
{
	const struct source source = {kind, name};

	value = problem = NULL;
	return sql_source_bind(&x, &source, &parameter, &value, &problem);
}

static void expect_bound(enum source_kind kind, const char *name, const char *expected)
{
	assert_int_equal(bind_source(kind, name), ERROR_NONE);
	assert_null(problem);
	if (expected == NULL || value == NULL)
		assert_ptr_equal(value, expected);
	else
		assert_string_equal(value, expected);
}

static void expect_refused(enum source_kind kind, const char *name, enum error error, const char *expected)
{
	assert_int_equal(bind_source(kind, name), error);
	assert_null(value);
	assert_string_equal(problem, expected);
}

static void use_type(enum db_type_kind kind, bool is_array, const char *name)
{
	parameter.type = (struct db_type){.kind = kind, .is_array = is_array, .delimiter = ',', .name = name};
}

static void use_fields(const struct http_field *fields, unsigned count)
{
	x.request.fields = fields;
	x.request.field_count = count;
}

static void use_claims(const char *claims)
{
	identity_init(&identity, TEXT("reader"), text_of(claims), IDENTITY_NEVER_EXPIRES);
	x.identity = &identity;
}

static void words_and_names(void **state)
{
	static const struct {
		enum source_kind kind;
		const char *word, *good[4], *bad[5];
	} cases[] = {
	    {SOURCE_CLAIM, "claim", {"sub", "a.b", "\"a.b\".c"}, {"", "a..b", ".", "a."}},
	    {SOURCE_HEADER, "header", {"x-tenant", "Accept", "a_b"}, {"", "a b", "Authorization", "x-api-key", "a:"}},
	    {SOURCE_COOKIE, "cookie", {"session", "__Host-id", "authorization"}, {"", "a=b", "a;b", "a b"}},
	    {SOURCE_ADDRESS, "address", {""}, {"x"}},
	    {SOURCE_IF_MATCH, "if-match", {""}, {"x"}},
	};

	(void)state;
	assert_null(sql_source_word(SOURCE_CLIENT));
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_string_equal(sql_source_word(cases[i].kind), cases[i].word);
		for (size_t j = 0; j < ARRAY_LENGTH(cases[i].good) && cases[i].good[j] != NULL; j++)
			assert_true(sql_source_name_is_valid(cases[i].kind, text_of(cases[i].good[j])));
		for (size_t j = 0; j < ARRAY_LENGTH(cases[i].bad) && cases[i].bad[j] != NULL; j++)
			assert_false(sql_source_name_is_valid(cases[i].kind, text_of(cases[i].bad[j])));
	}
	assert_true(sql_source_is_secret(TEXT("Cookie")));
	assert_true(sql_source_is_secret(TEXT("proxy-authorization")));
	assert_false(sql_source_is_secret(TEXT("accept")));
}

static void a_header_is_found_by_its_name(void **state)
{
	static const struct http_field fields[] = {{TEXT_INIT("a"), TEXT_INIT("1")},
						   {TEXT_INIT("b"), TEXT_INIT("2")},
						   {TEXT_INIT("a"), TEXT_INIT("3")},
						   {TEXT_INIT("c"), TEXT_INIT("")},
						   {TEXT_INIT("d"), TEXT_INIT("\xff")}};

	(void)state;
	use_fields(fields, ARRAY_LENGTH(fields));
	expect_bound(SOURCE_HEADER, "a", "1, 3");
	expect_bound(SOURCE_HEADER, "b", "2");
	expect_bound(SOURCE_HEADER, "c", "");
	expect_bound(SOURCE_HEADER, "e", NULL);
	expect_refused(SOURCE_HEADER, "d", ERROR_BAD_INPUT,
		       "the header d must be a string without the character U+0000");
	use_type(DB_TYPE_INT4, false, "integer");
	expect_bound(SOURCE_HEADER, "b", "2");
	expect_refused(SOURCE_HEADER, "c", ERROR_BAD_INPUT,
		       "the header c must be an integer from -2147483648 to 2147483647");
	use_type(DB_TYPE_OTHER, true, "text[]");
	expect_bound(SOURCE_HEADER, "b", "{\"2\"}");
}

static void a_cookie_is_the_first_of_its_name(void **state)
{
	static const struct http_field fields[] = {{TEXT_INIT("x"), TEXT_INIT("session=0")},
						   {TEXT_INIT("cookie"), TEXT_INIT("a=1; session=2;session=3; b")},
						   {TEXT_INIT("cookie"), TEXT_INIT("session=4; c=\"5=6\"; d=")}};

	(void)state;
	expect_bound(SOURCE_COOKIE, "session", NULL);
	use_fields(fields, ARRAY_LENGTH(fields));
	expect_bound(SOURCE_COOKIE, "session", "2");
	expect_bound(SOURCE_COOKIE, "a", "1");
	expect_bound(SOURCE_COOKIE, "b", "");
	expect_bound(SOURCE_COOKIE, "c", "\"5=6\"");
	expect_bound(SOURCE_COOKIE, "d", "");
	expect_bound(SOURCE_COOKIE, "Session", NULL);
	use_type(DB_TYPE_INT4, false, "integer");
	expect_refused(SOURCE_COOKIE, "b", ERROR_BAD_INPUT,
		       "the cookie b must be an integer from -2147483648 to 2147483647");
}

static void the_address_is_the_clients(void **state)
{
	(void)state;
	x.request.address = TEXT("10.1.2.3");
	expect_bound(SOURCE_ADDRESS, NULL, "10.1.2.3");
	use_type(DB_TYPE_INT4, false, "integer");
	expect_refused(SOURCE_ADDRESS, NULL, ERROR_BAD_INPUT,
		       "the address must be an integer from -2147483648 to 2147483647");
}

static void expect_if_match(const char *list, const char *expected)
{
	const struct http_field fields[] = {{TEXT("if-match"), text_of(list)}};

	use_fields(fields, 1);
	expect_bound(SOURCE_IF_MATCH, NULL, expected);
}

static void refuse_if_match(const char *list, enum error error, const char *expected)
{
	const struct http_field fields[] = {{TEXT("if-match"), text_of(list)}};

	use_fields(fields, 1);
	expect_refused(SOURCE_IF_MATCH, NULL, error, expected);
}

static void if_match_names_a_version(void **state)
{
	static const char malformed[] = "If-Match must be * or a list of entity tags, such as \"5\", at most 16",
			  none[] = "nothing was written: If-Match names no version that can be stored";

	(void)state;
	expect_bound(SOURCE_IF_MATCH, NULL, NULL);
	use_type(DB_TYPE_INT8, false, "bigint");
	expect_if_match("*", NULL);
	expect_if_match("\"5\"", "5");
	expect_if_match("\"5-gzip\"", "5");
	expect_if_match("W/\"4\", \"5-br\"", "5");
	refuse_if_match("\"4\", \"5\"", ERROR_BAD_INPUT,
			"If-Match names several versions, and this endpoint takes one");
	refuse_if_match("W/\"5\"", ERROR_PRECONDITION_FAILED, none);
	refuse_if_match("", ERROR_PRECONDITION_FAILED, none);
	refuse_if_match("\"five\"", ERROR_PRECONDITION_FAILED, none);
	refuse_if_match("\"\xff\"", ERROR_PRECONDITION_FAILED, none);
	refuse_if_match("5", ERROR_BAD_INPUT, malformed);
	refuse_if_match("\"5\", 6", ERROR_BAD_INPUT, malformed);
	use_type(DB_TYPE_INT8, true, "bigint[]");
	expect_if_match("*", NULL);
	expect_if_match("\"4\", \"5-br\", W/\"6\"", "{\"4\",\"5\"}");
	refuse_if_match("\"4\", \"five\"", ERROR_PRECONDITION_FAILED, none);
}

static void several_lines_name_versions(void **state)
{
	static const struct http_field fields[] = {{TEXT_INIT("if-match"), TEXT_INIT("\"1\"")},
						   {TEXT_INIT("if-none-match"), TEXT_INIT("\"2\"")},
						   {TEXT_INIT("if-match"), TEXT_INIT("\"3\"")}};
	static struct http_field many[17];

	(void)state;
	use_type(DB_TYPE_INT8, true, "bigint[]");
	use_fields(fields, ARRAY_LENGTH(fields));
	expect_bound(SOURCE_IF_MATCH, NULL, "{\"1\",\"3\"}");
	for (unsigned i = 0; i < ARRAY_LENGTH(many); i++)
		many[i] = fields[0];
	use_fields(many, 16);
	assert_int_equal(bind_source(SOURCE_IF_MATCH, NULL), ERROR_NONE);
	use_fields(many, 17);
	assert_int_equal(bind_source(SOURCE_IF_MATCH, NULL), ERROR_BAD_INPUT);
}

static void a_claim_is_needed_by_an_identity(void **state)
{
	(void)state;
	expect_bound(SOURCE_CLAIM, "sub", NULL); /* without one */
	use_claims("{\"sub\":\"zoe\",\"n\":5,\"nothing\":null,\"a\":{\"b\":[\"x\",\"y\"]},\"s\":\"7\",\"t\":true}");
	expect_bound(SOURCE_CLAIM, "sub", "zoe");
	expect_bound(SOURCE_CLAIM, "n", "5");
	expect_refused(SOURCE_CLAIM, "other", ERROR_FORBIDDEN,
		       "the identity has no claim other, which this endpoint needs");
	expect_refused(SOURCE_CLAIM, "nothing", ERROR_FORBIDDEN,
		       "the identity has no claim nothing, which this endpoint needs");
	use_type(DB_TYPE_INT4, false, "integer");
	expect_bound(SOURCE_CLAIM, "n", "5");
	expect_bound(SOURCE_CLAIM, "s", "7");
	expect_refused(SOURCE_CLAIM, "sub", ERROR_FORBIDDEN,
		       "the claim sub of the identity must be an integer from -2147483648 to 2147483647");
	use_type(DB_TYPE_BOOL, false, "boolean");
	expect_bound(SOURCE_CLAIM, "t", "true");
	use_type(DB_TYPE_OTHER, true, "text[]");
	expect_bound(SOURCE_CLAIM, "a.b", "{\"x\",\"y\"}");
	assert_int_equal(bind_source(SOURCE_CLAIM, "sub"), ERROR_FORBIDDEN);
	assert_null(value);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(words_and_names),
	    TEST(a_header_is_found_by_its_name),
	    TEST(a_cookie_is_the_first_of_its_name),
	    TEST(the_address_is_the_clients),
	    TEST(if_match_names_a_version),
	    TEST(several_lines_name_versions),
	    TEST(a_claim_is_needed_by_an_identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
