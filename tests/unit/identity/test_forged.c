/* Forged tokens, made systematically: each is refused, whatever the key. Those with a good signature are refused for what
 * they say. */
#include "identity/token.h"

#include "identity/base64url.h"
#include "lib/jose.h"
#include "lib/jose_vectors.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum { NOW_S = 1000000000 };

#define GOOD_CLAIMS "{\"sub\":\"zoe\",\"role\":\"writer\",\"exp\":1000003600}"

/* For each kind of key two: the service knows the first alone. */
static struct kind {
	const char *name;
	struct key_set *keys, *others;
} kinds[] = {{.name = "oct"},   {.name = "RSA"},   {.name = "P-256"},
	     {.name = "P-384"}, {.name = "P-521"}, {.name = "ED25519"}};

static unsigned refused_count;
static struct arena arena;

/* As PEM, since that is what libcrypto writes. */
static struct key_set *generate(const char *kind)
{
	EVP_PKEY *pkey = strcmp(kind, "RSA") == 0       ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)
			 : strcmp(kind, "ED25519") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
							: EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
	BIO *out = BIO_new(BIO_s_mem());
	struct key_set *keys;
	char *text;
	long length;

	assert_int_equal(PEM_write_bio_PrivateKey(out, pkey, NULL, NULL, 0, NULL, NULL), 1);
	length = BIO_get_mem_data(out, &text);
	keys = keys_of((struct text){text, (size_t)length}, KEYS_FOR_SIGNING);
	BIO_free(out);
	EVP_PKEY_free(pkey);
	return keys;
}

static int make_keys(void **state)
{
	(void)state;
	kinds[0].keys =
	    keys_of(TEXT("one secret of sixty-four bytes, which no other service has had. "), KEYS_FOR_SIGNING);
	kinds[0].others =
	    keys_of(TEXT("another secret of sixty-four bytes, which this service lacks... "), KEYS_FOR_SIGNING);
	for (unsigned i = 1; i < ARRAY_LENGTH(kinds); i++) {
		kinds[i].keys = generate(kinds[i].name);
		kinds[i].others = generate(kinds[i].name);
	}
	return 0;
}

static int forget_keys(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(kinds); i++) {
		key_set_destroy(kinds[i].keys);
		key_set_destroy(kinds[i].others);
	}
	arena_cleanup(&arena);
	return 0;
}

static const struct token_rules no_rules = {0};

static enum token_error verify(const struct key_set *keys, const struct token_rules *rules, struct text token)
{
	struct identity identity;
	/* a copy of exactly this size: sanitizers see what is read beyond it */
	char *copy = malloc(token.length + (token.length == 0));
	enum token_error error;

	memcpy(copy, token.at, token.length);
	error = token_verify(keys, rules, (struct text){copy, token.length}, NOW_S, &arena, &identity);
	free(copy);
	return error;
}

static void refuse(const struct key_set *keys, struct text token, const char *what)
{
	enum token_error error = verify(keys, &no_rules, token);

	if (error == TOKEN_GOOD)
		fail_msg("taken: %s: %.*s", what, TEXT_ARGS(token));
	/* without a good signature nothing is said that would help to make one */
	if (error > TOKEN_SIGNATURE)
		fail_msg("%s: %s, before the signature", what, token_error_word(error));
	refused_count++;
}

static struct text signed_by(const struct key *key, const struct algorithm *algorithm, const char *header,
			     struct text claims)
{
	return jws_sign_with_header(key, algorithm, text_of(header), claims, &arena);
}

static struct text good_token(const struct kind *kind, const struct algorithm *algorithm)
{
	struct text token = jws_sign(&kind->keys->keys[0], algorithm, TEXT(GOOD_CLAIMS), &arena);

	assert_int_equal(verify(kind->keys, &no_rules, token), TOKEN_GOOD);
	return token;
}

struct parts {
	struct text header, payload, signature;
};

static struct parts cut(struct text token)
{
	struct parts parts;

	parts.header = text_cut_at(&token, '.');
	parts.payload = text_cut_at(&token, '.');
	parts.signature = token;
	return parts;
}

static struct text encode(struct text bytes)
{
	struct buffer out = buffer_in(&arena);

	base64url_add(&out, bytes);
	return bytes.length == 0 ? TEXT("") : buffer_text(&out);
}

