/* slices.h - the window of a load cut into slices of time, with the response times of what was done in each.
 *
 * Life:    slices_of() -> slices_cleanup().
 * Owner:   its own memory.
 * Limits:  what is left at the end of the window is no slice.
 */
#pragma once

#include "loadgen/engine/load.h"

struct slices {
	uint64_t from_ns, length_ns;
	unsigned count;
	uint64_t *starts;   /* of each slice in `times_ns`; one more at the end */
	uint64_t *times_ns; /* response times by slice of done, ascending within */
};

struct slices slices_of(const struct measurement *m, uint64_t length_ns);
void slices_cleanup(struct slices *slices);
/* Returns which slice an instant is in; `count` or more: none. */
unsigned slices_find(const struct slices *slices, uint64_t ns);
