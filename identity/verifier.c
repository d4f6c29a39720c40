#include "identity/verifier.h"

#include "base/memory.h"
#include "base/require.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* A set of keys, for as long as it counts or something is being verified with it. */
struct held_keys {
	struct key_set *set;
	uint64_t generation;
	unsigned holders; /* under the lock */
};

struct verifier {
	struct token_rules rules;
	struct api_keys *api_keys;
	pthread_mutex_t lock;
	struct held_keys *current;
	_Atomic uint64_t generation; /* of `current` */
};

static _Atomic uint64_t last_generation;

static void set_current(struct verifier *verifier, struct key_set *set)
{
	struct held_keys *held = memory_alloc_zeroed(1, sizeof(*held));

	held->set = set;
	held->holders = 1;
	held->generation = atomic_fetch_add(&last_generation, 1) + 1;
	verifier->current = held;
	atomic_store(&verifier->generation, held->generation);
}

static struct held_keys *hold(struct verifier *verifier)
{
	struct held_keys *held;

	pthread_mutex_lock(&verifier->lock);
	held = verifier->current;
	held->holders++;
	pthread_mutex_unlock(&verifier->lock);
	return held;
}

/* The lock is held. */
static bool let_go(struct held_keys *held)
{
	return --held->holders == 0;
}

static void destroy(struct held_keys *held)
{
	key_set_destroy(held->set);
	free(held);
}

static void release(struct verifier *verifier, struct held_keys *held)
{
	bool was_last;

	pthread_mutex_lock(&verifier->lock);
	was_last = let_go(held);
	pthread_mutex_unlock(&verifier->lock);
	if (was_last)
		destroy(held);
}

struct verifier *verifier_create(const struct token_rules *rules, struct key_set *keys, struct api_keys *api_keys)
{
	struct verifier *verifier = memory_alloc_zeroed(1, sizeof(*verifier));

	verifier->rules = *rules;
	verifier->api_keys = api_keys;
	REQUIRE(pthread_mutex_init(&verifier->lock, NULL) == 0);
	set_current(verifier, keys);
	return verifier;
}

void verifier_destroy(struct verifier *verifier)
{
	if (verifier == NULL)
		return;
	REQUIRE(verifier->current->holders == 1);
	destroy(verifier->current);
	api_keys_destroy(verifier->api_keys);
	pthread_mutex_destroy(&verifier->lock);
	free(verifier);
}

void verifier_change_keys(struct verifier *verifier, struct key_set *keys)
{
	struct held_keys *before;
	bool was_last;

	pthread_mutex_lock(&verifier->lock);
	before = verifier->current;
	set_current(verifier, keys);
	was_last = let_go(before);
	pthread_mutex_unlock(&verifier->lock);
	if (was_last)
		destroy(before);
}

uint64_t verifier_generation(const struct verifier *verifier)
{
	return atomic_load(&verifier->generation);
}

bool verifier_takes_for_api_key(struct text credential)
{
	const struct text prefix = TEXT(API_KEY_PREFIX);

	return credential.length >= prefix.length && memcmp(credential.at, prefix.at, prefix.length) == 0;
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

enum token_error verifier_check(struct verifier *verifier, struct text credential, int64_t now_s, struct arena *arena,
				struct identity *identity, uint64_t *generation)
{
	struct held_keys *held = hold(verifier);
	enum token_error error = TOKEN_NO_KEYS;

	*generation = held->generation;
	if (verifier_takes_for_api_key(credential))
		error = check_api_key(verifier, credential, arena, identity);
	else if (held->set != NULL)
		error = token_verify(held->set, &verifier->rules, credential, now_s, arena, identity);
	release(verifier, held);
	return error;
}
