#include "identity/claims_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

enum { NOW_S = 1000000000, WORDS_MAX = 8 };

static void words_become_claims(void **state)
{
	static const struct {
		const char *words[WORDS_MAX];
		const char *claims;
	} cases[] = {
	    {{NULL}, "{}"},
	    {{"sub=zoe", "role=writer"}, "{\"sub\":\"zoe\",\"role\":\"writer\"}"},
	    {{"a=1", "b=-1.5e3", "c=true", "d=null"}, "{\"a\":1,\"b\":-1.5e3,\"c\":true,\"d\":null}"},
	    {{"a={\"b\": [1]}", "c=[]", "d=\"1\""}, "{\"a\":{\"b\": [1]},\"c\":[],\"d\":\"1\"}"},
	    {{"a=01", "b=1 ", "c=True", "d={", "e="},
	     "{\"a\":\"01\",\"b\":\"1 \",\"c\":\"True\",\"d\":\"{\",\"e\":\"\"}"},
	    {{"a=b=c", "a b=\"c"}, "{\"a\":\"b=c\",\"a b\":\"\\\"c\"}"},
	    {{"exp=1h", "nbf=-30s", "iat=+0s"}, "{\"exp\":1000003600,\"nbf\":999999970,\"iat\":1000000000}"},
	    {{"exp=15m"}, "{\"exp\":1000000900}"},
	    {{"exp=9s"}, "{\"exp\":1000000009}"},
	    {{"exp=999999999s"}, "{\"exp\":1999999999}"},
	    {{"a= 5"}, "{\"a\":\" 5\"}"},
	    {{"a=[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"},
	     "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"},
	    {{"exp=7d"}, "{\"exp\":1000604800}"},
	    {{"exp=5"}, "{\"exp\":5}"},
	    {{"exp=\"never\""}, "{\"exp\":\"never\"}"},
	    {{"age=1h"}, "{\"age\":\"1h\"}"},
	    {{"a=\xc3\xa4"}, "{\"a\":\"\xc3\xa4\"}"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct arena arena = {0};
		unsigned count = 0;
		struct text claims;
		const char *wrong;

		while (cases[i].words[count] != NULL)
			count++;
		wrong = claims_text_make((char *const *)(uintptr_t)cases[i].words, count, NOW_S, &arena, &claims);
		if (wrong != NULL || !text_equal(claims, text_of(cases[i].claims)))
			fail_msg("%s: %s %.*s", cases[i].claims, wrong, TEXT_ARGS(claims));
		arena_cleanup(&arena);
	}
}

static void wrong_words_are_told(void **state)
{
	static const struct {
		const char *words[WORDS_MAX];
		const char *wrong;
	} cases[] = {
	    {{"sub"}, "NAME=VALUE was expected, got \"sub\""},
	    {{"=zoe"}, "NAME=VALUE was expected, got \"=zoe\""},
	    {{""}, "NAME=VALUE was expected, got \"\""},
	    {{"a=1", "a=2"}, "a claim, or a member of one, stands twice"},
	    {{"a={\"b\":1,\"b\":1}"}, "a claim, or a member of one, stands twice"},
	    {{"a=\xff"}, "a word of the claims is not UTF-8"},
	    {{"exp=soon"}, "exp is a Unix time, or a time from now such as 90s, 15m, 1h or 7d"},
	    {{"nbf=1w"}, "nbf is a Unix time, or a time from now such as 90s, 15m, 1h or 7d"},
	    {{"iat=h"}, "iat is a Unix time, or a time from now such as 90s, 15m, 1h or 7d"},
	    {{"exp=1/2h"}, "exp is a Unix time, or a time from now such as 90s, 15m, 1h or 7d"},
	    {{"a=[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"}, "it is nested too deep"},
	    {{"exp=1hh"}, "exp is a Unix time, or a time from now such as 90s, 15m, 1h or 7d"},
	    {{"exp=1234567890d"}, "exp is a Unix time, or a time from now such as 90s, 15m, 1h or 7d"},
	    {{"exp="}, "exp is a Unix time, or a time from now such as 90s, 15m, 1h or 7d"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct arena arena = {0};
		unsigned count = 0;
		struct text claims;

		while (cases[i].words[count] != NULL)
			count++;
		assert_string_equal(
		    claims_text_make((char *const *)(uintptr_t)cases[i].words, count, NOW_S, &arena, &claims),
		    cases[i].wrong);
		arena_cleanup(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_become_claims),
	    cmocka_unit_test(wrong_words_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
