#include "events/values/channel_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct channel_name name;

/* "literal{parameter}", put together again. */
static const char *read_back(const char *text)
{
	static char shown[200];
	const char *problem = channel_name_read((struct text){text, strlen(text)}, &name);

	shown[0] = '\0';
	if (problem != NULL)
		return problem;
	for (unsigned i = 0; i < name.count; i++) {
		const struct channel_piece *piece = &name.pieces[i];
		size_t length = strlen(shown);

		snprintf(shown + length, sizeof(shown) - length, "%s%.*s%s", piece->is_parameter ? "<" : "",
			 (int)piece->text.length, piece->text.at, piece->is_parameter ? ">" : "");
	}
	return shown;
}

static void literals_and_parameters_are_told_apart(void **state)
{
	(void)state;
	assert_string_equal(read_back("notes"), "notes");
	assert_int_equal(name.count, 1);
	assert_string_equal(read_back("order_{id}"), "order_<id>");
	assert_string_equal(read_back("a-1.{id}_of_{user}/2"), "a-1.<id>_of_<user>/2");
	assert_int_equal(name.count, 5);
	assert_string_equal(read_back("_x{y}"), "_x<y>");
}

static void a_literal_stands_first_and_between(void **state)
{
	static const char *const wrong[] = {"a{}",  "a{b}{c}", "a{b",     "a}b",  "a b",
					    "a\"b", "a'b",     "a{b}c d", "a\tb", "a\xc3\xa4"};

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (strstr(read_back(wrong[i]), "a literal before each {parameter}") == NULL)
			fail_msg("%s: %s", wrong[i], read_back(wrong[i]));
	assert_non_null(strstr(read_back(""), "must begin with a letter"));
	assert_non_null(strstr(read_back("{id}"), "must begin with a letter"));
	assert_non_null(strstr(read_back("1a"), "must begin with a letter"));
}

/* "a" and "1-2" would be "a1" and "2". */
static void what_separates_is_no_part_of_a_number(void **state)
{
	(void)state;
	assert_non_null(strstr(read_back("a{b}-{c}"), "no digit and no hyphen"));
	assert_non_null(strstr(read_back("a{b}_{c}x1{d}"), "no digit and no hyphen"));
	assert_string_equal(read_back("a-1{b}_{c}-1"), "a-1<b>_<c>-1");
}

static void a_literal_has_63_bytes_at_most(void **state)
{
	char text[70];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[63] = '\0';
	assert_string_equal(read_back(text), text);
	text[63] = 'a';
	text[64] = '\0';
	assert_non_null(strstr(read_back(text), "longer than 63 bytes"));
}

static const char *added(enum channel_kind kind, const char *value)
{
	static char out[CHANNEL_NAME_BYTES_MAX + 1];
	const char *problem;

	strcpy(out, "x_");
	problem = channel_name_add(out, kind, (struct text){value, strlen(value)});
	return problem != NULL ? problem : out;
}

static void a_value_has_one_form(void **state)
{
	static const char *const uuids[] = {"0A1B2C3D-4e5f-6789-abcd-ef0123456789",
					    "{0a1b2c3d4e5f6789abcdef0123456789}", "0a1b2c3d4e5f6789abcdef0123456789"};

	(void)state;
	assert_string_equal(added(CHANNEL_INTEGER, "7"), "x_7");
	assert_string_equal(added(CHANNEL_INTEGER, "+007"), "x_7");
	assert_string_equal(added(CHANNEL_INTEGER, "-007"), "x_-7");
	assert_string_equal(added(CHANNEL_INTEGER, "0"), "x_0");
	assert_string_equal(added(CHANNEL_INTEGER, "-00"), "x_0");
	assert_string_equal(added(CHANNEL_INTEGER, "100"), "x_100");
	for (unsigned i = 0; i < 3; i++)
		assert_string_equal(added(CHANNEL_UUID, uuids[i]), "x_0a1b2c3d-4e5f-6789-abcd-ef0123456789");
	assert_string_equal(added(CHANNEL_UUID, "FFFFFFFF-AAAA-FFFF-AAAA-FFFFFFFFFFFF"),
			    "x_ffffffff-aaaa-ffff-aaaa-ffffffffffff");
	assert_string_equal(added(CHANNEL_TEXT, "y"), "x_y");
	assert_string_equal(added(CHANNEL_TEXT, "+007 \xc3\xa4\"'\n"), "x_+007 \xc3\xa4\"'\n");
}

static void an_empty_text_is_refused(void **state)
{
	(void)state;
	assert_string_equal(added(CHANNEL_TEXT, ""), "must not be empty: it is part of the name of a channel");
}

static void a_name_has_63_bytes_at_most(void **state)
{
	char value[70];

	(void)state;
	memset(value, 'b', sizeof(value));
	value[61] = '\0';
	assert_int_equal(strlen(added(CHANNEL_TEXT, value)), 63);
	assert_int_equal(added(CHANNEL_TEXT, value)[62], 'b');
	value[61] = 'b';
	value[62] = '\0';
	assert_string_equal(added(CHANNEL_TEXT, value), "makes the name of a channel longer than 63 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(literals_and_parameters_are_told_apart),
	    cmocka_unit_test(a_literal_stands_first_and_between),
	    cmocka_unit_test(what_separates_is_no_part_of_a_number),
	    cmocka_unit_test(a_literal_has_63_bytes_at_most),
	    cmocka_unit_test(a_value_has_one_form),
	    cmocka_unit_test(an_empty_text_is_refused),
	    cmocka_unit_test(a_name_has_63_bytes_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
