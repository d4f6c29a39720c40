/* siphash.h - SipHash-2-4 (Aumasson, Bernstein, "SipHash: a fast short-input PRF", 2012): a hash for tables whose keys
 * clients choose. Without the seed, which is secret, no client finds keys that share a place.
 *
 * Thread:  any.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

uint64_t siphash(const uint64_t seed[2], struct text text);
