#include "queue/values/back_off.h"

uint64_t back_off_ns(unsigned attempt, uint64_t random)
{
	uint64_t top = BACK_OFF_FIRST_NS;

	for (unsigned i = 1; i < attempt && top < BACK_OFF_MOST_NS; i++)
		top *= 2;
	if (top > BACK_OFF_MOST_NS)
		top = BACK_OFF_MOST_NS;
	return top / 2 + random % (top / 2 + 1);
}
