#include "key_set_fixture.h"

#define SECRET_47         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define SECRET_48         SECRET_47 "A"
#define SECRET_64         SECRET_48 "AAAAAAAAAAAAAAAAAAAAAA"
#define OCT(secret, more) "{\"kty\":\"oct\",\"k\":\"" secret "\"" more "}"

static void the_key_fixes_the_algorithms(void **state)
{
	static const struct {
		const char *jwk, *names;
	} cases[] = {
	    {OCT(SECRET_32, ""), "HS256"},
	    {OCT(SECRET_47, ""), "HS256"},
	    {OCT(SECRET_48, ""), "HS256 HS384"},
	    {OCT(SECRET_64, ""), "HS256 HS384 HS512"},
	    {OCT(SECRET_64, ",\"alg\":\"HS384\""), "HS384"},
	    {OCT(SECRET_32, ",\"use\":\"sig\",\"key_ops\":[\"sign\",\"verify\"],\"x\":\"\",\"ext\":true"), "HS256"},
	    {rfc7515_a2_public_key, "RS256 RS384 RS512 PS256 PS384 PS512"},
	    {rfc7517_a1_set, "RS256"},
	    {rfc7515_a3_key, "ES256"},
	    {rfc7515_a4_key, "ES512"},
	    {rfc8037_key, "EdDSA"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct key_set *keys = keys_of(text_of(cases[i].jwk), KEYS_FOR_VERIFYING);

		assert_int_equal(keys->count, 1);
		assert_string_equal(names_of(keys->keys[0].algorithms), cases[i].names);
		key_set_destroy(keys);
	}
}

/* Keys of a set that say that they are for something else, in front of one that is not. */
static void keys_for_other_uses_are_passed_over(void **state)
{
	static const char *const cases[] = {
	    OCT(SECRET_32, ",\"use\":\"enc\""),
	    OCT(SECRET_32, ",\"use\":\"\""),
	    OCT(SECRET_32, ",\"key_ops\":[\"encrypt\",\"decrypt\"]"),
	    OCT(SECRET_32, ",\"key_ops\":[]"),
	    OCT(SECRET_32, ",\"key_ops\":[\"sign\"]"),
	    OCT(SECRET_32, ",\"key_ops\":[1,null,\"sign\"]"),
	    OCT(SECRET_32, ",\"alg\":\"A128KW\""),
	    OCT(SECRET_32, ",\"alg\":\"none\""),
	    OCT(SECRET_32, ",\"alg\":\"\""),
	    "{\"kty\":\"octal\"}",
	    "{\"kty\":\"oct\",\"use\":\"enc\"}",
	    "{\"kty\":\"EC\"}",
	    "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AA\",\"y\":\"AA\"}",
	    "{\"kty\":\"EC\",\"crv\":\"Ed25519\"}",
	    "{\"kty\":\"OKP\",\"crv\":\"Ed448\"}",
	    rfc8037_x25519_key,
	    rfc7520_3_6_key,
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct arena arena = {0};
		char *set = arena_printf(&arena, "{\"keys\":[%s, %s]}", cases[i], rfc7515_a3_key), *wrong;
		struct key_set *keys = keys_of(text_of(set), KEYS_FOR_VERIFYING);

		assert_int_equal(keys->count, 1);
		assert_int_equal(keys->keys[0].kind, KEY_P256);
		key_set_destroy(keys);
		/* alone they are no set */
		wrong = wrong_with(text_of(cases[i]), KEYS_FOR_VERIFYING);
		assert_string_equal(wrong, "keys: no key in it verifies: all are for other uses, or of other kinds\n");
		free(wrong);
		arena_cleanup(&arena);
	}
}

/* For signing a public key is passed over, and a private one is not; key_ops is looked at. */
static void what_signs(void **state)
{
	static const struct {
		const char *set;
		bool can_sign;
	} cases[] = {
	    {rfc7515_a1_key, true},
	    {rfc7515_a2_key, true},
	    {rfc7515_a2_public_key, false},
	    {rfc7515_a3_key, true},
	    {rfc7517_a1_set, false},
	    {rfc7517_a2_set, true},
	    {rfc7517_a3_set, true},
	    {rfc8037_key, true},
	    {OCT(SECRET_32, ",\"key_ops\":[\"verify\"]"), false},
	    {OCT(SECRET_32, ",\"key_ops\":[\"sign\"]"), true},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		char *wrong = wrong_with(text_of(cases[i].set), KEYS_FOR_SIGNING);

		assert_string_equal(wrong, cases[i].can_sign
					       ? ""
					       : "keys: no key in it signs: expected a secret, or a private key of a "
						 "kind that tokens are signed with\n");
		free(wrong);
	}
}

#define P256_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define P256_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"

static void faults_are_told(void **state)
{
	static const struct {
		const char *text, *wrong;
	} cases[] = {
	    {"", "keys: empty; expected a JWK set, PEM, or a raw secret of 32 bytes or more\n"},
	    {" \n", "keys: empty; expected a JWK set, PEM, or a raw secret of 32 bytes or more\n"},
	    {"{", "keys:1: a JWK set was expected: this is no JSON: a name in double quotes was expected\n"},
	    {"{\n\"keys\":[\n}", "keys:3: a JWK set was expected: this is no JSON: a value was expected\n"},
	    {"{\"keys\":\"\xff\"}", "keys:1: a JWK set was expected: this is not UTF-8\n"},
	    {"{\"keys\":[],\n\"keys\":[]}", "keys:2: a JWK set was expected: a member stands twice in its object\n"},
	    {"{\"keys\":[{\"kty\":\"oct\",\n\"k\":\"1\",\"\\u006b\":\"2\"}]}",
	     "keys:2: a JWK set was expected: a member stands twice in its object\n"},
	    {"{}", "keys:1: key 1: \"kty\" is missing\n"},
	    {"{\"keys\":{}}", "keys:1: a JWK set was expected: \"keys\" must be an array\n"},
	    {"{\"keys\":[1]}", "keys:1: a JWK set was expected: \"keys\" must have objects only\n"},
	    {"{\"keys\":[]}", "keys: no key in it verifies: all are for other uses, or of other kinds\n"},
	    {"{\"keys\":[\n{\"kty\":7}]}", "keys:2: key 1: \"kty\" must be a string\n"},
	    {"{\"kty\":\"oct\",\"kid\":7}", "keys:1: key 1: \"kid\" must be a string\n"},
	    {"{\"kty\":\"oct\",\"use\":[\"sig\"]}", "keys:1: key 1: \"use\" must be a string\n"},
	    {"{\"kty\":\"oct\",\"key_ops\":\"verify\"}", "keys:1: key 1: \"key_ops\" must be an array\n"},
	    {"{\"kty\":\"oct\",\"k\":null}", "keys:1: key 1: \"k\" must be a string\n"},
	    {"{\"kty\":\"oct\"}", "keys: key 1: an oct key has \"k\"\n"},
	    {OCT(SECRET_32 "=", ""), "keys: key 1: \"k\" is not base64url without padding\n"},
	    {OCT("\\u0041" SECRET_32, ""), "keys: key 1: \"k\" is not base64url without padding\n"},
	    {OCT("AAAA", ""), "keys: key 1: the secret is too short: 32 bytes or more are expected\n"},
	    {OCT(SECRET_32, ",\"kid\":\"\\u0000\""), "keys: key 1: \"kid\" holds U+0000\n"},
	    {OCT(SECRET_32, ",\"alg\":\"HS512\""),
	     "keys: key 1: \"alg\" does not fit: HS256 has a secret of 32 bytes or more, HS384 of 48, HS512 of 64\n"},
	    {OCT(SECRET_32, ",\"alg\":\"RS256\""),
	     "keys: key 1: \"alg\" does not fit: HS256 has a secret of 32 bytes or more, HS384 of 48, HS512 of 64\n"},
	    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ES384\",\"x\":\"" P256_X "\",\"y\":\"" P256_Y "\"}",
	     "keys: key 1: \"alg\" does not fit the kind of key\n"},
	    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "\"}",
	     "keys: key 1: an EC key has \"x\" and \"y\", each as long as its curve says\n"},
	    {"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" P256_X "\",\"y\":\"" P256_Y "\"}",
	     "keys: key 1: an EC key has \"x\" and \"y\", each as long as its curve says\n"},
	    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_Y "\",\"y\":\"" P256_X "\"}",
	     "keys: key 1: the parts of the key do not make a key\n"},
	    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" SECRET_32 "\",\"y\":\"" SECRET_32 "\"}",
	     "keys: key 1: the parts of the key do not make a key\n"},
	    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"d\":\"AAAA\",\"x\":\"" P256_X "\",\"y\":\"" P256_Y "\"}",
	     "keys: key 1: \"d\" is not as long as the curve says\n"},
	    {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"!\",\"y\":\"" P256_Y "\"}",
	     "keys: key 1: a part of it is not base64url without padding\n"},
	    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}",
	     "keys: key 1: an Ed25519 key has \"x\", of 32 bytes\n"},
	    {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" SECRET_32 "\",\"d\":\"" SECRET_32 "\"}",
	     "keys: key 1: the parts of the key do not make a key\n"},
	    {"{\"kty\":\"RSA\",\"e\":\"AQAB\"}", "keys: key 1: an RSA key has \"n\" and \"e\"\n"},
	    {"{\"kty\":\"RSA\",\"n\":\"" SECRET_64 "\",\"e\":\"\"}", "keys: key 1: an RSA key has \"n\" and \"e\"\n"},
	    {"{\"kty\":\"RSA\",\"n\":\"" SECRET_64 "\",\"e\":\"AQAB\",\"d\":\"AQAB\",\"p\":\"AQAB\"}",
	     "keys: key 1: a private RSA key has \"d\", and all of \"p\", \"q\", \"dp\", \"dq\" and \"qi\", or none\n"},
	    {"{\"kty\":\"RSA\",\"n\":\"_wEB\",\"e\":\"AQAB\",\"d\":\"AQAB\",\"oth\":[]}",
	     "keys: key 1: RSA keys with more than two primes are not supported\n"},
	    {"{\"kty\":\"RSA\",\"n\":\"_wEB\",\"e\":\"AQAB\"}",
	     "keys: key 1: the RSA key is too short: 2048 bits or more are expected\n"},
	    {"short", "keys: the raw secret: the secret is too short: 32 bytes or more are expected\n"},
