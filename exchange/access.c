#include "exchange/access.h"

enum { ROLES_MAX = 32 };

static bool is_among(const struct text *texts, unsigned count, struct text text)
{
	for (unsigned i = 0; i < count; i++)
		if (text_equal(texts[i], text))
			return true;
	return false;
}

bool access_read_roles(struct text list, struct arena *arena, struct access *access)
{
	struct text *roles = arena_alloc(arena, ROLES_MAX * sizeof(*roles));
	unsigned count = 0;
	bool has_more;

	do {
		struct text role;

		has_more = list.length > 0 && memchr(list.at, ',', list.length) != NULL;
		role = text_trimmed(text_cut_at(&list, ','));
		if (count == ROLES_MAX || !identity_role_is_valid(role) || is_among(roles, count, role))
			return false;
		roles[count++] = (struct text){arena_copy(arena, role), role.length};
	} while (has_more);
	access->roles = roles;
	access->role_count = count;
	return true;
}

enum access_verdict access_check(const struct access *access, const struct identity *identity)
{
	if (access->is_public)
		return ACCESS_GRANTED;
	if (identity == NULL)
		return ACCESS_NEEDS_IDENTITY;
	if (identity->role.at == NULL)
		return ACCESS_NEEDS_ROLE;
	for (unsigned i = 0; i < access->role_count; i++)
		if (text_equal(access->roles[i], identity->role))
			return ACCESS_GRANTED;
	return access->role_count == 0 ? ACCESS_GRANTED : ACCESS_NEEDS_OTHER_ROLE;
}
