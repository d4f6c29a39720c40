/* answer.h - what of a row is no part of the body: its status, headers and media type, by `-- status: column NAME`,
 * `-- header:` and `-- content-type:`.
 *
 * Life:    read by the parser, checked once PostgreSQL has described the statement; then constant.
 * Owner:   the endpoint set's arena.
 * Thread:  any.
 * Limits:  ANSWER_HEADERS_MAX headers, of ANSWER_VALUE_BYTES_MAX bytes each.
 */
#pragma once

#include "base/diagnostics.h"
#include "base/text.h"

enum {
	ANSWER_HEADERS_MAX = 4,
	ANSWER_VALUE_BYTES_MAX = 4096, /* a client takes some 8 KiB of head in all */
};

struct db_signature;
struct endpoint;

struct answer {
	/* of the only column that is left, which is sent as it is; NULL: the row, or what a column says */
	const char *content_type;
	const char *content_type_column, *status_column; /* NULL: none */
	unsigned content_type_line, status_line;
	struct answer_header {
		const char *name; /* lower case */
		const char *column;
		unsigned line;
	} headers[ANSWER_HEADERS_MAX];
	unsigned header_count;
};

/* Whether the body is a single column. */
static inline bool answer_is_single(const struct answer *answer)
{
	return answer->content_type != NULL || answer->content_type_column != NULL;
}

/* Whether a column goes elsewhere than into the body. `answer` NULL: none does. */
bool answer_takes(const struct answer *answer, const char *column);
/* Whether a good answer may have it: 2xx, and redirections that a client can follow. */
bool answer_status_is_good(unsigned status);
/* "image/png", "text/html; charset=utf-8": type, subtype and parameters without control characters. */
bool answer_is_content_type(struct text value);

/* Complains of a column that is not there or does not fit; the endpoint has an answer. */
void answer_check(const struct endpoint *endpoint, struct diagnostics *diagnostics);
/* Whether the client's Accept header takes the type of the single column, as far as it is known. */
bool answer_is_acceptable(const struct answer *answer, struct text accept);
/* Returns the number of the column, or that of all columns when there is none of that name. */
unsigned answer_find_column(const struct db_signature *signature, const char *name);
