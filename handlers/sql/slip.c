#include "handlers/sql/draft.h"

#include <strings.h>

/* `-- route GET /x` is a comment to the parser. An author's slip must not pass in silence. So a comment is told apart
 * by what stands behind its first word: the value of an annotation, or the words of a sentence. */

static struct text first_word(struct text text)
{
	size_t length = 0;

	while (length < text.length && !sql_is_space(text.at[length]))
		length++;
	return (struct text){text.at, length};
}

static bool is_one_word(struct text text)
{
	return text.length > 0 && first_word(text).length == text.length;
}

static struct text behind(struct text text, size_t length)
{
	return sql_trim((struct text){text.at + length, text.length - length});
}

/* NAME :one */
static bool looks_like_name(struct text value)
{
	struct text word = first_word(value), shape = behind(value, word.length);

	return text_equal_nocase(shape, TEXT(":one")) || text_equal_nocase(shape, TEXT(":many")) ||
	       text_equal_nocase(shape, TEXT(":exec"));
}

/* GET /x */
static bool looks_like_route(struct text value)
{
	struct text word = first_word(value), path = behind(value, word.length);
	bool is_method = false;

	for (enum http_method method = 0; method < HTTP_METHOD_COUNT; method++)
		is_method |= text_equal_nocase(word, text_of(http_method_name(method)));
	return is_method && path.length > 0 && path.at[0] == '/';
}

static size_t digits_of(struct text value)
{
	size_t digits = 0;

	while (digits < value.length && sql_is_digit(value.at[digits]))
		digits++;
	return digits;
}

/* 201 */
static bool looks_like_number(struct text value)
{
	size_t digits = digits_of(value);

	return digits > 0 && digits == value.length;
}

/* 500ms */
static bool looks_like_time(struct text value)
{
	size_t digits = digits_of(value);

	return digits > 0 && (text_equal_nocase(behind(value, digits), TEXT("ms")) ||
			      text_equal_nocase(behind(value, digits), TEXT("s")));
}

/* NAME = DEFAULT; NAME alone; NAME, and its description behind two blanks */
static bool looks_like_param(struct text value)
{
	size_t length = 0;

	while (length < value.length && sql_continues_name(value.at[length]))
		length++;
	if (!sql_is_parameter_name((struct text){value.at, length}))
		return false;
	if (length == value.length || behind(value, length).at[0] == '=')
		return true;
	return value.length - length > 2 && sql_is_space(value.at[length]) && sql_is_space(value.at[length + 1]);
}

/* 90/minute */
static bool looks_like_rate(struct text value)
{
	size_t digits = digits_of(value);

	return digits > 0 && digits < value.length && value.at[digits] == '/';
}

/* editor, admin */
static bool looks_like_list(struct text value)
{
	while (value.length > 0)
		if (!is_one_word(sql_trim(text_cut_at(&value, ','))))
			return false;
	return true;
}

/* claims, headers */
static bool looks_like_settings(struct text value)
{
	struct text rest = value, first = sql_trim(text_cut_at(&rest, ','));

	return looks_like_list(value) && sql_is_setting(first);
}

/* rows */
static bool looks_like_body(struct text value)
{
	for (enum body_kind kind = BODY_FIELDS + 1; kind < BODY_KIND_COUNT; kind++)
		if (text_equal_nocase(value, text_of(whole_body_word(kind))))
			return true;
	return false;
}

/* column NAME */
static bool looks_like_column(struct text value)
{
	struct text word = first_word(value);

	return text_equal_nocase(word, TEXT("column")) && is_one_word(behind(value, word.length));
}

/* location = column url */
static bool looks_like_header(struct text value)
{
	struct text rest = value, name = sql_trim(text_cut_at(&rest, '='));

	return is_one_word(name) && looks_like_column(sql_trim(rest));
}

/* image/png */
static bool looks_like_type(struct text value)
{
	struct text type = first_word(value);
	const char *slash = memchr(type.at, '/', type.length);

	return looks_like_column(value) || (slash != NULL && slash > type.at && slash + 1 < type.at + type.length &&
					    (is_one_word(value) || type.at[type.length - 1] == ';'));
}

/* total not null */
static bool looks_like_column_note(struct text value)
{
	struct text word = first_word(value);

	return text_equal_nocase(sql_trim(behind(value, word.length)), TEXT("not null"));
}

static bool looks_like_flag(struct text value)
{
	return value.length == 0 || text_equal_nocase(value, TEXT("true"));
}

static bool looks_like_switch(struct text value)
{
	return text_equal_nocase(value, TEXT("off")) || text_equal_nocase(value, TEXT("on"));
}

