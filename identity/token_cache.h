/* token_cache.h - the identities of tokens that were verified, by the SHA-256 of the token, until they expire.
 *
 * What was least recently used makes room. A new set of keys empties it: each call names the generation of the keys
 * (verifier.h) that counts now.
 *
 * Life:    token_cache_create() -> find and add -> token_cache_destroy().
 * Owner:   the cache, of copies. What is found may be used until the next call for this cache.
 * Thread:  one: each loop has its own.
 * Limits:  `entries_max` entries with `bytes_max` bytes in all.
 */
#pragma once

#include "identity/identity.h"

struct token_cache;

struct token_cache *token_cache_create(unsigned entries_max, size_t bytes_max);
void token_cache_destroy(struct token_cache *cache);
/* `digest` is the token's (digest.h). NULL: it is not there, or has expired. */
const struct identity *token_cache_find(struct token_cache *cache, const uint8_t digest[static DIGEST_BYTES],
					uint64_t generation, int64_t now_s);
/* `generation` is that at which the token was verified. What is older than the last that was seen is not kept. */
void token_cache_add(struct token_cache *cache, const uint8_t digest[static DIGEST_BYTES], uint64_t generation,
		     const struct identity *identity);
unsigned token_cache_count(const struct token_cache *cache);
