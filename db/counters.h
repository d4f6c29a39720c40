/* counters.h - how much goes on between the service and PostgreSQL: plain values, for the metrics.
 */
#pragma once

#include <stdint.h>

#include "base/congestion.h"

struct db_numbers {
	unsigned open, busy;         /* connections now */
	unsigned waiting, in_flight; /* batches now */
	uint64_t lost;               /* connections that broke after they had worked */
	uint64_t run_again;          /* batches: after a loss, a neighbour's failure, from behind a slow one */
	uint64_t units;              /* sent so far */
	uint64_t refused[REFUSAL_COUNT];
};
