#include "exchange/router.h"

#include "base/buffer.h"
#include "base/hash.h"
#include "base/percent.h"
#include "exchange/route_pattern.h"

#include <stdint.h>

_Static_assert(ROUTE_SEGMENTS_MAX <= 32, "one bit a segment");

enum { LITERAL_PLACES = 8 }; /* of a node that has its first literal */

/* A place in the tree of paths. Each node is reached in one way, so a match looks at none twice. */
struct route_node {
	struct text literal; /* empty for a parameter, the root and what follows a final '/' */
	/* below this one: open addressing, each at the first free place from its hash on; at most half full */
	struct route_node **literals;
	unsigned places, literal_count; /* places: a power of two, or 0 */
	struct route_node *parameter;   /* below this one, whatever its name: any segment that is not empty */
	const struct route *by_method[HTTP_METHOD_COUNT + 1]; /* the last is HTTP_METHOD_UNKNOWN's: NULL */
	unsigned allowed;                                     /* as in route_match, by this node alone */
};

/* A path, split. */
struct path {
	struct text segments[ROUTE_SEGMENTS_MAX];
	unsigned count;
	uint32_t copied; /* bit i: segment i is already a copy in the arena */
};

/* A path being looked for. */
struct search {
	const struct path *path;
	enum http_method method;
	uint32_t values;  /* bit i: segment i is a parameter's value */
	unsigned allowed; /* the methods of the nodes that were reached */
};

void router_init(struct router *router)
{
	*router = (struct router){.count = 0};
	arena_init(&router->arena, NULL, 0);
	router->root = arena_alloc_zeroed(&router->arena, sizeof(*router->root));
}

void router_cleanup(struct router *router)
{
	arena_cleanup(&router->arena);
	*router = (struct router){.count = 0};
}

static bool is_dots(struct text segment)
{
	return text_equal(segment, TEXT(".")) || text_equal(segment, TEXT(".."));
}

static bool is_name_character(char c, bool is_first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (!is_first && c >= '0' && c <= '9');
}

/* "{name}", the whole segment. */
static bool is_good_parameter(struct text segment)
{
	if (segment.length < 3 || segment.at[segment.length - 1] != '}')
		return false;
	for (size_t i = 1; i < segment.length - 1; i++)
		if (!is_name_character(segment.at[i], i == 1))
			return false;
	return true;
}

static bool is_among(struct text name, const struct text *names, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (text_equal(names[i], name))
			return true;
	return false;
}

static bool is_good_pattern(const char *pattern)
{
	struct text rest = text_of(pattern), segment, names[ROUTE_VALUES_MAX];
	unsigned segments = 0, values = 0;

	if (pattern[0] != '/')
		return false;
	while (route_take_segment(&rest, &segment)) {
		if (++segments > ROUTE_SEGMENTS_MAX || (segment.length == 0 && rest.length > 0))
			return false;
		if (!route_is_parameter(segment)) {
			if (!route_is_literal(segment) || !utf8_is_valid(segment))
				return false;
			continue;
		}
		if (!is_good_parameter(segment) || values == ROUTE_VALUES_MAX || is_among(segment, names, values))
			return false;
		names[values++] = segment;
	}
	return true;
}

static struct route_node *find_literal(const struct route_node *parent, struct text literal)
{
	unsigned place;

	if (parent->places == 0)
		return NULL;
	place = hash_fnv1a(literal) & (parent->places - 1);
	while (parent->literals[place] != NULL && !text_equal(parent->literals[place]->literal, literal))
		place = (place + 1) & (parent->places - 1);
	return parent->literals[place];
}

static void place_literal(struct route_node *parent, struct route_node *child)
{
	unsigned place = hash_fnv1a(child->literal) & (parent->places - 1);

	while (parent->literals[place] != NULL)
		place = (place + 1) & (parent->places - 1);
	parent->literals[place] = child;
}

static void add_literal(struct arena *arena, struct route_node *parent, struct route_node *child)
{
	struct route_node **before = parent->literals;
	unsigned places = parent->places;

	if (2 * ++parent->literal_count > places) {
		parent->places = places > 0 ? 2 * places : LITERAL_PLACES;
		parent->literals = arena_alloc_zeroed(arena, parent->places * sizeof(struct route_node *));
		for (unsigned i = 0; i < places; i++)
			if (before[i] != NULL)
				place_literal(parent, before[i]);
	}
	place_literal(parent, child);
}

static struct route_node *make_child(struct arena *arena, struct route_node *parent, struct text segment)
{
	struct route_node *child = route_is_parameter(segment) ? parent->parameter : find_literal(parent, segment);

	if (child != NULL)
		return child;
	child = arena_alloc_zeroed(arena, sizeof(*child));
	if (route_is_parameter(segment)) {
		parent->parameter = child;
		return child;
	}
	child->literal = segment;
	add_literal(arena, parent, child);
	return child;
}

static void append_route(struct router *router, struct route *route)
{
	if (router->count == router->capacity) {
		unsigned capacity = router->capacity > 0 ? 2 * router->capacity : 16;
		struct route **moved = arena_alloc(&router->arena, capacity * sizeof(struct route *));

		if (router->count > 0)
			memcpy(moved, router->routes, router->count * sizeof(struct route *));
		router->routes = moved;
		router->capacity = capacity;
	}
	route->index = router->count;
	router->routes[router->count++] = route;
}

/* What a path with such a route allows. */
static unsigned allowed_with(enum http_method method)
{
	unsigned allowed = 1U << method | 1U << HTTP_OPTIONS;

	return method == HTTP_GET ? allowed | 1U << HTTP_HEAD : allowed;
}

