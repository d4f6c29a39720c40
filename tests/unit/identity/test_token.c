#include "identity/token.h"

#include "identity/base64url.h"
#include "lib/jose.h"
#include "lib/jose_vectors.h"

static struct key_set *secrets(void)
{
	return keys_of(TEXT("0123456789abcdef0123456789abcdef"), KEYS_FOR_VERIFYING);
}

static struct identity identity_of(const char *claims, struct arena *arena)
{
	static const struct token_rules rules = {.role_claim = "app.role"};
	struct key_set *keys = secrets();
	struct text token = jws_sign(&keys->keys[0], &algorithms[0], text_of(claims), arena);
	struct identity identity;

	assert_int_equal(token_verify(keys, &rules, token, 1000, arena, &identity), TOKEN_GOOD);
	key_set_destroy(keys);
	return identity;
}

static void a_token_gives_an_identity(void **state)
{
	struct arena arena = {0};
	struct identity identity = identity_of("\r\n{\"app\":{\"role\":\"writ\\u0065r\"}, \"exp\":1234.5 }", &arena);

	(void)state;
	assert_string_equal(identity.role.at, "writer");
	assert_int_equal(identity.role.length, 6);
	assert_string_equal(identity.claims.at, "{\"app\":{\"role\":\"writ\\u0065r\"}, \"exp\":1234.5 }");
	assert_int_equal(identity.claims.length, strlen(identity.claims.at));
	assert_true(identity.expires_s == 1235 + TOKEN_LEEWAY_S);
	identity = identity_of("{}", &arena);
	assert_null(identity.role.at);
	assert_true(identity.expires_s == IDENTITY_NEVER_EXPIRES);
	arena_cleanup(&arena);
}

/* The claims of the RFCs' tokens: at their time they are good, and without a role. */
static void the_tokens_of_the_rfc(void **state)
{
	static const struct token_rules rules = {.issuer = "joe"};
	struct key_set *keys = keys_of(text_of(rfc7515_a1_key), KEYS_FOR_VERIFYING);
	struct arena arena = {0};
	struct identity identity;

	(void)state;
	assert_int_equal(token_verify(keys, &rules, text_of(rfc7515_a1_token), 1300819380, &arena, &identity),
			 TOKEN_GOOD);
	assert_null(identity.role.at);
	assert_int_equal(token_verify(keys, &rules, text_of(rfc7515_a1_token), 1300819410, &arena, &identity),
			 TOKEN_EXPIRED);
	key_set_destroy(keys);
	arena_cleanup(&arena);
}

/* Equal for the same role and claims alone. */
static void the_hash_is_of_role_and_claims(void **state)
{
	struct arena arena = {0};
	struct identity first = identity_of("{\"app\":{\"role\":\"a\"}}", &arena);
	struct identity same = identity_of("{\"app\":{\"role\":\"a\"}}", &arena), other, none;

	(void)state;
	assert_memory_equal(first.hash, same.hash, DIGEST_BYTES);
	identity_init(&other, TEXT("b"), first.claims, 0);
	assert_memory_not_equal(first.hash, other.hash, DIGEST_BYTES);
	identity_init(&other, first.role, TEXT("{}"), 0);
	assert_memory_not_equal(first.hash, other.hash, DIGEST_BYTES);
	identity_init(&none, (struct text){0}, TEXT("a"), 0);
	identity_init(&other, TEXT("a"), TEXT(""), 0);
	assert_memory_not_equal(none.hash, other.hash, DIGEST_BYTES);
	arena_cleanup(&arena);
}

static void a_copy_has_texts_of_its_own(void **state)
{
	struct arena arena = {0}, own = {0};
	struct identity identity = identity_of("{\"app\":{\"role\":\"a\"}}", &arena), none = identity_of("{}", &arena);
	struct identity copy = identity_copy(&identity, &own), copy_of_none = identity_copy(&none, &own);

	(void)state;
	memset((char *)(uintptr_t)identity.claims.at, 'x', identity.claims.length);
	arena_cleanup(&arena);
	assert_string_equal(copy.role.at, "a");
	assert_string_equal(copy.claims.at, "{\"app\":{\"role\":\"a\"}}");
	assert_null(copy_of_none.role.at);
	arena_cleanup(&own);
}

static void base64url_of_each_length(void **state)
{
	static const char *const encoded[] = {"", "_w", "__4", "__79", "__79_A", "__79_Ps", "__79_Pv6"};
	static const char bytes[] = "\xff\xfe\xfd\xfc\xfb\xfa";
	static const char *const wrong[] = {"A",    "AAAAA", "_x",   "__5",   "_w==",  "_w=",  "+/+/",
					    "AA+A", "AA/A",  "AAA=", "AA AA", "A\xff", "AA\nA"};
	struct arena arena = {0};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(encoded); i++) {
		struct buffer out = buffer_in(&arena);
		struct text decoded;

		base64url_add(&out, (struct text){bytes, i});
		assert_true(text_equal(buffer_text(&out), text_of(encoded[i])));
		assert_true(base64url_decode(text_of(encoded[i]), &arena, &decoded));
		assert_true(text_equal(decoded, (struct text){bytes, i}));
	}
	for (unsigned i = 0; i < ARRAY_LENGTH(wrong); i++) {
		struct text decoded;

		if (base64url_decode(text_of(wrong[i]), &arena, &decoded))
			fail_msg("%s", wrong[i]);
	}
	arena_cleanup(&arena);
}

/* Sentences go into a header field, in quotes. */
static void sentences_can_be_quoted(void **state)
{
	(void)state;
	for (int error = TOKEN_GOOD + 1; error < TOKEN_ERROR_COUNT; error++) {
		const char *sentence = token_error_sentence((enum token_error)error);

		assert_true(strlen(sentence) > 10 && strlen(token_error_word((enum token_error)error)) > 3);
		for (const char *c = sentence; *c != '\0'; c++)
			assert_true(*c >= ' ' && *c <= '~' && *c != '"' && *c != '\\');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_token_gives_an_identity),      cmocka_unit_test(the_tokens_of_the_rfc),
	    cmocka_unit_test(the_hash_is_of_role_and_claims), cmocka_unit_test(a_copy_has_texts_of_its_own),
	    cmocka_unit_test(base64url_of_each_length),       cmocka_unit_test(sentences_can_be_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
