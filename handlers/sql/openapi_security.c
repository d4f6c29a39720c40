#include "handlers/sql/openapi_security.h"

#include "base/buffer.h"

static const char token_scheme[] = "token", api_key_scheme[] = "apiKey";

static void write_token_scheme(struct json_out *document)
{
	json_out_open(document, token_scheme, '{');
	json_out_string(document, "type", "http");
	json_out_string(document, "scheme", "bearer");
	json_out_string(document, "bearerFormat", "JWT");
	json_out_string(document, "description", "A signed token; its role decides what it may call.");
	json_out_close(document);
}

static void write_api_key_scheme(struct json_out *document)
{
	json_out_open(document, api_key_scheme, '{');
	json_out_string(document, "type", "apiKey");
	json_out_string(document, "in", "header");
	json_out_string(document, "name", "X-API-Key");
	json_out_string(document, "description", "An API key; it has a role, too.");
	json_out_close(document);
}

void openapi_write_schemes(struct json_out *document, const struct openapi_info *info)
{
	if (!openapi_has_identities(info))
		return;
	json_out_open(document, "securitySchemes", '{');
	if (info->takes_tokens)
		write_token_scheme(document);
	if (info->takes_api_keys)
		write_api_key_scheme(document);
	json_out_close(document);
}

/* {"token":["editor"]}; `role` NULL: any. */
static void require(struct json_out *document, const char *scheme, const struct text *role)
{
	json_out_open(document, NULL, '{');
	json_out_open(document, scheme, '[');
	if (role != NULL)
		json_out_text(document, NULL, *role);
	json_out_close(document);
	json_out_close(document);
}

static void require_any(struct json_out *document, const char *scheme, const struct access *access)
{
	if (access->role_count == 0)
		require(document, scheme, NULL);
	for (unsigned i = 0; i < access->role_count; i++)
		require(document, scheme, &access->roles[i]);
}

void openapi_write_security(struct json_out *document, const struct openapi_info *info, const struct access *access)
{
	if (!openapi_has_identities(info))
		return;
	json_out_open(document, "security", '[');
	if (access->is_public) {
		json_out_open(document, NULL, '{');
		json_out_close(document);
	}
	if (info->takes_tokens)
		require_any(document, token_scheme, access);
	if (info->takes_api_keys)
		require_any(document, api_key_scheme, access);
	json_out_close(document);
}

void openapi_describe_access(struct buffer *out, const struct openapi_info *info, const struct access *access)
{
	if (!openapi_has_identities(info))
		return;
	if (access->is_public)
		buffer_add(out, TEXT(" Any client may call it."));
	for (unsigned i = 0; i < access->role_count; i++)
		buffer_printf(out, "%s%.*s%s", i == 0 ? " For these roles: " : ", ", TEXT_ARGS(access->roles[i]),
			      i + 1 == access->role_count ? "." : "");
}
