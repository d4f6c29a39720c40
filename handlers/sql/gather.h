/* gather.h - an endpoint of parts that need nothing of each other: all are awaited together, and make one object.
 *
 * Its members are in the order of the file. A part of :one is an object, or null where there is no row; of :many it is an
 * array.
 *
 * Limits:  one deadline for all; `-- max-rows:` of each part.
 * Errors:  that of the first part, in the order of the file, that failed and is not optional. An optional one is null, and
 *          the header meantime-missing says why.
 */
#pragma once

#include "exchange/router.h"

/* The first step; route->data is the plan. */
step_fn sql_gather_begin;
