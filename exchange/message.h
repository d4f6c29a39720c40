/* message.h - a request and its response as plain data: what handlers see of HTTP.
 *
 * Owner:   all texts are in the exchange's arena, or constant.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "exchange/router.h"
#include "base/http_method.h"

enum {
	HTTP_EXTRA_HEADERS_MAX = 10,
};

struct http_field {
	struct text name, value; /* without the blanks around the value */
};

struct http_request {
	enum http_method method; /* HEAD stays HEAD; the body is left out at the border */
	struct text path;        /* as sent, without the query string */
	struct text query;       /* as sent, without the '?'; length 0 when there is none */
	struct text body;
	struct text content_type; /* length 0 when there is none */
	struct text accept;       /* length 0 when there is none */
	struct text coding;       /* what the body is encoded with, as "gzip"; length 0 when it is not */
	bool has_body;            /* of one byte at least */
	bool has_if_match;
	/* of a route that reads its head, else none: the header lines, with names in lower case, and the client's address */
	const struct http_field *fields;
	unsigned field_count;
	struct text address;
	struct route_match match; /* the route and the decoded values of its path parameters */
};

struct http_header {
	const char *name; /* lower case, constant */
	struct text value;
};

struct http_response {
	unsigned status;
	const char *content_type; /* NULL: no body and no header */
	struct text body;
	struct http_header headers[HTTP_EXTRA_HEADERS_MAX];
	unsigned header_count;
	bool is_streamed;   /* sent in parts; without Content-Length where `length` is not known */
	bool is_broken_off; /* the connection is to be cut: the body is not complete and never will be */
	bool has_policy;    /* it says itself what its page may do, and what it varies by */
	unsigned part_count;
	/* of a GET whose conditions are looked at: what its representation is known by */
	bool is_conditional;
	bool is_hashed;     /* its tag is made of its body */
	bool is_dated;      /* it was last modified at modified_s */
	uint64_t length;    /* of a body that is sent in parts, or is not sent; 0: not known */
	int64_t modified_s; /* since 1970 */
	struct text etag;   /* without quotes; `at` NULL: none */
};
