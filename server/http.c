#include "server/http.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/require.h"
#include "server/db_awaitable.h"
#include "server/http_guard.h"
#include "server/metrics.h"

#include <h2o.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

_Static_assert(H2O_USE_LIBUV == 1, "the headers of libh2o must be read for the libuv build of the library");

enum {
	SWEEP_MS = 100,      /* how exact write_timeout_ms is */
	SPARE_EXCHANGES = 256, /* kept for the next requests; what is beyond goes back to malloc */
};

/* For all loops. */
struct http {
	struct service *service;
	h2o_globalconf_t config;
	h2o_hostconf_t *public_hosts[2], *admin_hosts[2];
};

/* Which routes a listener's requests are for: libh2o hands it to on_request(). */
struct http_handler {
	h2o_handler_t super;
	const struct router *router;
};

struct http_loop {
	h2o_context_t context;
	struct http *http;
	struct runner *runner;
	uv_loop_t *loop;
	unsigned number;
	h2o_accept_ctx_t public_accept, admin_accept;
	struct list clients;
	unsigned client_count, request_count;
	uv_stream_t *postponed[2];   /* listeners with a connection that may not be accepted yet: public, admin */
	struct list sending;           /* replies that the client has to take */
	uv_timer_t sweep;
	bool is_draining, closes_idle;
	struct list spare; /* exchanges */
	unsigned spare_count;
};

/* One connection. Ends in two steps, in whatever order: libh2o closes its socket, libuv its handle. */
struct client {
	uv_tcp_t tcp;
	struct http_loop *http;
	h2o_socket_t *socket;
	struct list link;
	bool is_busy; /* a request is under way */
};

/* The loop's half of a request: never leaves the loop, and knows libh2o's request. Together with the exchange, since
 * each request has both. */
struct http_reply {
	h2o_generator_t generator;
	struct http_loop *http;
	h2o_req_t *request; /* NULL: the client has gone */
	struct client *client;
	struct list link;          /* on http->sending while the client has to take something */
	uint64_t take_deadline_ns;
	bool is_sending;
	struct exchange x;
};

static struct http_reply *reply_of(struct exchange *x)
{
	return CONTAINER_OF(x, struct http_reply, x);
}

/* Memory of exchanges */

static struct http_reply *reply_create(struct http_loop *http)
{
	struct http_reply *reply;

	if (list_is_empty(&http->spare)) {
		reply = memory_alloc(sizeof(*reply));
	} else {
		reply = CONTAINER_OF(http->spare.next, struct http_reply, link);
		list_remove(&reply->link);
		http->spare_count--;
	}
	memset(reply, 0, offsetof(struct http_reply, x));
	list_init(&reply->link);
	reply->http = http;
	http->request_count++;
	return reply;
}

/* The exchange is over, and nobody reads its memory any more. */
static void reply_release(struct http_reply *reply)
{
	struct http_loop *http = reply->http;

	list_remove(&reply->link);
	db_awaitable_end_stream(&reply->x, &http->runner->streams);
	exchange_recycle(&reply->x);
	http->request_count--;
	if (http->spare_count < SPARE_EXCHANGES) {
		list_prepend(&http->spare, &reply->link);
		http->spare_count++;
	} else {
		free(reply);
	}
}

/* Sending */

static void set_take_deadline(struct http_reply *reply)
{
	struct http_loop *http = reply->http;

	reply->is_sending = true;
	reply->take_deadline_ns =
		clock_now_ns() + (uint64_t)http->http->service->options->write_timeout_ms * NS_PER_MS;
	list_remove(&reply->link);
	list_append(&http->sending, &reply->link);
}

/* The client has taken everything, so far. */
static void on_proceed(h2o_generator_t *generator, h2o_req_t *request)
{
	struct http_reply *reply = CONTAINER_OF(generator, struct http_reply, generator);

	reply->is_sending = false;
	list_remove(&reply->link);
	if (reply->x.outcome == STEP_STREAM) {
		runner_run(reply->http->runner, &reply->x);
		return;
	}
	reply->client->is_busy = false;
	reply_release(reply);
	h2o_send(request, NULL, 0, H2O_SEND_STATE_FINAL);
}

/* The connection broke while the response was being sent. */
static void on_stop(h2o_generator_t *generator, h2o_req_t *request)
{
	struct http_reply *reply = CONTAINER_OF(generator, struct http_reply, generator);

	(void)request;
	reply->request = NULL;
	list_remove(&reply->link);
	/* while a step is awaited the exchange is not ours: on_ready() ends it */
	if (reply->is_sending)
		reply_release(reply);
}

