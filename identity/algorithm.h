/* algorithm.h - the signature algorithms of RFC 7518 and RFC 8037 that a token may have.
 *
 * Thread:  any.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

enum key_kind { KEY_SECRET, KEY_RSA, KEY_P256, KEY_P384, KEY_P521, KEY_ED25519 };

enum algorithm_family { FAMILY_HMAC, FAMILY_RSA_PKCS1, FAMILY_RSA_PSS, FAMILY_ECDSA, FAMILY_EDDSA };

struct algorithm {
	const char *name; /* as in "alg" */
	enum algorithm_family family;
	const char *digest;    /* as libcrypto calls it; NULL: the algorithm has its own */
	unsigned digest_bytes; /* of HMAC the shortest secret, too (RFC 7518, section 3.2) */
};

enum { ALGORITHM_COUNT = 13 };
extern const struct algorithm algorithms[ALGORITHM_COUNT];

/* A set of algorithms: bit i is algorithms[i]. */
typedef uint16_t algorithm_set;

/* NULL: no token may have it; "none" is such a one. */
const struct algorithm *algorithm_by_name(struct text name);
bool algorithm_is_in(const struct algorithm *algorithm, algorithm_set set);
algorithm_set algorithm_alone(const struct algorithm *algorithm);
/* All that a key of this kind can be used with. Of a secret, those for which it is long enough. */
algorithm_set algorithms_of_key(enum key_kind kind, size_t secret_bytes);
/* The first of a set, which is not empty: what is signed with by default. */
const struct algorithm *algorithm_first(algorithm_set set);
/* "RSA", "P-256" and so on, for messages. */
const char *key_kind_name(enum key_kind kind);
