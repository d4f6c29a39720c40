/* The annotations of an answer: its status, its headers and the type of a single column, each from a column or fixed. */
#include "handlers/sql/draft.h"

#include "base/http_token.h"

/* What says how a message is framed and what the service says itself, and what it must not say for it. */
static const char *const kept_names[] = {
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "content-length",
    "content-encoding",
    "content-type",
    "content-range",
    "accept-ranges",
    "transfer-encoding",
    "date",
    "server",
    "server-timing",
    "vary",
    "allow",
    "www-authenticate",
    "proxy-authenticate",
    "x-content-type-options",
    "content-security-policy",
    "etag",
};
static const char *const kept_beginnings[] = {"access-control-", "meantime-", "ratelimit", "proxy-", "sec-"};

static bool is_kept(const char *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(kept_names); i++)
		if (strcmp(name, kept_names[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LENGTH(kept_beginnings); i++)
		if (strncmp(name, kept_beginnings[i], strlen(kept_beginnings[i])) == 0)
			return true;
	return false;
}

/* Reads `column NAME`. False: it is something else. */
static bool take_column(struct parser *parser, struct text value, const char **column)
{
	struct text word = sql_take_word(&value), name;

	if (!text_equal_nocase(word, TEXT("column")) || !sql_take_column(&value, &name) || value.length > 0)
		return false;
	*column = arena_copy(&parser->set->arena, name);
	return true;
}

bool sql_read_status(struct parser *parser, const struct note *note)
{
	struct draft *draft = &parser->draft;
	unsigned status = 0;

	draft->answer.status_line = note->line;
	if (take_column(parser, note->value, &draft->answer.status_column))
		return true;
	/* one that is wrong is told once */
	if (!sql_read_number(note->value, 200, 999, &status) || (status > 299 && !answer_status_is_good(status)))
		return false;
	draft->endpoint.status = status;
	return note->value.length == 3;
}

bool sql_read_content_type(struct parser *parser, const struct note *note)
{
	struct answer *answer = &parser->draft.answer;

	answer->content_type_line = note->line;
	if (take_column(parser, note->value, &answer->content_type_column))
		return true;
	answer->content_type = arena_copy(&parser->set->arena, note->value);
	return note->value.length <= ANSWER_VALUE_BYTES_MAX && answer_is_content_type(note->value);
}

/* A name is a token, and in lower case. */
static const char *header_name(struct parser *parser, struct text name)
{
	char *copy = arena_copy(&parser->set->arena, name);

	if (name.length == 0 || name.length > NAME_BYTES_MAX)
		return NULL;
	for (size_t i = 0; i < name.length; i++) {
		copy[i] = http_token_char(name.at[i]);
		if (copy[i] == ' ')
			return NULL;
	}
	return copy;
}

static void add_header(struct parser *parser, const struct answer_header *header)
{
	struct answer *answer = &parser->draft.answer;

	for (unsigned i = 0; i < answer->header_count; i++)
		if (strcmp(answer->headers[i].name, header->name) == 0) {
			complain(parser, header->line, "a second `-- header:` for %s; the first is on line %u",
				 header->name, answer->headers[i].line);
			return;
		}
	if (is_kept(header->name))
		complain(parser, header->line, "`-- header:` cannot have %s: the service itself writes it, or must not",
			 header->name);
	else if (answer->header_count == ANSWER_HEADERS_MAX)
		complain(parser, header->line, "one `-- header:` too many; the most is %d", ANSWER_HEADERS_MAX);
	else
		answer->headers[answer->header_count++] = *header;
}

bool sql_read_header(struct parser *parser, const struct note *note)
{
	struct answer_header header = {.line = note->line};
	struct text column = note->value, name = sql_trim(text_cut_at(&column, '='));

	header.name = header_name(parser, name);
	if (header.name == NULL || !take_column(parser, sql_trim(column), &header.column))
		return false;
	add_header(parser, &header);
	return true;
}

static const struct answer_header *header_named(const struct answer *answer, const char *name)
{
	for (unsigned i = 0; i < answer->header_count; i++)
		if (strcmp(answer->headers[i].name, name) == 0)
			return &answer->headers[i];
	return NULL;
}

/* It would be there twice. */
static void check_twice(struct parser *parser, enum annotation annotation)
{
	const char *name = sql_annotation_key(annotation);
	const struct answer_header *header = header_named(&parser->draft.answer, name);

	if (header != NULL && parser->draft.lines[annotation] > 0)
		complain(parser, header->line, "`-- header: %s` and `-- %s:`: one of them is too many", name, name);
}

void sql_check_answer(struct parser *parser)
{
	const struct draft *draft = &parser->draft;
	const struct answer *answer = &draft->answer;
	const unsigned *lines = draft->lines;
	static const enum annotation of_rows[] = {ANNOTATION_CONTENT_TYPE, ANNOTATION_HEADER};
	bool is_row = draft->endpoint.shape == ENDPOINT_ONE && draft->endpoint.work == NULL;

	for (size_t i = 0; i < ARRAY_LENGTH(of_rows); i++)
		if (lines[of_rows[i]] > 0 && !is_row)
			complain(parser, lines[of_rows[i]], "`-- %s:` is for :one only, and for no work",
				 sql_annotation_key(of_rows[i]));
	if (answer->status_column != NULL && !is_row)
		complain(parser, answer->status_line, "`-- status: column` is for :one only, and for no work");
	check_twice(parser, ANNOTATION_LAST_MODIFIED);
	check_twice(parser, ANNOTATION_CACHE_CONTROL);
	if (draft->endpoint.status >= 300 && header_named(answer, "location") == NULL)
		complain(parser, answer->status_line,
			 "status %u leads elsewhere: it needs `-- header: location = column NAME`",
			 draft->endpoint.status);
}

const struct answer *sql_keep_answer(struct parser *parser)
{
	const struct answer *answer = &parser->draft.answer;
	struct answer *kept;

	if (answer->header_count == 0 && answer->status_column == NULL && !answer_is_single(answer))
		return NULL;
	kept = arena_alloc(&parser->set->arena, sizeof(*kept));
	*kept = *answer;
	return kept;
}
