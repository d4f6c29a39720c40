#include "identity/api_keys.h"

#include "base/hex.h"
#include "identity/base64url.h"

#include <openssl/rand.h>

enum { SECRET_BYTES = 32 };

/* False: there is no randomness to be had. */
static bool make_key(struct arena *arena, char key[static API_KEY_LENGTH + 1])
{
	struct buffer text = buffer_in(arena);
	char secret[SECRET_BYTES];

	if (RAND_bytes((unsigned char *)secret, SECRET_BYTES) != 1)
		return false;
	buffer_add(&text, TEXT(API_KEY_PREFIX));
	base64url_add(&text, (struct text){secret, SECRET_BYTES});
	memcpy(key, text.bytes, API_KEY_LENGTH);
	key[API_KEY_LENGTH] = '\0';
	return true;
}

static struct text make_line(struct text name, struct text role, struct text claims, const char *key,
			     struct arena *arena)
{
	struct buffer line = buffer_in(arena);
	uint8_t digest[DIGEST_BYTES];

	digest_sha256(text_of(key), digest);
	buffer_add(&line, name);
	buffer_add_char(&line, ' ');
	for (unsigned i = 0; i < DIGEST_BYTES; i++) {
		hex_put(digest[i], buffer_reserve(&line, 2));
		line.length += 2;
	}
	buffer_add_char(&line, ' ');
	buffer_add(&line, role);
	if (claims.at != NULL) {
		buffer_add_char(&line, ' ');
		buffer_add(&line, claims);
	}
	return buffer_text(&line);
}

/* The line is read as the service will read it: what is wrong with a word is said there. */
static const char *check(struct text line, struct text name, struct text role, struct arena *arena)
{
	struct diagnostics *diagnostics = arena_alloc(arena, sizeof(*diagnostics));
	struct api_keys *keys;

	if (!api_keys_name_is_valid(name))
		return "a name has 1 to 64 of the letters A to Z and a to z, digits, \"_\", \"-\" and \".\"";
	if (memchr(line.at, '\n', line.length) != NULL || memchr(role.at, ' ', role.length) != NULL ||
	    memchr(role.at, '\t', role.length) != NULL)
		return "a role has no blanks, and claims are one line";
	diagnostics_init(diagnostics, arena);
	keys = api_keys_create(line, "the line", diagnostics);
	api_keys_destroy(keys);
	return keys != NULL ? NULL : diagnostics->items[0].message;
}

const char *api_keys_make(struct text name, struct text role, struct text claims, struct arena *arena,
			  char key[static API_KEY_LENGTH + 1], struct text *line)
{
	if (!make_key(arena, key))
		return "the system gives no random bytes";
	*line = make_line(name, role, claims, key, arena);
	return check(*line, name, role, arena);
}
