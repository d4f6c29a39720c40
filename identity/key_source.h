/* key_source.h - a text from which keys go into a set, in the forms that key_set.h names.
 *
 * Life:    within key_set_create().
 * Errors:  in the diagnostics.
 */
#pragma once

#include "identity/key_set.h"

struct key_source {
	struct text text;
	const char *file;
	enum key_use use;
	struct key_set *set;
	struct diagnostics *diagnostics;
};

/* Adds the key, or says what is wrong with it. `name` is what it is called in a message. */
void key_source_add(struct key_source *source, const struct key *key, const char *wrong, const char *name);

/* A JWK set, or one JWK. */
void key_source_read_jwks(struct key_source *source);
/* What stands between -----BEGIN and -----END. */
void key_source_read_pem(struct key_source *source);
/* A raw secret. */
void key_source_read_secret(struct key_source *source);