static bool looks_like_value(enum annotation annotation, struct text value)
{
	switch (annotation) {
	case ANNOTATION_NAME:
	case ANNOTATION_GATHER:
	case ANNOTATION_STEP:
		return looks_like_name(value);
	case ANNOTATION_ROUTE:
		return looks_like_route(value);
	case ANNOTATION_STATUS:
		return looks_like_number(value) || looks_like_column(value);
	case ANNOTATION_MAX_ROWS:
		return looks_like_number(value);
	case ANNOTATION_BODY:
		return looks_like_body(value);
	case ANNOTATION_CONTENT_TYPE:
		return looks_like_type(value);
	case ANNOTATION_HEADER:
		return looks_like_header(value);
	case ANNOTATION_COLUMN:
		return looks_like_column_note(value);
	case ANNOTATION_INFLIGHT:
		return value.length == 0 || looks_like_number(value);
	case ANNOTATION_TIMEOUT:
		return looks_like_time(value);
	case ANNOTATION_CACHE:
		return looks_like_time(first_word(value));
	case ANNOTATION_STREAM:
	case ANNOTATION_ISOLATED:
	case ANNOTATION_PUBLIC:
	case ANNOTATION_OPTIONAL:
		return looks_like_flag(value);
	case ANNOTATION_ROLES:
		return value.length > 0 && looks_like_list(value);
	case ANNOTATION_SETTINGS:
		return looks_like_settings(value);
	case ANNOTATION_RATE:
		return looks_like_rate(value);
	case ANNOTATION_COMPRESSION:
		return looks_like_switch(value);
	case ANNOTATION_ETAG:
		return value.length == 0 || is_one_word(value);
	case ANNOTATION_LAST_MODIFIED:
		return is_one_word(value);
	case ANNOTATION_CACHE_CONTROL:
		return value.length > 0 && looks_like_list(value);
	case ANNOTATION_PARAM:
		return looks_like_param(value);
	case ANNOTATION_WORK:
		return is_one_word(value);
	default:
		return false; /* of what is a sentence itself no comment can be told apart */
	}
}

static bool ends_with_s(struct text word)
{
	return word.length > 0 && (word.at[word.length - 1] == 's' || word.at[word.length - 1] == 'S');
}

/* Max_Rows is max-rows, routes is route, and role is roles; but what works is no work. */
static bool is_nearly(struct text word, struct text key)
{
	if (!text_equal(key, TEXT("work")) && word.length == key.length + 1 && ends_with_s(word))
		word.length--;
	if (word.length + 1 == key.length && ends_with_s(key))
		key.length--;
	if (word.length != key.length)
		return false;
	for (size_t i = 0; i < key.length; i++)
		if (strncasecmp(&word.at[i], &key.at[i], 1) != 0 && !(word.at[i] == '_' && key.at[i] == '-'))
			return false;
	return true;
}

/* -- @route GET /x, -- Route: GET /x, -- route = GET /x */
static struct text word_of(struct text comment, struct text *value)
{
	struct text rest = behind(comment, 2), word = {NULL, 0};

	if (rest.length > 0 && (rest.at[0] == '@' || rest.at[0] == ':'))
		rest = (struct text){rest.at + 1, rest.length - 1};
	word.at = rest.at;
	while (word.length < rest.length && (sql_continues_name(rest.at[word.length]) || rest.at[word.length] == '-'))
		word.length++;
	/* text::name and https://... are no annotations */
	*value = (struct text){rest.at + word.length, rest.length - word.length};
	if (value->length > 0 && !sql_is_space(value->at[0]) && value->at[0] != ':' && value->at[0] != '=')
		word.length = 0;
	*value = sql_trim(*value);
	if (value->length > 0 && (value->at[0] == ':' || value->at[0] == '='))
		*value = behind(*value, 1);
	return word;
}

enum annotation sql_slip_from(struct text comment, struct text *value)
{
	struct text word;
	enum annotation annotation = 0;

	if (comment.length >= 4 && comment.at[0] == '/')
		comment.length -= 2;
	word = word_of(comment, value);
	while (annotation < ANNOTATION_COUNT && !is_nearly(word, text_of(sql_annotation_key(annotation))))
		annotation++;
	if (annotation == ANNOTATION_COUNT || !looks_like_value(annotation, *value))
		return ANNOTATION_COUNT;
	return annotation;
}

void sql_refuse_guard(struct parser *parser, const struct sql_token *comment)
{
	struct text value;
	enum annotation annotation = sql_slip_from(comment->text, &value);

	if (annotation == ANNOTATION_ROLES || annotation == ANNOTATION_SETTINGS || annotation == ANNOTATION_RATE ||
	    annotation == ANNOTATION_INFLIGHT || annotation == ANNOTATION_COMPRESSION)
		sql_complain_of_slip(parser, comment, annotation, value);
}

void sql_complain_of_slip(struct parser *parser, const struct sql_token *comment, enum annotation annotation,
			  struct text value)
{
	complain(parser, comment->line,
		 "\"%.*s\" looks like an annotation and is none: write `-- %s%s%.*s`, or another comment",
		 TEXT_ARGS(sql_shown(sql_trim(comment->text))), sql_annotation_key(annotation),
		 value.length > 0                    ? ": "
		 : annotation == ANNOTATION_INFLIGHT ? ": N"
						     : "",
		 TEXT_ARGS(sql_shown(value)));
}