static const char *reason_of(unsigned status)
{
	switch (status) {
	case 200:
		return "OK";
	case 201:
		return "Created";
	case 202:
		return "Accepted";
	case 204:
		return "No Content";
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 409:
		return "Conflict";
	case 411:
		return "Length Required";
	case 413:
		return "Content Too Large";
	case 414:
		return "URI Too Long";
	case 415:
		return "Unsupported Media Type";
	case 417:
		return "Expectation Failed";
	case 500:
		return "Internal Server Error";
	case 503:
		return "Service Unavailable";
	case 504:
		return "Gateway Timeout";
	default:
		return status < 300 ? "OK" : "Error";
	}
}

/* Adds "name;dur=1.234" (milliseconds). Returns the end. */
static char *add_duration(char *out, const char *name, uint64_t ns)
{
	uint64_t us = (ns + 500) / 1000, ms = us / 1000;
	char digits[20];
	unsigned count = 0;

	while (*name != '\0')
		*out++ = *name++;
	do
		digits[count++] = (char)('0' + ms % 10);
	while ((ms /= 10) != 0);
	while (count > 0)
		*out++ = digits[--count];
	us %= 1000;
	*out++ = '.';
	*out++ = (char)('0' + us / 100);
	*out++ = (char)('0' + us / 10 % 10);
	*out++ = (char)('0' + us % 10);
	return out;
}

enum { SERVER_TIMING_BYTES = 3 * 32 };

static void add_server_timing(h2o_req_t *request, const struct exchange *x, uint64_t total_ns)
{
	char *start = h2o_mem_alloc_pool(&request->pool, SERVER_TIMING_BYTES), *end;

	end = add_duration(start, "queue;dur=", x->queue_ns);
	end = add_duration(end, ", db;dur=", x->db_ns);
	end = add_duration(end, ", total;dur=", total_ns);
	h2o_add_header_by_str(&request->pool, &request->res.headers, H2O_STRLIT("server-timing"), 0, NULL, start,
	                      (size_t)(end - start));
}

static void add_headers(h2o_req_t *request, const struct exchange *x)
{
	const struct http_response *response = &x->response;

	if (response->content_type != NULL)
		h2o_add_header(&request->pool, &request->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL,
		               response->content_type, strlen(response->content_type));
	for (unsigned i = 0; i < response->header_count; i++)
		h2o_add_header_by_str(&request->pool, &request->res.headers, response->headers[i].name,
		                      strlen(response->headers[i].name), 0, NULL, response->headers[i].value.at,
		                      response->headers[i].value.length);
}

static void log_when_slow(const struct exchange *x, uint64_t total_ns)
{
	const struct options *options = x->service->options;

	if (options->slow_request_ms > 0 && total_ns > options->slow_request_ms * NS_PER_MS)
		log_info("http", "slow: %s %.*s took %.1f ms (queue %.1f, database %.1f), status %u",
		         http_method_name(x->request.method), TEXT_ARGS(x->request.path), (double)total_ns / 1e6,
		         (double)x->queue_ns / 1e6, (double)x->db_ns / 1e6, x->response.status);
}

static void start_response(struct http_reply *reply)
{
	h2o_req_t *request = reply->request;
	struct exchange *x = &reply->x;
	uint64_t total_ns = clock_now_ns() - x->arrived_ns;

	request->res.status = (int)x->response.status;
	request->res.reason = reason_of(x->response.status);
	if (!x->response.is_streamed && x->response.status != 204)
		request->res.content_length = x->response.body.length;
	add_headers(request, x);
	add_server_timing(request, x, total_ns);
	if (reply->http->is_draining)
		request->http1_is_persistent = 0;
	metrics_note(x->service->metrics, reply->http->number, x, total_ns);
	log_when_slow(x, total_ns);
	reply->generator = (h2o_generator_t){on_proceed, on_stop};
	h2o_start_response(request, &reply->generator);
}

/* A response without a body, or one that is cut off, is over with its headers. */
static void end_without_body(struct http_reply *reply, h2o_send_state_t state)
{
	h2o_req_t *request = reply->request;

	reply->client->is_busy = false;
	reply->request = NULL;
	reply_release(reply);
	h2o_send(request, NULL, 0, state);
}

