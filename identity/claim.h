/* claim.h - one claim of a set of claims, by its path: `sub`, `app.tenant`, `"https://example.com/team".name`.
 *
 * A path has names with dots between them; each but the last names an object. A name with a dot or a quote in it stands
 * in double quotes, within which `\` takes the next character as it is.
 *
 * Thread:  any.
 * Limits:  CLAIM_PATH_NAMES_MAX names; claims are nested CLAIMS_DEPTH_MAX deep.
 */
#pragma once

#include "base/arena.h"

enum {
	CLAIM_PATH_NAMES_MAX = 16,
	CLAIMS_DEPTH_MAX = 32,
};

/* Does an escape in this JSON stand for U+0000, which PostgreSQL cannot read? */
bool claims_hold_nul(struct text json);

bool claim_path_is_valid(struct text path);

/* `claims` is a well-formed object (struct identity has such), `path` a valid path. *raw is the value as it stands there,
 * a view of `claims`. False: there is no such claim. */
bool claim_find(struct text claims, struct text path, struct arena *scratch, struct text *raw);
/* The value as the text of a parameter: a string without its quotes and escapes, anything else as JSON. It is a view of
 * `claims`, or in `arena`. False: there is no such claim, or it is null. */
bool claim_text(struct text claims, struct text path, struct arena *arena, struct text *text);
