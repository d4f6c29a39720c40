/* keys.h - the keys of tokens and the API keys, from the files that options name.
 *
 * Thread:  edition_load()'s: it waits for the disk.
 * Errors:  in the diagnostics, as file:line, or with the origin of the option; never key material.
 */
#pragma once

#include <strings.h>

#include "base/diagnostics.h"
#include "config/options.h"
#include "identity/verifier.h"

/* Are any configured? Else no client has an identity, and any may call every endpoint. */
static inline bool keys_are_configured(const struct options *options)
{
	return options->jwt_keys[0] != '\0' || options->api_keys[0] != '\0';
}

/* Are the keys of tokens at a URL, and in no file? */
static inline bool keys_are_fetched(const struct options *options)
{
	return strncasecmp(options->jwt_keys, "http://", 7) == 0 || strncasecmp(options->jwt_keys, "https://", 8) == 0;
}

/* NULL: none are configured, or there are diagnostics. *ring is `fetched`, or the file's own, which the caller destroys
 * after the verifier; NULL: there are no keys of tokens. */
struct verifier *keys_read(const struct options *options, struct key_ring *fetched, struct key_ring **ring,
			   struct diagnostics *diagnostics);
