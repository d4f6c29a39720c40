#include "server/http/border.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/require.h"
#include "server/run/event_awaitable.h"
#include "server/run/fetch_awaitable.h"
#include "server/run/file_awaitable.h"
#include "server/http/access.h"
#include "server/http/compression.h"
#include "server/http/cors_fields.h"
#include "server/http/gate.h"
#include "server/http/status.h"
#include "server/state/metrics.h"
#include "server/http/server_timing.h"

#include <stdlib.h>
#include <sys/socket.h>

enum {
	SPARE_EXCHANGES = 256, /* kept for the next requests; what is beyond goes back to malloc */
	/* the kernel doubles it; 40 ms away, a stream still gets 6 MB a second */
	STREAM_SEND_BUFFER_BYTES = 128 * 1024,
};

/* Memory of exchanges */

struct http_reply *http_reply_create(struct http_loop *http)
{
	struct http_reply *reply;

	if (list_is_empty(&http->spare)) {
		reply = memory_alloc(sizeof(*reply));
		memset(&reply->x, 0, offsetof(struct exchange, inline_bytes));
	} else {
		reply = CONTAINER_OF(http->spare.next, struct http_reply, link);
		list_remove(&reply->link);
		http->spare_count--;
	}
	memset(reply, 0, offsetof(struct http_reply, x));
	list_append(&http->working, &reply->link);
	reply->http = http;
	reply->edition = http->edition;
	http->edition->requests++;
	http->request_count++;
	return reply;
}

/* What still goes on for it beside the database; only what was awaited has a name. */
static void end_work(struct http_reply *reply)
{
	struct exchange *x = &reply->x;

	fetch_awaitable_end(x, &reply->http->runner->resources);
	if (x->file != NULL)
		file_awaitable_end(x);
}

/* The exchange is over, and its memory is not read any more. */
void http_reply_release(struct http_reply *reply)
{
	struct http_loop *http = reply->http;

	list_remove(&reply->link);
	http_gate_end(reply);
	runner_end_stream(http->runner, &reply->x);
	if (UNLIKELY(reply->x.work_name != NULL))
		end_work(reply);
	event_awaitable_end(&reply->x);
	if (UNLIKELY(reply->compression != NULL))
		http_compression_end(reply);
	exchange_recycle(&reply->x);
	reply->edition->requests--;
	http->request_count--;
	if (http->spare_count < SPARE_EXCHANGES) {
		list_prepend(&http->spare, &reply->link);
		http->spare_count++;
	} else {
		http_reply_destroy(reply);
	}
}

void http_reply_destroy(struct http_reply *reply)
{
	exchange_cleanup(&reply->x);
	free(reply);
}

/* Sending */

static void set_take_deadline(struct http_reply *reply, uint64_t now_ns)
{
	struct http_loop *http = reply->http;

	reply->is_sending = true;
	reply->take_deadline_ns = now_ns + (uint64_t)http->http->settings.options->write_timeout_ms * NS_PER_MS;
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
		list_append(&reply->http->working, &reply->link);
		runner_run(reply->http->runner, &reply->x);
		return;
	}
	reply->client->reply = NULL;
	http_reply_release(reply);
	h2o_send(request, NULL, 0, H2O_SEND_STATE_FINAL);
}

/* The connection broke while the response was being sent. */
static void on_stop(h2o_generator_t *generator, h2o_req_t *request)
{
	struct http_reply *reply = CONTAINER_OF(generator, struct http_reply, generator);

	(void)request;
	reply->request = NULL;
	reply->client->reply = NULL;
	list_remove(&reply->link);
	atomic_store(&reply->x.is_abandoned, true);
	/* while a step is awaited the exchange is not ours: http_reply_on_ready() ends it */
	if (reply->is_sending)
		http_reply_release(reply);
}

/* No browser is to guess what a response is, nor to run or frame it. No cache is to give it to a client that
 * accepts other media types. The lines stand behind the value of the last one. Of their own, each would cost a
 * place in libh2o's list, and a round when that is written. */
static const char fixed_lines[] = "\r\nx-content-type-options: nosniff"
				  "\r\ncontent-security-policy: default-src 'none'; frame-ancestors 'none'"
				  "\r\nvary: accept";
enum {
	FIXED_BYTES = sizeof(fixed_lines) - 1,
	NOSNIFF_BYTES = sizeof("\r\nx-content-type-options: nosniff") - 1,
};

static void add_last_lines(h2o_req_t *request, const struct exchange *x, uint64_t total_ns)
{
	char *value = h2o_mem_alloc_pool(&request->pool, SERVER_TIMING_BYTES + FIXED_BYTES);
	size_t length = server_timing_write(value, x, total_ns);
	size_t fixed_bytes = UNLIKELY(x->response.has_policy) ? NOSNIFF_BYTES : FIXED_BYTES;

	memcpy(value + length, fixed_lines, FIXED_BYTES);
	h2o_add_header_by_str(&request->pool, &request->res.headers, H2O_STRLIT("server-timing"), 0, NULL, value,
			      length + fixed_bytes);
}

