/* What a client may read of PostgreSQL's errors: on results that are what the test says. */
#include "db/failure.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct pg_result {
	const char *sqlstate, *message, *detail, *hint, *context, *constraint, *column, *function, *file;
};

char *PQresultErrorField(const PGresult *result, int field)
{
	const char *text = field == PG_DIAG_SQLSTATE          ? result->sqlstate
			   : field == PG_DIAG_MESSAGE_PRIMARY ? result->message
			   : field == PG_DIAG_MESSAGE_DETAIL  ? result->detail
			   : field == PG_DIAG_MESSAGE_HINT    ? result->hint
			   : field == PG_DIAG_CONTEXT         ? result->context
			   : field == PG_DIAG_CONSTRAINT_NAME ? result->constraint
			   : field == PG_DIAG_COLUMN_NAME     ? result->column
			   : field == PG_DIAG_SOURCE_FUNCTION ? result->function
			   : field == PG_DIAG_SOURCE_FILE     ? result->file
							      : NULL;

	return (char *)(uintptr_t)text;
}

static struct db_parameter parameters[] = {{.name = "email"}, {.name = "room"}};
static const struct db_status_choice choices[] = {{"BK001", 402}, {"23505", 422}, {"40001", 423}};
static struct db_statement statement;
static struct db_batch batch;

static int set_up(void **state)
{
	static const char *const values[] = {"x@y", NULL};

	(void)state;
	statement = (struct db_statement){.name = "add", .parameters = parameters, .parameter_count = 2};
	db_batch_init(&batch);
	db_batch_add(&batch, &statement, values);
	batch.deadline_ns = clock_now_ns() + 60 * NS_PER_S;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	db_batch_cleanup(&batch);
	return 0;
}

static void take(const struct pg_result *result)
{
	uint64_t deadline_ns = batch.deadline_ns;

	db_batch_rewind(&batch);
	batch.deadline_ns = deadline_ns;
	failure_take(&batch, result);
}

#define TAKE(...) take(&(struct pg_result){__VA_ARGS__})

static void assert_words(const char *message, const char *detail, const char *hint)
{
	assert_string_equal(batch.message, message);
	assert_string_equal(batch.detail, detail);
	assert_string_equal(batch.hint, hint);
}

static void what_an_author_raised_is_shown_with_detail_and_hint(void **state)
{
	(void)state;
	TAKE(.sqlstate = "P0001", .message = "sold out", .detail = "room 7", .hint = "another day",
	     .context = "PL/pgSQL function book() line 3 at RAISE", .function = "exec_stmt_raise");
	assert_int_equal(batch.error, ERROR_REJECTED);
	assert_string_equal(batch.sqlstate, "P0001");
	assert_words("sold out", "room 7", "another day");
	assert_string_equal(batch.said, "");
}

/* Even a code that is RAISE's says nothing of where the words are from. */
static void what_no_raise_said_is_not_shown(void **state)
{
	static const char *const codes[] = {"P0001", "BK001", "XX000", "58030", "53100", "40P01", "08006", "57000",
					    "42501", "42P01", "44000", "23514", "23P01", "22023", "2201B", "P0004"};

	(void)state;
	for (unsigned i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		TAKE(.sqlstate = codes[i], .message = "SECRET", .detail = "SECRET (SECRET)=(SECRET)", .hint = "SECRET",
		     .context = "SECRET", .function = "ExecConstraints", .file = "execMain.c");
		assert_null(strstr(batch.message, "SECRET"));
		assert_string_equal(batch.detail, "");
		assert_string_equal(batch.hint, "");
		assert_string_equal(batch.said, "SECRET | SECRET (SECRET)=(SECRET) | SECRET | SECRET");
	}
}

static void a_check_names_its_constraint_and_null_its_column(void **state)
{
	(void)state;
	TAKE(.sqlstate = "23514", .message = "m", .detail = "Failing row contains (1, x).", .constraint = "is_good",
	     .column = "amount");
	assert_words("a value is refused by a check: constraint \"is_good\"", "", "");
	TAKE(.sqlstate = "23502", .message = "m", .detail = "Failing row contains (1, x).", .column = "name");
	assert_words("a value must not be null: column \"name\"", "", "");
	assert_int_equal(batch.error, ERROR_REJECTED);
	/* only where a constraint is the reason */
	TAKE(.sqlstate = "44000", .message = "m", .constraint = "is_good", .column = "amount");
	assert_words("a row is refused by the check of its view", "", "");
}

