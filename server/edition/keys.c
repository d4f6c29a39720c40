#include "server/edition/keys.h"

#include "base/secret_file.h"
#include "base/log.h"
#include "identity/claim.h"

#include <string.h>
#include <unistd.h>

/* Returns the file's text, or one without `at`. */
static struct text read_file(const struct options *options, const char *field, const char *file, size_t bytes_max,
			     struct diagnostics *diagnostics)
{
	struct text text = {NULL, 0};
	const char *why;

	if (secret_file_read(file, bytes_max, &text, &why) == 0)
		return text;
	/* what names no file may be the secret itself */
	if (access(file, F_OK) != 0 && file[0] != '/' && file[0] != '.')
		diagnostics_add(diagnostics, options_origin(options, field), 0,
				"%s: there is no such file; expected the name of a file%s, and no key", field,
				strcmp(field, "jwt_keys") == 0 ? ", or a URL with http:// or https://" : "");
	else
		diagnostics_add(diagnostics, options_origin(options, field), 0, "%s: \"%s\" cannot be read: %s", field,
				file, why);
	return (struct text){NULL, 0};
}

static struct key_set *read_keys(const struct options *options, struct diagnostics *diagnostics)
{
	struct key_set *keys;
	struct text text;

	if (options->jwt_keys[0] == '\0')
		return NULL;
	text = read_file(options, "jwt_keys", options->jwt_keys, KEY_SET_BYTES_MAX, diagnostics);
	if (text.at == NULL)
		return NULL;
	keys = key_set_create(text, options->jwt_keys, KEYS_FOR_VERIFYING, diagnostics);
	secret_file_forget(&text);
	if (keys != NULL && keys->keys[0].kind == KEY_SECRET && keys->count == 1)
		log_info("server", "keys of tokens: a secret of %zu bytes from %s", keys->keys[0].secret_bytes,
			 options->jwt_keys);
	else if (keys != NULL)
		log_info("server", "keys of tokens: %u from %s", keys->count, options->jwt_keys);
	return keys;
}

static struct api_keys *read_api_keys(const struct options *options, struct diagnostics *diagnostics)
{
	struct api_keys *keys;
	struct text text;

	if (options->api_keys[0] == '\0')
		return NULL;
	text = read_file(options, "api_keys", options->api_keys, API_KEYS_BYTES_MAX, diagnostics);
	if (text.at == NULL)
		return NULL;
	keys = api_keys_create(text, options->api_keys, diagnostics);
	secret_file_forget(&text);
	return keys;
}

/* What says how tokens are looked at says nothing where there are none. */
static void check_rules(const struct options *options, struct diagnostics *diagnostics)
{
	const struct {
		const char *field;
		bool is_given;
	} rules[] = {{"jwt_audience", options->jwt_audience[0] != '\0'},
		     {"jwt_issuer", options->jwt_issuer[0] != '\0'}};

	for (unsigned i = 0; i < ARRAY_LENGTH(rules); i++)
		if (rules[i].is_given && options->jwt_keys[0] == '\0')
			diagnostics_add(diagnostics, options_origin(options, rules[i].field), 0,
					"%s: it is a rule for tokens, and jwt_keys names no keys for them",
					rules[i].field);
	if (!claim_path_is_valid(text_of(options->jwt_role_claim)))
		diagnostics_add(diagnostics, options_origin(options, "jwt_role_claim"), 0,
				"jwt_role_claim: \"%s\" is no path of a claim; expected one such as role or app.role",
				options->jwt_role_claim);
}

struct verifier *keys_read(const struct options *options, struct key_ring *fetched, struct key_ring **ring,
			   struct diagnostics *diagnostics)
{
	unsigned before = diagnostics->count;
	const struct token_rules rules = {
	    .audience = options->jwt_audience[0] != '\0' ? options->jwt_audience : NULL,
	    .issuer = options->jwt_issuer[0] != '\0' ? options->jwt_issuer : NULL,
	    .role_claim = options->jwt_role_claim,
	};
	struct api_keys *api_keys;
	struct key_set *keys = NULL;

	*ring = NULL;
	check_rules(options, diagnostics);
	if (!keys_are_fetched(options))
		keys = read_keys(options, diagnostics);
	api_keys = read_api_keys(options, diagnostics);
	if (diagnostics->count > before || !keys_are_configured(options)) {
		key_set_destroy(keys);
		api_keys_destroy(api_keys);
		return NULL;
	}
	if (options->jwt_keys[0] != '\0')
		*ring = keys_are_fetched(options) ? fetched : key_ring_create(keys);
	return verifier_create(&rules, *ring, api_keys);
}