static struct text decode(struct text encoded)
{
	struct text bytes;

	assert_true(base64url_decode(encoded, &arena, &bytes));
	return bytes;
}

static struct text join(struct text header, struct text payload, struct text signature)
{
	return text_of(
	    arena_printf(&arena, "%.*s.%.*s.%.*s", TEXT_ARGS(header), TEXT_ARGS(payload), TEXT_ARGS(signature)));
}

static struct text with_signature(struct parts parts, const void *bytes, size_t length)
{
	return join(parts.header, parts.payload, encode((struct text){bytes, length}));
}

typedef void forge_fn(const struct kind *kind, const struct algorithm *algorithm);

/* Each algorithm with each kind of key that has it. */
static void forge_each(forge_fn *forge)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(kinds); i++)
		for (unsigned a = 0; a < ALGORITHM_COUNT; a++)
			if (algorithm_is_in(&algorithms[a], kinds[i].keys->keys[0].algorithms))
				forge(&kinds[i], &algorithms[a]);
}

static void forge_none(const struct kind *kind, const struct algorithm *algorithm)
{
	static const char *const names[] = {"none", "None", "NONE",   "nOnE",    "",
					    "null", "HS",   "ES256K", "Ed25519", "hs256"};
	struct parts parts = cut(good_token(kind, algorithm));

	for (unsigned i = 0; i < ARRAY_LENGTH(names); i++) {
		struct text header = encode(text_of(arena_printf(&arena, "{\"alg\":\"%s\"}", names[i])));

		refuse(kind->keys, join(header, parts.payload, TEXT("")), names[i]);
		refuse(kind->keys, join(header, parts.payload, parts.signature), names[i]);
	}
}

static void unsigned_tokens(void **state)
{
	(void)state;
	forge_each(forge_none);
}

static void forge_swapped(const struct kind *kind, const struct algorithm *algorithm)
{
	struct parts parts = cut(good_token(kind, algorithm));

	for (unsigned a = 0; a < ALGORITHM_COUNT; a++)
		if (&algorithms[a] != algorithm)
			refuse(kind->keys,
			       join(encode(text_of(arena_printf(&arena, "{\"alg\":\"%s\"}", algorithms[a].name))),
				    parts.payload, parts.signature),
			       algorithms[a].name);
}

static void tokens_with_another_alg(void **state)
{
	(void)state;
	forge_each(forge_swapped);
}

static void forge_signature(const struct kind *kind, const struct algorithm *algorithm)
{
	struct parts parts = cut(good_token(kind, algorithm));
	struct text good = decode(parts.signature);
	char *bytes = memset(arena_alloc(&arena, good.length + 2), 0, good.length + 2);

	refuse(kind->keys, with_signature(parts, bytes, 0), "an empty signature");
	refuse(kind->keys, with_signature(parts, bytes, good.length), "a signature of zeros");
	memset(bytes, 0xff, good.length);
	refuse(kind->keys, with_signature(parts, bytes, good.length), "a signature of ones");
	memcpy(bytes, good.at, good.length);
	bytes[good.length] = 0;
	refuse(kind->keys, with_signature(parts, bytes, good.length - 1), "a signature without its end");
	refuse(kind->keys, with_signature(parts, bytes + 1, good.length - 1), "a signature without its beginning");
	refuse(kind->keys, with_signature(parts, bytes, good.length + 1), "a signature with one byte more");
	refuse(kind->keys, with_signature(parts, bytes, good.length / 2), "half a signature");
	for (size_t i = 0; i < good.length; i += 1 + good.length / 16) {
		memcpy(bytes, good.at, good.length);
		bytes[i] = (char)(bytes[i] ^ 1);
		refuse(kind->keys, with_signature(parts, bytes, good.length), "a signature with one bit turned");
	}
}

static void damaged_signatures(void **state)
{
	(void)state;
	forge_each(forge_signature);
}

