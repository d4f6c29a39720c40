#include "identity/identity.h"

#include "base/percent.h"

/* A role holds no NUL, so that no two pairs of texts have the same one in between. */
static void hash_both(struct identity *identity)
{
	struct arena arena;
	char first[1024];
	size_t role_bytes = identity->role.length + 1;
	char *both;

	arena_init(&arena, first, sizeof(first));
	both = arena_alloc(&arena, role_bytes + identity->claims.length);
	if (identity->role.length > 0)
		memcpy(both, identity->role.at, identity->role.length);
	both[role_bytes - 1] = '\0';
	memcpy(both + role_bytes, identity->claims.at, identity->claims.length);
	digest_sha256((struct text){both, role_bytes + identity->claims.length}, identity->hash);
	arena_cleanup(&arena);
}

void identity_init(struct identity *identity, struct text role, struct text claims, int64_t expires_s)
{
	*identity = (struct identity){.role = role, .claims = claims, .expires_s = expires_s};
	hash_both(identity);
}

static struct text copy(struct text text, struct arena *arena)
{
	return text.at == NULL ? text : (struct text){arena_copy(arena, text), text.length};
}

struct identity identity_copy(const struct identity *identity, struct arena *arena)
{
	struct identity copied = *identity;

	copied.role = copy(identity->role, arena);
	copied.claims = copy(identity->claims, arena);
	return copied;
}

/* For PostgreSQL "none" is no role: it goes back to the login role, which may do more. */
bool identity_role_is_valid(struct text role)
{
	return role.length >= 1 && role.length <= IDENTITY_ROLE_BYTES_MAX && utf8_is_valid(role) &&
	       memchr(role.at, '\0', role.length) == NULL && !text_equal(role, TEXT("none"));
}
