/* robots.h - what a host's robots.txt lets us fetch (RFC 9309).
 *
 * Life:    robots_parse() -> robots_allow()*; constant.
 * Owner:   the arena; nothing of the file is kept but the rules that are for us.
 * Thread:  one at a time parses; then any.
 * Limits:  ROBOTS_BYTES_MAX of a file are read, ROBOTS_RULES_MAX rules kept; a rule beyond is left out.
 */
#pragma once

#include "base/arena.h"

enum { ROBOTS_BYTES_MAX = 512 * 1024, ROBOTS_RULES_MAX = 1000 };

struct robots;

/* `product` is our product token, "meantime": its groups count, else those of `*`. Of a file of ROBOTS_BYTES_MAX or
 * more, a last line without its end is taken for cut off and left out. HTML has no rules. */
const struct robots *robots_parse(struct arena *arena, struct text file, const char *product);
/* `target` is path and query as they are asked for, "/a?b". The longest match wins; of equals, the allowing one.
 * An octet and its percent-escape are the same. /robots.txt itself is always allowed. */
bool robots_allow(const struct robots *robots, struct text target);
