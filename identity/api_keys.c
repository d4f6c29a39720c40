#include "identity/api_keys.h"

#include "base/hex.h"
#include "base/json_out.h"
#include "base/json_scan.h"
#include "base/memory.h"
#include "base/percent.h"
#include "identity/claim.h"
#include "identity/jws.h"

#include <stdlib.h>

/* As words, which are compared without a branch. */
struct words {
	uint64_t words[DIGEST_BYTES / sizeof(uint64_t)];
};

struct api_key {
	struct text name;
	struct identity identity;
};

struct api_keys {
	struct api_key *keys;
	struct words *digests; /* of keys[i] */
	unsigned count;
	struct arena arena;
};

/* The words of a line. */
struct line {
	struct text name, digest, role, claims;
};

bool api_keys_name_is_valid(struct text name)
{
	for (size_t i = 0; i < name.length; i++) {
		char c = name.at[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		      c == '-' || c == '.'))
			return false;
	}
	return name.length >= 1 && name.length <= API_KEY_NAME_BYTES_MAX;
}

/* Claims as a token may have them: one object, which PostgreSQL can read. */
static bool claims_are_valid(struct text claims, struct arena *scratch)
{
	struct json_members members;

	if (claims.length > JWS_BYTES_MAX || claims.at[0] != '{' || !utf8_is_valid(claims))
		return false;
	json_members_begin(&members, claims, CLAIMS_DEPTH_MAX, scratch);
	while (json_members_next(&members))
		continue;
	return members.scan.wrong == NULL && !claims_hold_nul(claims);
}

/* `rest` is trimmed, and stays so. */
static struct text cut_word(struct text *rest)
{
	size_t length = 0;
	struct text word;

	while (length < rest->length && rest->at[length] != ' ' && rest->at[length] != '\t')
		length++;
	word = (struct text){rest->at, length};
	*rest = text_trimmed((struct text){rest->at + length, rest->length - length});
	return word;
}

static struct line cut_line(struct text text)
{
	struct line line;

	line.name = cut_word(&text);
	line.digest = cut_word(&text);
	line.role = cut_word(&text);
	line.claims = text;
	return line;
}

