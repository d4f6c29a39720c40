/* conditions.h - whether a client wants the representation that is there: If-Match, If-Unmodified-Since, If-None-Match,
 * If-Modified-Since (RFC 9110, section 13).
 *
 * Thread:  any.
 * Errors:  a list of tags that is malformed holds what was read before that. A date that is malformed is passed over.
 */
#pragma once

#include "coding/accept_encoding.h"
#include "exchange/message.h"

enum condition {
	CONDITION_HOLDS,
	CONDITION_NOT_MODIFIED,
	CONDITION_FAILED,
};

/* In the order of RFC 9110, section 13.2.2. Of a coded representation the client has the tag only where it accepts that
 * coding; `accepted` NULL: there is none. `matched` is the tag that the client has, of CONDITION_NOT_MODIFIED by
 * If-None-Match. */
enum condition conditions_judge(const struct http_request *request, const struct http_response *response,
				const struct accept_encoding *accepted, struct text *matched);
