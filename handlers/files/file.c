#include "handlers/files/file.h"

#include "base/log.h"
#include "base/percent.h"
#include "files/values/file_name.h"
#include "files/values/file_type.h"
#include "handlers/files/conditional.h"

#include <inttypes.h>
#include <time.h>

/* In the exchange's arena. */
struct file_state {
	const struct file_site *site;
	struct file_order order;
	struct file_conditional conditional;
	enum file_answer answer;
};

/* Refusing */

static enum step not_found(struct exchange *x)
{
	struct text path = x->request.path;

	/* what was not decoded may be anything */
	if (!utf8_is_valid(path))
		return respond_problem(x, ERROR_NOT_FOUND, "no endpoint and no file has this path");
	return respond_problem(x, ERROR_NOT_FOUND, "no endpoint and no file has the path %.*s", TEXT_ARGS(path));
}

static enum step redirect(struct exchange *x, const struct file_state *state)
{
	struct text place = text_of(file_name_with_slash(state->order.name, &x->arena)), query = x->request.query;

	if (query.length > 0)
		place = text_of(arena_printf(&x->arena, "%.*s?%.*s", TEXT_ARGS(place), TEXT_ARGS(query)));
	response_add_header(x, "location", place);
	return respond_empty(x, 308);
}

/* Of a file that was not found, or not read. */
static enum step refuse(struct exchange *x, const struct file_state *state)
{
	switch (state->order.outcome) {
	case FILE_IS_FOLDER:
		return redirect(x, state);
	case FILE_BUSY:
		return respond_problem(x, ERROR_BUSY, "too many files are open; try again");
	case FILE_CHANGED:
		return respond_problem(x, ERROR_BUSY, "the file is being changed; try again");
	case FILE_FAILED:
		return respond_problem(x, ERROR_INTERNAL, "the file cannot be read");
	default:
		return not_found(x);
	}
}

static enum step refuse_range(struct exchange *x, const struct file_state *state)
{
	uint64_t bytes = state->order.facts.bytes;

	response_add_header(x, "content-range", text_of(arena_printf(&x->arena, "bytes */%" PRIu64, bytes)));
	return respond_problem(x, ERROR_RANGE_NOT_SATISFIABLE, "the file has %" PRIu64 " bytes, and none of this range",
			       bytes);
}

/* Answering */

static void add_where_given(struct exchange *x, const char *name, struct text value)
{
	if (value.length > 0)
		response_add_header(x, name, value);
}

/* Of 304, too: a client keeps them with what it has. */
static void add_headers(struct exchange *x, const struct file_state *state)
{
	x->response.has_policy = true;
	add_where_given(x, "etag", state->conditional.etag);
	add_where_given(x, "last-modified", state->conditional.date);
	add_where_given(x, "cache-control", state->site->cache_control);
	add_where_given(x, "content-security-policy", state->site->policy);
	response_add_header(x, "vary", TEXT("accept-encoding"));
}

static void add_headers_of_body(struct exchange *x, const struct file_state *state)
{
	const struct byte_range *range = &state->conditional.range;
	const char *sibling = state->order.sibling;

	add_headers(x, state);
	response_add_header(x, "accept-ranges", TEXT("bytes"));
	if (sibling != NULL)
		response_add_header(x, "content-encoding", text_of(sibling[1] == 'b' ? "br" : "gzip"));
	if (state->answer == FILE_ANSWER_PART)
		response_add_header(x, "content-range",
				    text_of(arena_printf(&x->arena, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
							 range->first, range->end - 1, state->order.facts.bytes)));
}

static enum step read_more(struct exchange *x);

/* Sends what was read. */
static enum step send_part(struct exchange *x)
{
	const struct file_state *state = x->state;
	const struct file_order *order = &state->order;
	const struct byte_range *range = &state->conditional.range;
	unsigned status = state->answer == FILE_ANSWER_PART ? 206 : 200;
	const char *type = file_type_of(order->name);
	struct text part = {order->part, order->part_bytes};