/* Content type and the handler's own headers; then where the time went, and what is the same for all. */
static void add_headers(struct http_reply *reply, uint64_t total_ns)
{
	h2o_req_t *request = reply->request;
	const struct exchange *x = &reply->x;
	const struct http_response *response = &x->response;

	if (response->content_type != NULL)
		h2o_add_header(&request->pool, &request->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL,
			       response->content_type, strlen(response->content_type));
	for (unsigned i = 0; i < response->header_count; i++)
		h2o_add_header_by_str(&request->pool, &request->res.headers, response->headers[i].name,
				      strlen(response->headers[i].name), 0, NULL, response->headers[i].value.at,
				      response->headers[i].value.length);
	if (UNLIKELY(reply->http->http->cors != NULL) && !reply->http->is_admin)
		http_cors_add(reply);
	if (UNLIKELY(reply->compression != NULL))
		http_compression_add_fields(reply);
	add_last_lines(request, x, total_ns);
}

static void log_when_slow(const struct exchange *x, uint64_t total_ns)
{
	const struct options *options = http_options_of(x);

	if (options->slow_request_ms > 0 && total_ns > options->slow_request_ms * NS_PER_MS)
		log_info("http", "slow: %s %.*s took %.1f ms (queue %.1f, database %.1f, %s %.1f), status %u",
			 http_method_name(x->request.method), TEXT_ARGS(x->request.path), (double)total_ns / 1e6,
			 (double)x->queue_ns / 1e6, (double)x->db_ns / 1e6,
			 x->work_name != NULL ? x->work_name : "else", (double)x->work_ns / 1e6, x->response.status);
}

/* A stream goes on when the kernel has taken a part, and the kernel would take megabytes for a client that reads
 * nothing. What is computed and fetched without being read is to be bounded. */
static void bound_send_buffer(const struct http_reply *reply)
{
	int fd = h2o_socket_get_fd(reply->client->socket), bytes = STREAM_SEND_BUFFER_BYTES;

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

static void begin_stream(const struct http_reply *reply)
{
	bound_send_buffer(reply);
	if (reply->x.response.length > 0)
		reply->request->res.content_length = reply->x.response.length;
}

static void start_response(struct http_reply *reply, uint64_t now_ns)
{
	h2o_req_t *request = reply->request;
	struct exchange *x = &reply->x;
	uint64_t total_ns = now_ns - x->arrived_ns;

	request->res.status = (int)x->response.status;
	request->res.reason = http_status_reason(x->response.status);
	if (x->response.is_streamed)
		begin_stream(reply);
	else if (x->response.status != 204 && x->response.status != 304)
		request->res.content_length = x->response.body.length;
	add_headers(reply, total_ns);
	if (reply->http->is_draining)
		request->http1_is_persistent = 0;
	if (UNLIKELY(reply->access != NULL))
		http_access_note(reply);
	metrics_note(reply->http->http->settings.metrics, reply->http->number, x, total_ns);
	log_when_slow(x, total_ns);
	if (x->response.status == 405 && x->request.match.route == NULL)
		refusal_log_note(&reply->http->refusals,
				 (struct text){request->input.method.base, request->input.method.len}, x, now_ns);
	reply->generator = (h2o_generator_t){on_proceed, on_stop};
	h2o_start_response(request, &reply->generator);
}

/* A response without a body, or one that is cut off, is over with its headers. */
static void end_without_body(struct http_reply *reply, h2o_send_state_t state)
{
	h2o_req_t *request = reply->request;

	reply->client->reply = NULL;
	reply->request = NULL;
	/* libh2o writes the headers from the exchange's memory, in here */
	h2o_send(request, NULL, 0, state);
	http_reply_release(reply);
}

/* The client has gone; or none has come yet, and the identity is known for which a head was held. */
static void end_without_request(struct http_reply *reply)
{
	struct client *held = reply->holds;
	enum token_error error = reply->access != NULL ? http_access_note(reply) : TOKEN_GOOD;

	http_reply_release(reply);
	if (held != NULL)
		http_held_end(held, error);
}

void http_reply_on_ready(struct exchange *x)
{
	struct http_reply *reply = http_reply_of(x);

	if (UNLIKELY(http_compression_is_due(x)) && reply->request != NULL)
		http_compression_apply(reply);
	else
		http_reply_send(reply);
}

void http_reply_send(struct http_reply *reply)
{
	struct exchange *x = &reply->x;
	h2o_iovec_t body = {(char *)(uintptr_t)x->response.body.at, x->response.body.length};
	uint64_t now_ns = clock_now_ns();

	if (reply->request == NULL) {
		end_without_request(reply);
		return;
	}
	if (x->response.part_count <= 1 && !x->response.is_broken_off)
		start_response(reply, now_ns);
	if (x->response.is_broken_off) {
		end_without_body(reply, H2O_SEND_STATE_ERROR);
		return;
	}
	REQUIRE(body.len > 0 || x->outcome == STEP_RESPOND); /* libh2o cannot write nothing */
	if (x->request.method == HTTP_HEAD || body.len == 0) {
		end_without_body(reply, H2O_SEND_STATE_FINAL);
		return;
	}
	reply->http->has_grown |= body.len > HTTP_LARGE_BYTES;
	set_take_deadline(reply, now_ns);
	h2o_send(reply->request, &body, 1, H2O_SEND_STATE_IN_PROGRESS);
}