static void forge_text(const struct kind *kind, const struct algorithm *algorithm)
{
	struct parts parts = cut(good_token(kind, algorithm));
	struct text header = decode(parts.header);

	refuse(kind->keys, join(parts.header, encode(TEXT("{\"role\":\"owner\"}")), parts.signature), "other claims");
	refuse(kind->keys, join(parts.header, encode(TEXT(GOOD_CLAIMS " ")), parts.signature), "a blank more");
	refuse(kind->keys, join(parts.header, TEXT(""), parts.signature), "no claims");
	refuse(kind->keys,
	       join(encode(text_of(arena_printf(&arena, "%.*s ", TEXT_ARGS(header)))), parts.payload, parts.signature),
	       "a header with a blank more");
	refuse(kind->keys, join(parts.payload, parts.header, parts.signature), "header and claims changed about");
	refuse(kind->keys, jws_sign(&kind->others->keys[0], algorithm, TEXT(GOOD_CLAIMS), &arena), "a key of another");
}

static void changed_texts_and_other_keys(void **state)
{
	(void)state;
	forge_each(forge_text);
}

static struct text public_pem(const struct key *key)
{
	BIO *out = BIO_new(BIO_s_mem());
	struct text copy;
	char *text;

	assert_int_equal(PEM_write_bio_PUBKEY(out, key->pkey), 1);
	copy.length = (size_t)BIO_get_mem_data(out, &text);
	copy.at = arena_copy(&arena, (struct text){text, copy.length});
	BIO_free(out);
	return copy;
}

static struct text public_der(const struct key *key)
{
	unsigned char *der = NULL;
	int length = i2d_PUBKEY(key->pkey, &der);
	struct text copy = {arena_copy(&arena, (struct text){(char *)der, (size_t)length}), (size_t)length};

	OPENSSL_free(der);
	return copy;
}

/* The public key as the secret of an HMAC: what confused libraries take. */
static void public_keys_as_secrets(void **state)
{
	(void)state;
	for (unsigned i = 1; i < ARRAY_LENGTH(kinds); i++) {
		const struct key *key = &kinds[i].keys->keys[0];
		struct text pem = public_pem(key), forms[] = {pem, {pem.at, pem.length - 1}, public_der(key)};

		for (unsigned form = 0; form < ARRAY_LENGTH(forms); form++)
			for (unsigned a = 0; a < 3; a++) {
				struct key secret;

				assert_null(key_of_secret(&secret, forms[form]));
				if (algorithm_is_in(&algorithms[a], secret.algorithms))
					refuse(kinds[i].keys,
					       jws_sign(&secret, &algorithms[a], TEXT(GOOD_CLAIMS), &arena),
					       "a public key as a secret");
				key_cleanup(&secret);
			}
	}
}

/* The order of the curve. */
static struct text order_of(const struct kind *kind)
{
	static const char p256[] =
	    "\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xbc\xe6\xfa\xad\xa7\x17"
	    "\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51";

	return strcmp(kind->name, "P-256") == 0 ? (struct text){p256, 32} : (struct text){NULL, 0};
}

static void forge_numbers(const struct kind *kind, const struct algorithm *algorithm)
{
	struct text good, order = order_of(kind);
	struct parts parts;
	size_t half;
	char bytes[2 * 66 + 2];

	if (algorithm->family != FAMILY_ECDSA)
		return;
	parts = cut(good_token(kind, algorithm));
	good = decode(parts.signature);
	half = good.length / 2;
	for (unsigned which = 0; which < 2; which++) {
		memcpy(bytes, good.at, good.length);
		memset(bytes + which * half, 0, half);
		refuse(kind->keys, with_signature(parts, bytes, good.length), which == 0 ? "r = 0" : "s = 0");
		bytes[(which + 1) * half - 1] = 1;
		refuse(kind->keys, with_signature(parts, bytes, good.length), which == 0 ? "r = 1" : "s = 1");
		if (order.at == NULL)
			continue;
		memcpy(bytes + which * half, order.at, half);
		refuse(kind->keys, with_signature(parts, bytes, good.length), which == 0 ? "r = n" : "s = n");
	}
	memcpy(bytes, good.at + half, half);
	memcpy(bytes + half, good.at, half);
	refuse(kind->keys, with_signature(parts, bytes, good.length), "s and r");
	bytes[0] = bytes[half + 1] = 0;
	memcpy(bytes + 1, good.at, half);
	memcpy(bytes + half + 2, good.at + half, half);
	refuse(kind->keys, with_signature(parts, bytes, good.length + 2), "numbers with a zero in front");
}

