/* backoff.h - how long to wait before connecting again: 100 ms, doubled up to 2 s, with full jitter.
 *
 * Jitter: "Exponential Backoff And Jitter", M. Brooker, 2015: the whole interval is random, so that many services do
 * not come back at the same instant.
 */
#pragma once

#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"

static inline uint64_t backoff_ns(unsigned failures)
{
	uint64_t longest_ns = 100 * NS_PER_MS << (failures < 5 ? failures : 5);

	if (longest_ns > 2 * NS_PER_S)
		longest_ns = 2 * NS_PER_S;
	return 10 * NS_PER_MS + (uint64_t)random() % longest_ns;
}
