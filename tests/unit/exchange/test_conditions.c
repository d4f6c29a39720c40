#include "exchange/conditions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/compiler.h"

enum { HOLDS = CONDITION_HOLDS, NOT_MODIFIED = CONDITION_NOT_MODIFIED, FAILED = CONDITION_FAILED };

#define IF_MATCH(value)                                                                                                \
	{                                                                                                              \
		TEXT_INIT("if-match"), TEXT_INIT(value)                                                                \
	}
#define IF_NONE_MATCH(value)                                                                                           \
	{                                                                                                              \
		TEXT_INIT("if-none-match"), TEXT_INIT(value)                                                           \
	}
#define IF_MODIFIED_SINCE(value)                                                                                       \
	{                                                                                                              \
		TEXT_INIT("if-modified-since"), TEXT_INIT(value)                                                       \
	}
#define IF_UNMODIFIED_SINCE(value)                                                                                     \
	{                                                                                                              \
		TEXT_INIT("if-unmodified-since"), TEXT_INIT(value)                                                     \
	}
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define THEN   "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER  "Sun, 06 Nov 1994 08:49:38 GMT"

static enum condition judge(const struct http_field *fields, const struct http_response *response, const char *accepts,
			    struct text *matched)
{
	struct http_request request = {.fields = fields};
	struct accept_encoding accepted;

	while (request.field_count < 3 && fields[request.field_count].name.at != NULL)
		request.field_count++;
	accept_encoding_init(&accepted);
	if (accepts != NULL)
		accept_encoding_add(&accepted, text_of(accepts));
	return conditions_judge(&request, response, accepts != NULL ? &accepted : NULL, matched);
}

static void verdicts(void **state)
{
	static const struct {
		struct http_field fields[3];
		int verdict;
	} cases[] = {
	    {{{{NULL, 0}, {NULL, 0}}}, HOLDS},
	    {{{TEXT_INIT("accept"), TEXT_INIT("\"5\"")}}, HOLDS},
	    {{IF_NONE_MATCH("\"5\"")}, NOT_MODIFIED},
	    {{IF_NONE_MATCH("W/\"5\"")}, NOT_MODIFIED},
	    {{IF_NONE_MATCH("*")}, NOT_MODIFIED},
	    {{IF_NONE_MATCH(" * ")}, NOT_MODIFIED},
	    {{IF_NONE_MATCH("\"4\", \"5\"")}, NOT_MODIFIED},
	    {{IF_NONE_MATCH("\"4\""), IF_NONE_MATCH("\"5\"")}, NOT_MODIFIED},
	    {{IF_NONE_MATCH("\"4\"")}, HOLDS},
	    {{IF_NONE_MATCH("\"\"")}, HOLDS},
	    {{IF_NONE_MATCH("5")}, HOLDS},
	    {{IF_NONE_MATCH("4, \"5\"")}, HOLDS},
	    {{IF_NONE_MATCH("*, \"4\"")}, HOLDS},
	    {{IF_MATCH("\"5\"")}, HOLDS},
	    {{IF_MATCH("*")}, HOLDS},
	    {{IF_MATCH("\"4\", \"5\"")}, HOLDS},
	    {{IF_MATCH("\"4\""), IF_MATCH("\"5\"")}, HOLDS},
	    {{IF_MATCH("\"4\"")}, FAILED},
	    {{IF_MATCH("W/\"5\"")}, FAILED},
	    {{IF_MATCH("")}, FAILED},
	    {{IF_MATCH("5")}, FAILED},
	    {{IF_MATCH("\"5\""), IF_NONE_MATCH("\"5\"")}, NOT_MODIFIED},
	    {{IF_MATCH("\"4\""), IF_NONE_MATCH("\"5\"")}, FAILED},
	    {{IF_MODIFIED_SINCE(BEFORE)}, HOLDS},
	    {{IF_MODIFIED_SINCE(THEN)}, NOT_MODIFIED},
	    {{IF_MODIFIED_SINCE(AFTER)}, NOT_MODIFIED},
	    {{IF_MODIFIED_SINCE("never")}, HOLDS},
	    {{IF_MODIFIED_SINCE(AFTER), IF_MODIFIED_SINCE(AFTER)}, HOLDS},
	    {{IF_UNMODIFIED_SINCE(BEFORE)}, FAILED},
	    {{IF_UNMODIFIED_SINCE(THEN)}, HOLDS},
	    {{IF_UNMODIFIED_SINCE(AFTER)}, HOLDS},
	    {{IF_UNMODIFIED_SINCE("never")}, HOLDS},
	    /* tags come before times */
	    {{IF_NONE_MATCH("\"4\""), IF_MODIFIED_SINCE(AFTER)}, HOLDS},
	    {{IF_NONE_MATCH("\"5\""), IF_MODIFIED_SINCE(BEFORE)}, NOT_MODIFIED},
	    {{IF_MATCH("\"5\""), IF_UNMODIFIED_SINCE(BEFORE)}, HOLDS},
	    {{IF_MATCH("\"4\""), IF_UNMODIFIED_SINCE(AFTER)}, FAILED},
	};
	const struct http_response response = {.etag = TEXT("5"), .is_dated = true, .modified_s = 784111777};
	struct text matched;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++)
		if ((int)judge(cases[i].fields, &response, NULL, &matched) != cases[i].verdict)
			fail_msg("case %u", i);
}

static void without_a_tag_or_a_time(void **state)
{
	const struct http_response none = {.is_conditional = true};
	struct text matched;

	(void)state;
	assert_int_equal(judge((struct http_field[3]){IF_NONE_MATCH("\"\"")}, &none, NULL, &matched), HOLDS);
	assert_int_equal(judge((struct http_field[3]){IF_MATCH("\"\"")}, &none, NULL, &matched), FAILED);
	assert_int_equal(judge((struct http_field[3]){IF_MATCH("*")}, &none, NULL, &matched), HOLDS);
	assert_int_equal(judge((struct http_field[3]){IF_MODIFIED_SINCE(AFTER)}, &none, NULL, &matched), HOLDS);
	assert_int_equal(judge((struct http_field[3]){IF_UNMODIFIED_SINCE(BEFORE)}, &none, NULL, &matched), HOLDS);
}

static void expect_coded(const char *accepts, const char *list, int verdict, const char *tag)
{
	const struct http_response response = {.etag = TEXT("5")};
	const struct http_field fields[3] = {{TEXT("if-none-match"), text_of(list)}};
	struct text matched = {NULL, 0};

	assert_int_equal(judge(fields, &response, accepts, &matched), verdict);
	if (tag != NULL)
		assert_true(text_equal(matched, text_of(tag)));
}

static void a_coded_one_counts_where_it_is_accepted(void **state)
{
	(void)state;
	expect_coded("gzip", "\"5-gzip\"", NOT_MODIFIED, "5-gzip");
	expect_coded("gzip", "\"5-br\"", HOLDS, NULL);
	expect_coded("gzip, br;q=0", "\"5-br\", \"5\"", NOT_MODIFIED, "5");
	expect_coded("br", "W/\"5-br\"", NOT_MODIFIED, "5-br");
	expect_coded("br", "\"5\"", NOT_MODIFIED, "5");
	expect_coded("br", "*", NOT_MODIFIED, "5");
	expect_coded("", "\"5-gzip\"", HOLDS, NULL);
	expect_coded(NULL, "\"5-gzip\"", HOLDS, NULL);
	expect_coded(NULL, "\"5\"", NOT_MODIFIED, "5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(verdicts),
	    cmocka_unit_test(without_a_tag_or_a_time),
	    cmocka_unit_test(a_coded_one_counts_where_it_is_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
