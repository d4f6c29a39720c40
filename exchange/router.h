/* router.h - method and path to the first step.
 *
 * A path is split at '/' before its segments are percent-decoded, so an encoded slash is data. A literal segment wins
 * over a parameter at the same place, for the methods that the literal path has. So with GET /a/b and POST /a/{x},
 * POST /a/b is served with x = "b". (OpenAPI matches "concrete" paths first and says nothing of a method that only the
 * templated path has. Its document lists both paths, each with its own methods.) HEAD is served by the GET route. A
 * final slash makes another path. An empty segment is never a parameter's value. What no route has, with any method, may go
 * to one that takes the rest.
 *
 * Life:    router_init() -> router_add()* -> router_match()* -> router_cleanup(). Constant once serving.
 * Owner:   the router's arena; patterns and `data` are borrowed for the router's life.
 * Thread:  router_match(): any.
 * Limits:  ROUTE_VALUES_MAX parameters in a path, ROUTE_SEGMENTS_MAX segments.
 * Errors:  router_add() says what was wrong, and of a place that is taken by which route.
 */
#pragma once

#include "base/arena.h"
#include "base/text.h"
#include "base/http_method.h"

enum {
	ROUTE_VALUES_MAX = 8,
	ROUTE_SEGMENTS_MAX = 32,
};

struct access;
struct exchange;
struct limits;
enum step {
	STEP_AWAIT,   /* something is to be waited for, then the next step */
	STEP_RESPOND, /* the response is complete */
	STEP_STREAM,  /* a part of the body is ready; the next step when the client has taken it */
};
/* One short piece of a handler: never waits. Returned only by the await_ and respond_ functions (exchange.h). */
typedef enum step step_fn(struct exchange *x);

struct route {
	enum http_method method;
	const char *pattern; /* "/countries/{code}" */
	const char *name;    /* for metrics and logs */
	step_fn *first;
	const void *data;            /* the handler's own: the endpoint */
	unsigned timeout_ms;         /* 0: the service's */
	bool reads_head;             /* it needs the header lines and the client's address */
	const char *headers;         /* names of those that it reads, with commas between; NULL: none of its own */
	bool takes_if_match;         /* else a request with that line is refused */
	bool takes_conditions;       /* it reads the lines of conditions */
	bool is_uncompressed;        /* its responses are sent as they are */
	const struct access *access; /* NULL: any client may call it */
	struct limits *limits;       /* NULL: none */
	unsigned index;              /* set by router_add(): 0.. in order */
	unsigned counted_as;         /* set by metrics_register(); 0: with those that have no route */
};

struct route_match {
	const struct route *route;            /* NULL: none */
	struct text values[ROUTE_VALUES_MAX]; /* decoded, in the order of the pattern; NUL-terminated */
	unsigned value_count;
	/* Where there is no route: bit 1 << method for each that some pattern of this path has. OPTIONS is among them
	 * and, with GET, HEAD too; 0: no such path. Where there is one, route_match_allowed() tells. */
	unsigned allowed;
	/* NULL, or a noun for "the path holds ...": a bad escape, NUL, invalid UTF-8, "." or ".." segment (also encoded) */
	const char *malformed;
	const struct router *router; /* that it was looked for in */
};

struct router {
	struct arena arena;
	struct route_node *root;
	struct route **routes;
	unsigned count, capacity;
	const struct route *rest; /* takes what no route has; NULL: nothing does */
};

void router_init(struct router *router);
void router_cleanup(struct router *router);
/* Copies `route`. ROUTER_TAKEN: `taken_by` has this place already, whatever the names of its parameters.
 * ROUTER_MALFORMED: the pattern is, or the method is HEAD, OPTIONS or unknown. In a pattern ("/a/{x}") parameters are
 * whole segments and have different names; there are no escapes. */
enum router_verdict { ROUTER_ADDED, ROUTER_TAKEN, ROUTER_MALFORMED };
MUST_CHECK enum router_verdict router_add(struct router *router, const struct route *route,
					  const struct route **taken_by);
/* Copies `route`, which takes the GET of each path that no route has. It counts among the routes. */
void router_set_rest(struct router *router, const struct route *route);
/* `path` is as sent, without the query string. Values are decoded into `arena`. */
void router_match(const struct router *router, enum http_method method, struct text path, struct arena *arena,
		  struct route_match *match);
/* Returns the methods of `path`, which is that of the match, as in `allowed`, whether it has a route or not. */
unsigned route_match_allowed(const struct route_match *match, struct text path, struct arena *arena);
/* Returns what any of its paths allows: `allowed` of OPTIONS *. */
unsigned router_allowed(const struct router *router);
/* Writes "GET, HEAD, OPTIONS" for a match's `allowed`. Returns a text in the arena. */
struct text route_allow_header(unsigned allowed, struct arena *arena);
