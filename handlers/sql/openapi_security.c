#include "handlers/sql/openapi_security.h"

#include "base/buffer.h"

static const char token_scheme[] = "token", api_key_scheme[] = "apiKey";

static void write_token_scheme(struct document *document)
{
	document_open_object(document, token_scheme);
	document_add_string(document, "type", "http");
	document_add_string(document, "scheme", "bearer");
	document_add_string(document, "bearerFormat", "JWT");
	document_add_string(document, "description", "A signed token; its role decides what it may call.");
	document_close(document);
}

static void write_api_key_scheme(struct document *document)
{
	document_open_object(document, api_key_scheme);
	document_add_string(document, "type", "apiKey");
	document_add_string(document, "in", "header");
	document_add_string(document, "name", "X-API-Key");
	document_add_string(document, "description", "An API key; it has a role, too.");
	document_close(document);
}

void openapi_write_schemes(struct document *document, const struct openapi_info *info)
{
	if (!openapi_has_identities(info))
		return;
	document_open_object(document, "securitySchemes");
	if (info->takes_tokens)
		write_token_scheme(document);
	if (info->takes_api_keys)
		write_api_key_scheme(document);
	document_close(document);
}

/* {"token":["editor"]}; `role` NULL: any. */
static void require(struct document *document, const char *scheme, const struct text *role)
{
	document_open_object(document, NULL);
	document_open_array(document, scheme);
	if (role != NULL) {
		document_begin_member(document, NULL);
		buffer_add_json_string(document->out, *role);
	}
	document_close(document);
	document_close(document);
}

static void require_any(struct document *document, const char *scheme, const struct access *access)
{
	if (access->role_count == 0)
		require(document, scheme, NULL);
	for (unsigned i = 0; i < access->role_count; i++)
		require(document, scheme, &access->roles[i]);
}

void openapi_write_security(struct document *document, const struct openapi_info *info, const struct access *access)
{
	if (!openapi_has_identities(info))
		return;
	document_open_array(document, "security");
	if (access->is_public) {
		document_open_object(document, NULL);
		document_close(document);
	}
	if (info->takes_tokens)
		require_any(document, token_scheme, access);
	if (info->takes_api_keys)
		require_any(document, api_key_scheme, access);
	document_close(document);
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
