#include "identity/jwk.h"

#include "identity/base64url.h"
#include "identity/json_items.h"

#include <openssl/crypto.h>

enum { JWK_DEPTH_MAX = 16 };

/* The members that are read, each with its quotes, or its brackets; `at` is NULL where there is none. */
struct jwk {
	struct text kty, kid, alg, use, key_ops, crv;
	struct text n, e, x, y, d, p, q, dp, dq, qi, oth, k;
};

static const struct {
	struct text name;
	size_t place;
	char first; /* of the value */
	const char *wrong;
} members[] = {
#define TEXT_MEMBER(name)                                                                                              \
	{                                                                                                              \
		TEXT_INIT(#name), offsetof(struct jwk, name), '"', "\"" #name "\" must be a string"                    \
	}
#define ARRAY_MEMBER(name)                                                                                             \
	{                                                                                                              \
		TEXT_INIT(#name), offsetof(struct jwk, name), '[', "\"" #name "\" must be an array"                    \
	}
    TEXT_MEMBER(kty), TEXT_MEMBER(kid), TEXT_MEMBER(alg), TEXT_MEMBER(use), ARRAY_MEMBER(key_ops), TEXT_MEMBER(crv),
    TEXT_MEMBER(n),   TEXT_MEMBER(e),   TEXT_MEMBER(x),   TEXT_MEMBER(y),   TEXT_MEMBER(d),        TEXT_MEMBER(p),
    TEXT_MEMBER(q),   TEXT_MEMBER(dp),  TEXT_MEMBER(dq),  TEXT_MEMBER(qi),  ARRAY_MEMBER(oth),     TEXT_MEMBER(k),
};

/* Returns what is wrong, or NULL. A member that RFC 7517 and 7518 do not define is nothing to us. */
static const char *take_member(struct jwk *jwk, struct text name, struct text value)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(members); i++) {
		if (!text_equal(name, members[i].name))
			continue;
		if (value.at[0] != members[i].first)
			return members[i].wrong;
		*(struct text *)(void *)((char *)jwk + members[i].place) = value;
	}
	return NULL;
}

static const char *read_members(struct jwk *jwk, struct text object, struct arena *arena)
{
	struct json_members list;

	json_members_begin(&list, object, JWK_DEPTH_MAX, arena);
	while (json_members_next(&list)) {
		const char *wrong = take_member(jwk, json_scan_unescape(list.name, arena), list.value);

		if (wrong != NULL)
			return wrong;
	}
	return list.scan.wrong;
}

/* Is the string `raw` exactly this? Strings with escapes are none of those that are looked for. */
static bool is_string(struct text raw, const char *expected)
{
	return raw.at != NULL && text_equal((struct text){raw.at + 1, raw.length - 2}, text_of(expected));
}

static bool has_operation(struct text key_ops, const char *operation)
{
	struct text rest = json_items_begin(key_ops), item;

	while (json_items_next(&rest, &item))
		if (is_string(item, operation))
			return true;
	return false;
}

/* "use" and "key_ops" (RFC 7517, sections 4.2 and 4.3). */
static bool is_for(const struct jwk *jwk, enum key_use use)
{
	if (jwk->use.at != NULL && !is_string(jwk->use, "sig"))
		return false;
	return jwk->key_ops.at == NULL || has_operation(jwk->key_ops, use == KEYS_FOR_SIGNING ? "sign" : "verify");
}

static bool find_kind(const struct jwk *jwk, enum key_kind *kind)
{
	static const struct {
		const char *kty, *crv;
		enum key_kind kind;
	} kinds[] = {
	    {"oct", NULL, KEY_SECRET}, {"RSA", NULL, KEY_RSA},    {"EC", "P-256", KEY_P256},
	    {"EC", "P-384", KEY_P384}, {"EC", "P-521", KEY_P521}, {"OKP", "Ed25519", KEY_ED25519},
	};

	for (unsigned i = 0; i < ARRAY_LENGTH(kinds); i++)
		if (is_string(jwk->kty, kinds[i].kty) && (kinds[i].crv == NULL || is_string(jwk->crv, kinds[i].crv))) {
			*kind = kinds[i].kind;
			return true;
		}
	return false;
}

