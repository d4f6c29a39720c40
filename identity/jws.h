/* jws.h - a compact JWS (RFC 7515): header.payload.signature, verified or made.
 *
 * The header is an object without duplicate members; alg and kid are read. A header with crit or b64 is refused. (RFC
 * 7515, section 4.1.11, and RFC 7797: no extension is understood.) typ, cty and all others are ignored; jku, jwk, x5u
 * and x5c are never followed.
 *
 * Thread:  any.
 * Limits:  JWS_BYTES_MAX in all; JWS_HEADER_DEPTH_MAX.
 *          A token that names no key is tried with JWS_TRIES_MAX keys at most, in the order of the set.
 * Errors:  an enum token_error.
 */
#pragma once

#include "identity/key_set.h"
#include "identity/token_error.h"

enum {
	JWS_BYTES_MAX = 8192,
	JWS_HEADER_DEPTH_MAX = 8,
	JWS_TRIES_MAX = 8, /* a forged token costs that many signatures at most */
};

/* TOKEN_GOOD: it may be one, since it is not too long and has three parts of base64url. No key is needed for that. */
MUST_CHECK enum token_error jws_look(struct text token);
/* On TOKEN_GOOD *payload is in `arena`, NUL-terminated. Else the arena may hold scratch. */
MUST_CHECK enum token_error jws_verify(const struct key_set *keys, struct text token, struct arena *arena,
				       struct text *payload);
/* `key` can sign with `algorithm`, one of its own. `at` is NULL when libcrypto cannot. */
struct text jws_sign(const struct key *key, const struct algorithm *algorithm, struct text payload,
		     struct arena *arena);
/* The same with any header: for tests, too. */
struct text jws_sign_with_header(const struct key *key, const struct algorithm *algorithm, struct text header,
				 struct text payload, struct arena *arena);
