/* The words of annotations. Each text goes on behind its end, so that a step beyond it is seen. */
#include "handlers/sql/draft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define TEST(name) cmocka_unit_test(name)

/* The first so many bytes. */
static struct text first(const char *string, size_t length)
{
	return (struct text){string, length};
}

static void assert_text(struct text text, const char *expected)
{
	assert_int_equal(text.length, strlen(expected));
	assert_memory_equal(text.at, expected, text.length);
}

static void white_space_is_trimmed(void **state)
{
	(void)state;
	assert_text(sql_trim(first(" \t a b\r\n x", 9)), "a b");
	assert_text(sql_trim(first(" a", 1)), "");
	assert_text(sql_trim(first("\n\na", 2)), "");
	assert_text(sql_trim(first("a b", 1)), "a");
}

static void a_word_is_taken_off(void **state)
{
	struct text rest = first("one  two three", 11);

	(void)state;
	assert_text(sql_take_word(&rest), "one");
	assert_text(rest, "two th");
	assert_text(sql_take_word(&rest), "two");
	assert_text(sql_take_word(&rest), "th");
	assert_text(rest, "");
	assert_text(sql_take_word(&rest), "");
}

static void a_number_has_bounds(void **state)
{
	unsigned number = 7;

	(void)state;
	assert_true(sql_read_number(first("1234", 3), 123, 123, &number));
	assert_int_equal(number, 123);
	assert_true(sql_read_number(TEXT("000000009"), 0, 9, &number));
	assert_false(sql_read_number(TEXT("0000000009"), 0, 9, &number));
	assert_false(sql_read_number(TEXT("123"), 124, 200, &number));
	assert_false(sql_read_number(TEXT("123"), 1, 122, &number));
	assert_false(sql_read_number(first("1", 0), 0, 9, &number));
	assert_false(sql_read_number(TEXT("1a"), 0, 99, &number));
	assert_false(sql_read_number(TEXT("-1"), 0, 99, &number));
}

static void a_parameter_has_a_name_of_sql(void **state)
{
	char name[NAME_BYTES_MAX + 2];

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_true(sql_is_parameter_name(first(name, NAME_BYTES_MAX)));
	assert_false(sql_is_parameter_name(first(name, NAME_BYTES_MAX + 1)));
	assert_true(sql_is_parameter_name(first("_A9-", 3)));
	assert_false(sql_is_parameter_name(first("_A9-", 4)));
	assert_false(sql_is_parameter_name(first("a", 0)));
	assert_false(sql_is_parameter_name(TEXT("9a")));
}

static void an_endpoint_has_a_lower_one(void **state)
{
	(void)state;
	assert_true(sql_is_endpoint_name(first("a_9Z", 3)));
	assert_false(sql_is_endpoint_name(TEXT("aA")));
	assert_false(sql_is_endpoint_name(TEXT("aZ")));
	assert_false(sql_is_endpoint_name(TEXT("_a")));
	assert_false(sql_is_endpoint_name(first("a", 0)));
}

static bool takes(struct text text, const char *column, const char *behind)
{
	struct text name;

	if (!sql_take_column(&text, &name))
		return false;
	assert_text(name, column);
	assert_text(text, behind);
	return true;
}

static void a_column_is_a_word_or_quoted(void **state)
{
	char name[NAME_BYTES_MAX + 4];

	(void)state;
	assert_true(takes(TEXT("total-2 not null"), "total-2", "not null"));
	assert_true(takes(TEXT("\"per capita\"  not null"), "per capita", "not null"));
	assert_true(takes(TEXT("\"a\""), "a", ""));
	assert_true(takes(TEXT("\"a\"b"), "a", "b"));
	assert_false(takes(first("\"a\"", 2), "", ""));
	assert_false(takes(first("\"\"", 1), "", ""));
	assert_false(takes(TEXT("\"\""), "", ""));
	assert_false(takes(first("a", 0), "", ""));
	assert_false(takes(first("\"a\"", 0), "", ""));
	memset(name, 'a', sizeof(name));
	assert_false(takes(first(name, NAME_BYTES_MAX + 1), "", ""));
	name[0] = name[NAME_BYTES_MAX + 1] = '"';
	name[NAME_BYTES_MAX + 2] = '\0';
	assert_int_equal(strlen(name), NAME_BYTES_MAX + 2);
	assert_true(sql_take_column(&(struct text){name, NAME_BYTES_MAX + 2}, &(struct text){NULL, 0}));
}

static void what_a_message_shows_is_cut(void **state)
{
	char text[SHOWN_BYTES_MAX + 1];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(sql_shown(first(text, SHOWN_BYTES_MAX)).length, SHOWN_BYTES_MAX);
	assert_int_equal(sql_shown(first(text, SHOWN_BYTES_MAX + 1)).length, SHOWN_BYTES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(white_space_is_trimmed),        TEST(a_word_is_taken_off),         TEST(a_number_has_bounds),
	    TEST(a_parameter_has_a_name_of_sql), TEST(an_endpoint_has_a_lower_one), TEST(a_column_is_a_word_or_quoted),
	    TEST(what_a_message_shows_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