static void a_key_is_shown_when_its_value_was_given(void **state)
{
	(void)state;
	TAKE(.sqlstate = "23505", .message = "m", .detail = "Key (email)=(x@y) already exists.", .constraint = "k",
	     .file = "nbtinsert.c");
	assert_words("a value that has to be unique is there already: constraint \"k\", (email)=(x@y)", "", "");
	TAKE(.sqlstate = "23503", .message = "m", .detail = "Key (email)=(x@y) is not present in table \"secret\".",
	     .constraint = "k", .file = "ri_triggers.c");
	assert_words("a row that is referred to is missing, or still referred to: constraint \"k\", (email)=(x@y)", "",
		     "");
	TAKE(.sqlstate = "23505", .message = "m", .detail = "Key (email)=(other@y) already exists.", .constraint = "k",
	     .file = "nbtinsert.c");
	assert_words("a value that has to be unique is there already: constraint \"k\"", "", "");
	TAKE(.sqlstate = "23505", .message = "m", .detail = "Key (email, id)=(x@y, 7) already exists.",
	     .constraint = "k", .file = "nbtinsert.c");
	assert_words("a value that has to be unique is there already: constraint \"k\"", "", "");
	TAKE(.sqlstate = "23505", .message = "m", .detail = "of 7 (email)=(x@y)", .constraint = "k", .file = "mine.c");
	assert_words("a value that has to be unique is there already: constraint \"k\"", "", "");
	TAKE(.sqlstate = "23P01", .message = "m",
	     .detail = "Key (email)=(x@y) conflicts with existing key (email)=(z).", .constraint = "k",
	     .file = "nbtinsert.c");
	assert_words("it conflicts with a row that is there already: constraint \"k\"", "", "");
	TAKE(.sqlstate = "23505", .message = "m", .detail = "Schlüssel", .file = "nbtinsert.c");
	assert_words("a value that has to be unique is there already", "", "");
}

/* Where a stored text is read, showing it when a parameter equals it would confirm a guess. */
static void a_text_is_not_shown_though_it_was_given(void **state)
{
	(void)state;
	TAKE(.sqlstate = "22P02", .message = "invalid input syntax for type integer: \"x@y\"");
	assert_words("a text is no value of the type it is read as", "", "");
	TAKE(.sqlstate = "22P02", .message = "invalid input syntax for type integer: \"stored\"");
	assert_words("a text is no value of the type it is read as", "", "");
	TAKE(.sqlstate = "22P02", .message = "invalid input syntax for type integer: \"x@y\" of \"stored\"");
	assert_words("a text is no value of the type it is read as", "", "");
	TAKE(.sqlstate = "22P02", .message = "invalid input syntax for type integer: \"x@y");
	assert_words("a text is no value of the type it is read as", "", "");
	TAKE(.sqlstate = "22003", .message = "value \"x@y\" is out of range for type integer");
	assert_words("a number is out of range", "", "");
	TAKE(.sqlstate = "22023", .message = "time zone \"x@y\" not recognized");
	assert_words("an argument is invalid", "", "");
}

/* PostgreSQL's words on the text of one parameter hold nothing else. */
static void a_refused_parameter_is_named_with_postgresql_s_words(void **state)
{
	(void)state;
	TAKE(.sqlstate = "22P02", .message = "m: \"abc\"", .detail = "d", .hint = "h",
	     .context = "unnamed portal parameter $2 = '...'");
	assert_words("parameter \"room\": m: \"abc\"", "d", "");
	assert_string_equal(batch.said, "");
	TAKE(.sqlstate = "42P01", .message = "m", .context = "unbenanntes Portal, Parameter $1 = '...'");
	assert_words("parameter \"email\": m", "", "");
	assert_int_equal(batch.error, ERROR_REJECTED);
	TAKE(.sqlstate = "23502", .message = "m", .context = "unnamed portal parameter $1");
	assert_words("parameter \"email\": m", "", "");
	TAKE(.sqlstate = "22P02", .message = "m", .detail = "d", .file = "jsonfuncs.c",
	     .context = "JSON data, line 1: {\"a\nunnamed portal parameter $1 = '...'");
	assert_words("parameter \"email\": m", "d", "");
}