static void forge_der(const struct kind *kind, const struct algorithm *algorithm)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char der[160];
	size_t length = sizeof(der);
	struct parts parts;
	struct text text;

	if (algorithm->family == FAMILY_ECDSA) {
		parts = cut(good_token(kind, algorithm));
		text = text_of(arena_printf(&arena, "%.*s.%.*s", TEXT_ARGS(parts.header), TEXT_ARGS(parts.payload)));
		assert_int_equal(
		    EVP_DigestSignInit_ex(context, NULL, algorithm->digest, NULL, NULL, kind->keys->keys[0].pkey, NULL),
		    1);
		assert_int_equal(EVP_DigestSign(context, der, &length, (const unsigned char *)text.at, text.length), 1);
		refuse(kind->keys, with_signature(parts, der, length), "DER");
	}
	EVP_MD_CTX_free(context);
}

static void numbers_of_curves(void **state)
{
	(void)state;
	forge_each(forge_numbers);
	forge_each(forge_der);
}

/* PSS with a salt of another length than the digest's. */
static void salts_of_other_lengths(void **state)
{
	static const int salts[] = {0, 20, 31, 33, 64, 222};
	struct parts parts = cut(good_token(&kinds[1], algorithm_by_name(TEXT("PS256"))));
	struct text text =
	    text_of(arena_printf(&arena, "%.*s.%.*s", TEXT_ARGS(parts.header), TEXT_ARGS(parts.payload)));

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(salts); i++) {
		EVP_MD_CTX *context = EVP_MD_CTX_new();
		EVP_PKEY_CTX *pkey_context;
		unsigned char signature[256];
		size_t length = sizeof(signature);

		assert_int_equal(EVP_DigestSignInit_ex(context, &pkey_context, "SHA256", NULL, NULL,
						       kinds[1].keys->keys[0].pkey, NULL),
				 1);
		EVP_PKEY_CTX_set_rsa_padding(pkey_context, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey_context, salts[i]);
		assert_int_equal(
		    EVP_DigestSign(context, signature, &length, (const unsigned char *)text.at, text.length), 1);
		refuse(kinds[1].keys, with_signature(parts, signature, length), "a salt of another length");
		EVP_MD_CTX_free(context);
	}
}

/* An RSA signature is as long as its modulus: without a zero in front it is another. One in 256 begins with a zero. */
static void zeros_in_front_are_kept(void **state)
{
	static const char *const names[] = {"RS256", "PS256"};
	const struct key *key = &kinds[1].keys->keys[0];

	(void)state;
	for (unsigned a = 0; a < ARRAY_LENGTH(names); a++) {
		struct parts parts;
		struct text good;
		unsigned i = 0;

		/* PKCS #1 signs the same text the same way: the text differs each time */
		do {
			struct text claims = text_of(arena_printf(&arena, "{\"jti\":%u}", i++));

			parts = cut(jws_sign(key, algorithm_by_name(text_of(names[a])), claims, &arena));
			good = decode(parts.signature);
		} while (good.at[0] != '\0');
		refuse(kinds[1].keys, with_signature(parts, good.at + 1, good.length - 1), names[a]);
	}
}

/* Each byte that is no letter, at the beginning, in the middle and at the end of each part. */
static void bytes_of_no_alphabet(void **state)
{
	struct text good = good_token(&kinds[0], &algorithms[0]);
	struct parts parts = cut(good);
	size_t places[] = {0,
			   parts.header.length / 2,
			   parts.header.length - 1,
			   parts.header.length + 1,
			   parts.header.length + parts.payload.length / 2,
			   parts.header.length + parts.payload.length,
			   parts.header.length + parts.payload.length + 2,
			   good.length - 20,
			   good.length - 1};

	(void)state;
	for (unsigned c = 0; c < 256; c++)
		for (unsigned i = 0; i < ARRAY_LENGTH(places); i++) {
			char *bytes = arena_copy(&arena, good);

			if (bytes[places[i]] == (char)c)
				continue;
			bytes[places[i]] = (char)c;
			refuse(kinds[0].keys, (struct text){bytes, good.length}, "another byte");
		}
}

