/* near.h - numbers that are almost the same; include behind cmocka.h. */
#pragma once

#include <math.h>

#define assert_near(a, b, within)                                                                                      \
	do {                                                                                                           \
		double near_a = (a), near_b = (b);                                                                     \
		if (!(fabs(near_a - near_b) <= (within)))                                                              \
			fail_msg("%s is %.9g, not %.9g", #a, near_a, near_b);                                          \
	} while (0)
