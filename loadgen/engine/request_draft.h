/* request_draft.h - a request as it was asked for, on the command line or in a file, before its bytes are known.
 *
 * Life:    fields set -> request_draft_add_headers()* -> request_draft_make().
 * Owner:   texts are borrowed. A request keeps views of its method and body, so these live as long as its set.
 * Limits:  REQUEST_HEADERS_MAX headers; REQUEST_BYTES_MAX bytes of body.
 * Errors:  -1, and the place's message says what is wrong and what was expected.
 */
#pragma once

#include "loadgen/engine/request_place.h"
#include "loadgen/engine/request_set.h"

enum { REQUEST_HEADERS_MAX = 256 };

struct request_draft {
	const char *method, *path;
	struct text body; /* at NULL: none */
	unsigned weight;
	struct {
		const char *lines[REQUEST_HEADERS_MAX]; /* "Name: value" */
		unsigned count;
	} headers;
};

/* The method that the options name; without one POST where there is a body, else GET. */
const char *request_draft_method(const struct request_options *options, struct text body);
int request_draft_add_header(struct request_draft *draft, const char *line, const struct request_place *place);
int request_draft_add_headers(struct request_draft *draft, const struct request_options *options,
			      const struct request_place *place);
/* Checks the draft and writes `request`, which is all zero and is to be one of `set`. */
int request_draft_make(const struct request_draft *draft, struct request_set *set, struct request *request,
		       const struct request_place *place);
