#include "base/siphash.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The reference implementation's vectors: the key is 00 01 .. 0f, the text 00 01 .. of each length. */
static void the_reference_vectors_hold(void **state)
{
	static const uint64_t seed[2] = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
	static const struct {
		size_t length;
		uint64_t hash;
	} vectors[] = {
	    {0, 0x726fdb47dd0e0e31u}, {1, 0x74f839c593dc67fdu},  {7, 0xab0200f58b01d137u},
	    {8, 0x93f5f5799a932462u}, {15, 0xa129ca6149be45e5u},
	};
	char text[16];

	(void)state;
	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (char)i;
	for (unsigned i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		assert_int_equal(siphash(seed, (struct text){text, vectors[i].length}), vectors[i].hash);
}

static void another_seed_is_another_hash(void **state)
{
	static const uint64_t seed[2] = {1, 2}, other[2] = {1, 3};

	(void)state;
	assert_int_not_equal(siphash(seed, TEXT("group")), siphash(other, TEXT("group")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_reference_vectors_hold),
	    cmocka_unit_test(another_seed_is_another_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
