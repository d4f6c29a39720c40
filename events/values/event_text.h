/* event_text.h - events as text/event-stream has them (HTML, section 9.2.6).
 *
 * Each line of the data is a line of its own, with its field's name before it. So nothing within the data is taken for
 * another field, or for another event.
 *
 * Thread:  any.
 */
#pragma once

#include "base/buffer.h"
#include "events/values/event_id.h"

/* `id` NULL: it has none, and the client keeps the one that it has. The data is UTF-8; CR, LF and CRLF end a line. */
void event_text_add(struct buffer *out, const char *name, const struct event_id *id, struct text data);
/* What no client's program sees: it keeps the connection open, and shows whether the client is there. */
void event_text_add_comment(struct buffer *out, const char *words);
/* After so long a client connects again. */
void event_text_add_retry(struct buffer *out, unsigned ms);
