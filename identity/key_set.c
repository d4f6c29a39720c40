#include "identity/key_set.h"

#include "base/json_scan.h"
#include "base/memory.h"
#include "identity/key_source.h"

#include <stdatomic.h>
#include <stdlib.h>

void key_source_add(struct key_source *source, const struct key *key, const char *wrong, const char *name)
{
	struct key_set *set = source->set;

	if (wrong != NULL) {
		diagnostics_add(source->diagnostics, source->file, 0, "%s: %s", name, wrong);
		return;
	}
	set->keys[set->count] = *key;
	if (set->count < KEY_SET_KEYS_MAX) {
		set->count++;
		return;
	}
	diagnostics_add(source->diagnostics, source->file, 0, "%s: more than %u keys", name, KEY_SET_KEYS_MAX);
	key_cleanup(&set->keys[set->count]);
}

static bool contains(struct text text, struct text part)
{
	return memmem(text.at, text.length, part.at, part.length) != NULL;
}

static void read_source(struct key_source *source)
{
	size_t start = json_scan_space(source->text, 0);

	if (source->text.length > KEY_SET_BYTES_MAX)
		diagnostics_add(source->diagnostics, source->file, 0, "too long: %u bytes at most are expected",
				KEY_SET_BYTES_MAX);
	else if (start == source->text.length)
		diagnostics_add(source->diagnostics, source->file, 0, "empty; expected a JWK set%s",
				source->use == KEYS_FETCHED ? "" : ", PEM, or a raw secret of 32 bytes or more");
	else if (source->text.at[start] == '{')
		key_source_read_jwks(source);
	else if (source->use == KEYS_FETCHED)
		diagnostics_add(source->diagnostics, source->file, 0,
				"a JWK set was expected: this does not begin with \"{\"");
	else if (contains(source->text, TEXT("-----BEGIN ")))
		key_source_read_pem(source);
	else
		key_source_read_secret(source);
}

struct key_set *key_set_create(struct text text, const char *file, enum key_use use, struct diagnostics *diagnostics)
{
	struct key_set *set = memory_alloc_zeroed(1, sizeof(*set));
	struct key_source source = {text, file, use, set, diagnostics};
	unsigned before = diagnostics->count;

	/* one more than there may be: where it is built */
	set->keys = arena_alloc(&set->arena, (KEY_SET_KEYS_MAX + 1) * sizeof(*set->keys));
	read_source(&source);
	if (set->count > 0)
		return set;
	if (diagnostics->count == before)
		diagnostics_add(diagnostics, file, 0,
				use == KEYS_FOR_SIGNING
				    ? "no key in it signs: expected a secret, or a private key of a kind "
				      "that tokens are signed with"
				    : "no key in it verifies: all are for other uses, or of other kinds");
	key_set_destroy(set);
	return NULL;
}

void key_set_destroy(struct key_set *set)
{
	if (set == NULL)
		return;
	for (unsigned i = 0; i < set->count; i++)
		key_cleanup(&set->keys[i]);
	arena_cleanup(&set->arena);
	free(set);
}
