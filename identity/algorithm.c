#include "identity/algorithm.h"

const struct algorithm algorithms[ALGORITHM_COUNT] = {
    {"HS256", FAMILY_HMAC, "SHA256", 32},      {"HS384", FAMILY_HMAC, "SHA384", 48},
    {"HS512", FAMILY_HMAC, "SHA512", 64},      {"RS256", FAMILY_RSA_PKCS1, "SHA256", 32},
    {"RS384", FAMILY_RSA_PKCS1, "SHA384", 48}, {"RS512", FAMILY_RSA_PKCS1, "SHA512", 64},
    {"PS256", FAMILY_RSA_PSS, "SHA256", 32},   {"PS384", FAMILY_RSA_PSS, "SHA384", 48},
    {"PS512", FAMILY_RSA_PSS, "SHA512", 64},   {"ES256", FAMILY_ECDSA, "SHA256", 32},
    {"ES384", FAMILY_ECDSA, "SHA384", 48},     {"ES512", FAMILY_ECDSA, "SHA512", 64},
    {"EdDSA", FAMILY_EDDSA, NULL, 0},
};

const struct algorithm *algorithm_by_name(struct text name)
{
	for (unsigned i = 0; i < ALGORITHM_COUNT; i++)
		if (text_equal(name, text_of(algorithms[i].name)))
			return &algorithms[i];
	return NULL;
}

algorithm_set algorithm_alone(const struct algorithm *algorithm)
{
	return (algorithm_set)(1U << (algorithm - algorithms));
}

bool algorithm_is_in(const struct algorithm *algorithm, algorithm_set set)
{
	return (algorithm_alone(algorithm) & set) != 0;
}

/* Each curve has one algorithm, with the digest that is as strong (RFC 7518, section 3.4). */
static bool fits(const struct algorithm *algorithm, enum key_kind kind, size_t secret_bytes)
{
	switch (kind) {
	case KEY_SECRET:
		return algorithm->family == FAMILY_HMAC && secret_bytes >= algorithm->digest_bytes;
	case KEY_RSA:
		return algorithm->family == FAMILY_RSA_PKCS1 || algorithm->family == FAMILY_RSA_PSS;
	case KEY_P256:
		return algorithm->family == FAMILY_ECDSA && algorithm->digest_bytes == 32;
	case KEY_P384:
		return algorithm->family == FAMILY_ECDSA && algorithm->digest_bytes == 48;
	case KEY_P521:
		return algorithm->family == FAMILY_ECDSA && algorithm->digest_bytes == 64;
	case KEY_ED25519:
		break;
	}
	return algorithm->family == FAMILY_EDDSA;
}

algorithm_set algorithms_of_key(enum key_kind kind, size_t secret_bytes)
{
	algorithm_set set = 0;

	for (unsigned i = 0; i < ALGORITHM_COUNT; i++)
		if (fits(&algorithms[i], kind, secret_bytes))
			set |= algorithm_alone(&algorithms[i]);
	return set;
}

const struct algorithm *algorithm_first(algorithm_set set)
{
	return &algorithms[__builtin_ctz(set)];
}

const char *key_kind_name(enum key_kind kind)
{
	static const char *const names[] = {
	    [KEY_SECRET] = "oct", [KEY_RSA] = "RSA",    [KEY_P256] = "P-256",
	    [KEY_P384] = "P-384", [KEY_P521] = "P-521", [KEY_ED25519] = "Ed25519",
	};

	return names[kind];
}