#define NO_SECRET "; expected a JWK set, PEM, or a raw secret of 32 bytes or more\n"
	    {"<html><head>\n<title>404 Not Found</title>\n</head></html>\n",
	     "keys: this is a text of several lines" NO_SECRET},
	    {"<html><title>404 Not Found</title></html>\n", "keys: this is a page" NO_SECRET},
	    {"billing 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef biller\r\n",
	     "keys: this is a line of API keys" NO_SECRET},
	    {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.AAAAAAAAAAAAAAAA\n", "keys: this is a token" NO_SECRET},
	    {"mt_Yd9PXOoV4C-VlNOZjj8aFCNjnFv8r-2RXFuMB4f95aI\n", "keys: this is an API key" NO_SECRET},
	    {"\"https://issuer.example/.well-known/jwks.json\"\n", "keys: this is in quotes" NO_SECRET},
	    {"'0123456789abcdef0123456789abcdef'", "keys: this is in quotes" NO_SECRET},
	    {"SECRET=0123456789abcdef0123456789abcdef\n", "keys: this is a name with a value" NO_SECRET},
	    {"0123456789abcdef0123456789abcdef\n\n", "keys: this is a text of several lines" NO_SECRET},
	    /* these are secrets */
	    {" 0123456789abcdef0123456789abcdef", ""},
	    {"one secret of words that no other service has\n", ""},
	    {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0AAAAAAAAAAAAAAAA\n", ""},
	    {"R2ymjYGFOt8gXOrZVWPUZzFAka+Q840cQ8uDQNBvTg==\n", ""},
	    {"=0123456789abcdef0123456789abcdef", ""},
	    {"0123456789 abcdef 0123456789 \xc3\xa4 abcdef\r\n", ""},
	    {"0123456789\nabcdef\x01"
	     "0123456789abcdef0123456789",
	     ""},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		char *wrong = wrong_with(text_of(cases[i].text), KEYS_FOR_VERIFYING);

		if (strcmp(wrong, cases[i].wrong) != 0)
			fail_msg("%s:\n%sexpected\n%s", cases[i].text, wrong, cases[i].wrong);
		free(wrong);
	}
}