/* On the loop: the exchange has a response, or a part of one. */
static void on_ready(struct exchange *x)
{
	struct http_reply *reply = reply_of(x);
	h2o_iovec_t body = {(char *)(uintptr_t)x->response.body.at, x->response.body.length};

	if (reply->request == NULL) {
		reply_release(reply);
		return;
	}
	if (x->response.part_count <= 1 && !x->response.is_broken_off)
		start_response(reply);
	if (x->response.is_broken_off) {
		end_without_body(reply, H2O_SEND_STATE_ERROR);
		return;
	}
	REQUIRE(body.len > 0 || x->outcome == STEP_RESPOND); /* libh2o can not write nothing */
	if (x->request.method == HTTP_HEAD || body.len == 0) {
		end_without_body(reply, H2O_SEND_STATE_FINAL);
		return;
	}
	set_take_deadline(reply);
	h2o_send(reply->request, &body, 1, H2O_SEND_STATE_IN_PROGRESS);
}

/* Receiving */

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

/* Copies what a step may read: libh2o's own memory dies with the connection, and may not leave the loop. */
static void fill_request(struct exchange *x, h2o_req_t *request)
{
	struct http_request *filled = &x->request;
	struct text target = text_from(request->input.path);
	const char *question = memchr(target.at, '?', target.length);
	size_t path_length = question != NULL ? (size_t)(question - target.at) : target.length;

	filled->method = http_method_from(text_from(request->input.method));
	filled->path = copy_text(&x->arena, target.at, path_length);
	if (question != NULL)
		filled->query = copy_text(&x->arena, question + 1, target.length - path_length - 1);
	filled->accept = copy_header(&x->arena, request, H2O_TOKEN_ACCEPT);
	if (request->entity.base != NULL) {
		filled->has_body = request->entity.len > 0;
		filled->body = copy_text(&x->arena, request->entity.base, request->entity.len);
		filled->content_type = copy_header(&x->arena, request, H2O_TOKEN_CONTENT_TYPE);
	}
}

static enum step not_found(struct exchange *x)
{
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
	                       x->service->options->max_path_bytes);
}

static enum step badly_framed(struct exchange *x)
{
	const struct http_guard_verdict *verdict = x->state;

	return respond_problem(x, verdict->error, "%s", verdict->detail);
}

/* Which step a request begins with. */
static step_fn *route_request(struct exchange *x, const struct router *router)
{
	struct http_request *request = &x->request;
	uint32_t timeout_ms = x->service->options->request_timeout_ms;

	if (request->path.length + request->query.length + 1 > x->service->options->max_path_bytes)
		return path_too_long;
	router_match(router, request->method, request->path, &x->arena, &request->match);
	if (request->match.is_malformed)
		return malformed_path;
	if (request->match.allowed == 0)
		return not_found;
	if (request->match.route == NULL)
		return not_allowed;
	if (request->match.route->timeout_ms > 0)
		timeout_ms = request->match.route->timeout_ms;
	x->deadline_ns = x->arrived_ns + timeout_ms * NS_PER_MS;
	return request->match.route->first;
}

static struct http_guard_verdict guard(h2o_req_t *request)
{
	h2o_buffer_t *input = request->conn->callbacks->get_socket(request->conn)->input;

	return http_guard_check(&(struct http_head){
		.raw = {input->bytes, input->size},
		.version = (unsigned)request->version,
		.has_entity = request->entity.base != NULL,
	});
}

static int on_request(h2o_handler_t *super, h2o_req_t *request)
{
	const struct http_handler *handler = (const struct http_handler *)super;
	struct http_loop *http = CONTAINER_OF(request->conn->ctx, struct http_loop, context);
	struct http_guard_verdict verdict = guard(request);
	struct http_reply *reply = reply_create(http);
	struct exchange *x = &reply->x;

	reply->request = request;
	reply->client = request->conn->callbacks->get_socket(request->conn)->on_close.data;
	reply->client->is_busy = true;
	exchange_begin(x, http->http->service, clock_now_ns());
	if (verdict.error != ERROR_NONE) {
		/* where the next request begins is anybody's guess */
		request->http1_is_persistent = 0;
		x->request.method = HTTP_METHOD_UNKNOWN;
		x->state = &verdict;
		x->next = badly_framed;
	} else {
		fill_request(x, request);
		x->next = route_request(x, handler->router);
	}
	runner_run(http->runner, x);
	return 0;
}

/* What libh2o answers by itself (a body too large, a broken body) is a problem like all others: its plain text is
 * replaced on the way out. */

struct problem_stream {
	h2o_ostream_t super;
	h2o_iovec_t problem;
};

