#include "loadgen/commands/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"

static void times_have_units(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} times[] = {
	    {"400us", 400000}, {"250ms", 250000000}, {"2s", 2000000000}, {"1m", 60000000000}, {"1.5", 1500000000}};
	static const char *const wrong[] = {"", "ms", "-1s", "1h", "1 s", "1e99s", "nan"};
	uint64_t ns;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(times); i++) {
		assert_true(duration_read(times[i].text, &ns));
		assert_int_equal(ns, times[i].ns);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
		if (duration_read(wrong[i], &ns))
			fail_msg("'%s' is taken for a time", wrong[i]);
}

static void a_unit_is_a_letter_at_the_end(void **state)
{
	(void)state;
	assert_true(duration_has_unit("2s"));
	assert_true(duration_has_unit("400us"));
	assert_false(duration_has_unit("2"));
	assert_false(duration_has_unit(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times_have_units),
	    cmocka_unit_test(a_unit_is_a_letter_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
