#include "handlers/sql/answer.h"

#include "base/buffer.h"
#include "base/http_token.h"
#include "exchange/media_type.h"
#include "handlers/sql/file.h"

static bool names(const char *name, const char *column)
{
	return name != NULL && strcmp(name, column) == 0;
}

bool answer_takes(const struct answer *answer, const char *column)
{
	bool takes;

	if (answer == NULL)
		return false;
	takes = names(answer->content_type_column, column) || names(answer->status_column, column);
	for (unsigned i = 0; i < answer->header_count; i++)
		takes |= names(answer->headers[i].column, column);
	return takes;
}

/* 206 says which part it is, and 304 what is known already. */
bool answer_status_is_good(unsigned status)
{
	return (status >= 200 && status <= 303 && status != 206) || status == 307 || status == 308;
}

/* Values */

static size_t token_length(struct text text)
{
	size_t length = 0;

	while (length < text.length && http_token_char(text.at[length]) != ' ')
		length++;
	return length;
}

bool answer_is_content_type(struct text value)
{
	struct text type = value, parameters;
	size_t major, minor;

	for (size_t i = 0; i < value.length; i++)
		if (value.at[i] < 0x20 || value.at[i] > 0x7e)
			return false;
	major = token_length(type);
	if (major == 0 || major == type.length || type.at[major] != '/')
		return false;
	minor = token_length((struct text){type.at + major + 1, type.length - major - 1});
	parameters = (struct text){type.at + major + 1 + minor, type.length - major - 1 - minor};
	return minor > 0 && (parameters.length == 0 || text_trimmed(parameters).at[0] == ';');
}

bool answer_is_acceptable(const struct answer *answer, struct text accept)
{
	struct text type;

	if (answer == NULL || answer->content_type == NULL)
		return true;
	type = text_of(answer->content_type);
	return accept_quality(accept, text_trimmed(text_cut_at(&type, ';'))).quality > 0;
}

/* At start */

unsigned answer_find_column(const struct db_signature *signature, const char *name)
{
	unsigned column = 0;

	while (column < signature->column_count && strcmp(signature->columns[column].name, name) != 0)
		column++;
	return column;
}

static const char *columns_of(const struct endpoint *endpoint, struct arena *arena)
{
	const struct db_signature *signature = &endpoint->statement.signature;
	struct buffer list = buffer_in(arena);

	for (unsigned i = 0; i < signature->column_count; i++)
		buffer_printf(&list, "%s%s", i > 0 ? ", " : "", signature->columns[i].name);
	return arena_copy(arena, buffer_text(&list));
}

static bool has_column(const struct endpoint *endpoint, const char *what, const char *column, unsigned line,
		       struct diagnostics *diagnostics)
{
	const struct db_signature *signature = &endpoint->statement.signature;

	if (column == NULL || answer_find_column(signature, column) < signature->column_count)
		return true;
	diagnostics_add(diagnostics, endpoint->file, line, "`-- %s:` names the column %s; the SQL returns %s", what,
			column, columns_of(endpoint, diagnostics->arena));
	return false;
}

static void check_status(const struct endpoint *endpoint, struct diagnostics *diagnostics)
{
	const struct db_signature *signature = &endpoint->statement.signature;
	const char *column = endpoint->answer->status_column;
	const struct db_type *type;

	if (column == NULL)
		return;
	type = &signature->columns[answer_find_column(signature, column)].type;
	if (type->is_array || type->kind < DB_TYPE_INT2 || type->kind > DB_TYPE_INT8)
		diagnostics_add(diagnostics, endpoint->file, endpoint->answer->status_line,
				"the column %s of `-- status:` must be an integer; it is %s", column, type->name);
}

static void check_single(const struct endpoint *endpoint, struct diagnostics *diagnostics)
{
	const struct db_signature *signature = &endpoint->statement.signature;
	unsigned left = 0;

	for (unsigned i = 0; i < signature->column_count; i++)
		left += !answer_takes(endpoint->answer, signature->columns[i].name);
	if (answer_is_single(endpoint->answer) && left != 1)
		diagnostics_add(diagnostics, endpoint->file, endpoint->answer->content_type_line,
				"`-- content-type:` is for one column besides those of status and headers; the SQL "
				"returns %s",
				columns_of(endpoint, diagnostics->arena));
}

void answer_check(const struct endpoint *endpoint, struct diagnostics *diagnostics)
{
	const struct answer *answer = endpoint->answer;
	bool are_there = has_column(endpoint, "status", answer->status_column, answer->status_line, diagnostics);

	are_there &=
	    has_column(endpoint, "content-type", answer->content_type_column, answer->content_type_line, diagnostics);
	for (unsigned i = 0; i < answer->header_count; i++)
		are_there &=
		    has_column(endpoint, "header", answer->headers[i].column, answer->headers[i].line, diagnostics);
	if (!are_there)
		return;
	check_status(endpoint, diagnostics);
	check_single(endpoint, diagnostics);
}
