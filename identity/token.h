/* token.h - a JWT (RFC 7519): its signature, its times, its audience and issuer, and the role in it.
 *
 * exp, nbf and iat are looked at wherever they are, with TOKEN_LEEWAY_S of leeway; none is required. aud and iss must be
 * there, and match, where the rules have one. Where the rules have none, they need only be of the right type. A token
 * whose claims hold U+0000, which PostgreSQL cannot read, is refused.
 *
 * Thread:  any, at the same time. A verification takes microseconds (HS) to more than a millisecond (ES384, ES512): it is
 *          no work for a loop.
 * Limits:  those of jws.h and claim.h.
 * Errors:  an enum token_error. The signature is looked at before the claims.
 */
#pragma once

#include "identity/identity.h"
#include "identity/jws.h"

enum { TOKEN_LEEWAY_S = 30 };

struct token_rules {
	const char *audience;   /* NULL: any */
	const char *issuer;     /* NULL: any */
	const char *role_claim; /* a path of claim.h that is valid; NULL: "role" */
};

/* `now_s` is Unix time. On TOKEN_GOOD the texts of *identity are in `arena`; a token without a role has none. Else the
 * arena may hold scratch. */
MUST_CHECK enum token_error token_verify(const struct key_set *keys, const struct token_rules *rules, struct text token,
					 int64_t now_s, struct arena *arena, struct identity *identity);