static void dots_blanks_and_lengths(void **state)
{
	struct text good = good_token(&kinds[0], &algorithms[0]);
	struct parts parts = cut(good);
	const char *h = arena_copy(&arena, parts.header), *p = arena_copy(&arena, parts.payload),
		   *s = arena_copy(&arena, parts.signature);
	const char *const forms[] = {"%1$s",
				     "%1$s.%2$s",
				     "%1$s.%2$s.",
				     "%1$s.%2$s.%3$s.",
				     "%1$s.%2$s.%3$s.%3$s",
				     ".%1$s.%2$s.%3$s",
				     "..%3$s",
				     ".%2$s.%3$s",
				     "%1$s..%3$s",
				     "%1$s...%2$s.%3$s",
				     " %1$s.%2$s.%3$s",
				     "%1$s.%2$s.%3$s ",
				     "%1$s.%2$s.%3$s\n",
				     "%1$s .%2$s.%3$s",
				     "%1$s.%2$s.%3$s=",
				     "%1$s=.%2$s.%3$s",
				     "%1$s.%2$s.%3$s==",
				     "%1$sA.%2$s.%3$s",
				     "%1$s.%2$s.%3$sA",
				     "%1$s.%2$s.%3$sAA",
				     "%1$s.%2$s.%3$sAAA",
				     "Bearer %1$s.%2$s.%3$s",
				     "%1$s,%2$s,%3$s",
				     "\"%1$s.%2$s.%3$s\"",
				     "%1$s.%2$s.%3$s%%00",
				     ".",
				     "..",
				     "...",
				     "A",
				     "A.A.A",
				     "AA.AA.AA",
				     "e30.e30.",
				     "e30.e30.e30",
				     "{\"protected\":\"%1$s\",\"payload\":\"%2$s\",\"signature\":\"%3$s\"}"};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(forms); i++) {
		char *text;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		text = arena_printf(&arena, forms[i], h, p, s);
#pragma GCC diagnostic pop
		refuse(kinds[0].keys, text_of(text), forms[i]);
	}
	refuse(kinds[0].keys, (struct text){arena_copy(&arena, good), good.length + 1}, "a NUL behind it");
	for (size_t length = 0; length < good.length; length += 7)
		refuse(kinds[0].keys, (struct text){good.at, length}, "the end is missing");
}

/* The last letter of a part stands for bits that no byte holds: only zeros are taken. */
static void letters_with_idle_bits(void **state)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct text good = good_token(&kinds[0], &algorithms[0]); /* 32 bytes of signature: two idle bits */
	const char *last = strchr(letters, good.at[good.length - 1]);

	(void)state;
	for (unsigned bits = 1; bits < 4; bits++) {
		char *bytes = arena_copy(&arena, good);

		bytes[good.length - 1] = last[bits];
		assert_int_equal(verify(kinds[0].keys, &no_rules, (struct text){bytes, good.length}), TOKEN_MALFORMED);
		refused_count++;
	}
}

