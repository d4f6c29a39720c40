/* secret_file.h - reads a whole file that holds secrets, and overwrites what was read.
 *
 * Life:    secret_file_read() -> secret_file_forget().
 * Owner:   the caller owns what was read.
 * Thread:  any that may wait for a disk.
 * Limits:  as given; what is longer is an error.
 * Errors:  -1, and *why says what is wrong, as the rest of a sentence; nothing is to be forgotten then.
 */
#pragma once

#include "base/compiler.h"
#include "base/text.h"

/* *content is NUL-terminated. */
MUST_CHECK int secret_file_read(const char *path, size_t bytes_max, struct text *content, const char **why);
void secret_file_forget(struct text *content);
