/* folder.h - the folder that is served, and the way to what is in it, which leads nowhere else.
 *
 * The kernel itself keeps the way inside (openat2 with RESOLVE_BENEATH): "..", symbolic links that lead out, and folders
 * that are renamed meanwhile. Links that stay inside are followed. A kernel without it is refused, since whatever stood in
 * its place would be slower, and right only with care.
 *
 * Life:    folder_open() -> folder_enter(), folder_leave()* -> folder_close(), when nothing of it is open.
 * Owner:   the edition.
 * Thread:  any.
 * Limits:  so many files are open at once as folder_open() is told.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/compiler.h"

struct folder;

/* Returns NULL, and says why. The descriptor is opened again for another folder of the same name: a reload. */
struct folder *folder_open(const char *path, unsigned files_max, char *why, size_t why_bytes);
void folder_close(struct folder *folder);
/* Opens a file or folder by its name within, for reading and without waiting. Returns a descriptor, or -1 and errno:
 * EMFILE also where as many are open as may be. */
MUST_CHECK int folder_enter(struct folder *folder, const char *name);
/* Closes one that was entered. */
void folder_leave(struct folder *folder, int fd);
