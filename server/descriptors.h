/* descriptors.h - how many file descriptors the process may need, and how many it may have.
 *
 * Life:    once at the start, before anything is served.
 * Thread:  the main one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct options;

struct descriptors {
	uint64_t limit;       /* of the process */
	uint64_t needed;      /* at most, by the options */
	unsigned clients_max; /* most client connections per loop that leave enough for all else */
};

/* Raises the process's own limit to what it may be, and looks whether that is enough. */
struct descriptors descriptors_plan(const struct options *options, bool fetches_pages);
/* The same, for a limit that is given. */
struct descriptors descriptors_within(const struct options *options, bool fetches_pages, uint64_t limit);
/* A warning, where the limit is below what is needed. */
void descriptors_warn(const struct descriptors *descriptors, const struct options *options);
