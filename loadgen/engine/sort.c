#include "loadgen/engine/sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

void sort_u64(uint64_t *values, size_t count)
{
	uint64_t *from = values, *to, *spare, bits = 0;

	if (count < 2)
		return;
	for (size_t i = 0; i < count; i++)
		bits |= values[i];
	to = spare = memory_alloc(count * sizeof(*spare));
	for (unsigned shift = 0; shift < 64 && bits >> shift != 0; shift += DIGIT_BITS) {
		size_t places[DIGITS] = {0}, at = 0;

		for (size_t i = 0; i < count; i++)
			places[(from[i] >> shift) % DIGITS]++;
		for (size_t i = 0; i < DIGITS; i++) {
			size_t length = places[i];

			places[i] = at;
			at += length;
		}
		for (size_t i = 0; i < count; i++)
			to[places[(from[i] >> shift) % DIGITS]++] = from[i];
		uint64_t *swap = from;

		from = to;
		to = swap;
	}
	if (from != values)
		memcpy(values, from, count * sizeof(*values));
	free(spare);
}
