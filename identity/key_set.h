/* key_set.h - the keys that tokens are verified or signed with, from the text of a file.
 *
 * The text is one of:
 *   - a JWK set (RFC 7517), or one JWK: kty oct, RSA, EC (P-256, P-384, P-521) and OKP (Ed25519);
 *   - PEM: public keys and certificates, one or several; private keys where it is for signing;
 *   - anything else is a raw secret, without one line break at its end.
 * A text that looks like a key in another form (DER, OpenSSH, the body of PEM alone) is refused. Taken for a secret, a
 * public key would be one that everyone knows. Of a certificate only the key counts, not its dates or its issuer.
 *
 * A key of a JWK set is passed over where its kty, crv, use, key_ops or alg says that it is for something else. (RFC 7517,
 * sections 4.2 to 4.4 and 5.) A key of a known kind that is faulty is left out and told. It lacks a part, has one that is
 * not base64url, is too short or off its curve, or has the alg of another kind.
 * Refused as a whole are texts that are no JSON, duplicate members, and sets where no key remains. Members that RFC 7517
 * does not define are ignored, and so are x5c, x5t and x5u.
 *
 * What is fetched from another host must be a JWK set of public keys. Every client can fetch a secret or a private key in
 * it as well, so such a key is left out and told. A page of errors instead of the set would be a raw secret that an attacker
 * knows.
 *
 * "alg" fixes the one algorithm of a key. Without it RSA has RS and PS, EC the one of its curve, Ed25519 EdDSA. A secret
 * has HS256, from 48 bytes on HS384 too, and from 64 on HS512 (RFC 7518, section 3.2).
 *
 * Life:    key_set_create() -> constant -> key_set_destroy().
 * Owner:   the set owns everything in it; the text may be overwritten after key_set_create().
 * Thread:  any, at the same time.
 * Limits:  KEY_SET_BYTES_MAX of text, KEY_SET_KEYS_MAX keys.
 * Errors:  in `diagnostics`, with file, line where there is one, and what was expected; never key material.
 */
#pragma once

#include "base/diagnostics.h"
#include "identity/key.h"

enum {
	KEY_SET_BYTES_MAX = 262144,
	KEY_SET_KEYS_MAX = 100,
};

enum key_use {
	KEYS_FOR_VERIFYING,
	KEYS_FETCHED, /* for verifying, from another host: see above */
	KEYS_FOR_SIGNING,
};

struct key_set {
	struct key *keys;
	unsigned count;
	struct arena arena; /* private */
};

/* Returns a new set, or NULL, and then there is a diagnostic. With a set there may be diagnostics as well: of keys that
 * were left out. A caller at its start refuses the set for them. One that has it from another host logs them. */
struct key_set *key_set_create(struct text text, const char *file, enum key_use use, struct diagnostics *diagnostics);
/* NULL is none. */
void key_set_destroy(struct key_set *keys);