/* Headers with a good signature. */
static void headers(void **state)
{
	static const char *const cases[] = {
	    "{}",
	    "",
	    "[]",
	    "[\"alg\":\"HS256\"}",
	    "null",
	    "\"HS256\"",
	    "HS256",
	    "{\"alg\":\"HS256\"",
	    "{\"alg\":\"HS256\"}}",
	    "{\"alg\":\"HS256\"} {}",
	    "{\"alg\":\"HS256\",}",
	    "{\"alg\":\"HS256\"}//",
	    "{'alg':'HS256'}",
	    "{\"alg\":null}",
	    "{\"alg\":256}",
	    "{\"alg\":[\"HS256\"]}",
	    "{\"alg\":{\"HS256\":1}}",
	    "{\"alg\":true}",
	    "{\"ALG\":\"HS256\"}",
	    "{\"alg \":\"HS256\"}",
	    "{\"alg\":\"HS256 \"}",
	    "{\"alg\":\"HS256\\u0000\"}",
	    "{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
	    "{\"alg\":\"none\",\"alg\":\"HS256\"}",
	    "{\"alg\":\"HS256\",\"alg\":\"none\"}",
	    "{\"alg\":\"HS256\",\"\\u0061lg\":\"HS256\"}",
	    "{\"alg\":\"HS256\",\"x\":1,\"x\":1}",
	    "{\"alg\":\"HS256\",\"jwk\":{\"k\":1,\"k\":2}}",
	    "{\"alg\":\"HS256\",\"kid\":1}",
	    "{\"alg\":\"HS256\",\"kid\":null}",
	    "{\"alg\":\"HS256\",\"kid\":[\"a\"]}",
	    "{\"alg\":\"HS256\",\"kid\":\"a\\u0000\"}",
	    "{\"alg\":\"HS256\",\"kid\":\"\\ud800\"}",
	    "{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}",
	    "{\"alg\":\"HS256\",\"crit\":[]}",
	    "{\"alg\":\"HS256\",\"crit\":null}",
	    "{\"alg\":\"HS256\",\"cr\\u0069t\":[\"x\"]}",
	    "{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}",
	    "{\"alg\":\"HS256\",\"b64\":false}",
	    "{\"alg\":\"HS256\",\"b64\":true}",
	    "{\"alg\":\"HS256\",\"x\":\"\xff\"}",
	    "{\"alg\":\"HS256\",\"x\":\"\xc0\x80\"}",
	    "{\"alg\":\"HS256\",\"x\":\"\xed\xa0\x80\"}",
	    "{\"alg\":\"HS256\",\"x\":\"\n\"}",
	    "\xef\xbb\xbf{\"alg\":\"HS256\"}",
	    "{\"alg\":\"HS256\",\"x\":[[[[[[[[1]]]]]]]]}",
	    "{\"alg\":\"HS256\",\"x\":01}",
	    "{\"alg\":\"HS256\",\"x\":NaN}",
	    "{\"alg\":\"HS256\",\"enc\":\"A128GCM\",\"alg\":\"dir\"}",
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++)
		refuse(kinds[0].keys, signed_by(&kinds[0].keys->keys[0], &algorithms[0], cases[i], TEXT(GOOD_CLAIMS)),
		       cases[i]);
}

struct claims_case {
	const char *claims;
	enum token_error error;
};

static void expect(const struct claims_case *cases, unsigned count, const struct token_rules *rules)
{
	for (unsigned i = 0; i < count; i++) {
		struct text token =
		    signed_by(&kinds[0].keys->keys[0], &algorithms[0], "{\"alg\":\"HS256\"}", text_of(cases[i].claims));
		enum token_error error = verify(kinds[0].keys, rules, token);

		if (error != cases[i].error)
			fail_msg("%s: %s, expected %s", cases[i].claims, token_error_word(error),
				 token_error_word(cases[i].error));
		refused_count += error != TOKEN_GOOD;
	}
}

/* Claims with a good signature. */
static void claims_that_cannot_be_read(void **state)
{
	static const struct claims_case cases[] = {
	    {"{}", TOKEN_GOOD},
	    {" {\"a\":[1,{\"b\":null}]}\r\n", TOKEN_GOOD},
	    {"", TOKEN_CLAIMS},
	    {"[]", TOKEN_CLAIMS},
	    {"[\"a\":1}", TOKEN_CLAIMS},
	    {"null", TOKEN_CLAIMS},
	    {"1", TOKEN_CLAIMS},
	    {"\"{}\"", TOKEN_CLAIMS},
	    {"{", TOKEN_CLAIMS},
	    {"{}{}", TOKEN_CLAIMS},
	    {"{} x", TOKEN_CLAIMS},
	    {"{\"a\":1,}", TOKEN_CLAIMS},
	    {"{\"a\":1,\"a\":1}", TOKEN_CLAIMS},
	    {"{\"role\":\"a\",\"role\":\"b\"}", TOKEN_CLAIMS},
	    {"{\"role\":\"a\",\"rol\\u0065\":\"b\"}", TOKEN_CLAIMS},
	    {"{\"a\":{\"b\":1,\"b\":1}}", TOKEN_CLAIMS},
	    {"{\"a\":[{\"b\":1,\"b\":1}]}", TOKEN_CLAIMS},
	    {"{\"a\":\"\\u0000\"}", TOKEN_CLAIMS},
	    {"{\"a\\u0000\":1}", TOKEN_CLAIMS},
	    {"{\"a\":\"\\\\u0000\"}", TOKEN_GOOD},
	    {"{\"a\":\"\\\\\\u0000\"}", TOKEN_CLAIMS},
	    {"{\"a\":\"\xff\"}", TOKEN_CLAIMS},
	    {"{\"a\":\"\xc3\xa4\"}", TOKEN_GOOD},
	    {"{\"a\":\"\t\"}", TOKEN_CLAIMS},
	    {"\xef\xbb\xbf{}", TOKEN_CLAIMS},
	    {"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", TOKEN_GOOD},
	    {"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", TOKEN_CLAIMS},
	};

	(void)state;
	expect(cases, ARRAY_LENGTH(cases), &no_rules);
}

