#include "identity/claim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void paths(void **state)
{
	static const struct {
		const char *path;
		bool is_valid;
	} cases[] = {
	    {"sub", true},
	    {"a.b.c", true},
	    {"a b", true},
	    {"http://x", true},
	    {"\"a.b\"", true},
	    {"\"a.b\".c", true},
	    {"c.\"a\\\"b\\\\\"", true},
	    {"\"\"", true},
	    {"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", true},
	    {"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", false},
	    {"", false},
	    {".", false},
	    {"a.", false},
	    {".a", false},
	    {"a..b", false},
	    {"\"", false},
	    {"\"a", false},
	    {"\"a\\", false},
	    {"\"a\"b", false},
	    {"\"a\".", false},
	    {"a\"b\"", false},
	    {"a\\b", false},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++)
		if (claim_path_is_valid(text_of(cases[i].path)) != cases[i].is_valid)
			fail_msg("%s", cases[i].path);
}

static void values(void **state)
{
	static const char claims[] =
	    "{\"sub\":\"zoe\",\"n\": 1.50 ,\"yes\":true,\"nil\":null,\"o\":{\"a\":{\"b\":[1, 2]},"
	    "\"s\":\"\\u00e4\\n\\\"\"},\"a.b\":\"dot\",\"q\\\"\\\\\":\"quote\",\"\":\"empty\","
	    "\"l\":[{\"a\":1}],\"\\u0065sc\":\"aped\"}";
	static const struct {
		const char *path, *text; /* NULL: none */
	} cases[] = {
	    {"sub", "zoe"},
	    {"n", "1.50"},
	    {"yes", "true"},
	    {"nil", NULL},
	    {"o", "{\"a\":{\"b\":[1, 2]},\"s\":\"\\u00e4\\n\\\"\"}"},
	    {"o.a", "{\"b\":[1, 2]}"},
	    {"o.a.b", "[1, 2]"},
	    {"o.s", "\xc3\xa4\n\""},
	    {"o.b", NULL},
	    {"o.a.b.c", NULL},
	    {"sub.a", NULL},
	    {"l.a", NULL},
	    {"\"a.b\"", "dot"},
	    {"a.b", NULL},
	    {"\"q\\\"\\\\\"", "quote"},
	    {"\"\"", "empty"},
	    {"esc", "aped"},
	    {"Sub", NULL},
	    {"su", NULL},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct arena arena = {0};
		struct text text;
		bool is_there = claim_text(text_of(claims), text_of(cases[i].path), &arena, &text);

		if (is_there != (cases[i].text != NULL) || (is_there && !text_equal(text, text_of(cases[i].text))))
			fail_msg("%s: %.*s", cases[i].path, is_there ? (int)text.length : 4,
				 is_there ? text.at : "none");
		arena_cleanup(&arena);
	}
}

static void escapes_of_nul(void **state)
{
	(void)state;
	assert_true(claims_hold_nul(TEXT("\"\\u0000\"")));
	assert_true(claims_hold_nul(TEXT("\"a\\\\\\u0000\"")));
	assert_false(claims_hold_nul(TEXT("\"\\\\u0000\"")));
	assert_false(claims_hold_nul(TEXT("\"\\u0001 u0000\"")));
	assert_false(claims_hold_nul(TEXT("")));
	assert_false(claims_hold_nul((struct text){"\\u0000", 5}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(paths),
	    cmocka_unit_test(values),
	    cmocka_unit_test(escapes_of_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
