#include "fetch/values/text_only.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"

/* How many bytes of `content` are taken until the end tag's name is over; all of them: it never is. */
static size_t end_of(const char *element, const char *content)
{
	struct text_only text;
	size_t at = 0;

	text_only_start(&text, text_of(element));
	while (content[at] != '\0' && !text_only_take(&text, content[at]))
		at++;
	return at;
}

static void it_ends_with_its_own_end_tag(void **state)
{
	static const struct {
		const char *element, *before, *rest;
	} cases[] = {
	    {"title", "One</title", ">"},
	    {"title", "</TITLE", " x>"},
	    {"title", "a</titles></tit</title", "/>"},
	    {"title", "a<</</title", ">"},
	    {"title", "a<!--</title", ">"},
	    {"style", "a</script></style", ">"},
	    {"style", "never</style", ""},
	    {"script", "a<!--b</script", ">"},
	    {"script", "a<!--b<script>c</script>d</script", ">"},
	    {"script", "a<!--b<script>c-->d</script", ">"},
	    {"script", "a<!--b<scripts>c</script", ">"},
	    {"script", "<!--><script>c</script", ">"},
	    {"script", "<!--a<->b<script>c</script>d</script", ">"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		char content[128];

		strcpy(content, cases[i].before);
		strcat(content, cases[i].rest);
		if (end_of(cases[i].element, content) != strlen(cases[i].before))
			fail_msg("%s in <%s>", content, cases[i].element);
	}
}

static void it_says_where_the_end_tag_may_begin(void **state)
{
	struct text_only text;

	(void)state;
	text_only_start(&text, TEXT("title"));
	assert_true(text_only_is_plain(&text));
	assert_false(text_only_take(&text, 'a'));
	assert_false(text_only_may_end(&text));
	for (unsigned i = 0; i < 2; i++) {
		assert_false(text_only_take(&text, '<'));
		assert_true(text_only_may_end(&text));
		assert_false(text_only_is_plain(&text));
	}
	assert_false(text_only_take(&text, 'b'));
	assert_false(text_only_may_end(&text));
	assert_true(text_only_is_plain(&text));
}

static void what_is_escaped_is_not_plain(void **state)
{
	struct text_only text;

	(void)state;
	text_only_start(&text, TEXT("script"));
	for (const char *c = "<!--a"; *c != '\0'; c++)
		assert_false(text_only_take(&text, *c));
	assert_false(text_only_is_plain(&text));
	for (const char *c = "-->"; *c != '\0'; c++)
		assert_false(text_only_take(&text, *c));
	assert_true(text_only_is_plain(&text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_ends_with_its_own_end_tag),
	    cmocka_unit_test(it_says_where_the_end_tag_may_begin),
	    cmocka_unit_test(what_is_escaped_is_not_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
