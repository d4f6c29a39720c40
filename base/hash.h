/* hash.h - FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/): for tables of a few hundred, and for noticing
 * a change. It does not withstand an attacker that looks for collisions.
 *
 * Thread:  any.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

static inline uint32_t hash_fnv1a(struct text text)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < text.length; i++)
		hash = (hash ^ (unsigned char)text.at[i]) * 16777619u;
	return hash;
}
