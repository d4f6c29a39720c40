#include "server/http/compression.h"

#include "base/clock.h"
#include "coding/accept_encoding.h"
#include "coding/coder.h"
#include "loop/compute_pool.h"
#include "server/http/validators.h"

enum {
	/* More is none of the loop's business: it takes a million instructions, as fifty ordinary requests do. */
	LOOP_BYTES_MAX = 16 * 1024,
	PIECE_BYTES = 64 * 1024, /* coded without a look at the clock */
	PATIENCE_MS = 1000,      /* with what could be sent as it is */
	STREAM_PATIENCE_MS = 30000,
};

/* In the exchange's arena. */
struct http_compression {
	struct computation computation;
	struct http_reply *reply;
	struct list link; /* on http->compressing, while its computation is under way */
	struct accept_encoding accepted;
	bool varies;         /* with what is accepted */
	bool is_judged;      /* by the conditions of the request */
	bool is_coded;       /* the part at hand */
	enum coding coding;  /* CODING_IDENTITY: it is sent as it is */
	struct coder *coder; /* NULL: nothing was coded yet */
	struct buffer coded; /* the part at hand */
	bool is_whole;       /* that part is the only one */
	bool is_stream_counted;
};

/* Choosing */

static bool may_be_coded(const struct http_reply *reply)
{
	const struct exchange *x = &reply->x;
	const struct route *route = x->request.match.route;

	return reply->http->compresses && (route == NULL || !route->is_uncompressed) &&
	       (x->response.body.length >= HTTP_COMPRESSED_BYTES_MIN || x->response.is_streamed) &&
	       coding_suits(x->response.content_type) && !response_has_header(x, "content-encoding");
}

static void read_accepted(struct accept_encoding *accepted, const h2o_req_t *request)
{
	ssize_t at = -1;

	accept_encoding_init(accepted);
	while ((at = h2o_find_header(&request->headers, H2O_TOKEN_ACCEPT_ENCODING, at)) >= 0) {
		h2o_iovec_t value = request->headers.entries[at].value;

		accept_encoding_add(accepted, (struct text){value.base, value.len});
	}
}

/* A coder of a stream keeps its memory while the client takes its parts. */
static bool has_place_for_stream(struct http_compression *compression)
{
	struct http_loop *http = compression->reply->http;

	if (http->compressed_streams == HTTP_COMPRESSION_STREAMS_MAX)
		return false;
	http->compressed_streams++;
	compression->is_stream_counted = true;
	return true;
}

static void begin(struct http_reply *reply)
{
	struct exchange *x = &reply->x;
	struct http_compression *compression = arena_alloc_zeroed(&x->arena, sizeof(*compression));

	reply->compression = compression;
	compression->reply = reply;
	compression->coded = buffer_in(&x->arena);
	list_init(&compression->link);
	compression->is_whole = !x->response.is_streamed;
	compression->varies = may_be_coded(reply);
	if (!compression->varies)
		return;
	read_accepted(&compression->accepted, reply->request);
	compression->coding = accept_encoding_best(&compression->accepted);
	if (compression->coding != CODING_IDENTITY && !compression->is_whole && !has_place_for_stream(compression))
		compression->coding = CODING_IDENTITY;
}

/* Coding */

/* The loop's thread, or the pool's. False: it was told to return early. */
static bool code(struct http_compression *compression, struct computation *computation)
{
	struct exchange *x = &compression->reply->x;
	struct text rest = x->response.body;
	enum coder_end end = x->outcome == STEP_RESPOND ? CODER_ENDS : CODER_FLUSHES;

	compression->coded.length = 0;
	if (compression->coder == NULL)
		compression->coder = coder_create(compression->coding, compression->is_whole ? rest.length : 0);
	while (rest.length > PIECE_BYTES) {
		if (computation != NULL && computation_is_over(computation))
			return false;
		coder_add(compression->coder, (struct text){rest.at, PIECE_BYTES}, CODER_GOES_ON, &compression->coded);
		rest = (struct text){rest.at + PIECE_BYTES, rest.length - PIECE_BYTES};
	}
	coder_add(compression->coder, rest, end, &compression->coded);
	compression->is_coded = true;
	return true;
}

/* False: the client has the representation, or wants another. A response without a body says so. */
static bool is_wanted(struct http_compression *compression)
{
	struct exchange *x = &compression->reply->x;

	if (!x->response.is_conditional || compression->is_judged)
		return true;
	compression->is_judged = true;
	if (validators_apply(x, compression->varies ? &compression->accepted : NULL))
		return true;
	compression->coding = CODING_IDENTITY;
	return false;
}

/* The loop's thread, or the pool's. */
static void make(struct http_compression *compression, struct computation *computation)
{
	compression->is_coded = false;
	if (is_wanted(compression) && compression->coding != CODING_IDENTITY)
		code(compression, computation);
}

static void drop_coder(struct http_compression *compression)
{
	coder_destroy(compression->coder);
	compression->coder = NULL;
}

/* The part is coded. What did not become smaller is sent as it is. */
static void take(struct http_compression *compression)
{
	struct exchange *x = &compression->reply->x;
	bool is_smaller = compression->coded.length < x->response.body.length;

	if (!compression->is_coded)
		return;
	if (is_smaller || !compression->is_whole)
		x->response.body = buffer_text(&compression->coded);
	else
		compression->coding = CODING_IDENTITY;
	if (x->outcome == STEP_RESPOND)
		drop_coder(compression);
}

