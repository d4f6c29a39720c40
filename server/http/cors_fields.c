#include "server/http/cors_fields.h"

#include "server/http/cors.h"

static const char exposed[] =
    "etag, meantime-missing, meantime-truncated, ratelimit, ratelimit-policy, retry-after, server-timing, "
    "www-authenticate";

static struct text header_of(const h2o_req_t *request, const char *name, size_t length)
{
	ssize_t at = h2o_find_header_by_str(&request->headers, name, length, -1);

	if (at < 0)
		return (struct text){NULL, 0};
	return (struct text){request->headers.entries[at].value.base, request->headers.entries[at].value.len};
}

void http_cors_note(struct http_reply *reply)
{
	struct text origin = header_of(reply->request, H2O_STRLIT("origin"));

	if (origin.at != NULL && cors_takes(reply->http->http->cors, origin))
		reply->origin = (struct text){arena_copy(&reply->x.arena, origin), origin.length};
}

/* What a client may send: credentials, a body, and what the endpoint reads that is to be called. */
static struct text allowed_headers(struct http_reply *reply, struct text method)
{
	static const char always[] = "authorization, content-type, x-api-key";
	struct exchange *x = &reply->x;
	struct route_match match;

	memset(&match, 0, sizeof(match));
	router_match(&reply->edition->edition->router, http_method_from(method), x->request.path, &x->arena, &match);
	if (match.route == NULL || match.route->headers == NULL)
		return TEXT(always);
	return text_of(arena_printf(&x->arena, "%s, %s", always, match.route->headers));
}

/* Any thread's: what it says was read on the loop. */
static enum step answer_preflight(struct exchange *x)
{
	const struct text *headers = x->state;

	response_add_header(x, "access-control-allow-methods", route_allow_header(x->request.match.allowed, &x->arena));
	response_add_header(x, "access-control-allow-headers", *headers);
	response_add_header(x, "access-control-max-age", text_of(arena_printf(&x->arena, "%d", CORS_MAX_AGE_S)));
	return respond_empty(x, 204);
}

step_fn *http_cors_preflight(struct http_reply *reply)
{
	struct text method = header_of(reply->request, H2O_STRLIT("access-control-request-method"));
	struct exchange *x = &reply->x;
	struct text *headers;

	if (x->request.method != HTTP_OPTIONS || x->request.match.allowed == 0 || reply->origin.at == NULL ||
	    method.at == NULL)
		return NULL;
	headers = arena_alloc(&x->arena, sizeof(*headers));
	*headers = allowed_headers(reply, method);
	x->state = headers;
	return answer_preflight;
}

static void add(h2o_req_t *request, const char *name, size_t length, struct text value)
{
	h2o_add_header_by_str(&request->pool, &request->res.headers, name, length, 0, NULL, value.at, value.length);
}

/* A browser shows a page these by itself, or they are for the browser alone. */
static bool needs_no_word(struct text name)
{
	static const struct text known[] = {
	    TEXT_INIT("allow"),         TEXT_INIT("cache-control"), TEXT_INIT("content-language"), TEXT_INIT("expires"),
	    TEXT_INIT("last-modified"), TEXT_INIT("pragma"),        TEXT_INIT("set-cookie")};

	for (unsigned i = 0; i < ARRAY_LENGTH(known); i++)
		if (text_equal_nocase(name, known[i]))
			return true;
	return text_begins_with(name, TEXT("access-control-"));
}

static bool is_exposed(struct text name)
{
	struct text rest = TEXT(exposed);

	while (rest.length > 0)
		if (text_equal_nocase(text_trimmed(text_cut_at(&rest, ',')), name))
			return true;
	return false;
}

/* Those of each response, and what the endpoint itself has added. */
static struct text exposed_headers(const struct http_reply *reply)
{
	const struct http_response *response = &reply->x.response;
	h2o_iovec_t list = h2o_iovec_init(H2O_STRLIT(exposed));

	for (unsigned i = 0; i < response->header_count; i++) {
		struct text name = text_of(response->headers[i].name);

		if (!needs_no_word(name) && !is_exposed(name))
			list = h2o_concat(&reply->request->pool, list, h2o_iovec_init(H2O_STRLIT(", ")),
					  h2o_iovec_init(name.at, name.length));
	}
	return (struct text){list.base, list.len};
}

void http_cors_add(const struct http_reply *reply)
{
	const struct cors *cors = reply->http->http->cors;
	h2o_req_t *request = reply->request;

	/* with "*" the answer is the same for all, also for those that name no origin: a cache may keep it */
	if (!cors->takes_any)
		add(request, H2O_STRLIT("vary"), TEXT("origin"));
	if (reply->origin.at == NULL && !cors->takes_any)
		return;
	add(request, H2O_STRLIT("access-control-allow-origin"), cors->takes_any ? TEXT("*") : reply->origin);
	add(request, H2O_STRLIT("access-control-expose-headers"), exposed_headers(reply));
	/* cookies and the like only for an origin that has been named */
	if (!cors->takes_any)
		add(request, H2O_STRLIT("access-control-allow-credentials"), TEXT("true"));
}
