#include "identity/jws.h"

#include "base/json_out.h"
#include "base/json_scan.h"
#include "base/percent.h"
#include "identity/base64url.h"

/* The parts of a token. */
struct jws {
	struct text signed_text; /* header and payload as they stand there */
	struct text header, payload, signature;
	const struct algorithm *algorithm;
	struct text kid; /* `at` is NULL where there is none */
};

static enum token_error split(struct jws *jws, struct text token, struct arena *arena)
{
	struct text rest = token, header, payload;

	if (token.length > JWS_BYTES_MAX)
		return TOKEN_TOO_LONG;
	header = text_cut_at(&rest, '.');
	payload = text_cut_at(&rest, '.');
	/* with fewer dots the rest begins at the end of the token, and with two behind a dot */
	if (rest.at == token.at || rest.at[-1] != '.' ||
	    header.length + payload.length + 2 + rest.length != token.length)
		return TOKEN_MALFORMED;
	jws->signed_text = (struct text){token.at, header.length + 1 + payload.length};
	if (!base64url_decode(header, arena, &jws->header) || !base64url_decode(payload, arena, &jws->payload) ||
	    !base64url_decode(rest, arena, &jws->signature))
		return TOKEN_MALFORMED;
	return TOKEN_GOOD;
}

enum token_error jws_look(struct text token)
{
	struct arena scratch = {0};
	struct jws jws;
	enum token_error error = split(&jws, token, &scratch);

	arena_cleanup(&scratch);
	return error;
}

/* False: it is one that no token may have. */
static bool take_member(struct jws *jws, struct text *alg, struct text name, struct text value, struct arena *arena)
{
	if (text_equal(name, TEXT("alg")))
		return json_scan_string(value, arena, alg);
	if (text_equal(name, TEXT("kid")))
		return json_scan_string(value, arena, &jws->kid);
	return !text_equal(name, TEXT("crit")) && !text_equal(name, TEXT("b64"));
}

static enum token_error read_header(struct jws *jws, struct arena *arena)
{
	size_t start = json_scan_space(jws->header, 0);
	struct text object = {jws->header.at + start, jws->header.length - start}, alg = {0};
	struct json_members members;

	/* a NUL ends it */
	if (object.at[0] != '{' || !utf8_is_valid(object))
		return TOKEN_HEADER;
	json_members_begin(&members, object, JWS_HEADER_DEPTH_MAX, arena);
	while (json_members_next(&members))
		if (!take_member(jws, &alg, json_scan_unescape(members.name, arena), members.value, arena))
			return TOKEN_HEADER;
	if (members.scan.wrong != NULL || alg.at == NULL)
		return TOKEN_HEADER;
	jws->algorithm = algorithm_by_name(alg);
	return jws->algorithm != NULL ? TOKEN_GOOD : TOKEN_ALGORITHM;
}

static bool has_kid(const struct key *key, struct text kid)
{
	return key->kid.at != NULL && text_equal(key->kid, kid);
}

static bool is_kid_known(const struct key_set *keys, struct text kid)
{
	for (unsigned i = 0; i < keys->count; i++)
		if (has_kid(&keys->keys[i], kid))
			return true;
	return false;
}

/* A token that names a key is for that one; where no key has the name, for those that have none. */
static bool is_candidate(const struct key *key, const struct jws *jws, bool is_known)
{
	if (jws->kid.at == NULL)
		return true;
	return is_known ? has_kid(key, jws->kid) : key->kid.at == NULL;
}

static enum token_error check_signature(const struct key_set *keys, const struct jws *jws)
{
	bool is_known = jws->kid.at == NULL || is_kid_known(keys, jws->kid);
	unsigned tries = 0;

	for (unsigned i = 0; i < keys->count && tries < JWS_TRIES_MAX; i++) {
		const struct key *key = &keys->keys[i];

		if (!is_candidate(key, jws, is_known) || !algorithm_is_in(jws->algorithm, key->algorithms))
			continue;
		if (key_verify(key, jws->algorithm, jws->signed_text, jws->signature))
			return TOKEN_GOOD;
		tries++;
	}
	if (!is_known)
		return TOKEN_KEY_UNKNOWN;
	return tries == 0 ? TOKEN_ALGORITHM : TOKEN_SIGNATURE;
}

enum token_error jws_verify(const struct key_set *keys, struct text token, struct arena *arena, struct text *payload)
{
	struct jws jws = {0};
	enum token_error error = split(&jws, token, arena);

	if (error == TOKEN_GOOD)
		error = read_header(&jws, arena);
	if (error == TOKEN_GOOD)
		error = check_signature(keys, &jws);
	if (error == TOKEN_GOOD)
		*payload = jws.payload;
	return error;
}

struct text jws_sign_with_header(const struct key *key, const struct algorithm *algorithm, struct text header,
				 struct text payload, struct arena *arena)
{
	struct buffer token = buffer_in(arena);
	uint8_t bytes[KEY_SIGNATURE_BYTES_MAX];
	struct text signature;

	base64url_add(&token, header);
	buffer_add_char(&token, '.');
	base64url_add(&token, payload);
	signature = key_sign(key, algorithm, buffer_text(&token), bytes);
	if (signature.at == NULL)
		return signature;
	buffer_add_char(&token, '.');
	base64url_add(&token, signature);
	return buffer_text(&token);
}

struct text jws_sign(const struct key *key, const struct algorithm *algorithm, struct text payload, struct arena *arena)
{
	struct buffer header = buffer_in(arena);
	struct json_out json = {.out = &header};

	json_out_open(&json, NULL, '{');
	json_out_text(&json, "alg", text_of(algorithm->name));
	json_out_text(&json, "typ", TEXT("JWT"));
	if (key->kid.at != NULL)
		json_out_text(&json, "kid", key->kid);
	json_out_close(&json);
	return jws_sign_with_header(key, algorithm, buffer_text(&header), payload, arena);
}