enum router_verdict router_add(struct router *router, const struct route *route, const struct route **taken_by)
{
	struct text rest = text_of(route->pattern), segment;
	struct route_node *node = router->root;
	struct route *copy;

	/* these two are answered from the other methods of the path */
	if (route->method >= HTTP_METHOD_COUNT || route->method == HTTP_HEAD || route->method == HTTP_OPTIONS)
		return ROUTER_MALFORMED;
	if (!is_good_pattern(route->pattern))
		return ROUTER_MALFORMED;
	while (route_take_segment(&rest, &segment))
		node = make_child(&router->arena, node, segment);
	if (node->by_method[route->method] != NULL) {
		*taken_by = node->by_method[route->method];
		return ROUTER_TAKEN;
	}

	copy = arena_alloc(&router->arena, sizeof(*copy));
	*copy = *route;
	append_route(router, copy);
	node->by_method[route->method] = copy;
	if (route->method == HTTP_GET)
		node->by_method[HTTP_HEAD] = copy;
	node->allowed |= allowed_with(route->method);
	return ROUTER_ADDED;
}

void router_set_rest(struct router *router, const struct route *route)
{
	struct route *copy = arena_alloc(&router->arena, sizeof(*copy));

	*copy = *route;
	append_route(router, copy);
	router->rest = copy;
}

/* Returns NULL, or what is wrong with it. */
static const char *add_segment(struct path *path, struct text segment, bool needs_decoding, struct arena *arena)
{
	const char *wrong;

	if (UNLIKELY(needs_decoding)) {
		wrong = percent_decode(segment, false, arena, &segment);
		if (wrong != NULL)
			return wrong;
		path->copied |= UINT32_C(1) << path->count;
	}
	if (is_dots(segment))
		return "a \".\" or \"..\" segment";
	path->segments[path->count++] = segment;
	return NULL;
}

/* Plain segments, nearly all of them, stay as they are. */
static inline bool needs_decoding(char c)
{
	return (c == '%') | ((signed char)c <= 0);
}

/* Returns NULL, or what is wrong with the path, which begins with a '/'. A path with too many segments has none: no
 * pattern is that long. */
static const char *split(struct text whole, struct arena *arena, struct path *path)
{
	const char *begin = whole.at + 1, *end = whole.at + whole.length, *wrong;
	bool needs = false;

	path->count = 0;
	path->copied = 0;
	for (const char *at = begin;; at++) {
		if (at < end && *at != '/') {
			needs |= needs_decoding(*at);
			continue;
		}
		if (path->count == ROUTE_SEGMENTS_MAX) {
			path->count = 0;
			return NULL;
		}
		wrong = add_segment(path, (struct text){begin, (size_t)(at - begin)}, needs, arena);
		if (wrong != NULL || at == end)
			return wrong;
		begin = at + 1;
		needs = false;
	}
}

/* Returns the route of segments[at...] for the method. Goes back and takes the parameter where the literal leads to no
 * route of that method. */
static const struct route *find(struct search *search, const struct route_node *node, unsigned at)
{
	const struct path *path = search->path;
	const struct route_node *literal;
	const struct route *found;

	if (at == path->count) {
		search->allowed |= node->allowed;
		return node->by_method[search->method];
	}
	literal = find_literal(node, path->segments[at]);
	found = literal != NULL ? find(search, literal, at + 1) : NULL;
	if (found != NULL || node->parameter == NULL || path->segments[at].length == 0)
		return found;
	found = find(search, node->parameter, at + 1);
	if (found != NULL)
		search->values |= UINT32_C(1) << at;
	return found;
}

static void copy_values(const struct path *path, uint32_t values, struct arena *arena, struct route_match *match)
{
	for (unsigned i = 0; i < path->count; i++) {
		struct text segment = path->segments[i];

		if ((values >> i & 1) == 0)
			continue;
		if ((path->copied >> i & 1) == 0)
			segment.at = arena_copy(arena, segment);
		match->values[match->value_count++] = segment;
	}
}

void router_match(const struct router *router, enum http_method method, struct text path, struct arena *arena,
		  struct route_match *match)
{
	struct path split_path;
	struct search search = {.path = &split_path, .method = method};

	match->router = router;
	match->route = NULL;
	match->value_count = 0;
	match->allowed = 0;
	match->malformed = NULL;
	if (path.length == 0 || path.at[0] != '/')
		return;
	match->malformed = split(path, arena, &split_path);
	if (match->malformed != NULL || split_path.count == 0)
		return;
	match->route = find(&search, router->root, 0);
	if (LIKELY(match->route != NULL))
		copy_values(&split_path, search.values, arena, match);
	else if (search.allowed == 0 && (search.method == HTTP_GET || search.method == HTTP_HEAD))
		match->route = match->router->rest; /* so that nothing is kept over find() for it */
	else
		match->allowed = search.allowed;
}

unsigned route_match_allowed(const struct route_match *match, struct text path, struct arena *arena)
{
	struct route_match all;

	/* no route has this method, so none ends the search */
	router_match(match->router, HTTP_OPTIONS, path, arena, &all);
	return all.allowed;
}

unsigned router_allowed(const struct router *router)
{
	unsigned allowed = 0;

	for (unsigned i = 0; i < router->count; i++)
		allowed |= allowed_with(router->routes[i]->method);
	return allowed;
}

struct text route_allow_header(unsigned allowed, struct arena *arena)
{
	struct buffer header = buffer_in(arena);

	for (enum http_method method = 0; method < HTTP_METHOD_COUNT; method++) {
		if ((allowed >> method & 1) == 0)
			continue;
		if (header.length > 0)
			buffer_add(&header, TEXT(", "));
		buffer_add(&header, text_of(http_method_name(method)));
	}
	return buffer_text(&header);
}