static void a_function_that_judges_a_parameter_may_have_read_a_row(void **state)
{
	(void)state;
	TAKE(.sqlstate = "22P02", .message = "SECRET", .detail = "SECRET", .file = "int.c",
	     .context = "SQL function \"is_good\" statement 1\nunnamed portal parameter $1 = '...'");
	assert_words("parameter \"email\": a text is no value of the type it is read as", "", "");
	assert_int_equal(batch.error, ERROR_REJECTED);
	TAKE(.sqlstate = "22P02", .message = "SECRET", .file = "jsonfuncs.c",
	     .context = "JSON data\nSQL function \"is_good\" statement 1\nunnamed portal parameter $1 = '...'");
	assert_words("parameter \"email\": a text is no value of the type it is read as", "", "");
	TAKE(.sqlstate = "P0001", .message = "too short", .hint = "12 letters", .function = "exec_stmt_raise",
	     .context = "PL/pgSQL function f() line 1 at RAISE\nunnamed portal parameter $1 = '...'");
	assert_words("parameter \"email\": too short", "", "12 letters");
}

static void contexts_that_are_of_no_parameter(void **state)
{
	static const char *const contexts[] = {
	    "unnamed portal parameter $3 = '...'",
	    "unnamed portal parameter $0",
	    "unnamed portal parameter $99999999999999999999",
	    "unnamed portal parameter $1 + 1",
	    "unnamed portal with parameters: $1 = 'x@y', $2 = '7'",
	    "unnamed portal with parameters: $1 = 'x@y'",
	    "\xE6\x9C\xAA\xEF\xBC\x9A$1 = 'x@y'",
	    "SQL function \"unnamed portal parameter $1\" statement 1",
	    "SQL statement \"SELECT $1 = 'x'\"",
	    "unnamed portal parameter $1 = '...'\nSQL statement \"SELECT\"",
	    "unnamed portal parameter",
	    NULL,
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(contexts) / sizeof(contexts[0]); i++) {
		TAKE(.sqlstate = "22P02", .message = "SECRET", .context = contexts[i]);
		assert_words("a text is no value of the type it is read as", "", "");
	}
}

static void an_author_chooses_the_status(void **state)
{
	(void)state;
	TAKE(.sqlstate = "PT404", .message = "gone", .function = "exec_stmt_raise");
	assert_int_equal(batch.status, 404);
	assert_int_equal(batch.error, ERROR_REJECTED);
	TAKE(.sqlstate = "BK001", .message = "pay", .function = "exec_stmt_raise");
	assert_int_equal(batch.status, 0);
	statement.choices = choices;
	statement.choice_count = 3;
	TAKE(.sqlstate = "BK001", .message = "pay", .function = "exec_stmt_raise");
	assert_int_equal(batch.status, 402);
	TAKE(.sqlstate = "23505", .message = "m");
	assert_int_equal(batch.status, 422);
	assert_int_equal(batch.error, ERROR_CONFLICT);
	TAKE(.sqlstate = "23503", .message = "m");
	assert_int_equal(batch.status, 0);
}

static void a_write_that_was_ended_says_what_is_known(void **state)
{
	(void)state;
	TAKE(.sqlstate = "40001", .message = "m");
	assert_int_equal(batch.error, ERROR_CONTENTION);
	assert_true(batch.is_rolled_back);
	assert_words("other transactions were in its way; nothing was written", "", "");
	TAKE(.sqlstate = "57014", .message = "m");
	assert_int_equal(batch.error, ERROR_CANCELLED);
	assert_false(batch.is_rolled_back);
	assert_words("the database cancelled it; nothing was written", "", "");
	statement.may_commit = true;
	TAKE(.sqlstate = "40001", .message = "m");
	assert_int_equal(batch.error, ERROR_OUTCOME_UNKNOWN);
	assert_false(batch.is_rolled_back);
	assert_words("other transactions were in its way; whether it was written is not known", "", "");
	TAKE(.sqlstate = "23505", .message = "m");
	assert_int_equal(batch.error, ERROR_CONFLICT);
	statement.may_commit = false;
	statement.is_read_only = true;
	TAKE(.sqlstate = "40001", .message = "m");
	assert_true(batch.is_rolled_back);
	assert_words("other transactions were in its way", "", "");
}

static void a_statement_timeout_at_the_deadline_is_ours(void **state)
{
	(void)state;
	batch.deadline_ns = clock_now_ns();
	TAKE(.sqlstate = "57014", .message = "m");
	assert_int_equal(batch.error, ERROR_DEADLINE);
	assert_string_equal(batch.sqlstate, "");
	assert_words("PostgreSQL ended it when its time was over; nothing was written", "", "");
	statement.may_commit = true;
	TAKE(.sqlstate = "57014", .message = "m");
	assert_int_equal(batch.error, ERROR_DEADLINE_OUTCOME_UNKNOWN);
	statement.may_commit = false;
	statement.is_read_only = true;
	TAKE(.sqlstate = "57014", .message = "m");
	assert_int_equal(batch.error, ERROR_DEADLINE);
	assert_words("PostgreSQL did not answer before the deadline", "", "");
}

