#include "key_set_fixture.h"

/* One line break at the end is not of the secret, and all else is. */
static void raw_secrets(void **state)
{
	static const struct {
		struct text text;
		size_t bytes;
	} cases[] = {
	    {TEXT_INIT("0123456789abcdef0123456789abcdef"), 32},
	    {TEXT_INIT("0123456789abcdef0123456789abcdef\n"), 32},
	    {TEXT_INIT("0123456789abcdef0123456789abcdef\r\n"), 32},
	    {TEXT_INIT("01234567\0 23456789abcdef\xff\xfe\n 456789"), 34},
	    {TEXT_INIT("[0123456789abcdef0123456789abcde"), 32},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct key_set *keys = keys_of(cases[i].text, KEYS_FOR_VERIFYING);

		assert_int_equal(keys->keys[0].secret_bytes, cases[i].bytes);
		assert_memory_equal(keys->keys[0].secret, cases[i].text.at, cases[i].bytes);
		assert_null(keys->keys[0].kid.at);
		key_set_destroy(keys);
	}
}

/* What libcrypto writes. */
static struct text written(BIO *out, struct arena *arena)
{
	char *text;
	size_t length = (size_t)BIO_get_mem_data(out, &text);
	struct text copy = {arena_copy(arena, (struct text){text, length}), length};

	BIO_free(out);
	return copy;
}

static struct text certificate_of(EVP_PKEY *pkey, bool is_pem, struct arena *arena)
{
	X509 *certificate = X509_new();
	BIO *out = BIO_new(BIO_s_mem());

	X509_gmtime_adj(X509_getm_notBefore(certificate), -20);
	X509_gmtime_adj(X509_getm_notAfter(certificate), -10);
	X509_set_pubkey(certificate, pkey);
	assert_true(X509_sign(certificate, pkey, EVP_sha256()) > 0);
	assert_int_equal(is_pem ? PEM_write_bio_X509(out, certificate) : i2d_X509_bio(out, certificate), 1);
	X509_free(certificate);
	return written(out, arena);
}

static void pem_is_read(void **state)
{
	struct key_set *source = keys_of(text_of(rfc7515_a3_key), KEYS_FOR_SIGNING);
	EVP_PKEY *pkey = source->keys[0].pkey;
	struct arena arena = {0};
	BIO *public = BIO_new(BIO_s_mem()), *private = BIO_new(BIO_s_mem());
	struct text public_text, private_text, certificate;
	struct key_set *keys;
	char *wrong;

	(void)state;
	PEM_write_bio_PUBKEY(public, pkey);
	PEM_write_bio_PrivateKey(private, pkey, NULL, NULL, 0, NULL, NULL);
	public_text = written(public, &arena);
	private_text = written(private, &arena);
	certificate = certificate_of(pkey, true, &arena);
	keys =
	    keys_of(text_of(arena_printf(&arena, "a key, and a certificate:\n%s\n%s", public_text.at, certificate.at)),
		    KEYS_FOR_VERIFYING);
	assert_int_equal(keys->count, 2);
	assert_string_equal(names_of(keys->keys[1].algorithms), "ES256");
	key_set_destroy(keys);
	keys = keys_of(private_text, KEYS_FOR_SIGNING);
	assert_true(keys->keys[0].can_sign);
	key_set_destroy(keys);

	wrong = wrong_with(private_text, KEYS_FOR_VERIFYING);
	assert_string_equal(wrong,
			    "keys: PEM block 1: this is a private key; expected its public key, as \"openssl pkey "
			    "-pubout\" writes it\n");
	free(wrong);
	wrong = wrong_with(public_text, KEYS_FOR_SIGNING);
	assert_string_equal(wrong, "keys: PEM block 1: this signs nothing; expected a private key\n");
	free(wrong);
	wrong = wrong_with((struct text){public_text.at, public_text.length - 30}, KEYS_FOR_VERIFYING);
	assert_string_equal(wrong, "keys: PEM block 1 is damaged\n");
	free(wrong);
	arena_cleanup(&arena);
	key_set_destroy(source);
}

