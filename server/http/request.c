#include "server/http/border.h"

#include "base/clock.h"
#include "base/percent.h"
#include "server/http/cors_fields.h"
#include "server/http/forwarded.h"
#include "server/http/gate.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static struct text text_from(h2o_iovec_t bytes)
{
	return (struct text){bytes.base, bytes.len};
}

static struct text copy_text(struct arena *arena, const char *at, size_t length)
{
	return (struct text){arena_copy(arena, (struct text){at, length}), length};
}

static struct text copy_header(struct arena *arena, h2o_req_t *request, const h2o_token_t *name)
{
	ssize_t at = h2o_find_header(&request->headers, name, -1);

	if (at < 0)
		return TEXT("");
	return copy_text(arena, request->headers.entries[at].value.base, request->headers.entries[at].value.len);
}

/* Returns the first coding of the body; "identity" is none. */
static struct text find_coding(const h2o_req_t *request)
{
	ssize_t at = -1;

	while ((at = h2o_find_header(&request->headers, H2O_TOKEN_CONTENT_ENCODING, at)) >= 0) {
		struct text list = text_from(request->headers.entries[at].value);

		while (list.length > 0) {
			struct text coding = text_trimmed(text_cut_at(&list, ','));

			if (coding.length > 0 && !text_equal_nocase(coding, TEXT("identity")))
				return coding;
		}
	}
	return TEXT("");
}

/* Several lines are one list (RFC 9110, section 5.3). */
static void add_accept(struct exchange *x, struct text value)
{
	struct text *accept = &x->request.accept;

	if (LIKELY(accept->length == 0))
		*accept = copy_text(&x->arena, value.at, value.length);
	else
		*accept = text_of(arena_printf(&x->arena, "%.*s,%.*s", TEXT_ARGS(*accept), TEXT_ARGS(value)));
}

/* In one pass, since each request pays for it. */
static void look_at_fields(struct exchange *x, const h2o_req_t *request)
{
	struct http_request *filled = &x->request;

	for (size_t i = 0; i < request->headers.size; i++) {
		const h2o_header_t *header = &request->headers.entries[i];

		if (header->name == &H2O_TOKEN_ACCEPT->buf)
			add_accept(x, text_from(header->value));
		if (UNLIKELY(header->name == &H2O_TOKEN_IF_MATCH->buf))
			filled->has_if_match = true;
	}
}

/* Copies what a step may read: libh2o's own memory dies with the connection, and may not leave the loop. */
static void fill_request(struct exchange *x, h2o_req_t *request)
{
	struct http_request *filled = &x->request;
	struct text target = text_from(request->input.path);
	const char *question = memchr(target.at, '?', target.length);
	size_t path_length = question != NULL ? (size_t)(question - target.at) : target.length;

	filled->method = http_method_from(text_from(request->input.method));
	filled->path = path_length > 0 ? copy_text(&x->arena, target.at, path_length) : TEXT("/");
	if (question != NULL)
		filled->query = copy_text(&x->arena, question + 1, target.length - path_length - 1);
	look_at_fields(x, request);
	if (request->entity.base != NULL) {
		struct text coding = find_coding(request);

		filled->has_body = request->entity.len > 0;
		filled->body = copy_text(&x->arena, request->entity.base, request->entity.len);
		filled->content_type = copy_header(&x->arena, request, H2O_TOKEN_CONTENT_TYPE);
		filled->coding = copy_text(&x->arena, coding.at, coding.length);
	}
}

static enum step not_found(struct exchange *x)
{
	/* what the router has not decoded may be anything */
	if (!utf8_is_valid(x->request.path))
		return respond_problem(x, ERROR_NOT_FOUND, "no endpoint has this path");
	return respond_problem(x, ERROR_NOT_FOUND, "no endpoint has the path %.*s", TEXT_ARGS(x->request.path));
}

static enum step not_allowed(struct exchange *x)
{
	struct text allow = route_allow_header(x->request.match.allowed, &x->arena);

