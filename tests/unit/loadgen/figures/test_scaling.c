#include "loadgen/figures/scaling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "base/compiler.h"
#include "lib/near.h"

static void bounds_are_those_of_the_books(void **state)
{
	static const double solo[] = {400, 300, 100};

	(void)state;
	assert_near(little_bound(8, 0.020), 400, 1e-9);
	assert_true(isinf(little_bound(8, 0)));
	assert_near(knee_of(0.020, 0, 400), 8, 1e-9);
	assert_near(knee_of(0.020, 0.080, 400), 40, 1e-9);
	assert_near(overlap_of(solo, 3, 800), 0, 1e-12);
	assert_near(overlap_of(solo, 3, 400), 1, 1e-12);
	assert_near(overlap_of((const double[]){1, 1, 1}, 3, 2), 0.5, 1e-12);
	assert_true(isnan(overlap_of(solo, 1, 400)));
	assert_near(overlap_of((const double[]){0.4, 0.3}, 2, 0.7), 0, 1e-12);
	assert_near(overlap_of((const double[]){0.4, 0.3}, 2, 0.4), 1, 1e-12);
	assert_true(isnan(overlap_of((const double[]){0, 0}, 2, 0)));
	assert_true(isnan(overlap_of((const double[]){5, 0}, 2, 5)));
}

static void the_serial_share_is_recovered(void **state)
{
	static const double threads[] = {1, 2, 4, 8};
	static const double shares[] = {0, 0.05, 0.3, 1};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(shares); i++) {
		double times[4];

		for (size_t j = 0; j < 4; j++)
			times[j] = 120 / amdahl_speedup(shares[i], threads[j]);
		assert_near(amdahl_share(threads, times, 4), shares[i], 1e-9);
		assert_near(amdahl_share(threads, times, 2), shares[i], 1e-9);
	}
	assert_near(amdahl_speedup(0.1, 4), 1 / (0.1 + 0.9 / 4), 1e-12);
	/* faster than there are threads, and slower than with one: the share stays a share */
	assert_near(amdahl_share(threads, (const double[]){100, 40, 20, 10}, 4), 0, 1e-12);
	assert_near(amdahl_share(threads, (const double[]){100, 130, 150, 190}, 4), 1, 1e-12);
	assert_true(isnan(amdahl_share(threads, (const double[]){100}, 1)));
	assert_true(isnan(amdahl_share((const double[]){1, 1}, (const double[]){50, 25}, 2)));
	assert_true(isnan(amdahl_share((const double[]){2, 4}, (const double[]){50, 25}, 2)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bounds_are_those_of_the_books),
	    cmocka_unit_test(the_serial_share_is_recovered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
