/* health_check.h - `meantime health`: asks a running service whether it is ready, as a container's health check does.
 *
 * Life:    one call; a process of its own.
 * Thread:  blocks: PROBE_TIMEOUT_MS at most for each address, and twice that for the answer.
 * Errors:  -1 and `why`, which names the address.
 */
#pragma once

#include <stddef.h>

#include "base/compiler.h"

/* GET /readyz of the admin listener at `admin`, as given to the service: 0.0.0.0, [::] and * are asked on loopback.
 * Returns 0 when it is ready. */
MUST_CHECK int probe_readiness(const char *admin, char *why, size_t why_bytes);
