/* `-- errors: BK001 = 402, 23505 = 422`: the statuses that an author chose for SQLSTATEs. */
#include "handlers/sql/draft.h"

#include "db/values/sqlstate.h"

static bool is_code(struct text code)
{
	if (code.length != SQLSTATE_LENGTH)
		return false;
	for (size_t i = 0; i < code.length; i++)
		if (!sql_is_digit(code.at[i]) && !(code.at[i] >= 'A' && code.at[i] <= 'Z'))
			return false;
	return true;
}

static bool is_chosen(const struct draft *draft, struct text code)
{
	for (unsigned i = 0; i < draft->endpoint.statement.choice_count; i++)
		if (text_equal(text_of(draft->choices[i].sqlstate), code))
			return true;
	return false;
}

static void keep_choice(struct draft *draft, struct text code, unsigned status)
{
	struct db_status_choice *choice = &draft->choices[draft->endpoint.statement.choice_count++];

	memcpy(choice->sqlstate, code.at, code.length); /* the draft is all zero */
	choice->status = status;
}

/* Complains of what is no error, no status for one, or there twice. */
static void add_choice(struct parser *parser, unsigned line, struct text code, unsigned status)
{
	struct draft *draft = &parser->draft;

	if (memcmp(code.at, "00", 2) == 0)
		complain(parser, line, "`-- errors:`: %.*s is no error, it is success", TEXT_ARGS(code));
	else if (!sqlstate_may_choose(status))
		complain(parser, line,
			 "`-- errors:`: the status of %.*s must be 400 to 599, and neither 407 nor 426; it is %u",
			 TEXT_ARGS(code), status);
	else if (is_chosen(draft, code))
		complain(parser, line, "`-- errors:` has %.*s twice", TEXT_ARGS(code));
	else if (draft->endpoint.statement.choice_count == DB_STATUS_CHOICES_MAX)
		complain(parser, line, "`-- errors:` has too many codes; the most is %d", DB_STATUS_CHOICES_MAX);
	else
		keep_choice(draft, code, status);
}

bool sql_read_errors(struct parser *parser, const struct note *note)
{
	struct text rest = note->value;

	do {
		struct text digits = text_cut_at(&rest, ','), code = text_trimmed(text_cut_at(&digits, '='));
		unsigned status;

		digits = text_trimmed(digits);
		if (!is_code(code) || digits.length != 3 || !sql_read_number(digits, 0, 999, &status))
			return false;
		add_choice(parser, note->line, code, status);
	} while (rest.length > 0);
	return note->value.at[note->value.length - 1] != ',';
}
