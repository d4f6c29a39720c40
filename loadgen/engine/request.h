/* request.h - where requests go, and the bytes of each: method, target, headers, body, weights, {n} and {random:a-b}.
 *
 * {n} is a number that goes up by one with each request, {random:a-b} an integer from a to b. Both may stand anywhere
 * in path, query, headers and body. The seed makes a run repeatable.
 *
 * Life:    request_set_init() -> request_set_add_url() or request_set_load_file() -> request_set_next()* -> cleanup.
 * Owner:   the set's arena.
 * Thread:  one.
 * Limits:  REQUESTS_MAX requests; one request's bytes REQUEST_BYTES_MAX.
 * Errors:  -1 and `why` names the URL or file:line, what is wrong and what was expected.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/arena.h"

enum { REQUESTS_MAX = 255, REQUEST_BYTES_MAX = 8 * 1024 * 1024, REQUEST_PIECES_MAX = 64 };

/* One address; all requests of a set go to the same one. */
struct target {
	struct sockaddr_storage address;
	socklen_t address_length;
	const char *authority; /* "127.0.0.1:8080", as in Host:; an IPv6 zone is not in it (RFC 6874) */
};

/* A piece of a request's bytes. */
struct request_piece {
	enum { PIECE_TEXT, PIECE_NUMBER, PIECE_RANDOM, PIECE_LENGTH } kind; /* PIECE_LENGTH: of the body */
	struct text text;
	uint64_t from, to; /* of PIECE_RANDOM, both included */
};

struct request {
	const char *label;  /* "GET /countries/DE": method and target as given */
	const char *method; /* HEAD needs to be known to read its response */
	unsigned weight;
	struct request_piece pieces[REQUEST_PIECES_MAX];
	/* the first pieces are the request line; from content_from on they say how long the body is, from body_from on they are
	 * the body */
	unsigned piece_count, headers_from, content_from, body_from;
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
	char *bytes; /* private: of the request that was made last */
	size_t bytes_capacity, bytes_length;
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
/* One JSON object a line, or one array of them: {"method","path","headers":{},"body":text or any JSON,"weight":1};
 * `base_url` says where to. */
int request_set_load_file(struct request_set *set, const char *base_url, const char *file,
			  const struct request_options *options, char *why, size_t why_size);
/* Picks the next request by weight; *bytes are valid until the next call. Returns which request it is. */
unsigned request_set_next(struct request_set *set, struct text *bytes);
/* The bytes of request `index`. */
void request_set_bytes(struct request_set *set, unsigned index, struct text *bytes);
/* Those of request `index`, but to `target`, where a redirect led; as a GET without a body when is_get. */
void request_set_redirect(struct request_set *set, unsigned index, bool is_get, struct text target, struct text *bytes);
/* Does a redirect with `status` turn request `index` into a GET (RFC 9110, section 15.4)? */
bool request_set_turns_to_get(const struct request_set *set, unsigned index, unsigned status);
/* May a redirect of request `index` to `location` be followed: a path, or a URL of the same host and port? *target is its
 * path and query, in `location` itself. */
bool request_set_may_follow(const struct request_set *set, unsigned index, struct text location, struct text *target);
