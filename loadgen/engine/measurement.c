/* What is left of a load when it is over, and how late its sends were. */
#include "loadgen/engine/load.h"

void measurement_cleanup(struct measurement *measurement)
{
	record_log_cleanup(&measurement->records);
}

bool measurement_holds(const struct measurement *measurement, const struct record *record)
{
	return !record->is_warmup && record->intended_ns < measurement->window_to_ns;
}

enum { LATENESS_STEPS = 16 };

/* Log-linear buckets: 16 to a power of two; the first 16 hold a nanosecond each. */
unsigned lateness_bucket(uint64_t ns)
{
	unsigned shift = ns < LATENESS_STEPS ? 0 : 63 - (unsigned)__builtin_clzll(ns) - 4, bucket;

	bucket = shift * LATENESS_STEPS + (unsigned)(ns >> shift);
	return bucket < LATENESS_BUCKETS ? bucket : LATENESS_BUCKETS - 1;
}

uint64_t lateness_edge_ns(unsigned bucket)
{
	unsigned shift = bucket < 2 * LATENESS_STEPS ? 0 : bucket / LATENESS_STEPS - 1;

	return ((uint64_t)(bucket - shift * LATENESS_STEPS) + 1) << shift;
}
