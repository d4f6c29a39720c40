/* duration.h - a time as clients write it: 500ms, 30s, 5m, 2h, 7d.
 *
 * Thread:  any.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

/* False: it is none, or longer than a year. */
bool duration_read(struct text text, uint64_t *ns);
