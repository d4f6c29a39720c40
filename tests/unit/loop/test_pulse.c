#include "loop/pulse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void a_loop_that_beats_does_not_stand_still(void **state)
{
	struct pulse pulse = {0};

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		pulse_beat(&pulse);
		assert_false(pulse_look(&pulse, 500, 1000));
	}
}

static void one_without_a_beat_stands_still_after_its_time(void **state)
{
	struct pulse pulse = {0};

	(void)state;
	pulse_beat(&pulse);
	assert_false(pulse_look(&pulse, 500, 1000)); /* a beat since the last look */
	assert_false(pulse_look(&pulse, 500, 1000));
	assert_true(pulse_look(&pulse, 500, 1000));
	assert_true(pulse_look(&pulse, 500, 1000));
}

static void one_beat_is_enough_to_be_back(void **state)
{
	struct pulse pulse = {0};

	(void)state;
	assert_false(pulse_look(&pulse, 500, 1000));
	assert_true(pulse_look(&pulse, 500, 1000));
	pulse_beat(&pulse);
	assert_false(pulse_look(&pulse, 500, 1000));
	assert_false(pulse_look(&pulse, 500, 1000)); /* the time is counted from there again */
	assert_true(pulse_look(&pulse, 500, 1000));
}

static void one_that_has_ended_does_not_stand_still(void **state)
{
	struct pulse pulse = {0};

	(void)state;
	pulse_end(&pulse);
	for (unsigned i = 0; i < 10; i++)
		assert_false(pulse_look(&pulse, 500, 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_loop_that_beats_does_not_stand_still),
	    cmocka_unit_test(one_without_a_beat_stands_still_after_its_time),
	    cmocka_unit_test(one_beat_is_enough_to_be_back),
	    cmocka_unit_test(one_that_has_ended_does_not_stand_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
