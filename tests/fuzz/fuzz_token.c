/* Any bytes as a token, as the claims of one with a good signature, and as its header: what is taken keeps the promises of
 * identity/token.h. The first byte says which. */
#include "base/json_scan.h"
#include "base/percent.h"
#include "base/require.h"
#include "identity/base64url.h"
#include "identity/claim.h"
#include "identity/token.h"

#include <stdint.h>
#include <stdlib.h>

enum { NOW_S = 1000000000 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static struct key_set *keys;

static void make_keys(void)
{
	static struct diagnostics diagnostics;
	static struct arena arena;

	diagnostics_init(&diagnostics, &arena);
	keys = key_set_create(TEXT("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-"
				   "1qS0gZH75aKtMN3Yj0iPS4hcgUuT"
				   "wjAzZr1Z9CAow\"},{\"kty\":\"EC\",\"kid\":\"a\",\"crv\":\"P-256\",\"x\":"
				   "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8"
				   "Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}"),
			      "keys", KEYS_FOR_VERIFYING, &diagnostics);
	REQUIRE(keys != NULL && diagnostics.count == 0);
}

/* Its parts, encoded once more, are the same again: no two spellings of a token are taken. */
static void check_spelling(struct text token, struct arena *arena)
{
	struct text rest = token;

	for (unsigned i = 0; i < 3; i++) {
		struct text part = text_cut_at(&rest, '.'), decoded;
		struct buffer encoded = buffer_in(arena);

		REQUIRE(base64url_decode(part, arena, &decoded));
		base64url_add(&encoded, decoded);
		REQUIRE(text_equal(buffer_text(&encoded), part));
	}
	REQUIRE(rest.length == 0);
}

static void check_identity(const struct identity *identity, struct arena *arena)
{
	struct text claims = identity->claims, role;
	size_t end;

	REQUIRE(claims.at[claims.length] == '\0' && strlen(claims.at) == claims.length);
	REQUIRE(utf8_is_valid(claims) && !claims_hold_nul(claims));
	REQUIRE(json_scan_value(claims, CLAIMS_DEPTH_MAX, &end) && json_scan_space(claims, end) == claims.length);
	REQUIRE(identity->expires_s > NOW_S);
	if (identity->role.at == NULL)
		return;
	REQUIRE(identity_role_is_valid(identity->role) && identity->role.at[identity->role.length] == '\0');
	REQUIRE(claim_text(claims, TEXT("role"), arena, &role) && text_equal(role, identity->role));
}

static void check_token(struct text token, struct arena *arena)
{
	static const struct token_rules rules[] = {{0}, {.audience = "me", .issuer = "joe"}};
	struct identity identity, other;

	if (token_verify(keys, &rules[0], token, NOW_S, arena, &identity) == TOKEN_GOOD) {
		check_spelling(token, arena);
		check_identity(&identity, arena);
	} else {
		REQUIRE(token_verify(keys, &rules[1], token, NOW_S, arena, &other) != TOKEN_GOOD);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct text input = {(const char *)bytes, length};
	const struct algorithm *algorithm = &algorithms[0];
	struct arena arena = {0};

	if (keys == NULL)
		make_keys();
	if (length > 0 && (bytes[0] == 'h' || bytes[0] == 'c')) {
		struct text rest = {input.at + 1, length - 1};

		input =
		    bytes[0] == 'h'
			? jws_sign_with_header(&keys->keys[0], algorithm, rest, TEXT("{\"role\":\"a\"}"), &arena)
			: jws_sign_with_header(&keys->keys[0], algorithm, TEXT("{\"alg\":\"HS256\"}"), rest, &arena);
	}
	check_token(input, &arena);
	arena_cleanup(&arena);
	return 0;
}
