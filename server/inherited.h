/* inherited.h - listening sockets that the service manager has opened: systemd's socket activation, sd_listen_fds(3).
 *
 * $LISTEN_FDS sockets begin at number 3, when $LISTEN_PID is this process. $LISTEN_FDNAMES has their names: one with the
 * name "admin" is for the admin listener. The protocol is stable, and shorter than a dependency.
 *
 * Life:    once, at start: the variables are gone then.
 * Owner:   the sockets are the caller's.
 * Thread:  start-up.
 * Limits:  INHERITED_MAX sockets.
 * Errors:  -1 and `why`.
 */
#pragma once

#include <stddef.h>

#include "base/compiler.h"

enum { INHERITED_MAX = 64 };

struct inherited {
	unsigned count; /* without the admin listener's; 0: the program opens its own */
	int fds[INHERITED_MAX];
	int admin_fd; /* -1: none */
};

MUST_CHECK int inherited_take(struct inherited *inherited, char *why, size_t why_bytes);
