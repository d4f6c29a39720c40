/* access.h - which client asks, and may it? Looked at before the first step of a route.
 *
 * A client proves an identity by a token or an API key, in `Authorization: Bearer` or `X-API-Key`. What this loop has
 * verified before is found by its hash. The rest is verified by a thread of its own, as a prompt computation that the
 * request waits for. Where no keys are configured nothing is looked at.
 *
 * Life:    http_access_look() for each head with a body; http_access_begin() for each request with a route ->
 *          http_access_note(), when the response is ready.
 * Owner:   the exchange's arena; what is verified is copied into the loop's cache.
 * Thread:  the loop; the steps in between are as all steps.
 * Limits:  HTTP_IDENTITIES_MAX identities are remembered by a loop, with HTTP_IDENTITIES_BYTES_MAX.
 * Errors:  401 with a challenge (RFC 6750), 403, and 503 where too many verifications wait.
 */
#pragma once

#include "server/http/border.h"

enum {
	HTTP_IDENTITIES_MAX = 10000,
	HTTP_IDENTITIES_BYTES_MAX = 16 * 1024 * 1024,
};

/* Are there keys, and is the route one that identities count for? Else http_access_begin() is the route's own step. */
bool http_access_is_asked(const struct http_reply *reply);
/* The step that the request begins with: its route's own, or one that proves the identity first, or refuses. */
step_fn *http_access_begin(struct http_reply *reply);
/* The loop's cache learns what was verified. Returns why it is not good; TOKEN_GOOD, too, where that was not found out. */
enum token_error http_access_note(struct http_reply *reply);
/* The step of an exchange that has no request, and proves the identity of a head that is held. */
step_fn *http_access_prove(struct http_reply *prover, struct text credential);
/* Of a request with a body: will http_access_begin() refuse it, whatever that is? Then it has no credential, several, or one
 * that is not good; or its identity may not call the route. Nothing of that changes until the request begins, in the same
 * turn of the loop: an identity that expires in between is refused for that. A head waits until its credential is known. */
enum http_head_verdict http_access_look(struct client *client, const struct http_head *head);
