/* access.h - which identities may call a route.
 *
 * Owner:   the endpoint set's arena.
 * Thread:  any.
 */
#pragma once

#include "base/arena.h"
#include "identity/identity.h"

struct access {
	bool is_public;           /* any client may, also one without an identity */
	const struct text *roles; /* so many of them; none: any role */
	unsigned role_count;
};

enum access_verdict {
	ACCESS_GRANTED,
	ACCESS_NEEDS_IDENTITY,
	ACCESS_NEEDS_ROLE, /* the identity has none */
	ACCESS_NEEDS_OTHER_ROLE,
};

/* "a, b": names with commas between. False: it is no list of roles, and `access` is as before. */
bool access_read_roles(struct text list, struct arena *arena, struct access *access);
/* NULL: the client has not proved any. */
enum access_verdict access_check(const struct access *access, const struct identity *identity);
