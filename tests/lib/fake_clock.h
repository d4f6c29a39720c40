/* fake_clock.h - time that passes when the test says so: stands in front of libc's clock, for this program and for libuv.
 *
 * Thread:  the test's. Nothing that sleeps or waits by itself may be under test: its time would never be over.
 */
#pragma once

#include <stdint.h>

void fake_clock_advance(uint64_t ns);
