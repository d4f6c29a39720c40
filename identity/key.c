#include "identity/key.h"

#include "base/memory.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>

const char *key_of_secret(struct key *key, struct text secret)
{
	if (secret.length < KEY_SECRET_BYTES_MIN)
		return "the secret is too short: 32 bytes or more are expected";
	if (secret.length > KEY_SECRET_BYTES_MAX)
		return "the secret is too long: 4096 bytes at most are expected";
	*key = (struct key){
	    .kind = KEY_SECRET,
	    .algorithms = algorithms_of_key(KEY_SECRET, secret.length),
	    .can_sign = true,
	    .secret = memory_alloc(secret.length),
	    .secret_bytes = secret.length,
	};
	memcpy(key->secret, secret.at, secret.length);
	return NULL;
}

static bool is_kind(EVP_PKEY *pkey, enum key_kind *kind)
{
	static const struct {
		const char *group;
		enum key_kind kind;
	} curves[] = {{"prime256v1", KEY_P256}, {"secp384r1", KEY_P384}, {"secp521r1", KEY_P521}};
	char group[32] = "";
	size_t length;

	if (EVP_PKEY_is_a(pkey, "RSA") || EVP_PKEY_is_a(pkey, "ED25519")) {
		*kind = EVP_PKEY_is_a(pkey, "RSA") ? KEY_RSA : KEY_ED25519;
		return true;
	}
	if (!EVP_PKEY_is_a(pkey, "EC") || EVP_PKEY_get_group_name(pkey, group, sizeof(group), &length) != 1)
		return false;
	for (unsigned i = 0; i < ARRAY_LENGTH(curves); i++)
		if (strcmp(group, curves[i].group) == 0) {
			*kind = curves[i].kind;
			return true;
		}
	return false;
}

/* An exponent of 1 would make every text its own signature; a long one costs time. */
static const char *check_rsa(EVP_PKEY *pkey)
{
	int bits = EVP_PKEY_get_bits(pkey);
	BIGNUM *e = NULL;
	bool is_good;

	if (bits < KEY_RSA_BITS_MIN)
		return "the RSA key is too short: 2048 bits or more are expected";
	if (bits > KEY_RSA_BITS_MAX)
		return "the RSA key is too long: 8192 bits at most are expected";
	is_good = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(e) && !BN_is_one(e) &&
		  BN_num_bits(e) <= 64;
	BN_free(e);
	return is_good ? NULL : "the RSA key's exponent is not an odd number from 3 to 64 bits";
}

/* Of a curve: the point is on it, and is not its zero. */
static bool is_public_part_good(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool is_good = context != NULL && EVP_PKEY_public_check(context) == 1;

	EVP_PKEY_CTX_free(context);
	return is_good;
}

static const char *check_pkey(EVP_PKEY *pkey, enum key_kind *kind)
{
	const char *wrong;

	if (pkey == NULL)
		return "the parts of the key do not make a key";
	if (!is_kind(pkey, kind))
		return "expected RSA, EC with P-256, P-384 or P-521, or Ed25519";
	wrong = *kind == KEY_RSA ? check_rsa(pkey) : NULL;
	if (wrong != NULL)
		return wrong;
	if (*kind != KEY_ED25519 && !is_public_part_good(pkey))
		return *kind == KEY_RSA ? "the RSA modulus is none" : "the point is not on its curve";
	return NULL;
}

const char *key_of_pkey(struct key *key, struct evp_pkey_st *pkey, bool is_private)
{
	enum key_kind kind = KEY_RSA;
	const char *wrong = check_pkey(pkey, &kind);

	ERR_clear_error();
	if (wrong != NULL) {
		EVP_PKEY_free(pkey);
		return wrong;
	}
	*key = (struct key){
	    .kind = kind,
	    .algorithms = algorithms_of_key(kind, 0),
	    .can_sign = is_private,
	    .pkey = pkey,
	};
	return NULL;
}

void key_cleanup(struct key *key)
{
	if (key->secret != NULL)
		OPENSSL_cleanse(key->secret, key->secret_bytes);
	free(key->secret);
	EVP_PKEY_free(key->pkey);
}
