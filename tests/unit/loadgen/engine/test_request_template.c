#include "loadgen/engine/request_template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"

static struct request_template template;
static char why[256];
static const struct request_place place = {.name = "here", .why = why, .why_size = sizeof(why)};

static int set_up(void **state)
{
	(void)state;
	template = (struct request_template){.count = 0};
	why[0] = '\0';
	return 0;
}

static void assert_text(unsigned index, const char *expected)
{
	assert_int_equal(template.pieces[index].kind, PIECE_TEXT);
	assert_true(text_equal(template.pieces[index].text, text_of(expected)));
}

static void text_is_one_piece(void **state)
{
	(void)state;
	assert_int_equal(request_template_add(&template, TEXT("GET /countries/DE"), false, &place), 0);
	assert_int_equal(template.count, 1);
	assert_text(0, "GET /countries/DE");
	assert_false(request_template_varies(&template));
}

static void braces_are_pieces(void **state)
{
	(void)state;
	assert_int_equal(request_template_add(&template, TEXT("/{n}/x{random:7-7}"), false, &place), 0);
	assert_int_equal(template.count, 4);
	assert_text(0, "/");
	assert_int_equal(template.pieces[1].kind, PIECE_NUMBER);
	assert_text(2, "/x");
	assert_int_equal(template.pieces[3].kind, PIECE_RANDOM);
	assert_int_equal(template.pieces[3].from, 7);
	assert_int_equal(template.pieces[3].to, 7);
	assert_true(request_template_varies(&template));
}

static void a_range_is_read_whole(void **state)
{
	(void)state;
	assert_int_equal(
	    request_template_add(&template, TEXT("{random:12-340}{random:0-18446744073709551614}"), false, &place), 0);
	assert_int_equal(template.count, 2);
	assert_int_equal(template.pieces[0].from, 12);
	assert_int_equal(template.pieces[0].to, 340);
	assert_true(template.pieces[1].from == 0 && template.pieces[1].to == UINT64_MAX - 1);
}

static void a_length_does_not_vary(void **state)
{
	(void)state;
	assert_int_equal(request_template_add_piece(&template, (struct request_piece){.kind = PIECE_LENGTH}, &place),
			 0);
	assert_int_equal(template.count, 1);
	assert_false(request_template_varies(&template));
}

static void braces_in_a_body_are_json(void **state)
{
	(void)state;
	assert_int_equal(request_template_add(&template, TEXT("{\"a\":{},\"n\":{n}}"), true, &place), 0);
	assert_int_equal(template.count, 3);
	assert_text(0, "{\"a\":{},\"n\":");
	assert_int_equal(template.pieces[1].kind, PIECE_NUMBER);
	assert_text(2, "}");
}

static void wrong_braces_are_named(void **state)
{
	static const struct {
		const char *text, *expected;
		bool is_body;
	} wrongs[] = {
	    {"/{m}", "here: {m}: expected {n} or {random:a-b}", false},
	    {"/{random:2-1}", "here: {random:2-1}: expected {random:a-b}", false},
	    {"/{random:1-99999999999999999999}", "expected {random:a-b}", false},
	    {"/{random:0-18446744073709551615}", "expected {random:a-b}", false},
	    {"/{random:1-2", "here: {random:1-2: expected {random:a-b}", false},
	    {"/{random:}", "here: {random:}: expected {random:a-b}", false},
	    {"/{random:-1-2}", "here: {random:-1-2}: expected {random:a-b}", false},
	    {"/{random:1+2}", "here: {random:1+2}: expected {random:a-b}", false},
	    {"/{random:1-}", "here: {random:1-}: expected {random:a-b}", false},
	    {"/{random:1--2}", "here: {random:1--2}: expected {random:a-b}", false},
	    {"/{random:1-2x}", "here: {random:1-2x}: expected {random:a-b}", false},
	    {"/{random:99999999999999999999-2}", "expected {random:a-b}", false},
	    {"/{random:1-0000000000000000000000000000000000000000000002}", "expected {random:a-b}", false},
	    {"/{n b", "here: {n: expected {n} or", false},
	    {"{\"a\":{random:x-2}}", "here: {random:x-2}: expected {random:a-b}", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(wrongs); i++) {
		assert_int_equal(request_template_add(&template, text_of(wrongs[i].text), wrongs[i].is_body, &place),
				 -1);
		if (strstr(why, wrongs[i].expected) == NULL)
			fail_msg("'%s' does not say '%s'", why, wrongs[i].expected);
	}
}

static void pieces_are_bounded(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REQUEST_PIECES_MAX; i++)
		assert_int_equal(request_template_add(&template, TEXT("{n}"), false, &place), 0);
	assert_int_equal(request_template_add(&template, TEXT(""), false, &place), 0);
	assert_int_equal(request_template_add(&template, TEXT("{n}"), false, &place), -1);
	assert_non_null(strstr(why, "more than 64 pieces"));
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(text_is_one_piece),      TEST(braces_are_pieces),         TEST(a_range_is_read_whole),
	    TEST(a_length_does_not_vary), TEST(braces_in_a_body_are_json), TEST(wrong_braces_are_named),
	    TEST(pieces_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
