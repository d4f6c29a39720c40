/* kept_response.h - a response as plain bytes, for a request of the same kind that comes later.
 *
 * Owner:   the bytes are the caller's. What is restored refers to a copy in the exchange's arena.
 * Thread:  the exchange's owner.
 * Limits:  a response that is complete, and is not sent in parts.
 */
#pragma once

#include "exchange/exchange.h"

/* Headers below `first` are the request's own, such as what is left of its rate: they are not kept. */
size_t kept_response_bytes(const struct http_response *response, unsigned first);
/* Writes so many bytes to `place`, which is aligned as malloc's memory is. */
void kept_response_write(const struct http_response *response, unsigned first, char *place);
/* Responds with what was written, in place of what the exchange responds so far but for the headers below `first`. */
enum step respond_kept(struct exchange *x, unsigned first, struct text kept);