	if (range->end == range->first)
		return respond_text(x, status, type, TEXT(""));
	return respond_part_of(x, status, type, range->end - range->first, part,
			       order->at < order->end && x->request.method != HTTP_HEAD ? read_more : NULL);
}

/* A part has gone out, and no more can come: what the client has is to be seen as broken off. */
static enum step break_off(struct exchange *x)
{
	const struct file_state *state = x->state;
	bool has_changed = exchange_await_error(x) == ERROR_NONE && state->order.outcome == FILE_CHANGED;

	log_warning("files", "%.*s is cut off: %s", TEXT_ARGS(x->request.path),
		    has_changed ? "the file was changed while it was sent"
				: "the next part of the file could not be read in time");
	return respond_broken_off(x);
}

static enum step more_read(struct exchange *x)
{
	const struct file_state *state = x->state;

	if (exchange_await_error(x) != ERROR_NONE || state->order.outcome != FILE_FOUND)
		return break_off(x);
	return send_part(x);
}

static enum step read_more(struct exchange *x)
{
	struct file_state *state = x->state;

	return await_file(x, &state->order, more_read);
}

static enum step send_first(struct exchange *x)
{
	const struct file_state *state = x->state;

	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	if (state->order.outcome != FILE_FOUND)
		return refuse(x, state);
	add_headers_of_body(x, state);
	return send_part(x);
}

static enum step begin_body(struct exchange *x, struct file_state *state)
{
	state->order.at = state->conditional.range.first;
	state->order.end = state->conditional.range.end;
	if (x->request.method != HTTP_HEAD && state->order.end > state->order.at)
		return await_file(x, &state->order, send_first);
	add_headers_of_body(x, state);
	return send_part(x);
}

static enum step answer(struct exchange *x, struct file_state *state)
{
	switch (state->answer) {
	case FILE_ANSWER_NOT_MODIFIED:
		add_headers(x, state);
		return respond_empty(x, 304);
	case FILE_ANSWER_FAILED:
		return respond_problem(x, ERROR_PRECONDITION_FAILED,
				       "the file is another one than If-Match or If-Unmodified-Since names");
	case FILE_ANSWER_NO_PART:
		return refuse_range(x, state);
	default:
		return state->order.reads_at_once ? send_first(x) : begin_body(x, state);
	}
}

static enum step found(struct exchange *x)
{
	struct file_state *state = x->state;

	if (exchange_await_error(x) != ERROR_NONE)
		return respond_await_problem(x);
	if (state->order.outcome != FILE_FOUND)
		return refuse(x, state);
	state->answer = file_conditional_judge(&state->conditional, x, &state->order.facts, time(NULL));
	return answer(x, state);
}

/* In the order in which the client likes them. Where it likes the file as it is best, there are none. */
static void choose_siblings(struct file_state *state)
{
	static const char *const suffixes[CODING_COUNT] = {[CODING_GZIP] = ".gz", [CODING_BROTLI] = ".br"};
	const struct accept_encoding *accepted = &state->conditional.accepted;
	enum coding best = accept_encoding_best(accepted), other = best == CODING_GZIP ? CODING_BROTLI : CODING_GZIP;

	if (best == CODING_IDENTITY)
		return;
	state->order.siblings[0] = suffixes[best];
	if (accept_encoding_takes(accepted, other))
		state->order.siblings[1] = suffixes[other];
}

enum step file_get(struct exchange *x)
{
	const char *name = file_name_read(x->request.path, &x->arena);
	struct file_state *state;

	if (name == NULL)
		return not_found(x);
	state = arena_alloc_zeroed(&x->arena, sizeof(*state));
	x->state = state;
	state->site = x->request.match.route->data;
	file_order_init(&state->order, state->site->folder, &x->arena, name);
	file_conditional_accept(&state->conditional, &x->request);
	choose_siblings(state);
	state->order.reads_at_once = x->request.method == HTTP_GET && !file_conditional_is_asked(&x->request);
	return await_file(x, &state->order, found);
}
