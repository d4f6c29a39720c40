#include "handlers/files/conditional.h"

#include "exchange/conditions.h"
#include "exchange/entity_tag.h"
#include "exchange/http_date.h"
#include "files/values/file_tag.h"

/* Returns how often the line is there; `value` is that of the last. */
static unsigned find_line(const struct http_request *request, struct text name, struct text *value)
{
	unsigned count = 0;

	for (unsigned i = 0; i < request->field_count; i++) {
		if (!text_equal(request->fields[i].name, name))
			continue;
		*value = request->fields[i].value;
		count++;
	}
	return count;
}

bool file_conditional_is_asked(const struct http_request *request)
{
	static const struct text names[] = {
	    TEXT_INIT("range"),
	    TEXT_INIT("if-none-match"),
	    TEXT_INIT("if-match"),
	    TEXT_INIT("if-modified-since"),
	    TEXT_INIT("if-unmodified-since"),
	};
	struct text value;

	for (unsigned i = 0; i < ARRAY_LENGTH(names); i++)
		if (find_line(request, names[i], &value) > 0)
			return true;
	return false;
}

void file_conditional_accept(struct file_conditional *conditional, const struct http_request *request)
{
	accept_encoding_init(&conditional->accepted);
	for (unsigned i = 0; i < request->field_count; i++)
		if (text_equal(request->fields[i].name, TEXT("accept-encoding")))
			accept_encoding_add(&conditional->accepted, request->fields[i].value);
}

/* Returns the tag without quotes. A file that has not rested may change again without another tag or time. */
static struct text fill_validators(struct file_conditional *conditional, struct arena *arena,
				   const struct file_facts *facts, int64_t now_s)
{
	char tag[FILE_TAG_BYTES], date[HTTP_DATE_BYTES];

	if (!file_tag_is_strong(facts, now_s))
		return (struct text){NULL, 0};
	file_tag_write(tag, facts);
	conditional->etag = text_of(arena_printf(arena, "\"%s\"", tag));
	/* a date in the future is not allowed (RFC 9110, section 8.8.2.1) */
	if (facts->modified_s >= 0 && facts->modified_s <= now_s) {
		http_date_write(date, facts->modified_s);
		conditional->date = text_of(arena_copy(arena, text_of(date)));
	}
	return (struct text){conditional->etag.at + 1, conditional->etag.length - 2};
}

/* Whether the client has the beginning of this very file. */
static bool is_range_of_this(const struct file_conditional *conditional, const struct http_request *request)
{
	struct text value;
	unsigned count = find_line(request, TEXT("if-range"), &value);

	if (count == 0)
		return true;
	return count == 1 && value.length > 0 &&
	       (text_equal(value, conditional->etag) || text_equal(value, conditional->date));
}

static enum file_answer judge_range(struct file_conditional *conditional, const struct http_request *request,
				    uint64_t bytes)
{
	struct text line;

	conditional->range = (struct byte_range){0, bytes};
	/* a Range line has a meaning for GET alone */
	if (request->method != HTTP_GET || find_line(request, TEXT("range"), &line) != 1 ||
	    !is_range_of_this(conditional, request))
		return FILE_ANSWER_WHOLE;
	switch (byte_range_read(line, bytes, &conditional->range)) {
	case BYTE_RANGE_PART:
		return FILE_ANSWER_PART;
	case BYTE_RANGE_NONE:
		return FILE_ANSWER_NO_PART;
	default:
		conditional->range = (struct byte_range){0, bytes};
		return FILE_ANSWER_WHOLE;
	}
}

enum file_answer file_conditional_judge(struct file_conditional *conditional, struct exchange *x,
					const struct file_facts *facts, int64_t now_s)
{
	struct http_response known = {.etag = fill_validators(conditional, &x->arena, facts, now_s)};
	struct text matched;

	known.is_dated = conditional->date.length > 0;
	known.modified_s = facts->modified_s;
	switch (conditions_judge(&x->request, &known, &conditional->accepted, &matched)) {
	case CONDITION_FAILED:
		return FILE_ANSWER_FAILED;
	case CONDITION_NOT_MODIFIED:
		return FILE_ANSWER_NOT_MODIFIED;
	default:
		return judge_range(conditional, &x->request, facts->bytes);
	}
}
