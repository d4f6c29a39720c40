/* validators.h - ETag and Last-Modified of a response, and what a client says of them.
 *
 * Owner:   texts are in the exchange's arena.
 * Thread:  the exchange's owner.
 * Limits:  a hash reads the whole body: of a large one that is none of a loop's business.
 */
#pragma once

#include "coding/accept_encoding.h"
#include "exchange/exchange.h"

/* Makes the tag, where it is made of the body, and looks at the conditions of the request. False: the response is another
 * one now, 304 or 412. `accepted` NULL: the representation has no coding, whatever is accepted. */
bool validators_apply(struct exchange *x, const struct accept_encoding *accepted);
/* The body is not hashed, and the response has no tag. A client that asks for one hears that it is busy. */
void validators_do_without(struct exchange *x);
/* Returns the value of ETag, of the response in this coding; empty: it has none. */
struct text validators_etag(struct exchange *x, enum coding coding);
/* Returns the value of Last-Modified, of a response that is dated. */
struct text validators_date(struct exchange *x);
