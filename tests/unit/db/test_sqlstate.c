/* The table of errors, and the list of what is wrong with the user's files. */
#include "db/sqlstate.h"

#include "db/diagnostics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* As house.md and the README promise it. */
static const struct {
	const char *sqlstate;
	unsigned status;
} promised[] = {
    {"23505", 409}, {"23503", 409}, {"23502", 400}, {"23514", 400}, {"22001", 400}, {"22012", 400}, {"22P02", 400},
    {"42501", 403}, {"57014", 504}, {"53100", 503}, {"53200", 503}, {"53300", 503}, {"08000", 503}, {"08006", 503},
    {"57P01", 503}, {"57P02", 503}, {"57P03", 503}, {"57P05", 503}, {"25006", 405}, {"P0001", 400}, {"42P01", 500},
    {"40001", 500}, {"P0002", 500}, {"XX000", 500}, {"23P01", 500}, {"57000", 500}, {"", 500},
};

static void every_sqlstate_has_the_status_promised(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(promised) / sizeof(promised[0]); i++)
		if (error_status(error_from_sqlstate(promised[i].sqlstate)) != promised[i].status)
			fail_msg("%s is %u, expected %u", promised[i].sqlstate,
				 error_status(error_from_sqlstate(promised[i].sqlstate)), promised[i].status);
}

static void the_errors_behind_one_status_differ(void **state)
{
	(void)state;
	assert_int_equal(error_from_sqlstate("23505"), ERROR_CONFLICT);
	assert_int_equal(error_from_sqlstate("22P02"), ERROR_REJECTED);
	assert_int_equal(error_from_sqlstate("57014"), ERROR_DEADLINE);
	assert_int_equal(error_from_sqlstate("53300"), ERROR_DATABASE_UNAVAILABLE);
	assert_int_equal(error_from_sqlstate("25006"), ERROR_READ_ONLY);
	assert_int_equal(error_from_sqlstate("42P01"), ERROR_DATABASE_ERROR);
}

/* Diagnostics */

static void print(const struct diagnostics *diagnostics, char *out, size_t bytes)
{
	FILE *file = fmemopen(out, bytes, "w");

	assert_non_null(file);
	diagnostics_print(diagnostics, file);
	fclose(file);
}

static void diagnostics_name_their_place(void **state)
{
	struct diagnostics diagnostics;
	char printed[1000];
	struct arena arena;

	(void)state;
	arena_init(&arena, NULL, 0);
	diagnostics_init(&diagnostics, &arena);
	diagnostics_add(&diagnostics, "a.sql", 7, "%s is unknown", "\"x\"");
	diagnostics_add(&diagnostics, "b.sql", 0, "is empty");
	print(&diagnostics, printed, sizeof(printed));
	assert_string_equal(printed, "a.sql:7: \"x\" is unknown\nb.sql: is empty\n");
	arena_cleanup(&arena);
}

static void diagnostics_beyond_the_limit_are_counted(void **state)
{
	static char printed[16384];
	struct diagnostics diagnostics;
	struct arena arena;
	unsigned lines = 0;

	(void)state;
	arena_init(&arena, NULL, 0);
	diagnostics_init(&diagnostics, &arena);
	for (unsigned i = 0; i < DIAGNOSTICS_MAX + 23; i++)
		diagnostics_add(&diagnostics, "a.sql", i + 1, "wrong");
	assert_int_equal(diagnostics.count, DIAGNOSTICS_MAX + 23);
	print(&diagnostics, printed, sizeof(printed));
	for (const char *c = printed; *c != '\0'; c++)
		lines += *c == '\n';
	assert_int_equal(lines, DIAGNOSTICS_MAX + 1);
	assert_non_null(strstr(printed, "a.sql:100: wrong\n"));
	assert_null(strstr(printed, "a.sql:101:"));
	assert_non_null(strstr(printed, "\nand 23 more\n"));
	arena_cleanup(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_sqlstate_has_the_status_promised),
	    cmocka_unit_test(the_errors_behind_one_status_differ),
	    cmocka_unit_test(diagnostics_name_their_place),
	    cmocka_unit_test(diagnostics_beyond_the_limit_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
