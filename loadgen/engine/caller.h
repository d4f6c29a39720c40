/* caller.h - one HTTP request after the other on a connection that blocks, with the body of each answer.
 *
 * Life:    caller_init() -> caller_post()* -> caller_cleanup().
 * Owner:   the caller's memory; the target and the headers are borrowed. An answer's body is valid until the next call.
 * Thread:  one.
 * Limits:  CALLER_ANSWER_BYTES of an answer; the time is for each part of a request that waits.
 * Errors:  -1 and `why`; the next request opens a new connection.
 */
#pragma once

#include <stdint.h>

#include "loadgen/engine/target.h"

enum { CALLER_ANSWER_BYTES = 64 * 1024 };

struct caller {
	const struct target *target;
	const char *headers; /* lines of more of them, each with its CRLF; may be "" */
	uint64_t timeout_ns;

	/* private */
	int fd; /* -1: there is none */
	char *bytes;
	size_t length;
};

struct caller_answer {
	unsigned status;
	struct text body;
};

void caller_init(struct caller *caller, const struct target *target, const char *headers, uint64_t timeout_ns);
void caller_cleanup(struct caller *caller);
/* A body of length 0 is none; else it is sent as application/json. */
MUST_CHECK int caller_post(struct caller *caller, const char *path, struct text body, struct caller_answer *answer,
			   char *why, size_t why_size);
