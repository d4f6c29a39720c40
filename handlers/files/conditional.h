/* conditional.h - what a request says of the file that is there: conditions, and the part of it that is wanted.
 *
 * RFC 9110, sections 13 and 14: conditions come first, then If-Range, then Range. The representation is what was found: a
 * sibling in a coding is one of its own, with tag, time and ranges of its own.
 *
 * Owner:   texts are in the exchange's arena.
 * Thread:  the exchange's owner.
 */
#pragma once

#include "coding/accept_encoding.h"
#include "exchange/exchange.h"
#include "files/values/byte_range.h"

enum file_answer {
	FILE_ANSWER_WHOLE,
	FILE_ANSWER_PART,
	FILE_ANSWER_NO_PART,
	FILE_ANSWER_NOT_MODIFIED,
	FILE_ANSWER_FAILED
};

struct file_conditional {
	struct accept_encoding accepted;
	struct text etag;        /* in quotes; length 0: the file has not rested yet */
	struct text date;        /* of Last-Modified; the same */
	struct byte_range range; /* of FILE_ANSWER_PART, and of FILE_ANSWER_WHOLE */
};

/* Whether the request has a line that the answer depends on: then nothing is read before the file is known. */
bool file_conditional_is_asked(const struct http_request *request);
/* Reads Accept-Encoding. */
void file_conditional_accept(struct file_conditional *conditional, const struct http_request *request);
/* Fills in the rest, and says which answer it is. */
enum file_answer file_conditional_judge(struct file_conditional *conditional, struct exchange *x,
					const struct file_facts *facts, int64_t now_s);
