/* target.h - http://HOST[:PORT][/PATH] taken apart, and the address that it stands for.
 *
 * Errors:  -1 and `why` names the URL, what is wrong and what was expected.
 */
#pragma once

#include "loadgen/engine/request.h"

/* *path is what is behind the authority, "/" at least; it is in `arena`. */
int target_parse(struct target *target, const char *url, struct arena *arena, const char **path, char *why,
		 size_t why_size);
