/* jwk.h - one key as JSON (RFC 7517).
 *
 * Thread:  any.
 * Errors:  what is wrong, as the rest of a sentence; never key material.
 */
#pragma once

#include "identity/key_set.h"

enum jwk_kind {
	JWK_KEY,         /* *key is one */
	JWK_PASSED_OVER, /* it says that it is for something else */
	JWK_FAULTY,
	JWK_WRONG, /* it is no JWK at all */
};

/* `object` is well-formed JSON without duplicate members, and begins with '{'. The key's `kid` is in `arena`. */
enum jwk_kind jwk_read(struct text object, enum key_use use, struct arena *arena, struct key *key, const char **wrong);
