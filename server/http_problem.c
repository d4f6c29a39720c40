/* What libh2o answers by itself (a body too large, a broken body) is a problem like all others: its plain text is
 * replaced on the way out. */
#include "server/http_border.h"

#include "base/clock.h"
#include "base/memory.h"
#include "server/metrics.h"

#include <stdlib.h>

struct problem_stream {
	h2o_ostream_t super;
	h2o_iovec_t problem;
};

static bool is_head(const h2o_req_t *request)
{
	return h2o_memis(request->input.method.base, request->input.method.len, H2O_STRLIT("HEAD"));
}

static void send_problem(h2o_ostream_t *super, h2o_req_t *request, h2o_iovec_t *plain, size_t count,
			 h2o_send_state_t state)
{
	struct problem_stream *self = (void *)super;

	(void)plain;
	(void)count;
	h2o_ostream_send_next(&self->super, request, &self->problem, is_head(request) ? 0 : 1, state);
}

static enum error error_of_status(int status)
{
	for (enum error error = ERROR_NONE + 1; error < ERROR_COUNT; error++)
		if (error_status(error) == (unsigned)status)
			return error;
	return ERROR_INTERNAL;
}

void http_problem_on_own_answer(h2o_filter_t *filter, h2o_req_t *request, h2o_ostream_t **slot)
{
	struct http_loop *http = CONTAINER_OF(request->conn->ctx, struct http_loop, context);
	struct problem_stream *stream = (void *)h2o_add_ostream(request, sizeof(*stream), slot);
	struct exchange *x = memory_alloc_zeroed(1, sizeof(*x));
	const char *detail = "the request could not be read";
	uint32_t limit = http->http->service->options->max_body_bytes;

	(void)filter;
	exchange_begin(x, http->http->service, clock_now_ns());
	if (request->res.status == 413)
		detail = arena_printf(&x->arena, "the body is larger than max_body_bytes, which is %u", limit);
	else if (request->res.status == 417)
		detail = "the only expectation that is met is 100-continue";
	else if (request->res.status == 400)
		detail = "Content-Length or Transfer-Encoding can not be understood, or the body breaks its framing";
	x->request.method = HTTP_METHOD_UNKNOWN;
	respond_problem(x, error_of_status(request->res.status), "%s", detail);
	request->res.reason = http_reply_reason((unsigned)request->res.status);
	memset(&request->res.headers, 0, sizeof(request->res.headers));
	http_reply_add_headers(request, x, 0);
	metrics_note(x->service->metrics, http->number, x, 0);
	stream->super.do_send = send_problem;
	stream->problem = h2o_strdup(&request->pool, x->response.body.at, x->response.body.length);
	request->res.content_length = stream->problem.len;
	exchange_cleanup(x);
	free(x);
	h2o_setup_next_ostream(request, &stream->super.next);
}