	response_add_header(x, "allow", allow);
	if (x->request.method == HTTP_OPTIONS)
		return respond_empty(x, 204);
	return respond_problem(x, ERROR_METHOD_NOT_ALLOWED, "%.*s takes %.*s", TEXT_ARGS(x->request.path),
			       TEXT_ARGS(allow));
}

static enum step malformed_path(struct exchange *x)
{
	return respond_problem(x, ERROR_BAD_INPUT, "the path holds %s", x->request.match.malformed);
}

static enum step path_too_long(struct exchange *x)
{
	return respond_problem(x, ERROR_URI_TOO_LONG, "path and query string are longer than %u bytes",
			       http_options_of(x)->max_path_bytes);
}

static enum step refused(struct exchange *x)
{
	const struct http_guard_verdict *refusal = x->state;

	if (refusal->error == ERROR_TOO_LARGE)
		return respond_problem(x, ERROR_TOO_LARGE, "the body is larger than max_body_bytes, which is %u",
				       http_options_of(x)->max_body_bytes);
	return respond_problem(x, refusal->error, "%s", refusal->detail);
}

static step_fn *without_route(struct http_request *request, const struct router *router)
{
	/* OPTIONS * asks for all that the server takes; the guard lets "*" through with no other method */
	if (text_equal(request->path, TEXT("*")))
		request->match.allowed = router_allowed(router);
	return request->match.allowed == 0 ? not_found : not_allowed;
}

/* libh2o has the names in lower case. */
static void fill_head(struct exchange *x, h2o_req_t *from)
{
	struct http_field *fields = arena_alloc(&x->arena, (from->headers.size + 1) * sizeof(*fields));
	h2o_iovec_t host = from->input.authority;

	for (size_t i = 0; i < from->headers.size; i++) {
		const h2o_header_t *header = &from->headers.entries[i];

		fields[i] = (struct http_field){copy_text(&x->arena, header->name->base, header->name->len),
						copy_text(&x->arena, header->value.base, header->value.len)};
	}
	/* libh2o keeps it apart */
	fields[from->headers.size] = (struct http_field){TEXT("host"), copy_text(&x->arena, host.base, host.len)};
	x->request.fields = fields;
	x->request.field_count = (unsigned)from->headers.size + 1;
}

static enum step two_addresses(struct exchange *x)
{
	return respond_problem(x, ERROR_BAD_INPUT,
			       "Forwarded and X-Forwarded-For name different clients; the proxy must drop the one that "
			       "it does not write");
}

/* The peer's, or, behind proxies that are trusted, what they say it is. False: they say two. */
static bool fill_address(struct http_reply *reply)
{
	const struct networks *trusted = &reply->http->http->trusted;
	struct exchange *x = &reply->x;
	h2o_conn_t *conn = reply->request->conn;
	struct sockaddr_storage peer;
	struct network_address address;
	char text[NETWORK_TEXT_BYTES] = "";
	bool is_known = true;

	if (conn->callbacks->get_peername(conn, (struct sockaddr *)&peer) <= 0)
		peer.ss_family = AF_UNSPEC;
	http_place_peer(&peer);
	if (network_address_of_socket((const struct sockaddr *)&peer, &address)) {
		is_known = forwarded_find_client(x->request.fields, x->request.field_count, trusted, &address);
		network_address_write(&address, text);
	}
	x->request.address = text_of(arena_copy(&x->arena, text_of(text)));
	return is_known;
}

static bool needs_more(const struct route *route)
{
	return route->reads_head || route->limits != NULL || route->takes_conditions;
}

/* False: the client's address is not known. */
static bool fill_for_route(struct http_reply *reply)
{
	const struct route *route = reply->x.request.match.route;
	bool has_limits = route->limits != NULL;

	if (route->reads_head || route->takes_conditions || (has_limits && reply->http->http->trusted.count > 0))
		fill_head(&reply->x, reply->request);
	return (!route->reads_head && !has_limits) || fill_address(reply);
}

