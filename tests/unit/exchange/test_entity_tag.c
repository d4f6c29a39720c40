#include "exchange/entity_tag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/compiler.h"

/* "5 W/6 !": the tags of a list, and how it ends. */
static void expect(const char *list, const char *expected)
{
	char found[200] = "";
	size_t length = 0;
	struct text rest = text_of(list);
	enum entity_tag_verdict verdict;
	struct entity_tag tag;

	while ((verdict = entity_tag_take(&rest, &tag)) == ENTITY_TAG_TAKEN)
		length += (size_t)snprintf(found + length, sizeof(found) - length, "%s%.*s ", tag.is_weak ? "W/" : "",
					   TEXT_ARGS(tag.opaque));
	snprintf(found + length, sizeof(found) - length, "%s", verdict == ENTITY_TAG_NONE ? "." : "!");
	if (strcmp(found, expected) != 0)
		fail_msg("%s: \"%s\", not \"%s\"", list, found, expected);
}

static void lists(void **state)
{
	(void)state;
	expect("", ".");
	expect(" ,\t, ", ".");
	expect("\"5\"", "5 .");
	expect("\"\"", " .");
	expect("W/\"5\"", "W/5 .");
	expect("\"5\",\"6\"", "5 6 .");
	expect(" \"5\" , W/\"6\"\t,, \"7\" ,", "5 W/6 7 .");
	expect("\"a,b\", \"c;d\"", "a,b c;d .");
	expect("\"W/\"", "W/ .");
	expect("\"\\\"", "\\ .");
	expect("\"\xc3\xa4\"", "\xc3\xa4 .");
}

static void what_is_no_list(void **state)
{
	(void)state;
	expect("5", "!");
	expect("*", "!");
	expect("\"", "!");
	expect("\"5", "!");
	expect("5\"", "!");
	expect("W/", "!");
	expect("W/5", "!");
	expect("w/\"5\"", "!");
	expect("W\"5\"", "!");
	expect("W/ \"5\"", "!");
	expect("\"5\" \"6\"", "!");
	expect("\"5\";q=1", "!");
	expect("\"a b\"", "!");
	expect("\"a\tb\"", "!");
	expect("\"a\x7f\"", "!");
	expect("\"5\", 6", "5 !");
}

static void expect_split(const char *opaque, const char *plain, const char *coding)
{
	struct text cut, rest = entity_tag_without_coding(text_of(opaque), &cut);

	assert_true(text_equal(rest, text_of(plain)));
	assert_true(text_equal(cut, text_of(coding)));
}

static void a_coding_is_cut_off(void **state)
{
	(void)state;
	expect_split("5-gzip", "5", "gzip");
	expect_split("5-br", "5", "br");
	expect_split("5", "5", "");
	expect_split("", "", "");
	expect_split("-br", "-br", "");
	expect_split("5br", "5br", "");
	expect_split("5-BR", "5-BR", "");
	expect_split("5-zstd", "5-zstd", "");
	expect_split("5-br-gzip", "5-br", "gzip");
	expect_split("123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000", "");
}

static void what_a_media_type_adds_is_cut_off(void **state)
{
	static const char *const cases[][2] = {{"5-csv", "5"},          {"5-ndjson", "5"},    {"5", "5"},
					       {"-csv", "-csv"},        {"5-json", "5-json"}, {"5-csv-ndjson", "5-csv"},
					       {"5-csv-br", "5-csv-br"}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++)
		assert_true(text_equal(entity_tag_without_media(text_of(cases[i][0])), text_of(cases[i][1])));
	assert_int_equal(entity_tag_media(MEDIA_JSON).length, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lists),
	    cmocka_unit_test(what_is_no_list),
	    cmocka_unit_test(a_coding_is_cut_off),
	    cmocka_unit_test(what_a_media_type_adds_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
