#include "exchange/conditions.h"

#include "exchange/entity_tag.h"
#include "exchange/http_date.h"

struct search {
	const struct http_request *request;
	const struct http_response *response;
	const struct accept_encoding *accepted;
	struct text matched;
};

static bool next_line(const struct http_request *request, struct text name, unsigned *at, struct text *value)
{
	while (*at < request->field_count) {
		const struct http_field *field = &request->fields[(*at)++];

		if (!text_equal(field->name, name))
			continue;
		*value = field->value;
		return true;
	}
	return false;
}

static bool has_line(const struct http_request *request, struct text name)
{
	struct text value;
	unsigned at = 0;

	return next_line(request, name, &at, &value);
}

static bool is_accepted(const struct search *search, struct text coding)
{
	if (coding.length == 0)
		return true;
	for (enum coding each = CODING_GZIP; each < CODING_COUNT; each++)
		if (text_equal(coding, text_of(coding_name(each))))
			return search->accepted != NULL && accept_encoding_takes(search->accepted, each);
	return false;
}

static bool is_same(struct search *search, const struct entity_tag *tag, bool is_strong)
{
	struct text coding, plain = entity_tag_without_coding(tag->opaque, &coding);

	if (is_strong && tag->is_weak)
		return false;
	if (!text_equal(plain, search->response->etag) || !is_accepted(search, coding))
		return false;
	search->matched = tag->opaque;
	return true;
}

/* Whether one of the lines with this name lists the tag of the representation. "*" stands for any. */
static bool is_listed(struct search *search, struct text name, bool is_strong)
{
	struct entity_tag tag;
	struct text list;
	unsigned at = 0;

	while (next_line(search->request, name, &at, &list)) {
		if (text_equal(text_trimmed(list), TEXT("*"))) {
			search->matched = search->response->etag;
			return true;
		}
		while (search->response->etag.at != NULL && entity_tag_take(&list, &tag) == ENTITY_TAG_TAKEN)
			if (is_same(search, &tag, is_strong))
				return true;
	}
	return false;
}

/* False: there is no such line, or it is no date. A second one makes it a list, which a date is not. */
static bool read_date(const struct http_request *request, struct text name, int64_t *seconds)
{
	struct text value, other;
	unsigned at = 0;

	return next_line(request, name, &at, &value) && !next_line(request, name, &at, &other) &&
	       http_date_read(value, seconds);
}

static bool fails(struct search *search)
{
	int64_t since_s;

	if (has_line(search->request, TEXT("if-match")))
		return !is_listed(search, TEXT("if-match"), true);
	return search->response->is_dated && read_date(search->request, TEXT("if-unmodified-since"), &since_s) &&
	       search->response->modified_s > since_s;
}

static bool is_not_modified(struct search *search)
{
	int64_t since_s;

	if (has_line(search->request, TEXT("if-none-match")))
		return is_listed(search, TEXT("if-none-match"), false);
	return search->response->is_dated && read_date(search->request, TEXT("if-modified-since"), &since_s) &&
	       search->response->modified_s <= since_s;
}

enum condition conditions_judge(const struct http_request *request, const struct http_response *response,
				const struct accept_encoding *accepted, struct text *matched)
{
	struct search search = {.request = request, .response = response, .accepted = accepted};

	search.matched = response->etag;
	if (fails(&search))
		return CONDITION_FAILED;
	if (!is_not_modified(&search))
		return CONDITION_HOLDS;
	*matched = search.matched;
	return CONDITION_NOT_MODIFIED;
}
