#include "identity/key.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

enum { PARTS_MAX = 8 };

/* A key on its way to libcrypto. */
struct build {
	OSSL_PARAM_BLD *parameters;
	BIGNUM *numbers[PARTS_MAX]; /* owned; the builder only borrows them */
	unsigned number_count;
	bool is_good;
};

static void add_number(struct build *build, const char *name, struct text bytes)
{
	BIGNUM *number = BN_secure_new();

	build->numbers[build->number_count++] = number;
	build->is_good = build->is_good && number != NULL &&
			 BN_bin2bn((const unsigned char *)bytes.at, (int)bytes.length, number) != NULL &&
			 OSSL_PARAM_BLD_push_BN(build->parameters, name, number) == 1;
}

static void add_rsa(struct build *build, const struct key_parts *parts)
{
	add_number(build, OSSL_PKEY_PARAM_RSA_N, parts->n);
	add_number(build, OSSL_PKEY_PARAM_RSA_E, parts->e);
	if (parts->d.at == NULL)
		return;
	add_number(build, OSSL_PKEY_PARAM_RSA_D, parts->d);
	if (parts->p.at == NULL)
		return;
	add_number(build, OSSL_PKEY_PARAM_RSA_FACTOR1, parts->p);
	add_number(build, OSSL_PKEY_PARAM_RSA_FACTOR2, parts->q);
	add_number(build, OSSL_PKEY_PARAM_RSA_EXPONENT1, parts->dp);
	add_number(build, OSSL_PKEY_PARAM_RSA_EXPONENT2, parts->dq);
	add_number(build, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, parts->qi);
}

/* `point` has room for 0x04, x and y. */
static void add_curve(struct build *build, const struct key_parts *parts, unsigned char *point)
{
	size_t length = 1 + parts->x.length + parts->y.length;

	point[0] = 4; /* uncompressed */
	memcpy(point + 1, parts->x.at, parts->x.length);
	memcpy(point + 1 + parts->x.length, parts->y.at, parts->y.length);
	build->is_good =
	    build->is_good &&
	    OSSL_PARAM_BLD_push_utf8_string(build->parameters, OSSL_PKEY_PARAM_GROUP_NAME, key_kind_name(parts->kind),
					    0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(build->parameters, OSSL_PKEY_PARAM_PUB_KEY, point, length) == 1;
	if (parts->d.at != NULL)
		add_number(build, OSSL_PKEY_PARAM_PRIV_KEY, parts->d);
}

static EVP_PKEY *end_build(struct build *build, const char *type, int selection)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *parameters = build->is_good ? OSSL_PARAM_BLD_to_param(build->parameters) : NULL;
	EVP_PKEY *pkey = NULL;

	if (context == NULL || parameters == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &pkey, selection, parameters) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(build->parameters);
	for (unsigned i = 0; i < build->number_count; i++)
		BN_clear_free(build->numbers[i]);
	return pkey;
}

static EVP_PKEY *build_pkey(const struct key_parts *parts)
{
	struct build build = {.parameters = OSSL_PARAM_BLD_new()};
	unsigned char point[1 + 2 * 66]; /* of P-521 */

	build.is_good = build.parameters != NULL;
	if (parts->kind == KEY_RSA)
		add_rsa(&build, parts);
	else
		add_curve(&build, parts, point);
	return end_build(&build, parts->kind == KEY_RSA ? "RSA" : "EC",
			 parts->d.at != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
}

static bool is_missing(struct text part)
{
	return part.length == 0;
}

/* Those of a private key are all there, or only d is. */
static const char *check_rsa_parts(const struct key_parts *parts)
{
	int count = !is_missing(parts->p) + !is_missing(parts->q) + !is_missing(parts->dp) + !is_missing(parts->dq) +
		    !is_missing(parts->qi);

	if (is_missing(parts->n) || is_missing(parts->e))
		return "an RSA key has \"n\" and \"e\"";
	if (parts->n.length > KEY_RSA_BITS_MAX / 8 + 1)
		return "the RSA key is too long: 8192 bits at most are expected";
	if (count != 0 && (count != 5 || is_missing(parts->d)))
		return "a private RSA key has \"d\", and all of \"p\", \"q\", \"dp\", \"dq\" and \"qi\", or none";
	return NULL;
}

/* Each number has the length that its curve says (RFC 7518, section 6.2.1.2, and RFC 8037, section 2). */
static const char *check_curve_parts(const struct key_parts *parts)
{
	size_t bytes = parts->kind == KEY_P384 ? 48 : parts->kind == KEY_P521 ? 66 : 32;

	if (parts->x.length != bytes || (parts->kind != KEY_ED25519 && parts->y.length != bytes))
		return parts->kind == KEY_ED25519 ? "an Ed25519 key has \"x\", of 32 bytes"
						  : "an EC key has \"x\" and \"y\", each as long as its curve says";
	if (parts->d.at != NULL && parts->d.length != bytes)
		return "\"d\" is not as long as the curve says";
	return NULL;
}

/* The public half of a private one is computed: it must be the one that is given. */
static EVP_PKEY *make_ed25519(const struct key_parts *parts)
{
	const unsigned char *x = (const unsigned char *)parts->x.at, *d = (const unsigned char *)parts->d.at;
	unsigned char computed[32];
	size_t length = sizeof(computed);
	EVP_PKEY *pkey;

	if (d == NULL)
		return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, parts->x.length);
	pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, d, parts->d.length);
	if (pkey != NULL &&
	    (EVP_PKEY_get_raw_public_key(pkey, computed, &length) != 1 || memcmp(computed, x, sizeof(computed)) != 0)) {
		EVP_PKEY_free(pkey);
		return NULL;
	}
	return pkey;
}

const char *key_of_parts(struct key *key, const struct key_parts *parts)
{
	const char *wrong = parts->kind == KEY_RSA ? check_rsa_parts(parts) : check_curve_parts(parts);
	EVP_PKEY *pkey;

	if (wrong != NULL)
		return wrong;
	pkey = parts->kind == KEY_ED25519 ? make_ed25519(parts) : build_pkey(parts);
	return key_of_pkey(key, pkey, parts->d.at != NULL);
}