/* What other hosts give: public keys alone, as JSON. */
static void fetched_keys_are_public(void **state)
{
#define PUBLISHED                                                                                                      \
	"keys: key 1: it is a secret or a private key, and others can fetch it as well: expected a public key\n"
	static const struct {
		const char *text, *wrong;
	} cases[] = {
	    {rfc7515_a2_public_key, ""},
	    {rfc7517_a1_set, ""},
	    {rfc7515_a1_key, PUBLISHED},
	    {rfc7515_a2_key, PUBLISHED},
	    {rfc8037_key, PUBLISHED},
	    {"", "keys: empty; expected a JWK set\n"},
	    {"<html><title>502 Bad Gateway</title></html>",
	     "keys: a JWK set was expected: this does not begin with \"{\"\n"},
	    {"-----BEGIN PUBLIC KEY-----", "keys: a JWK set was expected: this does not begin with \"{\"\n"},
	    {"{\"error\":\"busy\"}", "keys:1: key 1: \"kty\" is missing\n"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		char *wrong = wrong_with(text_of(cases[i].text), KEYS_FETCHED);

		assert_string_equal(wrong, cases[i].wrong);
		free(wrong);
	}
}

/* Replaces the one occurrence. */
static char *replaced(struct arena *arena, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	assert_non_null(at);
	return arena_printf(arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* 8192 bits are not too many, though all ones are no modulus. */
static void long_keys_are_refused(void **state)
{
	static const struct {
		size_t bytes;
		char first;
		const char *wrong;
	} cases[] = {
	    {1024, '\xff', "keys: key 1: the RSA modulus is none\n"},
	    {1025, '\0', "keys: key 1: the RSA modulus is none\n"},
	    {1025, '\1', "keys: key 1: the RSA key is too long: 8192 bits at most are expected\n"},
	    {1026, '\0', "keys: key 1: the RSA key is too long: 8192 bits at most are expected\n"},
	};
	static char secret[KEY_SECRET_BYTES_MAX + 1];
	char *wrong;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct arena arena = {0};
		struct buffer jwk = buffer_in(&arena);
		char *n = memset(arena_alloc(&arena, cases[i].bytes), 0xff, cases[i].bytes);

		n[0] = cases[i].first;
		buffer_add(&jwk, TEXT("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\""));
		base64url_add(&jwk, (struct text){n, cases[i].bytes});
		buffer_add(&jwk, TEXT("\"}"));
		wrong = wrong_with(buffer_text(&jwk), KEYS_FOR_VERIFYING);
		assert_string_equal(wrong, cases[i].wrong);
		free(wrong);
		arena_cleanup(&arena);
	}
	memset(secret, 's', sizeof(secret));
	key_set_destroy(keys_of((struct text){secret, KEY_SECRET_BYTES_MAX}, KEYS_FOR_VERIFYING));
	wrong = wrong_with((struct text){secret, KEY_SECRET_BYTES_MAX + 1}, KEYS_FOR_VERIFYING);
	assert_string_equal(wrong, "keys: the raw secret: the secret is too long: 4096 bytes at most are expected\n");
	free(wrong);
}

static void weak_rsa_keys_are_refused(void **state)
{
	static const struct {
		const char *e, *wrong;
	} cases[] = {
	    {"AQ", "the RSA key's exponent is not an odd number from 3 to 64 bits"},
	    {"AA", "the RSA key's exponent is not an odd number from 3 to 64 bits"},
	    {"AQAA", "the RSA key's exponent is not an odd number from 3 to 64 bits"},
	    {"gAAAAAAAAAE", NULL},
	    {"AQAAAAAAAAAB", "the RSA key's exponent is not an odd number from 3 to 64 bits"},
	};
	struct arena arena = {0};
	char *even = replaced(&arena, rfc7515_a2_public_key, "XpoQ\"", "Xpog\""), *wrong;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		char *e = arena_printf(&arena, "\"%s\"", cases[i].e);

		wrong = wrong_with(text_of(replaced(&arena, rfc7515_a2_public_key, "\"AQAB\"", e)), KEYS_FOR_VERIFYING);
		assert_string_equal(
		    wrong, cases[i].wrong == NULL ? "" : arena_printf(&arena, "keys: key 1: %s\n", cases[i].wrong));
		free(wrong);
	}
	wrong = wrong_with(text_of(even), KEYS_FOR_VERIFYING);
	assert_string_equal(wrong, "keys: key 1: the RSA modulus is none\n");
	free(wrong);
	arena_cleanup(&arena);
}

/* A faulty key beside a good one: it is told, and the set is there for a caller that only logs it. */
static void a_faulty_key_is_left_out(void **state)
{
	struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));
	struct arena arena = {0};
	struct key_set *keys;

	(void)state;
	diagnostics_init(diagnostics, &arena);
	keys =
	    key_set_create(TEXT("{\"keys\":[{\"kty\":\"oct\",\"k\":\"\"}," OCT(SECRET_32, ",\"kid\":\"\\u0061\"") "]}"),
			   "keys", KEYS_FOR_VERIFYING, diagnostics);
	assert_non_null(keys);
	assert_int_equal(keys->count, 1);
	assert_true(text_equal(keys->keys[0].kid, TEXT("a")));
	assert_int_equal(diagnostics->count, 1);
	key_set_destroy(keys);
	arena_cleanup(&arena);
	free(diagnostics);
}

