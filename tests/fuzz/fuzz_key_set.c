/* Any bytes as a file of keys: each key that is taken keeps the promises of identity/key.h, and what is said is text. */
#include "base/percent.h"
#include "base/require.h"
#include "identity/key_set.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_key(const struct key *key, enum key_use use)
{
	algorithm_set possible = algorithms_of_key(key->kind, key->secret_bytes);
	const struct algorithm *algorithm = algorithm_first(key->algorithms);
	uint8_t signature[KEY_SIGNATURE_BYTES_MAX];
	struct text made;

	REQUIRE(key->algorithms != 0 && (key->algorithms & ~possible) == 0);
	REQUIRE(use != KEYS_FOR_SIGNING || key->can_sign);
	REQUIRE(use != KEYS_FETCHED || !key->can_sign);
	REQUIRE(!key_verify(key, algorithm, TEXT("text"), TEXT("")));
	if (!key->can_sign)
		return;
	made = key_sign(key, algorithm, TEXT("text"), signature);
	if (key->kind == KEY_SECRET)
		REQUIRE(key_verify(key, algorithm, TEXT("text"), made));
}

static void check(struct text text, enum key_use use)
{
	struct diagnostics *diagnostics = malloc(sizeof(*diagnostics));
	struct arena arena = {0};
	struct key_set *keys;

	diagnostics_init(diagnostics, &arena);
	keys = key_set_create(text, "keys", use, diagnostics);
	REQUIRE(keys != NULL || diagnostics->count > 0);
	for (unsigned i = 0; i < diagnostics->count && i < DIAGNOSTICS_MAX; i++)
		REQUIRE(utf8_is_valid(text_of(diagnostics->items[i].message)));
	if (keys != NULL) {
		REQUIRE(keys->count >= 1 && keys->count <= KEY_SET_KEYS_MAX);
		for (unsigned i = 0; i < keys->count; i++)
			check_key(&keys->keys[i], use);
	}
	key_set_destroy(keys);
	arena_cleanup(&arena);
	free(diagnostics);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	check((struct text){(const char *)bytes, length}, KEYS_FOR_VERIFYING);
	check((struct text){(const char *)bytes, length}, KEYS_FETCHED);
	check((struct text){(const char *)bytes, length}, KEYS_FOR_SIGNING);
	return 0;
}
