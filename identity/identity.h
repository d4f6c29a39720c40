/* identity.h - a role with its claims, proved by a token or an API key: what a request runs as.
 *
 * Life:    identity_init(), then constant.
 * Owner:   the texts are borrowed: from the arena or the object that the function which gives an identity names.
 * Thread:  any.
 * Limits:  a role has IDENTITY_ROLE_BYTES_MAX bytes, as in PostgreSQL; claims have JWS_BYTES_MAX (jws.h).
 */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "identity/digest.h"

enum { IDENTITY_ROLE_BYTES_MAX = 63 }; /* PostgreSQL cuts longer names off: another role */

#define IDENTITY_NEVER_EXPIRES INT64_MAX

struct identity {
	struct text role;   /* NUL-terminated; `at` is NULL where there is none */
	struct text claims; /* a JSON object as it was signed, NUL-terminated, valid UTF-8 without U+0000 */
	/* of role and claims: two identities with the same one are alike for PostgreSQL */
	uint8_t hash[DIGEST_BYTES];
	int64_t expires_s; /* Unix time of the first second at which it is not to be used; leeway included */
};

/* Both texts are NUL-terminated, and live as long as the identity. `role.at` may be NULL. */
void identity_init(struct identity *identity, struct text role, struct text claims, int64_t expires_s);
/* Returns a copy whose texts are in `arena`. */
struct identity identity_copy(const struct identity *identity, struct arena *arena);
/* Is it a role that PostgreSQL can have: 1 to IDENTITY_ROLE_BYTES_MAX bytes of UTF-8, no NUL? */
bool identity_role_is_valid(struct text role);
