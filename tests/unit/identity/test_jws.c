#include "identity/jws.h"

#include "identity/base64url.h"
#include "lib/jose.h"
#include "lib/jose_vectors.h"

/* The vectors of the RFCs, and of another implementation: key, token, and what is signed. */
static const struct vector {
	const char *name, *key, *token, *payload;
	bool is_reproducible; /* the same signature each time */
} vectors[] = {
    {"RFC 7515 A.1", rfc7515_a1_key, rfc7515_a1_token,
     "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}", true},
    {"RFC 7515 A.2", rfc7515_a2_key, rfc7515_a2_token,
     "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}", true},
    {"RFC 7515 A.2, public", rfc7515_a2_public_key, rfc7515_a2_token,
     "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}", false},
    {"RFC 7515 A.3", rfc7515_a3_key, rfc7515_a3_token,
     "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}", false},
    {"RFC 7515 A.4", rfc7515_a4_key, rfc7515_a4_token, "Payload", false},
    {"RFC 7520 4.1", rfc7520_4_1_key, rfc7520_4_1_token,
     "It\xe2\x80\x99s a dangerous business, Frodo, going out your door. You step onto the road, and if you don't keep "
     "your feet, there\xe2\x80\x99s no knowing where you might be swept off to.",
     true},
    {"RFC 7520 4.2", rfc7520_4_2_key, rfc7520_4_2_token,
     "It\xe2\x80\x99s a dangerous business, Frodo, going out your door. You step onto the road, and if you don't keep "
     "your feet, there\xe2\x80\x99s no knowing where you might be swept off to.",
     false},
    {"RFC 7520 4.3", rfc7520_4_3_key, rfc7520_4_3_token,
     "It\xe2\x80\x99s a dangerous business, Frodo, going out your door. You step onto the road, and if you don't keep "
     "your feet, there\xe2\x80\x99s no knowing where you might be swept off to.",
     false},
    {"RFC 7520 4.4", rfc7520_4_4_key, rfc7520_4_4_token,
     "It\xe2\x80\x99s a dangerous business, Frodo, going out your door. You step onto the road, and if you don't keep "
     "your feet, there\xe2\x80\x99s no knowing where you might be swept off to.",
     true},
    {"RFC 8037 A.4", rfc8037_key, rfc8037_token, "Example of Ed25519 signing", true},
    {"HS384", rfc7515_a1_key, python_hs384_token, "Payload", false},
    {"HS512", rfc7515_a1_key, python_hs512_token, "Payload", false},
    {"RS384", rfc7515_a2_public_key, python_rs384_token, "Payload", false},
    {"RS512", rfc7515_a2_public_key, python_rs512_token, "Payload", false},
    {"PS256", rfc7515_a2_public_key, python_ps256_token, "Payload", false},
    {"PS512", rfc7515_a2_public_key, python_ps512_token, "Payload", false},
    {"ES384", python_es384_key, python_es384_token, "Payload", false},
};

static enum token_error verify(const struct key_set *keys, const char *token, struct arena *arena, struct text *payload)
{
	return jws_verify(keys, text_of(token), arena, payload);
}

static void the_vectors_are_taken(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(vectors); i++) {
		struct key_set *keys = keys_of(text_of(vectors[i].key), KEYS_FOR_VERIFYING);
		struct arena arena = {0};
		struct text payload = {0};
		enum token_error error = verify(keys, vectors[i].token, &arena, &payload);

		if (error != TOKEN_GOOD)
			fail_msg("%s: %s", vectors[i].name, token_error_word(error));
		assert_true(text_equal(payload, text_of(vectors[i].payload)));
		arena_cleanup(&arena);
		key_set_destroy(keys);
	}
}

/* The public half of a key is the same one. */
static bool is_same_key(const char *one, const char *other)
{
	size_t length = strlen(one) < strlen(other) ? strlen(one) : strlen(other);

	return strncmp(one, other, length - 1) == 0;
}

static void no_key_takes_the_token_of_another(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(vectors); i++) {
		struct key_set *keys = keys_of(text_of(vectors[i].key), KEYS_FOR_VERIFYING);
		struct arena arena = {0};
		struct text payload;

		for (unsigned other = 0; other < ARRAY_LENGTH(vectors); other++) {
			bool is_same = is_same_key(vectors[i].key, vectors[other].key);

			if ((verify(keys, vectors[other].token, &arena, &payload) == TOKEN_GOOD) != is_same)
				fail_msg("the key of %s, the token of %s", vectors[i].name, vectors[other].name);
		}
		arena_cleanup(&arena);
		key_set_destroy(keys);
	}
}

