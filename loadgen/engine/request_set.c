#include "loadgen/engine/request_set.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/decimal.h"
#include "loadgen/engine/random.h"
#include "loadgen/engine/request_draft.h"

void request_set_init(struct request_set *set, const struct request_options *options)
{
	*set = (struct request_set){.next_number = 1, .random = options->seed, .is_keep_alive = options->is_keep_alive};
	arena_init(&set->arena, NULL, 0);
	set->bytes = buffer_in(&set->arena);
}

void request_set_cleanup(struct request_set *set)
{
	arena_cleanup(&set->arena);
}

static void add_number(struct request_set *set, uint64_t number)
{
	char *place = buffer_reserve(&set->bytes, DECIMAL_BYTES);

	set->bytes.length += (size_t)(decimal_write(place, number) - place);
}

static void add_pieces(struct request_set *set, const struct request *request, unsigned from, unsigned to,
		       uint64_t number, uint64_t body_length)
{
	for (unsigned i = from; i < to; i++) {
		const struct request_piece *piece = &request->template.pieces[i];

		if (piece->kind == PIECE_TEXT)
			buffer_add(&set->bytes, piece->text);
		else if (piece->kind == PIECE_NUMBER)
			add_number(set, number);
		else if (piece->kind == PIECE_LENGTH)
			add_number(set, body_length);
		else
			add_number(set, piece->from + random_below(&set->random, piece->to - piece->from + 1));
	}
}

/* The body was written first, since its length stands before it: it goes behind the head as well. */
static struct text end_bytes(struct request_set *set, size_t body_length)
{
	char *place = buffer_reserve(&set->bytes, body_length);

	memcpy(place, set->bytes.bytes, body_length);
	set->bytes.length += body_length;
	return (struct text){set->bytes.bytes + body_length, set->bytes.length - body_length};
}

void request_set_bytes(struct request_set *set, unsigned index, struct text *bytes)
{
	const struct request *request = set->requests[index];
	uint64_t number = set->next_number++;
	size_t body_length;

	if (request->fixed.length > 0) {
		*bytes = request->fixed;
		return;
	}
	set->bytes.length = 0;
	add_pieces(set, request, request->body_from, request->template.count, number, 0);
	body_length = set->bytes.length;
	add_pieces(set, request, 0, request->body_from, number, body_length);
	*bytes = end_bytes(set, body_length);
}

void request_set_redirect(struct request_set *set, unsigned index, bool is_get, struct text target, struct text *bytes)
{
	const struct request *request = set->requests[index];
	uint64_t number = set->next_number;
	size_t body_length;

	set->bytes.length = 0;
	if (!is_get)
		add_pieces(set, request, request->body_from, request->template.count, number, 0);
	body_length = set->bytes.length;
	buffer_add(&set->bytes, is_get ? TEXT("GET") : text_of(request->method));
	buffer_add(&set->bytes, TEXT(" "));
	buffer_add(&set->bytes, target);
	buffer_add(&set->bytes, TEXT(" HTTP/1.1\r\n"));
	add_pieces(set, request, request->headers_from, is_get ? request->content_from : request->body_from, number,
		   body_length);
	if (is_get)
		buffer_add(&set->bytes, TEXT("\r\n"));
	*bytes = end_bytes(set, body_length);
}

unsigned request_set_next(struct request_set *set, struct text *bytes)
{
	unsigned index = 0;

	if (set->count > 1) {
		uint64_t at = random_below(&set->random, set->weight_sum);

		while (at >= set->requests[index]->weight)
			at -= set->requests[index++]->weight;
	}
	request_set_bytes(set, index, bytes);
	return index;
}

int request_set_add(struct request_set *set, const struct request_draft *draft, const struct request_place *place)
{
	struct request *request = arena_alloc_zeroed(&set->arena, sizeof(*request));
	struct text bytes;

	if (set->count == REQUESTS_MAX)
		return request_place_fail(place, "more than %d requests", REQUESTS_MAX);
	if (request_draft_make(draft, set, request, place) != 0)
		return -1;
	set->requests[set->count++] = request;
	set->weight_sum += draft->weight;
	if (!request_template_varies(&request->template)) {
		request_set_bytes(set, set->count - 1, &bytes);
		request->fixed = (struct text){arena_copy(&set->arena, bytes), bytes.length};
		set->next_number--;
	}
	return 0;
}

int request_set_aim(struct request_set *set, const char *url, const char **path, char *why, size_t why_size)
{
	struct target target = {0};

	if (target_parse(&target, url, &set->arena, path, why, why_size) != 0)
		return -1;
	if (set->target.authority != NULL && strcasecmp(set->target.authority, target.authority) != 0) {
		snprintf(why, why_size, "%s: all URLs must have the same host and port; the first has %s", url,
			 set->target.authority);
		return -1;
	}
	if (set->target.authority == NULL)
		set->target = target;
	return 0;
}

int request_set_add_url(struct request_set *set, const char *url, const struct request_options *options, char *why,
			size_t why_size)
{
	struct request_place place = {.name = url, .why = why, .why_size = why_size};
	struct request_draft draft = {
	    .method = request_draft_method(options, options->body), .body = options->body, .weight = 1};

	if (request_set_aim(set, url, &draft.path, why, why_size) != 0 ||
	    request_draft_add_headers(&draft, options, &place) != 0)
		return -1;
	return request_set_add(set, &draft, &place);
}
