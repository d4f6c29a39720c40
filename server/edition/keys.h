/* keys.h - the keys of tokens and the API keys, from the files that options name.
 *
 * Thread:  edition_load()'s: it waits for the disk.
 * Errors:  in the diagnostics, as file:line, or with the origin of the option; never key material.
 */
#pragma once

#include "base/diagnostics.h"
#include "config/options.h"
#include "identity/verifier.h"

/* Are any configured? Else no client has an identity, and any may call every endpoint. */
static inline bool keys_are_configured(const struct options *options)
{
	return options->jwt_keys[0] != '\0' || options->api_keys[0] != '\0';
}

/* NULL: none are configured, or there are diagnostics. */
struct verifier *keys_read(const struct options *options, struct diagnostics *diagnostics);
