/* file_name.h - from the path of a request to the name of a file in the folder that is served.
 *
 * A path is split at '/' before its segments are decoded. A segment that holds a '/' or a NUL after that is no name. What
 * begins with a dot is not served, but for ".well-known" at the top (RFC 8615). A final slash stands for index.html.
 *
 * Owner:   names are in the arena.
 * Thread:  any.
 * Limits:  FILE_NAME_BYTES_MAX, and FILE_SEGMENT_BYTES_MAX of one segment.
 */
#pragma once

#include "base/arena.h"

enum {
	FILE_NAME_BYTES_MAX = 1024,
	FILE_SEGMENT_BYTES_MAX = 255, /* the kernel's own bound */
};

/* Returns NULL: no file has this path, which is as sent, without the query string. */
const char *file_name_read(struct text path, struct arena *arena);
/* Whether one entry of a folder, decoded, may be part of a name. */
bool file_name_allows(struct text segment, bool is_at_top);
/* Returns where the folder of this name is, relative to its path without the final slash: "./sub/". It leads to no other
 * host, and stays right behind a proxy that cuts the front of a path. */
const char *file_name_with_slash(const char *name, struct arena *arena);