/* PostgreSQL has one code for both, and words in its own language. */
static void an_operator_s_timeout_is_none_of_an_administrator_s_cancels(void **state)
{
	(void)state;
	TAKE(.sqlstate = "57014", .message = "canceling statement due to statement timeout");
	assert_int_equal(batch.error, ERROR_DEADLINE);
	assert_words(
	    "the database's own statement_timeout, shorter than the request's time, ended it; nothing was written", "",
	    "");
	assert_string_equal(batch.said, "canceling statement due to statement timeout");
	TAKE(.sqlstate = "57014", .message = "canceling statement due to user request");
	assert_int_equal(batch.error, ERROR_CANCELLED);
	TAKE(.sqlstate = "57014", .message = "storniere Anfrage wegen Benutzeraufforderung");
	assert_int_equal(batch.error, ERROR_CANCELLED);
	batch.deadline_ns = clock_now_ns();
	TAKE(.sqlstate = "57014", .message = "storniere Anfrage wegen Zeitüberschreitung der Anfrage");
	assert_int_equal(batch.error, ERROR_DEADLINE);
}

static void what_was_not_allowed_to_write_is_named(void **state)
{
	(void)state;
	TAKE(.sqlstate = "25006", .message = "cannot execute nextval() in a read-only transaction",
	     .function = "PreventCommandIfReadOnly");
	assert_words("cannot execute nextval() in a read-only transaction", "", "");
	assert_string_equal(batch.said, "");
	TAKE(.sqlstate = "25006", .message = "SECRET", .function = "other");
	assert_words("the transaction is read-only", "", "");
}

static void the_log_names_the_parameters_of_the_sql(void **state)
{
	(void)state;
	TAKE(.sqlstate = "42P18", .message = "could not determine data type of parameter $2");
	assert_string_equal(batch.said, "could not determine data type of parameter :room");
	TAKE(.sqlstate = "22P02", .message = "invalid: \"$2\"");
	assert_string_equal(batch.said, "invalid: \"$2\"");
}

static void the_first_error_is_kept(void **state)
{
	(void)state;
	db_batch_fail(&batch, ERROR_DEADLINE, "first");
	failure_take(&batch, &(struct pg_result){.sqlstate = "23505", .message = "m"});
	assert_string_equal(batch.message, "first");
	assert_string_equal(batch.sqlstate, "");
}

static void long_words_are_cut_between_characters(void **state)
{
	static char text[3 * FAILURE_BYTES_MAX];

	(void)state;
	for (size_t begin = 0; begin < 2; begin++) {
		text[0] = 'a';
		for (size_t i = begin; i + 2 < sizeof(text); i += 2)
			memcpy(text + i, "\xC3\xA4", 2);
		TAKE(.sqlstate = "P0001", .message = text, .hint = text, .function = "exec_stmt_raise");
		assert_in_range(strlen(batch.message), FAILURE_BYTES_MAX - 3, FAILURE_BYTES_MAX + 3);
		assert_string_equal(batch.message + strlen(batch.message) - 3, "...");
		assert_int_equal((unsigned char)batch.message[strlen(batch.message) - 4], 0xA4);
		assert_string_equal(batch.hint, batch.message);
		TAKE(.sqlstate = "XX000", .message = text, .detail = text);
		assert_in_range(strlen(batch.said), FAILURE_BYTES_MAX - 3, FAILURE_BYTES_MAX + 3);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_an_author_raised_is_shown_with_detail_and_hint),
	    TEST(what_no_raise_said_is_not_shown),
	    TEST(a_check_names_its_constraint_and_null_its_column),
	    TEST(a_key_is_shown_when_its_value_was_given),
	    TEST(a_text_is_not_shown_though_it_was_given),
	    TEST(a_refused_parameter_is_named_with_postgresql_s_words),
	    TEST(a_function_that_judges_a_parameter_may_have_read_a_row),
	    TEST(contexts_that_are_of_no_parameter),
	    TEST(an_author_chooses_the_status),
	    TEST(a_write_that_was_ended_says_what_is_known),
	    TEST(a_statement_timeout_at_the_deadline_is_ours),
	    TEST(an_operator_s_timeout_is_none_of_an_administrator_s_cancels),
	    TEST(what_was_not_allowed_to_write_is_named),
	    TEST(the_log_names_the_parameters_of_the_sql),
	    TEST(the_first_error_is_kept),
	    TEST(long_words_are_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
