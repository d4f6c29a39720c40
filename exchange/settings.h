/* settings.h - what handlers rely on that is the same for every request.
 *
 * Life:    constant while requests are served, but for `cache`, which is set before an endpoint is served that needs it.
 * Thread:  any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct awaitable_class;
struct response_cache;

struct exchange_settings {
	uint32_t request_timeout_ms;  /* of a route that has no time of its own */
	uint32_t max_json_depth;      /* of a body */
	uint32_t heartbeat_ms;        /* longest silence of a stream of events */
	bool follows_events;          /* else a stream of events ends with its snapshot: a thread would wait for each */
	struct response_cache *cache; /* NULL while no endpoint's answers are kept */
				      /* what await_db() and the others wait for; the handlers' tests have none */
#define AWAITABLE(name, class) const struct awaitable_class *await_##name;
#include "exchange/awaitables.def"
#undef AWAITABLE
};