/* The part is not coded, and will not be. A stream that has begun cannot go on with it. */
static void give_up(struct http_compression *compression)
{
	struct exchange *x = &compression->reply->x;

	drop_coder(compression);
	compression->coding = CODING_IDENTITY;
	if (x->response.part_count <= 1) {
		if (x->response.is_hashed && !compression->is_judged)
			validators_do_without(x);
		is_wanted(compression);
		return;
	}
	x->response.is_broken_off = true;
	x->response.body = TEXT("");
	x->outcome = STEP_RESPOND;
}

/* On the pool */

static void run(struct computation *computation, unsigned part)
{
	(void)part;
	make(CONTAINER_OF(computation, struct http_compression, computation), computation);
}

static void on_over(struct computation *computation)
{
	struct http_compression *compression = CONTAINER_OF(computation, struct http_compression, computation);

	inbox_put(&compression->reply->http->compressed, &computation->link);
}

/* Where the time went, unless the endpoint itself has something to say. */
static void note_time(struct http_compression *compression)
{
	struct exchange *x = &compression->reply->x;

	if (x->work_name == NULL)
		x->work_name = "compression";
	x->work_ns += compression->computation.done_ns - compression->computation.started_ns;
}

static void on_compressed(struct list *item)
{
	struct computation *computation = CONTAINER_OF(item, struct computation, link);
	struct http_compression *compression = CONTAINER_OF(computation, struct http_compression, computation);

	list_remove(&compression->link);
	if (atomic_load(&computation->was_cut)) {
		give_up(compression);
	} else {
		note_time(compression);
		take(compression);
	}
	http_reply_send(compression->reply);
}

static bool hand_over(struct http_compression *compression)
{
	struct http_reply *reply = compression->reply;
	struct exchange *x = &reply->x;
	bool goes_on = x->response.part_count > 1;

	reply->http->has_grown |= x->response.body.length > HTTP_LARGE_BYTES;
	compression->computation = (struct computation){
	    .parts = 1,
	    .run = run,
	    .over = on_over,
	    .deadline_ns = clock_now_ns() + (goes_on ? STREAM_PATIENCE_MS : PATIENCE_MS) * NS_PER_MS,
	    .is_abandoned = &x->is_abandoned,
	};
	if (!compute_pool_submit(reply->http->pool, &compression->computation, goes_on)) {
		give_up(compression);
		return false;
	}
	list_append(&reply->http->compressing, &compression->link);
	return true;
}

static bool takes_long(const struct http_compression *compression)
{
	return compression->coding != CODING_IDENTITY || compression->reply->x.response.is_hashed;
}

void http_compression_apply(struct http_reply *reply)
{
	struct exchange *x = &reply->x;

	if (x->response.part_count <= 1)
		begin(reply);
	if (!x->response.is_broken_off) {
		if (x->response.body.length > LOOP_BYTES_MAX && takes_long(reply->compression) &&
		    hand_over(reply->compression))
			return;
		make(reply->compression, NULL);
		take(reply->compression);
	}
	http_reply_send(reply);
}

void http_compression_add_fields(struct http_reply *reply)
{
	h2o_req_t *request = reply->request;
	enum coding coding = reply->compression->coding;
	const char *name = coding_name(coding);
	struct text etag = validators_etag(&reply->x, coding);

	if (reply->compression->varies)
		h2o_add_header(&request->pool, &request->res.headers, H2O_TOKEN_VARY, NULL,
			       H2O_STRLIT("accept-encoding"));
	if (coding != CODING_IDENTITY)
		h2o_add_header(&request->pool, &request->res.headers, H2O_TOKEN_CONTENT_ENCODING, NULL, name,
			       strlen(name));
	if (etag.length > 0)
		h2o_add_header(&request->pool, &request->res.headers, H2O_TOKEN_ETAG, NULL, etag.at, etag.length);
	if (reply->x.response.is_dated) {
		struct text date = validators_date(&reply->x);

		h2o_add_header(&request->pool, &request->res.headers, H2O_TOKEN_LAST_MODIFIED, NULL, date.at,
			       date.length);
	}
}

void http_compression_end(struct http_reply *reply)
{
	drop_coder(reply->compression);
	if (reply->compression->is_stream_counted)
		reply->http->compressed_streams--;
}

/* The loop */

void http_compression_begin(struct http_loop *http)
{
	list_init(&http->compressing);
	if (!http->is_admin)
		http->pool = http->http->settings.run->large_pool;
	http->compresses = !http->is_admin && http->http->settings.options->compression == SWITCH_ON;
	inbox_open(&http->compressed, http->loop, on_compressed);
}

void http_compression_sweep(struct http_loop *http)
{
	uint64_t now_ns = clock_now_ns();

	LIST_EACH (item, &http->compressing) {
		struct http_compression *compression = CONTAINER_OF(item, struct http_compression, link);

		if (now_ns < compression->computation.deadline_ns ||
		    !compute_pool_withdraw(http->pool, &compression->computation))
			continue;
		list_remove(item);
		give_up(compression);
		http_reply_send(compression->reply);
	}
}

void http_compression_close(struct http_loop *http)
{
	inbox_close(&http->compressed);
}

void http_compression_cleanup(struct http_loop *http)
{
	inbox_cleanup(&http->compressed);
}