/* What is signed is taken; and a signature that is the same each time is the RFC's. */
static void what_is_signed_is_taken(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(vectors); i++) {
		struct key_set *keys = keys_of(text_of(vectors[i].key), KEYS_FOR_VERIFYING);
		const struct key *key = &keys->keys[0];
		struct arena arena = {0};
		struct text payload, token, parts = text_of(vectors[i].token), header;

		for (unsigned a = 0; key->can_sign && a < ALGORITHM_COUNT; a++) {
			if (!algorithm_is_in(&algorithms[a], key->algorithms))
				continue;
			token = jws_sign(key, &algorithms[a], TEXT("some text"), &arena);
			assert_int_equal(jws_verify(keys, token, &arena, &payload), TOKEN_GOOD);
			assert_true(text_equal(payload, TEXT("some text")));
		}
		header = text_cut_at(&parts, '.');
		if (vectors[i].is_reproducible) {
			struct text bytes;

			assert_true(base64url_decode(header, &arena, &bytes));
			token = jws_sign_with_header(key, algorithm_first(key->algorithms), bytes,
						     text_of(vectors[i].payload), &arena);
			assert_true(text_equal(token, text_of(vectors[i].token)));
		}
		arena_cleanup(&arena);
		key_set_destroy(keys);
	}
}

/* Forms of a JWS that are none of ours. */
static void other_forms_are_refused(void **state)
{
	static const struct {
		const char *key, *token;
		enum token_error error;
	} cases[] = {
	    {rfc7515_a1_key, rfc7515_a5_token, TOKEN_ALGORITHM},
	    {rfc7520_4_4_key, rfc7520_4_5_token, TOKEN_SIGNATURE},
	    {rfc7520_4_4_key, rfc7520_4_6_json, TOKEN_MALFORMED},
	    {rfc7520_4_1_key, rfc7520_4_8_json, TOKEN_MALFORMED},
	    {rfc7515_a1_key, "", TOKEN_MALFORMED},
	    {rfc7515_a1_key, "..", TOKEN_HEADER},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct key_set *keys = keys_of(text_of(cases[i].key), KEYS_FOR_VERIFYING);
		struct arena arena = {0};
		struct text payload;

		assert_int_equal(verify(keys, cases[i].token, &arena, &payload), cases[i].error);
		arena_cleanup(&arena);
		key_set_destroy(keys);
	}
}

/* Which keys a token is tried with: by the `kid` of both. */
static void the_kid_picks_the_key(void **state)
{
#define SECRET(kid, letter) "{\"kty\":\"oct\"" kid ",\"k\":\"" letter letter letter letter "\"}"
#define A                   "AAAAAAAAAAAAAAAA"
#define B                   "BBBBBBBBBBBBBBBB"
#define C                   "CCCCCCCCCCCCCCCC"
	static const char one[] = "{\"keys\":[" SECRET(",\"kid\":\"a\"", A) "," SECRET(",\"kid\":\"b\"", B) "]}";
	static const char some[] = "{\"keys\":[" SECRET(",\"kid\":\"a\"", A) "," SECRET("", B) "]}";
	static const char same[] = "{\"keys\":[" SECRET(",\"kid\":\"a\"", A) "," SECRET(",\"kid\":\"a\"", B) "]}";
	static const struct {
		const char *set, *signer, *header;
		enum token_error error;
	} cases[] = {
	    {one, SECRET("", B), "{\"alg\":\"HS256\",\"kid\":\"b\"}", TOKEN_GOOD},
	    {one, SECRET("", B), "{\"alg\":\"HS256\",\"kid\":\"a\"}", TOKEN_SIGNATURE},
	    {one, SECRET("", B), "{\"alg\":\"HS256\"}", TOKEN_GOOD},
	    {one, SECRET("", B), "{\"alg\":\"HS256\",\"kid\":\"c\"}", TOKEN_KEY_UNKNOWN},
	    {one, SECRET("", B), "{\"alg\":\"HS256\",\"kid\":\"\"}", TOKEN_KEY_UNKNOWN},
	    {one, SECRET("", C), "{\"alg\":\"HS256\"}", TOKEN_SIGNATURE},
	    {some, SECRET("", B), "{\"alg\":\"HS256\",\"kid\":\"c\"}", TOKEN_GOOD},
	    {some, SECRET("", A), "{\"alg\":\"HS256\",\"kid\":\"c\"}", TOKEN_KEY_UNKNOWN},
	    {some, SECRET("", B), "{\"alg\":\"HS256\",\"kid\":\"a\"}", TOKEN_SIGNATURE},
	    {some, SECRET("", A), "{\"alg\":\"HS256\",\"kid\":\"\"}", TOKEN_KEY_UNKNOWN},
	    {some, SECRET("", A), "{\"kid\":\"a\"}", TOKEN_HEADER},
	    {some, SECRET("", B), "{\"alg\":\"HS256\"}", TOKEN_GOOD},
	    {same, SECRET("", B), "{\"alg\":\"HS256\",\"kid\":\"a\"}", TOKEN_GOOD},
	    {one, SECRET("", B), "{\"alg\":\"ES256\",\"kid\":\"b\"}", TOKEN_ALGORITHM},
	    {one, SECRET("", B), "{\"alg\":\"ES256\"}", TOKEN_ALGORITHM},
	    {one, SECRET("", B), "{\"\\u0061lg\":\"HS256\",\"kid\":\"\\u0062\"}", TOKEN_GOOD},
	    {one, SECRET("", B), " {\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"cty\":7,\"jku\":\"x\"}\n", TOKEN_GOOD},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct key_set *keys = keys_of(text_of(cases[i].set), KEYS_FOR_VERIFYING);
		struct key_set *signer = keys_of(text_of(cases[i].signer), KEYS_FOR_SIGNING);
		struct arena arena = {0};
		struct text payload, token = jws_sign_with_header(&signer->keys[0], &algorithms[0],
								  text_of(cases[i].header), TEXT("{}"), &arena);
		enum token_error error = jws_verify(keys, token, &arena, &payload);

		if (error != cases[i].error)
			fail_msg("case %u: %s", i, token_error_word(error));
		arena_cleanup(&arena);
		key_set_destroy(signer);
		key_set_destroy(keys);
	}
}

