#include "handlers/sql/source.h"

#include "base/http_token.h"
#include "base/percent.h"
#include "db/values/parameter.h"
#include "exchange/entity_tag.h"
#include "identity/claim.h"

#include <strings.h>

static const char *const words[SOURCE_KIND_COUNT] = {
    [SOURCE_CLAIM] = "claim",     [SOURCE_HEADER] = "header",     [SOURCE_COOKIE] = "cookie",
    [SOURCE_ADDRESS] = "address", [SOURCE_IF_MATCH] = "if-match",
};

const char *sql_source_word(enum source_kind kind)
{
	return words[kind];
}

static bool is_token(struct text name)
{
	for (size_t i = 0; i < name.length; i++)
		if (http_token_char(name.at[i]) == ' ')
			return false;
	return name.length > 0;
}

bool sql_source_is_secret(struct text header)
{
	static const char *const secrets[] = {"authorization", "cookie", "proxy-authorization", "x-api-key"};

	for (unsigned i = 0; i < ARRAY_LENGTH(secrets); i++)
		if (text_equal_nocase(header, text_of(secrets[i])))
			return true;
	return false;
}

bool sql_source_name_is_valid(enum source_kind kind, struct text name)
{
	switch (kind) {
	case SOURCE_CLAIM:
		return claim_path_is_valid(name);
	case SOURCE_HEADER:
		return is_token(name) && !sql_source_is_secret(name);
	case SOURCE_COOKIE:
		return is_token(name);
	default:
		return name.length == 0;
	}
}

/* Finding */

/* Several lines of one name are one list (RFC 9110, section 5.3). `at` is NULL when there is none. */
static struct text find_header(struct exchange *x, struct text name)
{
	struct buffer joined = buffer_in(&x->arena);
	struct text found = {NULL, 0};
	unsigned count = 0;

	for (unsigned i = 0; i < x->request.field_count; i++) {
		const struct http_field *field = &x->request.fields[i];

		if (!text_equal(field->name, name))
			continue;
		if (count++ > 0)
			buffer_add(&joined, TEXT(", "));
		buffer_add(&joined, field->value);
		found = field->value;
	}
	return count > 1 ? buffer_text(&joined) : found;
}

/* RFC 6265, section 4.2: pairs with "; " between them. The first of a name counts; the quotes are part of a value. */
static struct text find_cookie(const struct exchange *x, struct text name)
{
	for (unsigned i = 0; i < x->request.field_count; i++) {
		struct text list = x->request.fields[i].value;

		if (!text_equal(x->request.fields[i].name, TEXT("cookie")))
			continue;
		while (list.length > 0) {
			struct text value = text_trimmed(text_cut_at(&list, ';')), key = text_cut_at(&value, '=');

			if (text_equal(key, name))
				return value;
		}
	}
	return (struct text){NULL, 0};
}

/* Binding */

static enum error refuse_claim(struct exchange *x, const struct source *source, const struct db_parameter *parameter,
			       const char **problem)
{
	*problem = arena_printf(&x->arena, "the claim %s of the identity must be %s", source->name,
				db_type_expectation(&parameter->type));
	return ERROR_FORBIDDEN;
}

static enum error bind_claim(struct exchange *x, const struct source *source, const struct db_parameter *parameter,
			     const char **value, const char **problem)
{
	struct text path = text_of(source->name), raw, text;

	/* an endpoint for all */
	if (x->identity == NULL)
		return ERROR_NONE;
	if (!claim_text(x->identity->claims, path, &x->arena, &text)) {
		*problem =
		    arena_printf(&x->arena, "the identity has no claim %s, which this endpoint needs", source->name);
		return ERROR_FORBIDDEN;
	}
	if (claim_find(x->identity->claims, path, &x->arena, &raw) &&
	    parameter_from_json(&parameter->type, raw, &x->arena, value))
		return ERROR_NONE;
	if (!parameter->type.is_array && parameter_from_text(&parameter->type, text, &x->arena, value))
		return ERROR_NONE;
	return refuse_claim(x, source, parameter, problem);
}

