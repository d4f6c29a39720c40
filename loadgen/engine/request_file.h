/* request_file.h - the requests that a file describes: one JSON object a line, or one array of them.
 *
 * Each is {"method","path","headers":{},"body":text or any JSON,"weight":1}. What it leaves out is as the options say.
 *
 * Limits:  64 MiB of file; a weight is at most a million.
 * Errors:  -1 and `why` names file:line, or the entry of the array, what is wrong and what was expected.
 */
#pragma once

#include "loadgen/engine/request_set.h"

/* Adds them to `set`; `base_url` says where they go. */
int request_file_load(struct request_set *set, const char *base_url, const char *file,
		      const struct request_options *options, char *why, size_t why_size);