static void send_problem(h2o_ostream_t *super, h2o_req_t *request, h2o_iovec_t *plain, size_t count,
                         h2o_send_state_t state)
{
	struct problem_stream *self = (void *)super;

	(void)plain;
	(void)count;
	h2o_ostream_send_next(&self->super, request, &self->problem, 1, state);
}

static enum error error_of_status(int status)
{
	for (enum error error = ERROR_NONE + 1; error < ERROR_COUNT; error++)
		if (error_status(error) == (unsigned)status)
			return error;
	return ERROR_INTERNAL;
}

static void on_own_answer(h2o_filter_t *filter, h2o_req_t *request, h2o_ostream_t **slot)
{
	struct http_loop *http = CONTAINER_OF(request->conn->ctx, struct http_loop, context);
	struct problem_stream *stream = (void *)h2o_add_ostream(request, sizeof(*stream), slot);
	struct exchange *x = memory_alloc(sizeof(*x));
	const char *detail = "the request could not be read";

	(void)filter;
	if (request->res.status == 413)
		detail = "the body is larger than max_body_bytes";
	else if (request->res.status == 417)
		detail = "the only expectation that is met is 100-continue";
	else if (request->res.status == 400)
		detail = "Content-Length or Transfer-Encoding can not be understood, or the body breaks its framing";
	exchange_begin(x, http->http->service, clock_now_ns());
	x->request.method = HTTP_METHOD_UNKNOWN;
	respond_problem(x, error_of_status(request->res.status), "%s", detail);
	memset(&request->res.headers, 0, sizeof(request->res.headers));
	add_headers(request, x);
	add_server_timing(request, x, 0);
	metrics_note(x->service->metrics, http->number, x, 0);
	stream->super.do_send = send_problem;
	stream->problem = h2o_strdup(&request->pool, x->response.body.at, x->response.body.length);
	request->res.content_length = stream->problem.len;
	exchange_recycle(x);
	free(x);
	h2o_setup_next_ostream(request, &stream->super.next);
}

/* Connections */

static void accept_postponed(struct http_loop *http)
{
	for (int i = 0; i < 2; i++) {
		uv_stream_t *listener = http->postponed[i];

		http->postponed[i] = NULL;
		if (listener != NULL)
			http_accept(http, listener, i == 1);
	}
}

static void on_socket_closed(void *data)
{
	struct client *client = data;
	struct http_loop *http = client->http;

	list_remove(&client->link);
	http->client_count--;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct client *client = CONTAINER_OF(handle, struct client, tcp);
	struct http_loop *http = client->http;

	free(client);
	accept_postponed(http);
}

static void set_socket_options(struct client *client)
{
	int fd, give_up_ms = 15000;

	uv_tcp_nodelay(&client->tcp, 1);
	/* a client that takes nothing for so long is gone, though its kernel may not have said so */
	if (uv_fileno((uv_handle_t *)&client->tcp, &fd) == 0)
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &give_up_ms, sizeof(give_up_ms));
}

void http_accept(struct http_loop *http, uv_stream_t *listener, bool is_admin)
{
	struct client *client;

	if (http->client_count >= http->http->service->options->max_connections) {
		http->postponed[is_admin] = listener;
		return;
	}
	client = memory_alloc_zeroed(1, sizeof(*client));
	client->http = http;
	list_init(&client->link);
	uv_tcp_init(http->loop, &client->tcp);
	if (uv_accept(listener, (uv_stream_t *)&client->tcp) != 0) {
		uv_close((uv_handle_t *)&client->tcp, (uv_close_cb)free);
		return;
	}
	set_socket_options(client);
	client->socket = h2o_uv_socket_create((uv_stream_t *)&client->tcp, on_handle_closed);
	client->socket->on_close.cb = on_socket_closed;
	client->socket->on_close.data = client;
	list_append(&http->clients, &client->link);
	http->client_count++;
	h2o_accept(is_admin ? &http->admin_accept : &http->public_accept, client->socket);
}

static void cut_off(struct client *client, int how)
{
	int fd = h2o_socket_get_fd(client->socket);

	if (fd >= 0)
		shutdown(fd, how);
}

