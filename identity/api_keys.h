/* api_keys.h - API keys: a file that has, of each, its name, the SHA-256 of the key, a role, and claims.
 *
 *     # NAME SHA256 ROLE [CLAIMS]
 *     billing 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef biller {"sub":"billing","tenant":7}
 *
 * Without claims they are {"sub":NAME,"role":ROLE}. Empty lines, and lines that begin with '#', are passed over.
 * Names and hashes stand once in a file.
 *
 * Life:    api_keys_create() -> constant -> api_keys_destroy().
 * Owner:   the set owns its identities.
 * Thread:  any, at the same time.
 * Limits:  API_KEYS_MAX keys, API_KEYS_BYTES_MAX of text; a key has API_KEY_BYTES_MAX bytes.
 * Errors:  in `diagnostics`, as file:line; a line is never shown.
 */
#pragma once

#include "base/diagnostics.h"
#include "identity/identity.h"

enum {
	API_KEYS_MAX = 1000, /* all of them are compared each time */
	API_KEYS_BYTES_MAX = 1048576,
	API_KEY_BYTES_MAX = 256,
	API_KEY_NAME_BYTES_MAX = 64,
	API_KEY_LENGTH = 46, /* of one that is made: the prefix, and 256 bits as base64url */
};

#define API_KEY_PREFIX "mt_" /* programs that look for leaked secrets find it by this */

struct api_keys;

/* NULL: there are diagnostics. */
struct api_keys *api_keys_create(struct text text, const char *file, struct diagnostics *diagnostics);
/* NULL is none. */
void api_keys_destroy(struct api_keys *keys);
/* Takes the same time whichever key it is, and whether it is one. NULL: it is none. The identity is the set's. */
const struct identity *api_keys_find(const struct api_keys *keys, struct text key);

bool api_keys_name_is_valid(struct text name);

/* Makes a key, and its line without the line break, in `arena`. `claims.at` may be NULL. NULL, or what is wrong. */
const char *api_keys_make(struct text name, struct text role, struct text claims, struct arena *arena,
			  char key[static API_KEY_LENGTH + 1], struct text *line);
