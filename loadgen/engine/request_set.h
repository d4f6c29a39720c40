/* request_set.h - the requests of a load, which of them is next, and its bytes.
 *
 * {n} is a number that goes up by one with each request, {random:a-b} an integer from a to b. Both may stand anywhere
 * in path, query, headers and body. The seed makes a run repeatable.
 *
 * Life:    request_set_init() -> request_set_add_url()* or request_file_load() -> request_set_next()* ->
 *          request_set_cleanup().
 * Owner:   the set's arena; a set does not move. Method, headers and body of the options are borrowed for its life.
 * Thread:  one.
 * Limits:  REQUESTS_MAX requests; a body has at most REQUEST_BYTES_MAX bytes.
 * Errors:  -1 and `why` names the URL, what is wrong and what was expected.
 */
#pragma once

#include "base/buffer.h"
#include "loadgen/engine/request_template.h"
#include "loadgen/engine/target.h"

enum { REQUESTS_MAX = 255, REQUEST_BYTES_MAX = 8 * 1024 * 1024 };

struct request_draft;

struct request {
	const char *label;  /* "GET /countries/DE": method and target as given */
	const char *method; /* HEAD needs to be known to read its response */
	unsigned weight;
	struct request_template template;
	/* its first pieces are the request line; from content_from on they say how long the body is, from body_from on they
	 * are the body */
	unsigned headers_from, content_from, body_from;
	const char *host;  /* as in Host: */
	struct text fixed; /* all of its bytes, when nothing varies; else length 0 */
};

struct request_set {
	struct arena arena;
	struct target target;
	struct request *requests[REQUESTS_MAX];
	unsigned count;
	uint64_t weight_sum;
	uint64_t next_number; /* what {n} is next, from 1 */
	uint64_t random;
	bool is_keep_alive;
	struct buffer bytes; /* private: of the request that was made last */
};

/* What every request of a command line shares. */
struct request_options {
	const char *method;         /* NULL: GET, or POST when there is a body */
	const char *const *headers; /* "Name: value" */
	unsigned header_count;
	struct text body; /* at NULL: none */
	bool is_keep_alive;
	uint64_t seed;
};

void request_set_init(struct request_set *set, const struct request_options *options);
void request_set_cleanup(struct request_set *set);
/* http:// only; names are resolved once, here. A second URL must name the same host and port. */
int request_set_add_url(struct request_set *set, const char *url, const struct request_options *options, char *why,
			size_t why_size);
/* Picks the next request by weight; *bytes are valid until the next call. Returns which request it is. */
unsigned request_set_next(struct request_set *set, struct text *bytes);
/* The bytes of request `index`. */
void request_set_bytes(struct request_set *set, unsigned index, struct text *bytes);
/* Those of request `index`, but to `target`, where a redirect led; as a GET without a body when is_get. */
void request_set_redirect(struct request_set *set, unsigned index, bool is_get, struct text target, struct text *bytes);

/* For what adds requests. */
/* Sends the set's requests to where `url` says; *path is what it has behind host and port. */
int request_set_aim(struct request_set *set, const char *url, const char **path, char *why, size_t why_size);
int request_set_add(struct request_set *set, const struct request_draft *draft, const struct request_place *place);
