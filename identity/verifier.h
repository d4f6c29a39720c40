/* verifier.h - what a credential is held to: the keys of tokens that count now, their rules, and the API keys.
 *
 * A credential is a token or an API key. An API key is told by how it begins.
 *
 * Life:    verifier_create() -> verifier_check()* -> verifier_destroy(), when no check is under way.
 * Owner:   it owns the API keys. The texts of the rules and the ring are borrowed.
 * Thread:  any, at the same time. A check takes as long as token.h says.
 */
#pragma once

#include "identity/api_keys.h"
#include "identity/key_ring.h"
#include "identity/token.h"

struct verifier;

/* `ring` or `api_keys` may be NULL: no token, or no API key, is good then. */
struct verifier *verifier_create(const struct token_rules *rules, struct key_ring *ring, struct api_keys *api_keys);
/* NULL is none. */
void verifier_destroy(struct verifier *verifier);
/* Never 0. Each change of keys and each verifier has a higher one. What was verified at another generation is to be
 * verified again (token_cache.h). */
uint64_t verifier_generation(const struct verifier *verifier);
/* Asks for newer keys of tokens. Returns whether some may come within a moment. */
bool verifier_ask_for_keys(const struct verifier *verifier);
bool verifier_takes_for_api_key(struct text credential);
/* What can be told at once, which is little: is it of a kind that may be good, and does it look like one? */
MUST_CHECK enum token_error verifier_look(const struct verifier *verifier, struct text credential);
/* On TOKEN_GOOD the texts of *identity are in `arena`. *generation is that at which it was verified. */
MUST_CHECK enum token_error verifier_check(const struct verifier *verifier, struct text credential, int64_t now_s,
					   struct arena *arena, struct identity *identity, uint64_t *generation);
