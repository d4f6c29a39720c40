/* What a transaction is told of its request. */
#include "db/values/context.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_level_is_what_a_context_needs(void **state)
{
	static const struct {
		struct db_context context;
		enum db_context_level level;
	} cases[] = {
	    {{.role = "a"}, DB_CONTEXT_ROLE},
	    {{.role = NULL}, DB_CONTEXT_ROLE},
	    {{.role = "a", .claims = "{}"}, DB_CONTEXT_CLAIMS},
	    {{.claims = "{}"}, DB_CONTEXT_CLAIMS},
	    {{.headers = "{}"}, DB_CONTEXT_REQUEST},
	    {{.role = "a", .method = "GET"}, DB_CONTEXT_REQUEST},
	    {{.claims = "{}", .path = "/"}, DB_CONTEXT_REQUEST},
	};

	(void)state;
	assert_int_equal(db_context_level(NULL), DB_CONTEXT_NONE);
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++)
		assert_int_equal(db_context_level(&cases[i].context), cases[i].level);
}

/* As many parameters as texts, in their order. */
static void a_statement_sets_what_its_level_says(void **state)
{
	static const char *const names[] = {"'role', $1, true", "'request.jwt.claims', $2, true",
					    "'request.headers', $3, true", "'request.method', $4, true",
					    "'request.path', $5, true"};
	static const unsigned texts[] = {[DB_CONTEXT_ROLE] = 1, [DB_CONTEXT_CLAIMS] = 2, [DB_CONTEXT_REQUEST] = 5};

	(void)state;
	for (enum db_context_level level = DB_CONTEXT_ROLE; level < DB_CONTEXT_LEVELS; level++) {
		const char *sql = db_context_sql(level);

		assert_int_equal(db_context_texts(level), texts[level]);
		for (unsigned i = 0; i < ARRAY_LENGTH(names); i++)
			assert_int_equal(strstr(sql, names[i]) != NULL, i < texts[level]);
	}
}

static void two_are_the_same_when_all_their_texts_are(void **state)
{
	static const struct db_context one = {"a", "{}", NULL, "GET", "/"};
	char role[] = "a", claims[] = "{}";
	struct db_context other = {role, claims, NULL, "GET", "/"};
	const char **texts = &other.role;

	(void)state;
	assert_true(db_context_is_same(&one, &other));
	assert_true(db_context_is_same(NULL, NULL));
	assert_false(db_context_is_same(NULL, &one));
	assert_false(db_context_is_same(&one, NULL));
	for (unsigned i = 0; i < DB_CONTEXT_TEXTS; i++) {
		const char *kept = texts[i];

		texts[i] = "else";
		assert_false(db_context_is_same(&one, &other));
		texts[i] = kept != NULL ? NULL : "";
		assert_false(db_context_is_same(&one, &other));
		texts[i] = kept;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_level_is_what_a_context_needs),
	    cmocka_unit_test(a_statement_sets_what_its_level_says),
	    cmocka_unit_test(two_are_the_same_when_all_their_texts_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
