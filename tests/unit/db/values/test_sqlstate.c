/* The table of errors, and the list of what is wrong with the user's files. */
#include "db/values/sqlstate.h"

#include "base/diagnostics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* As docs/endpoints.md promises it: every class of PostgreSQL 15's Appendix A, and the codes that differ from their class. */
static const struct {
	const char *sqlstate;
	unsigned status;
	enum sqlstate_retry retry;
} promised[] = {
    {"00000", 500, RETRY_NEVER},
    {"01000", 500, RETRY_NEVER},
    {"02000", 500, RETRY_NEVER},
    {"03000", 500, RETRY_NEVER},
    {"08000", 503, RETRY_LATER},
    {"08006", 503, RETRY_LATER},
    {"09000", 500, RETRY_NEVER},
    {"0A000", 500, RETRY_NEVER},
    {"0B000", 500, RETRY_NEVER},
    {"0F000", 500, RETRY_NEVER},
    {"0L000", 500, RETRY_NEVER},
    {"0P000", 500, RETRY_NEVER},
    {"0Z002", 500, RETRY_NEVER},
    {"20000", 500, RETRY_NEVER},
    {"21000", 500, RETRY_NEVER},
    {"22000", 400, RETRY_NEVER},
    {"22001", 400, RETRY_NEVER},
    {"22003", 400, RETRY_NEVER},
    {"22012", 400, RETRY_NEVER},
    {"2200H", 500, RETRY_NEVER},
    {"22P02", 400, RETRY_NEVER},
    {"22P05", 400, RETRY_NEVER},
    {"2203G", 400, RETRY_NEVER},
    {"23000", 409, RETRY_NEVER},
    {"23001", 409, RETRY_NEVER},
    {"23502", 400, RETRY_NEVER},
    {"23503", 409, RETRY_NEVER},
    {"23505", 409, RETRY_NEVER},
    {"23514", 400, RETRY_NEVER},
    {"23P01", 409, RETRY_NEVER},
    {"24000", 500, RETRY_NEVER},
    {"25006", 405, RETRY_NEVER},
    {"25P02", 500, RETRY_NEVER},
    {"25P03", 503, RETRY_LATER},
    {"26000", 500, RETRY_NEVER},
    {"27000", 500, RETRY_NEVER},
    {"28000", 500, RETRY_NEVER},
    {"2B000", 500, RETRY_NEVER},
    {"2D000", 500, RETRY_NEVER},
    {"2F000", 500, RETRY_NEVER},
    {"34000", 500, RETRY_NEVER},
    {"38000", 500, RETRY_NEVER},
    {"39000", 500, RETRY_NEVER},
    {"3B001", 500, RETRY_NEVER},
    {"3D000", 500, RETRY_NEVER},
    {"3F000", 500, RETRY_NEVER},
    {"40000", 503, RETRY_LATER},
    {"40001", 503, RETRY_HERE},
    {"40002", 409, RETRY_NEVER},
    {"40003", 503, RETRY_NEVER},
    {"40P01", 503, RETRY_HERE},
    {"42000", 500, RETRY_NEVER},
    {"42501", 403, RETRY_NEVER},
    {"42601", 500, RETRY_NEVER},
    {"42P01", 500, RETRY_NEVER},
    {"44000", 400, RETRY_NEVER},
    {"53000", 503, RETRY_LATER},
    {"53100", 503, RETRY_LATER},
    {"53200", 503, RETRY_LATER},
    {"53300", 503, RETRY_LATER},
    {"53400", 500, RETRY_NEVER},
    {"54000", 500, RETRY_NEVER},
    {"55000", 500, RETRY_NEVER},
    {"55006", 500, RETRY_NEVER},
    {"55P03", 503, RETRY_LATER},
    {"57000", 503, RETRY_LATER},
    {"57014", 503, RETRY_LATER},
    {"57P01", 503, RETRY_LATER},
    {"57P02", 503, RETRY_LATER},
    {"57P03", 503, RETRY_LATER},
    {"57P04", 503, RETRY_LATER},
    {"57P05", 503, RETRY_LATER},
    {"58000", 500, RETRY_NEVER},
    {"58030", 500, RETRY_NEVER},
    {"72000", 503, RETRY_LATER},
    {"F0000", 500, RETRY_NEVER},
    {"HV000", 500, RETRY_NEVER},
    {"P0000", 500, RETRY_NEVER},
    {"P0001", 400, RETRY_NEVER},
    {"P0002", 500, RETRY_NEVER},
    {"P0003", 500, RETRY_NEVER},
    {"P0004", 500, RETRY_NEVER},
    {"XX000", 500, RETRY_NEVER},
    {"XX002", 500, RETRY_NEVER},
    /* classes that PostgreSQL does not define */
    {"BK001", 400, RETRY_NEVER},
    {"PT404", 400, RETRY_NEVER},
    {"45000", 400, RETRY_NEVER},
    {"ZZZZZ", 400, RETRY_NEVER},
};

