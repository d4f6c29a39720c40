#include "exchange/kept_response.h"

/* What stands before the texts: each has its length here, and a NUL behind it. The body comes last. */
struct kept {
	unsigned status, header_count;
	bool has_type, has_tag, is_conditional, is_hashed, is_dated;
	int64_t modified_s;
	size_t type_length, tag_length, body_length;
	size_t name_lengths[HTTP_EXTRA_HEADERS_MAX], value_lengths[HTTP_EXTRA_HEADERS_MAX];
};

static size_t type_length(const struct http_response *response)
{
	return response->content_type != NULL ? strlen(response->content_type) : 0;
}

size_t kept_response_bytes(const struct http_response *response, unsigned first)
{
	size_t bytes = sizeof(struct kept) + type_length(response) + response->etag.length + response->body.length + 3;

	for (unsigned i = first; i < response->header_count; i++)
		bytes += strlen(response->headers[i].name) + response->headers[i].value.length + 2;
	return bytes;
}

static size_t put(char **at, struct text text)
{
	if (text.length > 0)
		memcpy(*at, text.at, text.length);
	(*at)[text.length] = '\0';
	*at += text.length + 1;
	return text.length;
}

void kept_response_write(const struct http_response *response, unsigned first, char *place)
{
	char *at = place + sizeof(struct kept);
	struct kept kept = {
	    .status = response->status,
	    .header_count = response->header_count - first,
	    .has_type = response->content_type != NULL,
	    .has_tag = response->etag.at != NULL,
	    .is_conditional = response->is_conditional,
	    .is_hashed = response->is_hashed,
	    .is_dated = response->is_dated,
	    .modified_s = response->modified_s,
	};

	kept.type_length = put(&at, (struct text){response->content_type, type_length(response)});
	kept.tag_length = put(&at, response->etag);
	for (unsigned i = 0; i < kept.header_count; i++) {
		kept.name_lengths[i] = put(&at, text_of(response->headers[first + i].name));
		kept.value_lengths[i] = put(&at, response->headers[first + i].value);
	}
	kept.body_length = put(&at, response->body);
	memcpy(place, &kept, sizeof(kept));
}

static struct text take(const char **at, size_t length)
{
	struct text text = {*at, length};

	*at += length + 1;
	return text;
}

enum step respond_kept(struct exchange *x, unsigned first, struct text bytes)
{
	const struct kept *kept = memcpy(arena_alloc(&x->arena, bytes.length), bytes.at, bytes.length);
	const char *at = (const char *)(kept + 1);
	struct http_response *response = &x->response;
	struct text type = take(&at, kept->type_length), tag = take(&at, kept->tag_length);

	for (unsigned i = 0; i < kept->header_count; i++) {
		response->headers[first + i].name = take(&at, kept->name_lengths[i]).at;
		response->headers[first + i].value = take(&at, kept->value_lengths[i]);
	}
	response->header_count = first + kept->header_count;
	response->status = kept->status;
	response->content_type = kept->has_type ? type.at : NULL;
	response->etag = kept->has_tag ? tag : (struct text){NULL, 0};
	response->is_conditional = kept->is_conditional;
	response->is_hashed = kept->is_hashed;
	response->is_dated = kept->is_dated;
	response->modified_s = kept->modified_s;
	return respond_text(x, kept->status, response->content_type, take(&at, kept->body_length));
}
