/* sort.h - many unsigned numbers in ascending order: by radix, so that ten million latencies take a part of a second.
 *
 * Thread: any.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

void sort_u64(uint64_t *values, size_t count);
