/* login_role.h - where row-level security does not hold. That is for a login role above it, for roles that it can take, and
 * in functions that run as their owner. Besides, roles of endpoints that no identity can have.
 *
 * What it warns of is in the log. It cannot see functions that a function, a view or an operator calls.
 *
 * Thread:  describe.h's.
 */
#pragma once

#include <libpq-fe.h>

#include "handlers/sql/file.h"

void login_role_check(struct endpoint_set *set, PGconn *pg);
