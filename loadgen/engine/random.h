/* random.h - numbers that look random and can be repeated: splitmix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014).
 *
 * Thread: the state's owner. Not for secrets.
 */
#pragma once

#include <stdint.h>

__extension__ typedef unsigned __int128 random_product;

static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* In (0, 1]. */
static inline double random_unit(uint64_t *state)
{
	return ((double)(random_next(state) >> 11) + 1) / 9007199254740992.0;
}

/* In [0, bound), by the high half of the product (D. Lemire, 2019); its bias is bound / 2^64. */
static inline uint64_t random_below(uint64_t *state, uint64_t bound)
{
	return (uint64_t)(((random_product)random_next(state) * bound) >> 64);
}