/* Of a key that can be used: its "alg" alone. */
static const char *narrow(struct key *key, struct text alg)
{
	const struct algorithm *algorithm;

	if (alg.at == NULL)
		return NULL;
	algorithm = algorithm_by_name((struct text){alg.at + 1, alg.length - 2});
	if (!algorithm_is_in(algorithm, key->algorithms))
		return key->kind == KEY_SECRET
			   ? "\"alg\" does not fit: HS256 has a secret of 32 bytes or more, HS384 of "
			     "48, HS512 of 64"
			   : "\"alg\" does not fit the kind of key";
	key->algorithms = algorithm_alone(algorithm);
	return NULL;
}

/* What stands in quotes, as bytes. Its escapes would be no base64url. */
static bool decode(struct text raw, struct arena *arena, struct text *bytes)
{
	if (raw.at == NULL)
		return true;
	return base64url_decode((struct text){raw.at + 1, raw.length - 2}, arena, bytes);
}

static void forget(struct text bytes)
{
	if (bytes.at != NULL)
		OPENSSL_cleanse((void *)(uintptr_t)bytes.at, bytes.length);
}

static const char *make_secret(const struct jwk *jwk, struct arena *arena, struct key *key)
{
	struct text secret = {0};
	const char *wrong;

	if (jwk->k.at == NULL)
		return "an oct key has \"k\"";
	if (!decode(jwk->k, arena, &secret))
		return "\"k\" is not base64url without padding";
	wrong = key_of_secret(key, secret);
	forget(secret);
	return wrong;
}

static const char *make_pair(const struct jwk *jwk, enum key_kind kind, struct arena *arena, struct key *key)
{
	struct key_parts parts = {.kind = kind};
	const char *wrong = "a part of it is not base64url without padding";

	if (jwk->oth.at != NULL && jwk->d.at != NULL)
		return "RSA keys with more than two primes are not supported";
	if (decode(jwk->n, arena, &parts.n) && decode(jwk->e, arena, &parts.e) && decode(jwk->x, arena, &parts.x) &&
	    decode(jwk->y, arena, &parts.y) && decode(jwk->d, arena, &parts.d) && decode(jwk->p, arena, &parts.p) &&
	    decode(jwk->q, arena, &parts.q) && decode(jwk->dp, arena, &parts.dp) && decode(jwk->dq, arena, &parts.dq) &&
	    decode(jwk->qi, arena, &parts.qi))
		wrong = key_of_parts(key, &parts);
	forget(parts.d);
	forget(parts.p);
	forget(parts.q);
	forget(parts.dp);
	forget(parts.dq);
	forget(parts.qi);
	return wrong;
}

static enum jwk_kind make(const struct jwk *jwk, enum key_kind kind, struct arena *arena, struct key *key,
			  const char **wrong)
{
	struct text kid = {0};

	if (jwk->kid.at != NULL && !json_scan_string(jwk->kid, arena, &kid)) {
		*wrong = "\"kid\" holds U+0000";
		return JWK_FAULTY;
	}
	*wrong = kind == KEY_SECRET ? make_secret(jwk, arena, key) : make_pair(jwk, kind, arena, key);
	if (*wrong != NULL)
		return JWK_FAULTY;
	key->kid = kid;
	*wrong = narrow(key, jwk->alg);
	if (*wrong == NULL)
		return JWK_KEY;
	key_cleanup(key);
	return JWK_FAULTY;
}

enum jwk_kind jwk_read(struct text object, enum key_use use, struct arena *arena, struct key *key, const char **wrong)
{
	struct jwk jwk = {0};
	enum key_kind kind = KEY_SECRET;

	*wrong = read_members(&jwk, object, arena);
	if (*wrong == NULL && jwk.kty.at == NULL)
		*wrong = "\"kty\" is missing";
	if (*wrong != NULL)
		return JWK_WRONG;
	if (!find_kind(&jwk, &kind) || !is_for(&jwk, use) ||
	    (jwk.alg.at != NULL && algorithm_by_name((struct text){jwk.alg.at + 1, jwk.alg.length - 2}) == NULL))
		return JWK_PASSED_OVER;
	/* a public key signs nothing */
	if (use == KEYS_FOR_SIGNING && kind != KEY_SECRET && jwk.d.at == NULL)
		return JWK_PASSED_OVER;
	if (use == KEYS_FETCHED && (kind == KEY_SECRET || jwk.d.at != NULL)) {
		*wrong = "it is a secret or a private key, and others can fetch it as well: expected a public key";
		return JWK_FAULTY;
	}
	return make(&jwk, kind, arena, key, wrong);
}