static bool read_digest(struct text hex, uint8_t digest[static DIGEST_BYTES])
{
	if (hex.length != (size_t)2 * DIGEST_BYTES)
		return false;
	for (unsigned i = 0; i < DIGEST_BYTES; i++) {
		int high = hex_value(hex.at[2 * i]), low = hex_value(hex.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		digest[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* Returns what is wrong, or NULL. */
static const char *check_words(const struct line *line, uint8_t digest[static DIGEST_BYTES], struct arena *scratch)
{
	if (!api_keys_name_is_valid(line->name))
		return "a name has 1 to 64 of the letters A to Z and a to z, digits, \"_\", \"-\" and \".\"";
	if (!read_digest(line->digest, digest))
		return "the second word must be the key's SHA-256, as 64 hexadecimal digits";
	if (!identity_role_is_valid(line->role))
		return "the third word must be a role, of 63 bytes at most, and not \"none\"";
	if (line->claims.length > 0 && !claims_are_valid(line->claims, scratch))
		return "the claims must be one JSON object, without duplicate members and \\u0000";
	return NULL;
}

static const char *find_twice(const struct api_keys *keys, struct text name, const struct words *digest)
{
	for (unsigned i = 0; i < keys->count; i++) {
		if (text_equal(keys->keys[i].name, name))
			return "another line has the same name";
		if (memcmp(&keys->digests[i], digest, sizeof(*digest)) == 0)
			return "another line has the same key";
	}
	return NULL;
}

static struct text copy(struct api_keys *keys, struct text text)
{
	return (struct text){arena_copy(&keys->arena, text), text.length};
}

static struct text default_claims(const struct line *line, struct arena *arena)
{
	struct buffer claims = buffer_in(arena);
	struct json_out json = {.out = &claims};

	json_out_open(&json, NULL, '{');
	json_out_text(&json, "sub", line->name);
	json_out_text(&json, "role", line->role);
	json_out_close(&json);
	buffer_add_char(&claims, '\0');
	return (struct text){claims.bytes, claims.length - 1};
}

static const char *add_line(struct api_keys *keys, struct text text)
{
	struct line line = cut_line(text);
	struct api_key *key = &keys->keys[keys->count];
	uint8_t digest[DIGEST_BYTES];
	const char *wrong = check_words(&line, digest, &keys->arena);

	if (wrong != NULL)
		return wrong;
	memcpy(&keys->digests[keys->count], digest, sizeof(digest));
	wrong = find_twice(keys, line.name, &keys->digests[keys->count]);
	if (wrong == NULL && keys->count == API_KEYS_MAX)
		wrong = "more than 1000 keys";
	if (wrong != NULL)
		return wrong;
	key->name = copy(keys, line.name);
	identity_init(&key->identity, copy(keys, line.role),
		      line.claims.length > 0 ? copy(keys, line.claims) : default_claims(&line, &keys->arena),
		      IDENTITY_NEVER_EXPIRES);
	keys->count++;
	return NULL;
}

static void read_lines(struct api_keys *keys, struct text text, const char *file, struct diagnostics *diagnostics)
{
	for (unsigned number = 1; text.length > 0; number++) {
		struct text line = text_cut_at(&text, '\n');
		const char *wrong;

		if (line.length > 0 && line.at[line.length - 1] == '\r')
			line.length--;
		line = text_trimmed(line);
		if (line.length == 0 || line.at[0] == '#')
			continue;
		wrong = add_line(keys, line);
		if (wrong != NULL)
			diagnostics_add(diagnostics, file, number, "NAME SHA256 ROLE [CLAIMS] was expected: %s", wrong);
	}
}

struct api_keys *api_keys_create(struct text text, const char *file, struct diagnostics *diagnostics)
{
	struct api_keys *keys = memory_alloc_zeroed(1, sizeof(*keys));
	unsigned before = diagnostics->count;

	/* one more than there may be: where it is read */
	keys->keys = arena_alloc(&keys->arena, (API_KEYS_MAX + 1) * sizeof(*keys->keys));
	keys->digests = arena_alloc(&keys->arena, (API_KEYS_MAX + 1) * sizeof(*keys->digests));
	if (text.length > API_KEYS_BYTES_MAX)
		diagnostics_add(diagnostics, file, 0, "too long: %u bytes at most are expected", API_KEYS_BYTES_MAX);
	else
		read_lines(keys, text, file, diagnostics);
	if (diagnostics->count == before)
		return keys;
	api_keys_destroy(keys);
	return NULL;
}

void api_keys_destroy(struct api_keys *keys)
{
	if (keys == NULL)
		return;
	arena_cleanup(&keys->arena);
	free(keys);
}

/* All ones when they are equal, else zero. */
static uint64_t equal_mask(const struct words *a, const struct words *b)
{
	uint64_t differs = 0;

	for (unsigned i = 0; i < ARRAY_LENGTH(a->words); i++)
		differs |= a->words[i] ^ b->words[i];
	/* the highest bit of one of the two is set when it is not 0 */
	return ((differs | (0 - differs)) >> 63) - 1;
}

const struct identity *api_keys_find(const struct api_keys *keys, struct text key)
{
	uint64_t found = keys->count;
	uint8_t digest[DIGEST_BYTES];
	struct words words;

	if (key.length > API_KEY_BYTES_MAX)
		return NULL;
	digest_sha256(key, digest);
	memcpy(&words, digest, sizeof(words));
	for (unsigned i = 0; i < keys->count; i++) {
		uint64_t is_equal = equal_mask(&keys->digests[i], &words);

		found = (found & ~is_equal) | (i & is_equal);
	}
	return found < keys->count ? &keys->keys[found].identity : NULL;
}
