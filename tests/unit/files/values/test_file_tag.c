#include "files/values/file_tag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/compiler.h"

static const struct file_facts file = {.bytes = 5, .number = 7, .modified_s = 1000, .modified_ns = 9};

static void a_file_that_rests_has_a_tag(void **state)
{
	(void)state;
	assert_true(file_tag_is_strong(&file, 1003));
	assert_false(file_tag_is_strong(&file, 1002));
	assert_false(file_tag_is_strong(&file, 1000));
	/* the clock was set back */
	assert_false(file_tag_is_strong(&file, 998));
	assert_true(file_tag_is_strong(&file, 997));
}

static void each_fact_makes_another_tag(void **state)
{
	struct file_facts other;
	char tag[FILE_TAG_BYTES], another[FILE_TAG_BYTES];

	(void)state;
	file_tag_write(tag, &file);
	assert_string_equal(tag, "5-3e8.9-7");
	for (unsigned i = 0; i < 4; i++) {
		other = file;
		other.bytes += i == 0;
		other.number += i == 1;
		other.modified_s += i == 2;
		other.modified_ns += i == 3;
		file_tag_write(another, &other);
		assert_string_not_equal(tag, another);
	}
}

static void the_longest_fits(void **state)
{
	const struct file_facts longest = {UINT64_MAX, UINT64_MAX, -1, UINT32_MAX};
	char tag[FILE_TAG_BYTES];

	(void)state;
	file_tag_write(tag, &longest);
	assert_int_equal(strlen(tag), FILE_TAG_BYTES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_that_rests_has_a_tag),
	    cmocka_unit_test(each_fact_makes_another_tag),
	    cmocka_unit_test(the_longest_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