static void the_number_of_keys_is_bounded(void **state)
{
	struct arena arena = {0};
	struct buffer set = buffer_in(&arena);
	struct key_set *keys;
	char *wrong;

	(void)state;
	buffer_add(&set, TEXT("{\"keys\":[" OCT(SECRET_32, "")));
	for (unsigned i = 1; i < KEY_SET_KEYS_MAX; i++)
		buffer_add(&set, TEXT("," OCT(SECRET_32, "")));
	buffer_add(&set, TEXT("]}"));
	keys = keys_of(buffer_text(&set), KEYS_FOR_VERIFYING);
	assert_int_equal(keys->count, KEY_SET_KEYS_MAX);
	key_set_destroy(keys);
	set.length -= 2;
	buffer_add(&set, TEXT("," OCT(SECRET_32, "") "]}"));
	wrong = wrong_with(buffer_text(&set), KEYS_FOR_VERIFYING);
	assert_string_equal(wrong, "keys: key 101: more than 100 keys\n");
	free(wrong);
	wrong = wrong_with((struct text){memset(arena_alloc(&arena, KEY_SET_BYTES_MAX + 1), 'a', KEY_SET_BYTES_MAX + 1),
					 KEY_SET_BYTES_MAX + 1},
			   KEYS_FOR_VERIFYING);
	assert_string_equal(wrong, "keys: too long: 262144 bytes at most are expected\n");
	free(wrong);
	arena_cleanup(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_key_fixes_the_algorithms),
	    cmocka_unit_test(keys_for_other_uses_are_passed_over),
	    cmocka_unit_test(what_signs),
	    cmocka_unit_test(faults_are_told),
	    cmocka_unit_test(fetched_keys_are_public),
	    cmocka_unit_test(weak_rsa_keys_are_refused),
	    cmocka_unit_test(long_keys_are_refused),
	    cmocka_unit_test(a_faulty_key_is_left_out),
	    cmocka_unit_test(the_number_of_keys_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