static void pem_of_other_kinds_is_refused(void **state)
{
	EVP_PKEY *others[] = {EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1"), EVP_PKEY_Q_keygen(NULL, NULL, "X25519"),
			      EVP_PKEY_Q_keygen(NULL, NULL, "ED448")};
	EVP_PKEY *small = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	struct arena arena = {0};
	BIO *out = BIO_new(BIO_s_mem()), *encrypted = BIO_new(BIO_s_mem());
	char *wrong;

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(others); i++)
		PEM_write_bio_PUBKEY(out, others[i]);
	PEM_write_bio_PUBKEY(out, small);
	PEM_write_bio(out, "X509 CRL", "", (const unsigned char *)"x", 1);
	PEM_write_bio(out, "PUBLIC KEY", "", (const unsigned char *)"x", 1);
	wrong = wrong_with(written(out, &arena), KEYS_FOR_VERIFYING);
	assert_string_equal(wrong, "keys: PEM block 1: expected RSA, EC with P-256, P-384 or P-521, or Ed25519\n"
				   "keys: PEM block 2: expected RSA, EC with P-256, P-384 or P-521, or Ed25519\n"
				   "keys: PEM block 3: expected RSA, EC with P-256, P-384 or P-521, or Ed25519\n"
				   "keys: PEM block 4: the RSA key is too short: 2048 bits or more are expected\n"
				   "keys: PEM block 5: expected a public key or a certificate\n"
				   "keys: PEM block 6: what stands between the lines is no such key\n");
	free(wrong);
	PEM_write_bio_PKCS8PrivateKey(encrypted, small, EVP_aes_128_cbc(), "word", 4, NULL, NULL);
	PEM_write_bio_PrivateKey_traditional(encrypted, small, EVP_aes_128_cbc(), (unsigned char *)"word", 4, NULL,
					     NULL);
	wrong = wrong_with(written(encrypted, &arena), KEYS_FOR_SIGNING);
	assert_string_equal(wrong, "keys: PEM block 1: the key is encrypted; expected one that needs no password\n"
				   "keys: PEM block 2: the key is encrypted; expected one that needs no password\n");
	free(wrong);
	for (unsigned i = 0; i < ARRAY_LENGTH(others); i++)
		EVP_PKEY_free(others[i]);
	EVP_PKEY_free(small);
	arena_cleanup(&arena);
}

/* A public key in another form must not become a secret that everyone knows. */
static void no_key_of_another_form_is_a_secret(void **state)
{
	struct key_set *source = keys_of(text_of(rfc7515_a3_key), KEYS_FOR_SIGNING);
	EVP_PKEY *pkey = source->keys[0].pkey;
	struct arena arena = {0};
	BIO *der = BIO_new(BIO_s_mem()), *private = BIO_new(BIO_s_mem()), *pem = BIO_new(BIO_s_mem());
	struct text body;
	const char *begin, *end;

	(void)state;
	i2d_PUBKEY_bio(der, pkey);
	i2d_PrivateKey_bio(private, pkey);
	PEM_write_bio_PUBKEY(pem, pkey);
	body = written(pem, &arena);
	begin = strchr(body.at, '\n') + 1;
	end = strstr(begin, "-----END");
	{
		struct text forms[] = {
		    written(der, &arena),
		    written(private, &arena),
		    certificate_of(pkey, false, &arena),
		    {begin, (size_t)(end - begin)},
		    TEXT("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIn5Mf6S zoe@example"),
		    TEXT("ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAA zoe@example"),
		    TEXT("---- BEGIN SSH2 PUBLIC KEY ----\nAAAAC3NzaC1lZDI1NTE5AAAAIIn5Mf6S"),
		    TEXT("https://issuer.example/.well-known/jwks.json"),
		    TEXT("\xef\xbb\xbf{\"keys\":[]}                        "),
		    TEXT("[{\"kty\":\"oct\",\"k\":\"" SECRET_32 "\"}]"),
		};

		for (unsigned i = 0; i < ARRAY_LENGTH(forms); i++) {
			char *wrong = wrong_with(forms[i], KEYS_FOR_VERIFYING);

			if (strstr(wrong, "; expected a JWK set, PEM, or a raw secret of 32 bytes or more\n") == NULL)
				fail_msg("form %u: \"%s\"", i, wrong);
			free(wrong);
		}
	}
	arena_cleanup(&arena);
	key_set_destroy(source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(raw_secrets),
	    cmocka_unit_test(pem_is_read),
	    cmocka_unit_test(pem_of_other_kinds_is_refused),
	    cmocka_unit_test(no_key_of_another_form_is_a_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
