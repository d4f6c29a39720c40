#include "loadgen/engine/sort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loadgen/engine/random.h"

enum { COUNT_MAX = 5000 };

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Random numbers of at most `bits` bits; behind them one that stays where it is. */
static void assert_sorts(size_t count, unsigned bits, uint64_t seed)
{
	uint64_t *values = malloc((count + 1) * sizeof(*values)), *expected = malloc((count + 1) * sizeof(*values));

	for (size_t i = 0; i < count; i++)
		values[i] = random_next(&seed) >> (64 - bits);
	values[count] = 1;
	memcpy(expected, values, (count + 1) * sizeof(*values));
	qsort(expected, count, sizeof(*expected), ascending);
	sort_u64(values, count);
	assert_memory_equal(values, expected, (count + 1) * sizeof(*values));
	free(values);
	free(expected);
}

/* Of every width, so that each number of passes over the digits is there, odd and even. */
static void sorting_is_that_of_qsort(void **state)
{
	(void)state;
	for (unsigned bits = 1; bits <= 64; bits++)
		assert_sorts(COUNT_MAX, bits, bits);
	for (size_t count = 0; count <= 40; count++)
		assert_sorts(count, 30, count);
}

/* A digit's border lies inside of each of these. */
static void one_high_bit_is_seen(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t values[] = {UINT64_C(1) << bit, 0, (UINT64_C(1) << bit) - 1};

		sort_u64(values, 3);
		assert_int_equal(values[0], 0);
		assert_int_equal(values[1], (UINT64_C(1) << bit) - 1);
		assert_int_equal(values[2], UINT64_C(1) << bit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sorting_is_that_of_qsort),
	    cmocka_unit_test(one_high_bit_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
