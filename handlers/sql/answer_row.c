#include "handlers/sql/answer_row.h"

#include "base/log.h"
#include "db/values/value_text.h"

/* Returns what a header's value must not have, or NULL. */
static const char *fault_of(struct text value)
{
	if (value.length > ANSWER_VALUE_BYTES_MAX)
		return "is longer than 4096 bytes";
	for (size_t i = 0; i < value.length; i++)
		if (((unsigned char)value.at[i] < 0x20 && value.at[i] != '\t') || value.at[i] == 0x7f)
			return "has a control character, such as a line break";
	return NULL;
}

/* One row on its way to a response. */
struct row_answer {
	struct exchange *x;
	const struct endpoint *endpoint;
	const struct db_signature *signature;
	const struct db_result *rows;
	unsigned headers_before;  /* that are not of this row */
	const char *content_type; /* of the single column */
	unsigned status;
};

/* What cannot be sent is not shown, not even in the log: it may be anything. */
static bool fail(const struct row_answer *answer, const char *column, const char *what, enum step *step)
{
	const struct endpoint *endpoint = answer->endpoint;
	bool is_read_only = endpoint->statement.is_read_only;

	log_error("endpoints", "%s cannot send its answer: the column %s %s", endpoint->name, column, what);
	answer->x->response.header_count = answer->headers_before;
	*step = respond_problem(answer->x, ERROR_INTERNAL, "%sa header, the status or the media type cannot be sent",
				is_read_only ? "" : "it was written, but ");
	return false;
}

/* Returns the text of the named column; `at` NULL where it is null. A column that a migration has renamed is null. */
static struct text column_text(const struct row_answer *answer, const char *name)
{
	unsigned column = answer_find_column(answer->signature, name);
	struct buffer out = buffer_in(&answer->x->arena);
	struct text value;

	if (column == answer->signature->column_count || db_is_null(answer->rows, 0, column))
		return (struct text){NULL, 0};
	value = db_value(answer->rows, 0, column);
	buffer_reserve(&out, 1);
	value_text_add(&out, &answer->signature->columns[column].type, value);
	return text_trimmed(buffer_text(&out));
}

static bool read_status(struct row_answer *answer, enum step *step)
{
	const char *column = answer->endpoint->answer->status_column;
	unsigned status = 0;
	struct text value;

	if (column == NULL)
		return true;
	value = column_text(answer, column);
	if (value.at == NULL)
		return true;
	for (size_t i = 0; i < value.length && value.length == 3; i++)
		status = status * 10 + (unsigned)(value.at[i] - '0');
	/* an error is RAISE's to say: then nothing is written, and the answer is a problem */
	if (!answer_status_is_good(status))
		return fail(answer, column, "is no status that an answer may have", step);
	answer->status = status;
	return true;
}

static bool add_headers(struct row_answer *answer, enum step *step)
{
	const struct answer *own = answer->endpoint->answer;

	for (unsigned i = 0; i < own->header_count; i++) {
		struct text value = column_text(answer, own->headers[i].column);
		const char *fault = fault_of(value);

		if (fault != NULL)
			return fail(answer, own->headers[i].column, fault, step);
		if (value.at != NULL)
			response_add_header(answer->x, own->headers[i].name, value);
	}
	return true;
}

static bool read_content_type(struct row_answer *answer, enum step *step)
{
	const struct answer *own = answer->endpoint->answer;
	struct text value;

	answer->content_type = own->content_type;
	if (own->content_type_column == NULL)
		return true;
	value = column_text(answer, own->content_type_column);
	if (value.at == NULL || value.length > ANSWER_VALUE_BYTES_MAX || !answer_is_content_type(value))
		return fail(answer, own->content_type_column, "is no media type", step);
	answer->content_type = arena_copy(&answer->x->arena, value);
	return true;
}

/* Bodies */

/* The column as it is; `at` NULL where it is null, or, by a migration, there is none. */
static struct text single_of(const struct row_answer *answer)
{
	const struct answer *own = answer->endpoint->answer;
	struct buffer out = buffer_in(&answer->x->arena);

	for (unsigned i = 0; i < answer->signature->column_count; i++) {
		const struct db_type *type = &answer->signature->columns[i].type;

		if (answer_takes(own, answer->signature->columns[i].name))
			continue;
		if (db_is_null(answer->rows, 0, i))
			break;
		buffer_reserve(&out, 1);
		if (type->kind == DB_TYPE_BYTEA && !type->is_array)
			value_bytes_add(&out, db_value(answer->rows, 0, i));
		else
			value_text_add(&out, type, db_value(answer->rows, 0, i));
		return buffer_text(&out);
	}
	return (struct text){NULL, 0};
}

/* The columns that are left; nothing where there are none. */
static enum step respond_rest(const struct row_answer *answer)
{
	unsigned count = answer->signature->column_count, left = 0;
	bool *is_taken = arena_alloc_zeroed(&answer->x->arena, count * sizeof(*is_taken));

	for (unsigned i = 0; i < count; i++) {
		is_taken[i] = answer_takes(answer->endpoint->answer, answer->signature->columns[i].name);
		left += !is_taken[i];
	}
	if (left == 0)
		return respond_empty(answer->x, answer->status);
	return respond_row_without(answer->x, answer->status, answer->signature, answer->rows, is_taken);
}

static bool respond_single(struct row_answer *answer, enum step *step)
{
	struct text single = single_of(answer);

	if (single.at == NULL) {
		answer->x->response.header_count = answer->headers_before;
		return false;
	}
	if (read_content_type(answer, step))
		*step = respond_text(answer->x, answer->status, answer->content_type, single);
	return true;
}

bool answer_row_respond(struct exchange *x, const struct endpoint *endpoint, const struct db_signature *signature,
			const struct db_result *rows, enum step *step)
{
	struct row_answer answer = {x, endpoint, signature, rows, x->response.header_count, NULL, endpoint->status};

	if (!read_status(&answer, step) || !add_headers(&answer, step))
		return true;
	/* these have no body (RFC 9110, sections 15.3.5 and 15.3.6) */
	if (answer.status == 204 || answer.status == 205)
		*step = respond_empty(x, answer.status);
	else if (answer_is_single(endpoint->answer))
		return respond_single(&answer, step);
	else
		*step = respond_rest(&answer);
	return true;
}
