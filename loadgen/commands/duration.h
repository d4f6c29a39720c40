/* duration.h - a length of time as it is given on the command line: "400us", "250ms", "2s", "1m"; a bare number is seconds.
 *
 * Thread:  any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* False: it is none, or 10^18 ns or longer. */
bool duration_read(const char *text, uint64_t *ns);
/* Does it end with a unit? */
bool duration_has_unit(const char *text);
