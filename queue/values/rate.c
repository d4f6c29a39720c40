#include "queue/values/rate.h"

bool rate_take(struct rate *rate, uint64_t now_ns, uint64_t *next_ns)
{
	uint64_t period_ns = rate->period_s * NS_PER_S, one_ns, full_ns;

	if (rate->count == 0)
		return true;
	one_ns = period_ns / rate->count;
	full_ns = rate->full_ns > now_ns ? rate->full_ns : now_ns;
	/* it was a slower one before */
	if (full_ns > now_ns + period_ns)
		full_ns = rate->full_ns = now_ns + period_ns;
	*next_ns = full_ns + one_ns - period_ns;
	if (*next_ns > now_ns)
		return false;
	rate->full_ns = full_ns + one_ns;
	return true;
}
