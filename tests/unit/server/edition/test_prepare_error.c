#include "server/edition/prepare_error.h"

#include "lib/fake_error.h"
#include "unit/handlers/sql/file_fixture.h"

/* The SQL begins in line 3 of its file. Returns what is said of the error. */
static const struct diagnostic *said_of(const char *sql, const PGresult *error, const char *hint)
{
	char source[1024];

	start_again();
	snprintf(source, sizeof(source), MANY "%s", sql);
	assert_int_equal(sql_file_parse(&set, "a.sql", text_of(source)), 0);
	prepare_error_add(&set.diagnostics, &set.endpoints[0], error, hint);
	assert_int_equal(set.diagnostics.count, 1);
	assert_string_equal(set.diagnostics.items[0].file, "a.sql");
	return &set.diagnostics.items[0];
}

static void the_place_is_shown_with_a_caret(void **state)
{
	const struct diagnostic *said = said_of(
	    "SELECT 1\nFROM nowhere",
	    FAKE_ERROR(.sqlstate = "42P01", .position = "15", .message = "relation \"nowhere\" does not exist"), NULL);

	(void)state;
	assert_string_equal(said->message, "a does not prepare: relation \"nowhere\" does not exist");
	assert_int_equal(said->line, 4);
	assert_string_equal(said->excerpt, "    FROM nowhere\n         ^");
	said = said_of("SELECT 1", FAKE_ERROR(.sqlstate = "42601", .position = "1", .message = "syntax error"), NULL);
	assert_string_equal(said->excerpt, "    SELECT 1\n    ^");
}

static void without_a_place_nothing_is_shown(void **state)
{
	const struct diagnostic *said =
	    said_of("SELECT 1", FAKE_ERROR(.sqlstate = "42501", .message = "permission denied"), NULL);

	(void)state;
	assert_string_equal(said->message, "a does not prepare: permission denied");
	assert_int_equal(said->line, 3);
	assert_null(said->excerpt);
}

/* PostgreSQL's, or in place of its own the one that is given. */
static void details_and_hints_follow_in_parentheses(void **state)
{
	const PGresult *error = FAKE_ERROR(.sqlstate = "42883", .message = "no", .detail = "more", .hint = "do");

	(void)state;
	assert_string_equal(said_of("SELECT 1", error, NULL)->message, "a does not prepare: no (more) (do)");
	assert_string_equal(said_of("SELECT 1", error, "other")->message, "a does not prepare: no (more) (other)");
	assert_string_equal(said_of("SELECT 1", error, "")->message, "a does not prepare: no (more)");
}

static void libpq_s_own_words_are_one_line(void **state)
{
	(void)state;
	assert_string_equal(
	    said_of("SELECT 1", FAKE_ERROR(.words = "server closed the connection\n\tThis\n"), NULL)->message,
	    "a does not prepare: server closed the connection");
}

#define TYPED(name) "; give the parameter its type, such as :" name "::text"

/* It is named, and its place is where it stands. */
static void a_parameter_without_a_type_is_named(void **state)
{
	static const char *const sqlstates[] = {"42P18", "42P08"};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(sqlstates); i++) {
		const struct diagnostic *said = said_of(
		    "SELECT :one::int,\n:two",
		    FAKE_ERROR(.sqlstate = sqlstates[i], .message = "could not determine data type of $2"), NULL);

		assert_string_equal(said->message,
				    "a does not prepare: could not determine data type of :two" TYPED("two"));
		assert_int_equal(said->line, 4);
		assert_non_null(strchr(said->excerpt, '^'));
	}
}

static void the_tenth_parameter_is_the_tenth(void **state)
{
	(void)state;
	assert_non_null(strstr(said_of("SELECT :a, :b, :c, :d, :e, :f, :g, :h, :i, :j, :k",
				       FAKE_ERROR(.sqlstate = "42P18", .message = "could not determine $10"), NULL)
				   ->message,
			       TYPED("j")));
}

static void the_first_parameter_is_the_first(void **state)
{
	const struct diagnostic *said =
	    said_of("SELECT :one,\n:two::int",
		    FAKE_ERROR(.sqlstate = "42P18", .message = "could not determine data type of parameter $1"), NULL);

	(void)state;
	assert_non_null(strstr(said->message, TYPED("one")));
	assert_int_equal(said->line, 3);
}

/* A call has a place, and the parameter stands behind it. */
static void a_call_of_an_unknown_type_names_the_parameter_behind_it(void **state)
{
	static const char *const sqlstates[] = {"42725", "42804"};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(sqlstates); i++) {
		const struct diagnostic *said = said_of("SELECT :one::int, f(:two)",
							FAKE_ERROR(.sqlstate = sqlstates[i], .position = "17",
								   .message = "function f(unknown) is not unique"),
							NULL);

		assert_string_equal(said->message,
				    "a does not prepare: function f(unknown) is not unique" TYPED("two"));
	}
}

static void other_errors_name_no_parameter(void **state)
{
	(void)state;
	assert_null(strstr(
	    said_of("SELECT f(:one)",
		    FAKE_ERROR(.sqlstate = "42725", .position = "8", .message = "function f(text) is not unique"), NULL)
		->message,
	    "give the parameter"));
	assert_null(strstr(
	    said_of("SELECT f(:one)",
		    FAKE_ERROR(.sqlstate = "42883", .position = "8", .message = "function f(unknown) does not exist"),
		    NULL)
		->message,
	    "give the parameter"));
	assert_null(strstr(said_of("SELECT :one", FAKE_ERROR(.sqlstate = "42601", .message = "near $1"), NULL)->message,
			   "give the parameter"));
}

/* A number that PostgreSQL does not name, or that there is not. */
static void a_parameter_that_is_not_found_is_not_named(void **state)
{
	(void)state;
	assert_null(strstr(
	    said_of("SELECT 1", FAKE_ERROR(.sqlstate = "42P18", .message = "could not determine $7"), NULL)->message,
	    "give the parameter"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_place_is_shown_with_a_caret),
	    TEST(without_a_place_nothing_is_shown),
	    TEST(details_and_hints_follow_in_parentheses),
	    TEST(libpq_s_own_words_are_one_line),
	    TEST(a_parameter_without_a_type_is_named),
	    TEST(the_first_parameter_is_the_first),
	    TEST(the_tenth_parameter_is_the_tenth),
	    TEST(a_call_of_an_unknown_type_names_the_parameter_behind_it),
	    TEST(other_errors_name_no_parameter),
	    TEST(a_parameter_that_is_not_found_is_not_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
