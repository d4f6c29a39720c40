/* document.h - one whole document of another host, for a thread that may wait for it. No redirects, and the answer is a
 * 200.
 *
 * Owner:   the caller's buffer and settings.
 * Thread:  any; blocks it, for `timeout_ms` and 50 ms at most.
 * Limits:  `bytes_max` of the document.
 * Errors:  -1, and *why is a sentence in the buffer's arena.
 */
#pragma once

#include <stdatomic.h>

#include "base/buffer.h"
#include "fetch/transfer.h"

/* curl_global_init() was called. What is under way ends soon after `is_over`. Appends to `document`, which is in an arena. */
MUST_CHECK int document_fetch(const char *url, const struct transfer_settings *settings, size_t bytes_max,
			      unsigned timeout_ms, const atomic_bool *is_over, struct buffer *document,
			      const char **why);
