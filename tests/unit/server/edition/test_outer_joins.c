/* Which columns an outer join may leave null, as far as the text of a statement says. */
#include "server/edition/outer_joins.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* The tables, a comma behind each; "any", when it may be of any. */
static const char *found_in(const char *sql)
{
	static char text[512];
	struct outer_joins found = outer_joins_find(text_of(sql));
	size_t length = 0;

	if (found.is_any)
		return "any";
	text[0] = '\0';
	for (unsigned i = 0; i < found.count; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%.*s,", TEXT_ARGS(found.tables[i]));
	return text;
}

static void what_a_statement_may_leave_null(void **state)
{
	static const struct {
		const char *sql, *found;
	} cases[] = {
	    {"SELECT * FROM a", ""},
	    {"SELECT * FROM a JOIN b ON a.id = b.id CROSS JOIN c, d", ""},
	    {"SELECT * FROM a INNER JOIN b USING (id)", ""},
	    {"SELECT * FROM a LEFT JOIN b ON a.id = b.id", "b,"},
	    {"SELECT * FROM a left outer join b USING (id)", "b,"},
	    {"SELECT * FROM a LEFT /* c */ JOIN -- d\n b x ON true", "b,"},
	    {"SELECT * FROM a LEFT JOIN b AS x ON true LEFT JOIN s.c y ON true JOIN d ON true", "b,s.c,"},
	    {"SELECT * FROM a LEFT JOIN \"S\" . \"B c\" ON true", "\"S\" . \"B c\","},
	    {"SELECT * FROM a LEFT JOIN ONLY b ON true", "b,"},
	    {"SELECT * FROM (SELECT * FROM a LEFT JOIN b ON true) x", "b,"},
	    {"SELECT left(name, 2), right(name, 2) FROM a", ""},
	    {"SELECT 'LEFT JOIN b', \"left\" FROM a -- LEFT JOIN b", ""},
	    {"SELECT old FROM a", "any"},
	    {"SELECT * FROM a LEFT JOIN b JOIN c ON true ON true", "any"},
	    {"SELECT * FROM a LEFT JOIN b x JOIN c ON true ON true", "any"},
	    {"SELECT * FROM a LEFT JOIN (b JOIN c ON true) ON true", "any"},
	    {"SELECT * FROM a LEFT JOIN (SELECT * FROM b) x ON true", "any"},
	    {"SELECT * FROM a LEFT JOIN LATERAL (SELECT 1) x ON true", "any"},
	    {"SELECT * FROM a LEFT JOIN f(1) x ON true", "any"},
	    {"SELECT * FROM a LEFT JOIN b TABLESAMPLE system (1) ON true", "any"},
	    {"SELECT * FROM a LEFT JOIN b x (c, d) ON true", "any"},
	    {"SELECT * FROM a NATURAL LEFT JOIN b", "any"},
	    {"SELECT * FROM a LEFT JOIN", "any"},
	    {"SELECT * FROM a RIGHT JOIN b ON true", "any"},
	    {"SELECT * FROM a right outer join b ON true", "any"},
	    {"SELECT * FROM a FULL JOIN b ON true", "any"},
	    {"WITH b AS (SELECT * FROM c) SELECT * FROM a LEFT JOIN b ON true", "any"},
	    {"WITH b AS (SELECT * FROM c) SELECT * FROM a JOIN b ON true", ""},
	    {"SELECT a FROM t GROUP BY GROUPING SETS ((a), ())", "any"},
	    {"SELECT a, grouping(a) FROM t GROUP BY a", ""},
	    {"SELECT a FROM t GROUP BY ROLLUP (a)", "any"},
	    {"SELECT a FROM t GROUP BY cube(a)", "any"},
	    {"INSERT INTO a VALUES (1) RETURNING id", ""},
	    {"INSERT INTO a VALUES (1) RETURNING OLD.id", "any"},
	    {"UPDATE a SET b = 1 RETURNING new.id", "any"},
	    {"UPDATE a SET b = 1 RETURNING WITH (OLD AS o) o.id", "any"},
	    {"MERGE INTO a USING b ON true WHEN MATCHED THEN DELETE", "any"},
	    {"", ""},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++)
		if (strcmp(found_in(cases[i].sql), cases[i].found) != 0)
			fail_msg("%s: %s", cases[i].sql, found_in(cases[i].sql));
}

static void more_tables_than_are_kept_are_all(void **state)
{
	char sql[1024] = "SELECT * FROM a";
	size_t length = strlen(sql);

	(void)state;
	for (unsigned i = 0; i < OUTER_JOINS_MAX; i++)
		length += (size_t)snprintf(sql + length, sizeof(sql) - length, " LEFT JOIN b ON true");
	assert_int_equal(outer_joins_find(text_of(sql)).count, OUTER_JOINS_MAX);
	assert_false(outer_joins_find(text_of(sql)).is_any);
	snprintf(sql + length, sizeof(sql) - length, " LEFT JOIN b ON true");
	assert_true(outer_joins_find(text_of(sql)).is_any);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_statement_may_leave_null),
	    cmocka_unit_test(more_tables_than_are_kept_are_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