static void every_sqlstate_has_the_status_promised(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(promised) / sizeof(promised[0]); i++) {
		const struct sqlstate *found = sqlstate_of(promised[i].sqlstate);

		if (error_status(found->error) != promised[i].status || found->retry != promised[i].retry)
			fail_msg("%s is %u and %d, expected %u and %d", promised[i].sqlstate,
				 error_status(found->error), (int)found->retry, promised[i].status,
				 (int)promised[i].retry);
		assert_true(strlen(found->words) > 5);
	}
}

static void every_class_of_postgresql_has_its_own_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(promised) / sizeof(promised[0]) - 4; i++)
		if (sqlstate_of(promised[i].sqlstate) == sqlstate_of("BK001"))
			fail_msg("class %.2s counts as an author's", promised[i].sqlstate);
}

static void the_errors_behind_one_status_differ(void **state)
{
	(void)state;
	assert_int_equal(sqlstate_of("23505")->error, ERROR_CONFLICT);
	assert_int_equal(sqlstate_of("22P02")->error, ERROR_REJECTED);
	assert_int_equal(sqlstate_of("57014")->error, ERROR_CANCELLED);
	assert_int_equal(sqlstate_of("53300")->error, ERROR_DATABASE_UNAVAILABLE);
	assert_int_equal(sqlstate_of("40001")->error, ERROR_CONTENTION);
	assert_int_equal(sqlstate_of("40003")->error, ERROR_OUTCOME_UNKNOWN);
	assert_int_equal(sqlstate_of("25006")->error, ERROR_READ_ONLY);
	assert_int_equal(sqlstate_of("42P01")->error, ERROR_DATABASE_ERROR);
}

static void a_code_of_postgrest_s_form_chooses_its_status(void **state)
{
	(void)state;
	assert_int_equal(sqlstate_own_status("PT404"), 404);
	assert_int_equal(sqlstate_own_status("PT400"), 400);
	assert_int_equal(sqlstate_own_status("PT599"), 599);
	assert_int_equal(sqlstate_own_status("PT200"), 0);
	assert_int_equal(sqlstate_own_status("PT399"), 0);
	assert_int_equal(sqlstate_own_status("PT600"), 0);
	assert_int_equal(sqlstate_own_status("PT407"), 0);
	assert_int_equal(sqlstate_own_status("PT426"), 0);
	assert_int_equal(sqlstate_own_status("PT40A"), 0);
	assert_int_equal(sqlstate_own_status("P0404"), 0);
	assert_int_equal(sqlstate_own_status("BK404"), 0);
	assert_int_equal(sqlstate_own_status(""), 0);
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
	    cmocka_unit_test(every_class_of_postgresql_has_its_own_words),
	    cmocka_unit_test(a_code_of_postgrest_s_form_chooses_its_status),
	    cmocka_unit_test(the_errors_behind_one_status_differ),
	    cmocka_unit_test(diagnostics_name_their_place),
	    cmocka_unit_test(diagnostics_beyond_the_limit_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