static enum error bind_text(struct exchange *x, const struct source *source, const struct db_parameter *parameter,
			    struct text text, const char **value, const char **problem)
{
	bool is_good;

	if (text.at == NULL)
		return ERROR_NONE;
	if (!utf8_is_valid(text))
		is_good = false;
	else if (parameter->type.is_array)
		is_good = parameter_from_texts(&parameter->type, &text, 1, &x->arena, value);
	else
		is_good = parameter_from_text(&parameter->type, text, &x->arena, value);
	if (is_good)
		return ERROR_NONE;
	*problem = arena_printf(&x->arena, "the %s%s%s must be %s", sql_source_word(source->kind),
				source->name != NULL ? " " : "", source->name != NULL ? source->name : "",
				db_type_expectation(&parameter->type));
	return ERROR_BAD_INPUT;
}

/* If-Match */

enum { TAGS_MAX = 16 };

/* Several lines of one name are one list, and "*" is none. Returns how many strong tags there are; the weak ones match
 * nothing. -1: it is malformed, or too long. */
static int read_tags(const struct exchange *x, struct text tags[static TAGS_MAX], bool *is_any)
{
	int count = 0;

	*is_any = true;
	for (unsigned i = 0; i < x->request.field_count; i++) {
		struct text list = x->request.fields[i].value, coding;
		enum entity_tag_verdict verdict;
		struct entity_tag tag;

		if (!text_equal(x->request.fields[i].name, TEXT("if-match")) || text_equal(list, TEXT("*")))
			continue;
		*is_any = false;
		while ((verdict = entity_tag_take(&list, &tag)) == ENTITY_TAG_TAKEN) {
			if (count == TAGS_MAX)
				return -1;
			if (!tag.is_weak)
				tags[count++] =
				    entity_tag_without_media(entity_tag_without_coding(tag.opaque, &coding));
		}
		if (verdict == ENTITY_TAG_MALFORMED)
			return -1;
	}
	return count;
}

static bool bind_tags(struct exchange *x, const struct db_type *type, const struct text *tags, unsigned count,
		      const char **value)
{
	for (unsigned i = 0; i < count; i++)
		if (!utf8_is_valid(tags[i]))
			return false;
	if (type->is_array)
		return parameter_from_texts(type, tags, count, &x->arena, value);
	return parameter_from_text(type, tags[0], &x->arena, value);
}

/* A version that no row can have is not the one that is stored. */
static enum error bind_if_match(struct exchange *x, const struct db_parameter *parameter, const char **value,
				const char **problem)
{
	struct text tags[TAGS_MAX];
	bool is_any;
	int count = read_tags(x, tags, &is_any);

	if (count < 0) {
		*problem = "If-Match must be * or a list of entity tags, such as \"5\", at most 16";
		return ERROR_BAD_INPUT;
	}
	if (is_any)
		return ERROR_NONE;
	if (count > 1 && !parameter->type.is_array) {
		*problem = "If-Match names several versions, and this endpoint takes one";
		return ERROR_BAD_INPUT;
	}
	if (count > 0 && bind_tags(x, &parameter->type, tags, (unsigned)count, value))
		return ERROR_NONE;
	*problem = "nothing was written: If-Match names no version that can be stored";
	return ERROR_PRECONDITION_FAILED;
}

enum error sql_source_bind(struct exchange *x, const struct source *source, const struct db_parameter *parameter,
			   const char **value, const char **problem)
{
	struct text found = x->request.address;

	if (source->kind == SOURCE_CLAIM)
		return bind_claim(x, source, parameter, value, problem);
	if (source->kind == SOURCE_IF_MATCH)
		return bind_if_match(x, parameter, value, problem);
	if (source->kind == SOURCE_HEADER)
		found = find_header(x, text_of(source->name));
	else if (source->kind == SOURCE_COOKIE)
		found = find_cookie(x, text_of(source->name));
	return bind_text(x, source, parameter, found, value, problem);
}