/* The limits themselves: the last second that is good, and the first that is not. */
static void times(void **state)
{
	static const struct claims_case cases[] = {
	    {"{\"exp\":999999970}", TOKEN_EXPIRED},
	    {"{\"exp\":999999971}", TOKEN_GOOD},
	    {"{\"exp\":999999970.5}", TOKEN_GOOD},
	    {"{\"exp\":999999969.5}", TOKEN_EXPIRED},
	    {"{\"exp\":0}", TOKEN_EXPIRED},
	    {"{\"exp\":-1}", TOKEN_EXPIRED},
	    {"{\"exp\":-0.5}", TOKEN_EXPIRED},
	    {"{\"exp\":1e9}", TOKEN_GOOD},
	    {"{\"exp\":9007199254740991}", TOKEN_GOOD},
	    {"{\"exp\":9007199254740992}", TOKEN_CLAIMS},
	    {"{\"exp\":-9007199254740992}", TOKEN_CLAIMS},
	    {"{\"exp\":1e400}", TOKEN_CLAIMS},
	    {"{\"exp\":\"1000003600\"}", TOKEN_CLAIMS},
	    {"{\"exp\":null}", TOKEN_CLAIMS},
	    {"{\"exp\":true}", TOKEN_CLAIMS},
	    {"{\"exp\":[1000003600]}", TOKEN_CLAIMS},
	    {"{\"exp\":{}}", TOKEN_CLAIMS},
	    {"{\"nbf\":1000000030}", TOKEN_GOOD},
	    {"{\"nbf\":1000000031}", TOKEN_NOT_YET_VALID},
	    {"{\"nbf\":1000000030.5}", TOKEN_NOT_YET_VALID},
	    {"{\"nbf\":\"0\"}", TOKEN_CLAIMS},
	    {"{\"nbf\":null}", TOKEN_CLAIMS},
	    {"{\"iat\":1000000030}", TOKEN_GOOD},
	    {"{\"iat\":1000000031}", TOKEN_ISSUED_IN_FUTURE},
	    {"{\"iat\":\"0\"}", TOKEN_CLAIMS},
	    {"{\"iat\":[]}", TOKEN_CLAIMS},
	    {"{\"EXP\":0,\"Nbf\":9e9}", TOKEN_GOOD},
	    {"{\"a\":{\"exp\":0}}", TOKEN_GOOD},
	    {"{\"\\u0065xp\":0}", TOKEN_EXPIRED},
	};

	(void)state;
	expect(cases, ARRAY_LENGTH(cases), &no_rules);
}

