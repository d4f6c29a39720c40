#include "identity/key.h"

#include "base/require.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

/* ECDSA's two numbers have a fixed length each in JOSE, and are DER in libcrypto. */
static size_t number_bytes(const struct key *key)
{
	return key->kind == KEY_P256 ? 32 : key->kind == KEY_P384 ? 48 : 66;
}

/* Returns DER, to be given back with OPENSSL_free(), or NULL. */
static unsigned char *der_of(const struct key *key, struct text signature, size_t *length)
{
	int bytes = (int)number_bytes(key);
	const unsigned char *at = (const unsigned char *)signature.at;
	ECDSA_SIG *numbers;
	unsigned char *der = NULL;
	int der_length;

	if (signature.length != 2 * (size_t)bytes)
		return NULL;
	numbers = ECDSA_SIG_new();
	REQUIRE(numbers != NULL &&
		ECDSA_SIG_set0(numbers, BN_bin2bn(at, bytes, NULL), BN_bin2bn(at + bytes, bytes, NULL)) == 1);
	der_length = i2d_ECDSA_SIG(numbers, &der);
	ECDSA_SIG_free(numbers);
	*length = der_length > 0 ? (size_t)der_length : 0;
	return der_length > 0 ? der : NULL;
}

/* Writes both numbers in place of the DER. Returns the length, 0 when it is none. */
static size_t numbers_of(const struct key *key, uint8_t *signature, size_t length)
{
	int bytes = (int)number_bytes(key);
	const unsigned char *at = signature;
	ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &at, (long)length);
	bool is_good = numbers != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(numbers), signature, bytes) == bytes &&
		       BN_bn2binpad(ECDSA_SIG_get0_s(numbers), signature + bytes, bytes) == bytes;

	ECDSA_SIG_free(numbers);
	return is_good ? 2 * (size_t)bytes : 0;
}

/* Of PSS the salt is as long as the digest, and nothing else (RFC 7518, section 3.5). */
static bool set_padding(const struct algorithm *algorithm, EVP_PKEY_CTX *context)
{
	if (algorithm->family != FAMILY_RSA_PSS)
		return true;
	return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static const EVP_MD *digest_of(const struct algorithm *algorithm)
{
	return algorithm->digest_bytes == 32   ? EVP_sha256()
	       : algorithm->digest_bytes == 48 ? EVP_sha384()
					       : EVP_sha512();
}

static size_t hmac(const struct key *key, const struct algorithm *algorithm, struct text text, uint8_t *out)
{
	unsigned length = 0;

	REQUIRE(HMAC(digest_of(algorithm), key->secret, (int)key->secret_bytes, (const unsigned char *)text.at,
		     text.length, out, &length) != NULL);
	return length;
}

static bool verify_hmac(const struct key *key, const struct algorithm *algorithm, struct text text,
			struct text signature)
{
	uint8_t expected[EVP_MAX_MD_SIZE];
	size_t length = hmac(key, algorithm, text, expected);

	return signature.length == length && CRYPTO_memcmp(expected, signature.at, length) == 0;
}

static bool verify_pkey(const struct key *key, const struct algorithm *algorithm, struct text text,
			const unsigned char *signature, size_t length)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey_context = NULL;
	bool is_good =
	    context != NULL &&
	    EVP_DigestVerifyInit_ex(context, &pkey_context, algorithm->digest, NULL, NULL, key->pkey, NULL) == 1 &&
	    set_padding(algorithm, pkey_context) &&
	    EVP_DigestVerify(context, signature, length, (const unsigned char *)text.at, text.length) == 1;

	EVP_MD_CTX_free(context);
	/* the thread's next user of libcrypto looks there */
	ERR_clear_error();
	return is_good;
}

bool key_verify(const struct key *key, const struct algorithm *algorithm, struct text text, struct text signature)
{
	unsigned char *der;
	size_t length;
	bool is_good;

	REQUIRE(algorithm_is_in(algorithm, key->algorithms));
	if (algorithm->family == FAMILY_HMAC)
		return verify_hmac(key, algorithm, text, signature);
	/* of PSS libcrypto takes one without the zeros in front, which would be a second spelling (RFC 8017, 8.1.2) */
	if (key->kind == KEY_RSA && signature.length != (size_t)EVP_PKEY_get_size(key->pkey))
		return false;
	if (algorithm->family != FAMILY_ECDSA)
		return verify_pkey(key, algorithm, text, (const unsigned char *)signature.at, signature.length);
	der = der_of(key, signature, &length);
	is_good = der != NULL && verify_pkey(key, algorithm, text, der, length);
	OPENSSL_free(der);
	return is_good;
}

/* Returns the length, 0 when libcrypto cannot. */
static size_t sign_pkey(const struct key *key, const struct algorithm *algorithm, struct text text, uint8_t *signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey_context = NULL;
	size_t length = KEY_SIGNATURE_BYTES_MAX;
	bool is_good =
	    context != NULL &&
	    EVP_DigestSignInit_ex(context, &pkey_context, algorithm->digest, NULL, NULL, key->pkey, NULL) == 1 &&
	    set_padding(algorithm, pkey_context) &&
	    EVP_DigestSign(context, signature, &length, (const unsigned char *)text.at, text.length) == 1;

	EVP_MD_CTX_free(context);
	ERR_clear_error();
	if (is_good && algorithm->family == FAMILY_ECDSA)
		return numbers_of(key, signature, length);
	return is_good ? length : 0;
}

struct text key_sign(const struct key *key, const struct algorithm *algorithm, struct text text,
		     uint8_t signature[static KEY_SIGNATURE_BYTES_MAX])
{
	size_t length;

	REQUIRE(key->can_sign && algorithm_is_in(algorithm, key->algorithms));
	length = algorithm->family == FAMILY_HMAC ? hmac(key, algorithm, text, signature)
						  : sign_pkey(key, algorithm, text, signature);
	return (struct text){length > 0 ? (const char *)signature : NULL, length};
}
