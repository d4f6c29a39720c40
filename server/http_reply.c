#include "server/http_border.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/require.h"
#include "server/db_awaitable.h"
#include "server/fetch_awaitable.h"
#include "server/metrics.h"

#include <stdlib.h>
#include <sys/socket.h>

enum {
	SPARE_EXCHANGES = 256, /* kept for the next requests; what is beyond goes back to malloc */
	/* the kernel doubles it; 40 ms away, a stream still gets 6 MB a second */
	STREAM_SEND_BUFFER_BYTES = 128 * 1024,
};

static struct http_reply *reply_of(struct exchange *x)
{
	return CONTAINER_OF(x, struct http_reply, x);
}

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
	list_init(&reply->link);
	reply->http = http;
	reply->edition = http->edition;
	http->edition->requests++;
	http->request_count++;
	return reply;
}

/* The exchange is over, and nobody reads its memory any more. */
void http_reply_release(struct http_reply *reply)
{
	struct http_loop *http = reply->http;

	list_remove(&reply->link);
	db_awaitable_end_stream(&reply->x, &http->runner->streams);
	fetch_awaitable_end(&reply->x);
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
	reply->take_deadline_ns = now_ns + (uint64_t)http->http->service->options->write_timeout_ms * NS_PER_MS;
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

/* The HTTP status code registry of IANA, from 200 on. */
static const char *const reasons[] = {
    [200 - 200] = "OK",
    [201 - 200] = "Created",
    [202 - 200] = "Accepted",
    [203 - 200] = "Non-Authoritative Information",
    [204 - 200] = "No Content",
    [205 - 200] = "Reset Content",
    [206 - 200] = "Partial Content",
    [207 - 200] = "Multi-Status",
    [208 - 200] = "Already Reported",
    [226 - 200] = "IM Used",
    [400 - 200] = "Bad Request",
    [401 - 200] = "Unauthorized",
    [402 - 200] = "Payment Required",
    [403 - 200] = "Forbidden",
    [404 - 200] = "Not Found",
    [405 - 200] = "Method Not Allowed",
    [406 - 200] = "Not Acceptable",
    [407 - 200] = "Proxy Authentication Required",
    [408 - 200] = "Request Timeout",
    [409 - 200] = "Conflict",
    [410 - 200] = "Gone",
    [411 - 200] = "Length Required",
    [412 - 200] = "Precondition Failed",
    [413 - 200] = "Content Too Large",
    [414 - 200] = "URI Too Long",
    [415 - 200] = "Unsupported Media Type",
    [416 - 200] = "Range Not Satisfiable",
    [417 - 200] = "Expectation Failed",
    [421 - 200] = "Misdirected Request",
    [422 - 200] = "Unprocessable Content",
    [423 - 200] = "Locked",
    [424 - 200] = "Failed Dependency",
    [425 - 200] = "Too Early",
    [426 - 200] = "Upgrade Required",
    [428 - 200] = "Precondition Required",
    [429 - 200] = "Too Many Requests",
    [431 - 200] = "Request Header Fields Too Large",
    [451 - 200] = "Unavailable For Legal Reasons",
    [500 - 200] = "Internal Server Error",
    [501 - 200] = "Not Implemented",
    [502 - 200] = "Bad Gateway",
    [503 - 200] = "Service Unavailable",
    [504 - 200] = "Gateway Timeout",
    [505 - 200] = "HTTP Version Not Supported",
    [506 - 200] = "Variant Also Negotiates",
    [507 - 200] = "Insufficient Storage",
    [508 - 200] = "Loop Detected",
    [510 - 200] = "Not Extended",
    [511 - 200] = "Network Authentication Required",
};

/* What stands behind the status. */
static const char *reason_of(unsigned status)
{
	if (status >= 200 && status - 200 < ARRAY_LENGTH(reasons) && reasons[status - 200] != NULL)
		return reasons[status - 200];
	return status < 300 ? "OK" : "Error";
}

static inline char *add_text(char *out, struct text text)
{
	memcpy(out, text.at, text.length);
	return out + text.length;
}

/* Adds "1.234" (milliseconds). Returns the end. */
static char *add_duration(char *out, uint64_t ns)
{
	uint64_t us = (ns + 500) / 1000, ms = us / 1000;
	char digits[20];
	unsigned count = 0;

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

enum { SERVER_TIMING_BYTES = 4 * 32 };

static void add_server_timing(h2o_req_t *request, const struct exchange *x, uint64_t total_ns)
{
	char *start = h2o_mem_alloc_pool(&request->pool, SERVER_TIMING_BYTES), *end;

	end = add_duration(add_text(start, TEXT("queue;dur=")), x->queue_ns);
	end = add_duration(add_text(end, TEXT(", db;dur=")), x->db_ns);
	if (x->work_name != NULL) {
		end = add_text(add_text(end, TEXT(", ")), text_of(x->work_name));
		end = add_duration(add_text(end, TEXT(";dur=")), x->work_ns);
	}
	end = add_duration(add_text(end, TEXT(", total;dur=")), total_ns);
	h2o_add_header_by_str(&request->pool, &request->res.headers, H2O_STRLIT("server-timing"), 0, NULL, start,
			      (size_t)(end - start));
}

/* Content type and the handler's own headers; then where the time went. */
static void add_headers(h2o_req_t *request, const struct exchange *x, uint64_t total_ns)
{
	const struct http_response *response = &x->response;

	if (response->content_type != NULL)
		h2o_add_header(&request->pool, &request->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL,
			       response->content_type, strlen(response->content_type));
	for (unsigned i = 0; i < response->header_count; i++)
		h2o_add_header_by_str(&request->pool, &request->res.headers, response->headers[i].name,
				      strlen(response->headers[i].name), 0, NULL, response->headers[i].value.at,
				      response->headers[i].value.length);
	add_server_timing(request, x, total_ns);
}

static void log_when_slow(const struct exchange *x, uint64_t total_ns)
{
	const struct options *options = x->service->options;

	if (options->slow_request_ms > 0 && total_ns > options->slow_request_ms * NS_PER_MS)
		log_info("http", "slow: %s %.*s took %.1f ms (queue %.1f, database %.1f, %s %.1f), status %u",
			 http_method_name(x->request.method), TEXT_ARGS(x->request.path), (double)total_ns / 1e6,
			 (double)x->queue_ns / 1e6, (double)x->db_ns / 1e6,
			 x->work_name != NULL ? x->work_name : "else", (double)x->work_ns / 1e6, x->response.status);
}

/* A stream goes on when the kernel has taken a part, and the kernel would take megabytes for a client that reads
 * nothing: what is computed and fetched for nobody is to be bounded. */
static void bound_send_buffer(const struct http_reply *reply)
{
	int fd = h2o_socket_get_fd(reply->client->socket), bytes = STREAM_SEND_BUFFER_BYTES;

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

static void start_response(struct http_reply *reply, uint64_t now_ns)
{
	h2o_req_t *request = reply->request;
	struct exchange *x = &reply->x;
	uint64_t total_ns = now_ns - x->arrived_ns;

	request->res.status = (int)x->response.status;
	request->res.reason = reason_of(x->response.status);
	if (x->response.is_streamed)
		bound_send_buffer(reply);
	else if (x->response.status != 204)
		request->res.content_length = x->response.body.length;
	add_headers(request, x, total_ns);
	if (reply->http->is_draining)
		request->http1_is_persistent = 0;
	metrics_note(x->service->metrics, reply->http->number, x, total_ns);
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

void http_reply_on_ready(struct exchange *x)
{
	struct http_reply *reply = reply_of(x);
	h2o_iovec_t body = {(char *)(uintptr_t)x->response.body.at, x->response.body.length};
	uint64_t now_ns = clock_now_ns();

	if (reply->request == NULL) {
		http_reply_release(reply);
		return;
	}
	if (x->response.part_count <= 1 && !x->response.is_broken_off)
		start_response(reply, now_ns);
	if (x->response.is_broken_off) {
		end_without_body(reply, H2O_SEND_STATE_ERROR);
		return;
	}
	REQUIRE(body.len > 0 || x->outcome == STEP_RESPOND); /* libh2o can not write nothing */
	if (x->request.method == HTTP_HEAD || body.len == 0) {
		end_without_body(reply, H2O_SEND_STATE_FINAL);
		return;
	}
	set_take_deadline(reply, now_ns);
	h2o_send(reply->request, &body, 1, H2O_SEND_STATE_IN_PROGRESS);
}
