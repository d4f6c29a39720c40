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

/* 201 */
static bool looks_like_number(struct text value)
{
	size_t digits = 0;

	while (digits < value.length && sql_is_digit(value.at[digits]))
		digits++;
	return digits > 0 && digits == value.length;
}

/* 500ms */
static bool looks_like_time(struct text value)
{
	size_t digits = 0;

	while (digits < value.length && sql_is_digit(value.at[digits]))
		digits++;
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

static bool looks_like_flag(struct text value)
{
	return value.length == 0 || text_equal_nocase(value, TEXT("true"));
}

static bool looks_like_value(enum annotation annotation, struct text value)
{
	switch (annotation) {
	case ANNOTATION_NAME:
		return looks_like_name(value);
	case ANNOTATION_ROUTE:
		return looks_like_route(value);
	case ANNOTATION_STATUS:
	case ANNOTATION_MAX_ROWS:
		return looks_like_number(value);
	case ANNOTATION_TIMEOUT:
		return looks_like_time(value);
	case ANNOTATION_STREAM:
	case ANNOTATION_ISOLATED:
		return looks_like_flag(value);
	case ANNOTATION_PARAM:
		return looks_like_param(value);
	case ANNOTATION_WORK:
		return is_one_word(value);
	default:
		return false; /* of what is a sentence itself no comment can be told apart */
	}
}

/* Max_Rows is max-rows, and routes is route; but what works is no work. */
static bool is_nearly(struct text word, struct text key)
{
	if (!text_equal(key, TEXT("work")) && word.length == key.length + 1 &&
	    (word.at[key.length] == 's' || word.at[key.length] == 'S'))
		word.length--;
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
	struct text word = word_of(comment, value);
	enum annotation annotation = 0;

	while (annotation < ANNOTATION_COUNT && !is_nearly(word, text_of(sql_annotation_key(annotation))))
		annotation++;
	if (annotation == ANNOTATION_COUNT || !looks_like_value(annotation, *value))
		return ANNOTATION_COUNT;
	return annotation;
}

void sql_complain_of_slip(struct parser *parser, const struct sql_token *comment, enum annotation annotation,
			  struct text value)
{
	complain(parser, comment->line,
		 "\"%.*s\" looks like an annotation and is none: write `-- %s%s%.*s`, or another comment",
		 TEXT_ARGS(sql_shown(sql_trim(comment->text))), sql_annotation_key(annotation),
		 value.length > 0 ? ": " : "", TEXT_ARGS(sql_shown(value)));
}
