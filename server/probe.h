/* probe.h - `meantime health`: asks a running service whether it is ready, as a container's health check does.
 *
 * Life:    one call; a process of its own.
 * Thread:  blocks, at most PROBE_TIMEOUT_MS for each step and twice that in all.
 * Errors:  -1 and `why`, which names the address.
 */
#pragma once

#include <stddef.h>

#include "base/compiler.h"

/* GET /readyz of the admin listener at `admin`, as given to the service: 0.0.0.0, [::] and * are asked on loopback.
 * Returns 0 when it is ready. */
MUST_CHECK int probe_readiness(const char *admin, char *why, size_t why_bytes);
