#include "exchange/access.h"

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
