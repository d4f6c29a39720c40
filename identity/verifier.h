/* verifier.h - what a credential is held to: the keys of tokens that count now, their rules, and the API keys.
 *
 * A credential is a token or an API key. An API key is told by how it begins.
 *
 * Life:    verifier_create() -> verifier_check()*, verifier_change_keys()* -> verifier_destroy(), when no check is under
 *          way.
 * Owner:   it owns its sets of keys. The texts of the rules are borrowed.
 * Thread:  any, at the same time. A check waits for nothing but a lock that is held for some instructions. It takes as
 *          long as token.h says.
 */
#pragma once

#include "identity/api_keys.h"
#include "identity/token.h"

struct verifier;

/* Either may be NULL: no token, or no API key, is good then. */
struct verifier *verifier_create(const struct token_rules *rules, struct key_set *keys, struct api_keys *api_keys);
/* NULL is none. */
void verifier_destroy(struct verifier *verifier);
/* From now on tokens are verified with these. */
void verifier_change_keys(struct verifier *verifier, struct key_set *keys);
/* Never 0. Each change and each verifier has a higher one. What was verified at another generation is to be verified
 * again (token_cache.h). */
uint64_t verifier_generation(const struct verifier *verifier);
bool verifier_takes_for_api_key(struct text credential);
/* On TOKEN_GOOD the texts of *identity are in `arena`. *generation is that at which it was verified. */
MUST_CHECK enum token_error verifier_check(struct verifier *verifier, struct text credential, int64_t now_s,
					   struct arena *arena, struct identity *identity, uint64_t *generation);