static void on_sweep(uv_timer_t *timer)
{
	struct http_loop *http = timer->data;
	uint64_t now_ns = clock_now_ns();
	struct runner_numbers numbers = http->runner->class->numbers(http->runner);

	LIST_EACH (item, &http->sending) {
		struct http_reply *reply = CONTAINER_OF(item, struct http_reply, link);

		/* all have the same time, so the list is in the order of their deadlines */
		if (now_ns < reply->take_deadline_ns)
			break;
		log_info("http", "a client took nothing of its response for %u ms: cut off",
		         http->http->service->options->write_timeout_ms);
		list_remove(item);
		cut_off(reply->client, SHUT_RDWR);
	}
	metrics_set_gauges(http->http->service->metrics, http->number,
	                   &(struct metrics_gauges){
				   .connections = http->client_count,
				   .requests = http->request_count,
				   .waiting = numbers.waiting,
				   .db_open = numbers.db.open,
				   .db_busy = numbers.db.busy,
				   .db_lost = numbers.db.lost,
				   .db_run_again = numbers.db.run_again,
				   .db_units = numbers.db.units,
			   });
	if (http->closes_idle)
		http_loop_drain(http, true);
}

/* Life */

static h2o_hostconf_t *add_host(struct http *http, const char *name, const struct router *router)
{
	h2o_hostconf_t *host =
		h2o_config_register_host(&http->config, h2o_iovec_init(name, strlen(name)), 65535);
	h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
	struct http_handler *handler = (void *)h2o_create_handler(path, sizeof(*handler));
	h2o_filter_t *filter = h2o_create_filter(&host->fallback_path, sizeof(*filter));

	handler->super.on_req = on_request;
	handler->router = router;
	filter->on_setup_ostream = on_own_answer;
	return host;
}

struct http *http_create(struct service *service)
{
	struct http *http = memory_alloc_zeroed(1, sizeof(*http));

	http->service = service;
	h2o_config_init(&http->config);
	http->config.server_name = h2o_iovec_init("", 0);
	http->config.http1.upgrade_to_http2 = 0;
	http->config.http1.req_timeout = service->options->read_timeout_ms;
	http->config.max_request_entity_size = service->options->max_body_bytes;
	http->config.max_delegations = 0;
	/* a large body never becomes a file */
	h2o_socket_buffer_mmap_settings.threshold = SIZE_MAX;
	http->public_hosts[0] = add_host(http, "public", &service->router);
	http->admin_hosts[0] = add_host(http, "admin", &service->admin_router);
	return http;
}

void http_destroy(struct http *http)
{
	h2o_config_dispose(&http->config);
	free(http);
}

struct http_loop *http_loop_create(struct http *http, uv_loop_t *loop, unsigned number)
{
	struct http_loop *created = memory_alloc_zeroed(1, sizeof(*created));

	created->http = http;
	created->loop = loop;
	created->number = number;
	list_init(&created->clients);
	list_init(&created->sending);
	list_init(&created->spare);
	h2o_context_init(&created->context, loop, &http->config);
	created->public_accept = (h2o_accept_ctx_t){.ctx = &created->context, .hosts = http->public_hosts};
	created->admin_accept = (h2o_accept_ctx_t){.ctx = &created->context, .hosts = http->admin_hosts};
	created->runner = runner_create(http->service, loop, number, on_ready);
	uv_timer_init(loop, &created->sweep);
	created->sweep.data = created;
	uv_timer_start(&created->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
	return created;
}

void http_loop_drain(struct http_loop *http, bool closes_idle)
{
	/* h2o_context_request_shutdown() would do no more for HTTP/1, and leave a timer of HTTP/2 behind */
	http->is_draining = true;
	http->closes_idle = closes_idle;
	if (!closes_idle)
		return;
	LIST_EACH (item, &http->clients) {
		struct client *client = CONTAINER_OF(item, struct client, link);

		/* what has arrived is still read, and answered; then the end is seen */
		if (!client->is_busy)
			cut_off(client, SHUT_RD);
	}
}

bool http_loop_is_idle(const struct http_loop *http)
{
	return http->client_count == 0 && http->request_count == 0;
}

bool http_loop_is_ready(const struct http_loop *http)
{
	return http->runner->class->is_ready(http->runner);
}

unsigned http_loop_requests(const struct http_loop *http)
{
	return http->request_count;
}

void http_loop_close(struct http_loop *http)
{
	runner_close(http->runner);
	uv_close((uv_handle_t *)&http->sweep, NULL);
	h2o_context_dispose(&http->context);
}

void http_loop_destroy(struct http_loop *http)
{
	runner_destroy(http->runner);
	LIST_EACH (item, &http->spare)
		free(CONTAINER_OF(item, struct http_reply, link));
	free(http);
}