/* A forged token does not cost a signature for each key of a long set. */
static void tries_are_bounded(void **state)
{
	struct arena arena = {0};
	struct buffer set = buffer_in(&arena);
	struct key_set *keys;
	struct text payload;

	(void)state;
	buffer_add(&set, TEXT("{\"keys\":["));
	for (unsigned i = 0; i <= JWS_TRIES_MAX; i++)
		buffer_printf(&set, "{\"kty\":\"oct\",\"k\":\"%c" A A "AAAAAAAAAA\"},", 'A' + (int)i);
	set.length--;
	buffer_add(&set, TEXT("]}"));
	keys = keys_of(buffer_text(&set), KEYS_FOR_VERIFYING);
	for (unsigned i = 0; i <= JWS_TRIES_MAX; i++) {
		struct text token = jws_sign(&keys->keys[i], &algorithms[0], TEXT("{}"), &arena);

		assert_int_equal(jws_verify(keys, token, &arena, &payload),
				 i < JWS_TRIES_MAX ? TOKEN_GOOD : TOKEN_SIGNATURE);
	}
	arena_cleanup(&arena);
	key_set_destroy(keys);
}

/* The length counts as it stands there: one byte more is too long. */
static void the_length_is_bounded(void **state)
{
	struct key_set *keys = keys_of(text_of(rfc7515_a1_key), KEYS_FOR_VERIFYING);
	struct arena arena = {0};
	/* header 36, signature 43, two dots; of the rest three bytes make four */
	size_t bytes = (JWS_BYTES_MAX - 36 - 43 - 2) * 3 / 4;
	char *text = memset(arena_alloc(&arena, bytes + 1), ' ', bytes + 1);
	struct text payload, token;

	(void)state;
	token = jws_sign(&keys->keys[0], &algorithms[0], (struct text){text, bytes}, &arena);
	assert_in_range(token.length, JWS_BYTES_MAX - 1, JWS_BYTES_MAX);
	assert_int_equal(jws_verify(keys, token, &arena, &payload), TOKEN_GOOD);
	token = jws_sign(&keys->keys[0], &algorithms[0], (struct text){text, bytes + 1}, &arena);
	assert_int_equal(jws_verify(keys, token, &arena, &payload), TOKEN_TOO_LONG);
	arena_cleanup(&arena);
	key_set_destroy(keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_vectors_are_taken),   cmocka_unit_test(no_key_takes_the_token_of_another),
	    cmocka_unit_test(what_is_signed_is_taken), cmocka_unit_test(other_forms_are_refused),
	    cmocka_unit_test(the_kid_picks_the_key),   cmocka_unit_test(tries_are_bounded),
	    cmocka_unit_test(the_length_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