/* A condition that is not looked at would be taken for one that holds. */
static enum step condition_not_kept(struct exchange *x)
{
	return respond_problem(x, ERROR_NOT_IMPLEMENTED,
			       "If-Match is not kept by %s %s, which declares no version; nothing was done",
			       http_method_name(x->request.method), x->request.match.route->pattern);
}

/* Which step a request begins with. */
static step_fn *route_request(struct http_reply *reply, const struct router *router)
{
	struct exchange *x = &reply->x;
	struct http_request *request = &x->request;
	uint32_t timeout_ms = x->settings->request_timeout_ms;

	if (request->path.length + (request->query.length > 0 ? request->query.length + 1 : 0) >
	    http_options_of(x)->max_path_bytes)
		return path_too_long;
	router_match(router, request->method, request->path, &x->arena, &request->match);
	if (request->match.malformed != NULL)
		return malformed_path;
	if (request->match.route == NULL)
		return without_route(request, router);
	if (request->match.route->timeout_ms > 0)
		timeout_ms = request->match.route->timeout_ms;
	x->deadline_ns = x->arrived_ns + timeout_ms * NS_PER_MS;
	if (UNLIKELY(request->has_if_match) && !request->match.route->takes_if_match)
		return condition_not_kept;
	if (UNLIKELY(needs_more(request->match.route)) && !fill_for_route(reply))
		return two_addresses;
	return http_gate_begin(reply);
}

/* When the request's last byte came, as the kernel knows: the loop may have been busy for long. */
static uint64_t arrival_ns(const struct http_reply *reply, uint64_t now_ns)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);
	int fd = h2o_socket_get_fd(reply->client->socket);

	if (fd < 0 || getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
		return now_ns;
	return now_ns - info.tcpi_last_data_recv * NS_PER_MS;
}

/* Of a request that is refused as well: a page reads why. */
static void look_at_origin(struct http_reply *reply)
{
	step_fn *preflight;

	http_cors_note(reply);
	preflight = http_cors_preflight(reply);
	if (preflight != NULL)
		reply->x.next = preflight;
}

int http_on_request(h2o_handler_t *super, h2o_req_t *request)
{
	struct http_loop *http = CONTAINER_OF(request->conn->ctx, struct http_loop, context);
	const struct http_guard_verdict *refusal = http_parser_refusal();
	struct http_reply *reply = http_reply_create(http);
	struct exchange *x = &reply->x;
	uint64_t now_ns = clock_now_ns();
	bool may_be_old = now_ns < http->unread_ns;

	(void)super;
	reply->request = request;
	reply->client = request->conn->callbacks->get_socket(request->conn)->on_close.data;
	reply->client->reply = reply;
	exchange_begin(x, http->http->settings.exchange, may_be_old ? arrival_ns(reply, now_ns) : now_ns);
	if (may_be_old)
		atomic_store(&x->is_abandoned, http_client_has_left(reply->client, now_ns));
	if (refusal != NULL) {
		/* where the next request begins cannot be told */
		request->http1_is_persistent = 0;
		reply->error = http->head_error;
		http->head_error = TOKEN_GOOD;
	}
	if (refusal != NULL && refusal->error != ERROR_NONE) {
		x->request.method = http_method_from(text_from(request->input.method));
		if (x->request.method != HTTP_HEAD)
			x->request.method = HTTP_METHOD_UNKNOWN;
		x->state = (void *)(uintptr_t)refusal;
		x->next = refused;
	} else {
		fill_request(x, request);
		x->next = route_request(reply, &reply->edition->edition->router);
	}
	if (UNLIKELY(http->http->cors != NULL) && !http->is_admin)
		look_at_origin(reply);
	if (http->waits_itself)
		http_publish(http);
	runner_run(http->runner, x);
	return 0;
}