static void audiences_and_issuers(void **state)
{
	static const struct token_rules rules = {.audience = "me", .issuer = "https://issuer.example"};
#define ISS "\"iss\":\"https://issuer.example\""
	static const struct claims_case asked[] = {
	    {"{" ISS ",\"aud\":\"me\"}", TOKEN_GOOD},
	    {"{" ISS ",\"aud\":[\"you\",\"me\"]}", TOKEN_GOOD},
	    {"{" ISS ",\"aud\":\"m\\u0065\"}", TOKEN_GOOD},
	    {"{" ISS "}", TOKEN_AUDIENCE},
	    {"{" ISS ",\"aud\":\"you\"}", TOKEN_AUDIENCE},
	    {"{" ISS ",\"aud\":\"Me\"}", TOKEN_AUDIENCE},
	    {"{" ISS ",\"aud\":\"me \"}", TOKEN_AUDIENCE},
	    {"{" ISS ",\"aud\":\"\"}", TOKEN_AUDIENCE},
	    {"{" ISS ",\"aud\":[]}", TOKEN_AUDIENCE},
	    {"{" ISS ",\"aud\":[\"you\"]}", TOKEN_AUDIENCE},
	    {"{" ISS ",\"aud\":[\"me\",1]}", TOKEN_CLAIMS},
	    {"{" ISS ",\"aud\":[[\"me\"]]}", TOKEN_CLAIMS},
	    {"{" ISS ",\"aud\":{\"me\":1}}", TOKEN_CLAIMS},
	    {"{" ISS ",\"aud\":null}", TOKEN_CLAIMS},
	    {"{" ISS ",\"aud\":1}", TOKEN_CLAIMS},
	    {"{\"aud\":\"me\"}", TOKEN_ISSUER},
	    {"{\"aud\":\"me\",\"iss\":\"https://issuer.example/\"}", TOKEN_ISSUER},
	    {"{\"aud\":\"me\",\"iss\":\"\"}", TOKEN_ISSUER},
	    {"{\"aud\":\"me\",\"iss\":[\"https://issuer.example\"]}", TOKEN_CLAIMS},
	    {"{\"aud\":\"me\",\"iss\":null}", TOKEN_CLAIMS},
	};
	static const struct claims_case not_asked[] = {
	    {"{\"aud\":\"you\",\"iss\":\"x\"}", TOKEN_GOOD},
	    {"{\"aud\":[]}", TOKEN_GOOD},
	    {"{\"aud\":[1]}", TOKEN_CLAIMS},
	    {"{\"aud\":1}", TOKEN_CLAIMS},
	    {"{\"iss\":1}", TOKEN_CLAIMS},
	};

	(void)state;
	expect(asked, ARRAY_LENGTH(asked), &rules);
	expect(not_asked, ARRAY_LENGTH(not_asked), &no_rules);
}

#define LETTERS_63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"

static void roles(void **state)
{
	static const struct token_rules nested = {.role_claim = "app.\"https://x.example/role\""};
	static const struct claims_case plain[] = {
	    {"{\"role\":\"" LETTERS_63 "\"}", TOKEN_GOOD},
	    {"{\"role\":\"" LETTERS_63 "l\"}", TOKEN_ROLE},
	    {"{\"role\":null}", TOKEN_GOOD},
	    {"{\"role\":\"\"}", TOKEN_ROLE},
	    {"{\"role\":\"none\"}", TOKEN_ROLE},
	    {"{\"role\":\"None\"}", TOKEN_GOOD},
	    {"{\"role\":1}", TOKEN_ROLE},
	    {"{\"role\":true}", TOKEN_ROLE},
	    {"{\"role\":[\"a\"]}", TOKEN_ROLE},
	    {"{\"role\":{}}", TOKEN_ROLE},
	};
	static const struct claims_case deep[] = {
	    {"{\"app\":{\"https://x.example/role\":\"a\"},\"role\":1}", TOKEN_GOOD},
	    {"{\"app\":{\"https://x.example/role\":1}}", TOKEN_ROLE},
	    {"{\"app\":\"a\"}", TOKEN_GOOD},
	};

	(void)state;
	expect(plain, ARRAY_LENGTH(plain), &no_rules);
	expect(deep, ARRAY_LENGTH(deep), &nested);
}

static void at_least_two_hundred_were_refused(void **state)
{
	(void)state;
	printf("%u forged tokens were refused\n", refused_count);
	assert_true(refused_count >= 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(unsigned_tokens),
	    cmocka_unit_test(tokens_with_another_alg),
	    cmocka_unit_test(damaged_signatures),
	    cmocka_unit_test(changed_texts_and_other_keys),
	    cmocka_unit_test(public_keys_as_secrets),
	    cmocka_unit_test(numbers_of_curves),
	    cmocka_unit_test(salts_of_other_lengths),
	    cmocka_unit_test(zeros_in_front_are_kept),
	    cmocka_unit_test(bytes_of_no_alphabet),
	    cmocka_unit_test(dots_blanks_and_lengths),
	    cmocka_unit_test(letters_with_idle_bits),
	    cmocka_unit_test(headers),
	    cmocka_unit_test(claims_that_cannot_be_read),
	    cmocka_unit_test(times),
	    cmocka_unit_test(audiences_and_issuers),
	    cmocka_unit_test(roles),
	    cmocka_unit_test(at_least_two_hundred_were_refused),
	};

	return cmocka_run_group_tests(tests, make_keys, forget_keys);
}
