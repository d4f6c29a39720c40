#include "identity/token.h"

#include "base/json_scan.h"
#include "base/percent.h"
#include "identity/claim.h"
#include "identity/json_items.h"

#include <stdlib.h>

/* Doubles hold all whole seconds up to it. */
#define TIME_MAX_S 9007199254740992.0

/* The registered claims as they stand there; `at` is NULL where there is none. */
struct registered {
	struct text exp, nbf, iat, aud, iss;
};

static void take_claim(struct registered *claims, struct text name, struct text value)
{
	if (text_equal(name, TEXT("exp")))
		claims->exp = value;
	else if (text_equal(name, TEXT("nbf")))
		claims->nbf = value;
	else if (text_equal(name, TEXT("iat")))
		claims->iat = value;
	else if (text_equal(name, TEXT("aud")))
		claims->aud = value;
	else if (text_equal(name, TEXT("iss")))
		claims->iss = value;
}

/* *claims becomes the object alone. */
static bool read_claims(struct text *claims, struct registered *registered, struct arena *arena)
{
	size_t start = json_scan_space(*claims, 0);
	struct json_members members;

	*claims = (struct text){claims->at + start, claims->length - start};
	/* a NUL ends them */
	if (claims->at[0] != '{' || !utf8_is_valid(*claims))
		return false;
	json_members_begin(&members, *claims, CLAIMS_DEPTH_MAX, arena);
	while (json_members_next(&members))
		take_claim(registered, json_scan_unescape(members.name, arena), members.value);
	return members.scan.wrong == NULL && !claims_hold_nul(*claims);
}

/* A NumericDate may have a fraction: *seconds is the first whole second that is not before it. */
static bool read_time(struct text raw, int64_t *seconds)
{
	bool is_integer;
	double value;

	if (!json_scan_number(raw, &is_integer))
		return false;
	value = strtod(raw.at, NULL); /* the text goes on behind it, and ends in NUL */
	if (!(value > -TIME_MAX_S && value < TIME_MAX_S))
		return false;
	*seconds = (int64_t)value;
	*seconds += (double)*seconds < value;
	return true;
}

static enum token_error check_times(const struct registered *claims, int64_t now_s, int64_t *expires_s)
{
	int64_t exp = 0, nbf = 0, iat = 0; /* what is not there was long ago */

	if ((claims->exp.at != NULL && !read_time(claims->exp, &exp)) ||
	    (claims->nbf.at != NULL && !read_time(claims->nbf, &nbf)) ||
	    (claims->iat.at != NULL && !read_time(claims->iat, &iat)))
		return TOKEN_CLAIMS;
	*expires_s = claims->exp.at != NULL ? exp + TOKEN_LEEWAY_S : IDENTITY_NEVER_EXPIRES;
	if (now_s >= *expires_s)
		return TOKEN_EXPIRED;
	if (now_s < nbf - TOKEN_LEEWAY_S)
		return TOKEN_NOT_YET_VALID;
	return now_s < iat - TOKEN_LEEWAY_S ? TOKEN_ISSUED_IN_FUTURE : TOKEN_GOOD;
}

/* *is_equal stays as it is when the string is another. False: it is no string. */
static bool compare(struct text raw, const char *expected, struct arena *arena, bool *is_equal)
{
	struct text string;

	if (!json_scan_string(raw, arena, &string))
		return false;
	if (expected != NULL && text_equal(string, text_of(expected)))
		*is_equal = true;
	return true;
}

/* One string, or an array of them (RFC 7519, section 4.1.3). */
static enum token_error check_audience(struct text aud, const char *expected, struct arena *arena)
{
	bool is_equal = expected == NULL;
	struct text rest, item;

	if (aud.at == NULL)
		return is_equal ? TOKEN_GOOD : TOKEN_AUDIENCE;
	if (aud.at[0] != '[') {
		if (!compare(aud, expected, arena, &is_equal))
			return TOKEN_CLAIMS;
		return is_equal ? TOKEN_GOOD : TOKEN_AUDIENCE;
	}
	rest = json_items_begin(aud);
	while (json_items_next(&rest, &item))
		if (!compare(item, expected, arena, &is_equal))
			return TOKEN_CLAIMS;
	return is_equal ? TOKEN_GOOD : TOKEN_AUDIENCE;
}

static enum token_error check_issuer(struct text iss, const char *expected, struct arena *arena)
{
	bool is_equal = expected == NULL;

	if (iss.at != NULL && !compare(iss, expected, arena, &is_equal))
		return TOKEN_CLAIMS;
	return is_equal ? TOKEN_GOOD : TOKEN_ISSUER;
}

static enum token_error read_role(struct text claims, const struct token_rules *rules, struct arena *arena,
				  struct text *role)
{
	struct text raw, path = text_of(rules->role_claim != NULL ? rules->role_claim : "role");

	*role = (struct text){0};
	if (!claim_find(claims, path, arena, &raw) || text_equal(raw, TEXT("null")))
		return TOKEN_GOOD;
	return json_scan_string(raw, arena, role) && identity_role_is_valid(*role) ? TOKEN_GOOD : TOKEN_ROLE;
}

static enum token_error check_claims(struct text claims, const struct token_rules *rules, int64_t now_s,
				     struct arena *arena, struct identity *identity)
{
	struct registered registered = {0};
	int64_t expires_s = 0;
	enum token_error error;
	struct text role;

	if (!read_claims(&claims, &registered, arena))
		return TOKEN_CLAIMS;
	error = check_times(&registered, now_s, &expires_s);
	if (error == TOKEN_GOOD)
		error = check_audience(registered.aud, rules->audience, arena);
	if (error == TOKEN_GOOD)
		error = check_issuer(registered.iss, rules->issuer, arena);
	if (error == TOKEN_GOOD)
		error = read_role(claims, rules, arena, &role);
	if (error == TOKEN_GOOD)
		identity_init(identity, role, claims, expires_s);
	return error;
}

enum token_error token_verify(const struct key_set *keys, const struct token_rules *rules, struct text token,
			      int64_t now_s, struct arena *arena, struct identity *identity)
{
	struct text claims;
	enum token_error error = jws_verify(keys, token, arena, &claims);

	return error == TOKEN_GOOD ? check_claims(claims, rules, now_s, arena, identity) : error;
}
