/* openapi_security.h - which identities may call an operation: security schemes and requirements.
 *
 * Thread:  start-up.
 */
#pragma once

#include "base/json_out.h"
#include "handlers/sql/file.h"
#include "handlers/sql/openapi.h"

/* Do clients prove identities? */
static inline bool openapi_has_identities(const struct openapi_info *info)
{
	return info->takes_tokens || info->takes_api_keys;
}

/* "securitySchemes", of "components"; nothing without identities. */
void openapi_write_schemes(struct json_out *document, const struct openapi_info *info);
/* "security" of an operation. In OpenAPI 3.1 a requirement may name a role: one of them is to be met. */
void openapi_write_security(struct json_out *document, const struct openapi_info *info, const struct access *access);
/* " For the roles a and b." A sentence behind the description; "" where it says nothing. */
void openapi_describe_access(struct buffer *out, const struct openapi_info *info, const struct access *access);
