/* key.h - one key of a key set: what it verifies, and, if it is private or a secret, what it signs.
 *
 * The key fixes the algorithms. A token only picks one of them.
 *
 * Life:    key_of_...() -> constant -> key_cleanup().
 * Owner:   the key owns its material, which key_cleanup() overwrites; `kid` is in the arena of its set.
 * Thread:  any, at the same time.
 * Limits:  RSA has KEY_RSA_BITS_MIN to KEY_RSA_BITS_MAX bits, a secret KEY_SECRET_BYTES_MIN to _MAX bytes.
 * Errors:  key_of_...() return NULL, or what is wrong, as the rest of a sentence. No message holds key material.
 */
#pragma once

#include "base/arena.h"
#include "identity/algorithm.h"

enum {
	KEY_RSA_BITS_MIN = 2048, /* RFC 7518, section 3.3 */
	KEY_RSA_BITS_MAX = 8192, /* beyond it a signature takes milliseconds */
	KEY_SECRET_BYTES_MIN = 32,
	KEY_SECRET_BYTES_MAX = 4096,
	KEY_SIGNATURE_BYTES_MAX = KEY_RSA_BITS_MAX / 8,
};

struct evp_pkey_st; /* libcrypto's EVP_PKEY */

struct key {
	enum key_kind kind;
	algorithm_set algorithms; /* never empty */
	struct text kid;          /* `at` is NULL where there is none */
	bool can_sign;            /* it verifies in any case */
	struct evp_pkey_st *pkey; /* private: owned; NULL of a secret */
	uint8_t *secret;          /* private: owned */
	size_t secret_bytes;
};

/* What a JWK is made of: big-endian bytes. Those with `at` NULL are not there. */
struct key_parts {
	enum key_kind kind;
	struct text n, e;                /* RSA */
	struct text x, y;                /* EC; x alone of Ed25519 */
	struct text d, p, q, dp, dq, qi; /* private; of RSA all or none */
};

/* Keys of their kind, for all algorithms of it. */
MUST_CHECK const char *key_of_secret(struct key *key, struct text secret);
MUST_CHECK const char *key_of_parts(struct key *key, const struct key_parts *parts);
/* Takes over `pkey` in any case. */
MUST_CHECK const char *key_of_pkey(struct key *key, struct evp_pkey_st *pkey, bool is_private);
void key_cleanup(struct key *key);

/* `algorithm` is one of the key's. False: the signature is not of this key over this text. */
bool key_verify(const struct key *key, const struct algorithm *algorithm, struct text text, struct text signature);
/* `key` can sign, with `algorithm`. Returns a view into `signature`, or nothing (`at` NULL) when libcrypto cannot. */
struct text key_sign(const struct key *key, const struct algorithm *algorithm, struct text text,
		     uint8_t signature[static KEY_SIGNATURE_BYTES_MAX]);
