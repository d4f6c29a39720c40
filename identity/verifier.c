#include "identity/verifier.h"

#include "base/memory.h"

#include <stdlib.h>

struct verifier {
	struct token_rules rules;
	struct key_ring *ring;
	struct api_keys *api_keys;
	uint64_t generation; /* of its beginning */
};

struct verifier *verifier_create(const struct token_rules *rules, struct key_ring *ring, struct api_keys *api_keys)
{
	struct verifier *verifier = memory_alloc_zeroed(1, sizeof(*verifier));

	verifier->rules = *rules;
	verifier->ring = ring;
	verifier->api_keys = api_keys;
	verifier->generation = key_ring_next_generation();
	return verifier;
}

void verifier_destroy(struct verifier *verifier)
{
	if (verifier == NULL)
		return;
	api_keys_destroy(verifier->api_keys);
	free(verifier);
}

uint64_t verifier_generation(const struct verifier *verifier)
{
	uint64_t generation = verifier->ring != NULL ? key_ring_generation(verifier->ring) : 0;

	return generation > verifier->generation ? generation : verifier->generation;
}

bool verifier_ask_for_keys(const struct verifier *verifier)
{
	return verifier->ring != NULL && key_ring_ask(verifier->ring, false);
}

bool verifier_takes_for_api_key(struct text credential)
{
	const struct text prefix = TEXT(API_KEY_PREFIX);

	return credential.length >= prefix.length && memcmp(credential.at, prefix.at, prefix.length) == 0;
}

enum token_error verifier_look(const struct verifier *verifier, struct text credential)
{
	if (verifier_takes_for_api_key(credential))
		return verifier->api_keys != NULL && credential.length <= API_KEY_BYTES_MAX ? TOKEN_GOOD
											    : TOKEN_API_KEY;
	return verifier->ring != NULL ? jws_look(credential) : TOKEN_KEY_UNKNOWN;
}

static enum token_error check_api_key(const struct verifier *verifier, struct text key, struct arena *arena,
				      struct identity *identity)
{
	const struct identity *found = verifier->api_keys != NULL ? api_keys_find(verifier->api_keys, key) : NULL;

	if (found == NULL)
		return TOKEN_API_KEY;
	*identity = identity_copy(found, arena);
	return TOKEN_GOOD;
}

/* Keys that come meanwhile make another generation: what was verified with those before is not remembered. */
enum token_error verifier_check(const struct verifier *verifier, struct text credential, int64_t now_s,
				struct arena *arena, struct identity *identity, uint64_t *generation)
{
	enum token_error error = TOKEN_NO_KEYS;
	struct held_keys *held;

	*generation = verifier_generation(verifier);
	if (verifier_takes_for_api_key(credential))
		return check_api_key(verifier, credential, arena, identity);
	if (verifier->ring == NULL)
		return TOKEN_KEY_UNKNOWN;
	held = key_ring_hold(verifier->ring);
	if (held->set != NULL)
		error = token_verify(held->set, &verifier->rules, credential, now_s, arena, identity);
	key_ring_release(verifier->ring, held);
	return error;
}
