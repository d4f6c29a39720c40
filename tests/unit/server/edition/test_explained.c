#include "server/edition/explained.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NODE(type, more)     "{\"Node Type\":\"" type "\"" more "}"
#define OUTPUT(expression)   ",\"Output\":[\"a\",\"" expression "\"]"
#define PLANS(child)         ",\"Plans\":[" child "]"
#define OUTER                ",\"Parent Relationship\":\"Outer\""
#define RESULT(expression)   NODE("Result", OUTPUT(expression))
#define CHILD(expression)    NODE("Result", OUTER OUTPUT(expression))
#define ABOVE(type, more, x) NODE(type, more PLANS(CHILD(x)))

/* `what` and `word` are NULL where nothing is written. */
static void expect(const char *plan, enum explained_verdict verdict, const char *what, const char *word)
{
	struct arena arena;
	struct explained explained;

	arena_init(&arena, NULL, 0);
	explained = explained_judge(text_of(arena_printf(&arena, "[{\"Plan\":%s}]", plan)), &arena);
	if (explained.verdict != verdict)
		fail_msg("%s: expected %d, got %d", plan, (int)verdict, (int)explained.verdict);
	if (what == NULL) {
		assert_null(explained.what);
		assert_null(explained.word);
	} else {
		assert_string_equal(explained.what, what);
		assert_string_equal(explained.word, word);
	}
	arena_cleanup(&arena);
}

#define reads(plan)              expect(plan, EXPLAINED_READS, NULL, NULL)
#define may(plan, what, word)    expect(plan, EXPLAINED_MAY_WRITE, what, word)
#define always(plan, what, word) expect(plan, EXPLAINED_WRITES, what, word)

static void what_only_reads(void **state)
{
	(void)state;
	reads(RESULT("1"));
	reads("{}");
	reads("[]");
	reads("1");
	reads("{\"Node Type\":7}");
	reads("not JSON");
	reads(NODE("Seq Scan", ",\"Relation Name\":\"item\""));
}

static void a_table_is_changed_wherever_the_plan_says_so(void **state)
{
	const char *insert = "INSERT on item";

	(void)state;
	always(NODE("ModifyTable", ",\"Operation\":\"Insert\",\"Relation Name\":\"item\""), insert, "INSERT");
	always(NODE("Result", ",\"One-Time Filter\":\"false\"" PLANS(NODE("Seq Scan", "") "," NODE(
				  "ModifyTable", ",\"Operation\":\"Insert\",\"Relation Name\":\"item\""))),
	       insert, "INSERT");
	always(NODE("Limit", PLANS(NODE("Append", PLANS(NODE("ModifyTable", ",\"Operation\":\"Merge\""))))), "MERGE",
	       "MERGE");
	always(NODE("LockRows", ""), "a row lock such as FOR UPDATE", "FOR");
	always(NODE("Subquery Scan", PLANS(NODE("LockRows", ""))), "a row lock such as FOR UPDATE", "FOR");
}

static void a_call_that_is_always_made(void **state)
{
	static const char *const expressions[] = {
	    "nextval('s'::regclass)",
	    "('x'::text || (nextval('s'::regclass))::text)",
	    "setval('s'::regclass, nextval('s'::regclass))",
	    "(nextval('s'::regclass) + $1)",
	    "nextval('\\\"a s\\\"'::regclass)",
	};
	const char *next = "nextval('s'::regclass)";

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(expressions); i++) {
		struct arena arena;
		struct explained explained;

		arena_init(&arena, NULL, 0);
		explained = explained_judge(
		    text_of(arena_printf(&arena, "[{\"Plan\":" RESULT("%s") "}]", expressions[i])), &arena);
		if (explained.verdict != EXPLAINED_WRITES)
			fail_msg("%s: got %d", expressions[i], (int)explained.verdict);
		arena_cleanup(&arena);
	}
	always(RESULT("setval('s'::regclass, '5'::bigint, true)"), "setval('s'::regclass, '5'::bigint, true)",
	       "setval");
	always(NODE("Function Scan", ",\"Function Call\":\"nextval('s'::regclass)\""), next, "nextval");
	always(ABOVE("Sort", "", "nextval('s'::regclass)"), next, "nextval");
	always(ABOVE("Sort", OUTER, "nextval('s'::regclass)"), next, "nextval");
	always(NODE("Subquery Scan",
		    PLANS(NODE("Result", ",\"Parent Relationship\":\"Subquery\"" OUTPUT("nextval('s'::regclass)")))),
	       next, "nextval");
	always(NODE("CTE Scan", ",\"CTE Name\":\"n\"" PLANS(NODE("Result", ",\"Subplan Name\":\"CTE m\"") "," NODE(
				    "Result", ",\"Subplan Name\":\"CTE n\"" OUTPUT("nextval('s'::regclass)")))),
	       next, "nextval");
}

/* Another row, another value: the call is not made. */
static void a_call_that_may_be_made(void **state)
{
	const char *next = "nextval('s'::regclass)";

	(void)state;
	may(RESULT("CASE WHEN $1 THEN nextval('s'::regclass) ELSE 0 END"), next, "nextval");
	may(RESULT("COALESCE($1, nextval('s'::regclass))"), next, "nextval");
	may(RESULT("($1 AND (nextval('s'::regclass) > 0))"), next, "nextval");
	may(RESULT("((nextval('s'::regclass) > 0) OR $1)"), next, "nextval");
	may(RESULT("nextval(($1)::regclass)"), "nextval(($1)::regclass)", "nextval");
	may(RESULT("setval('s'::regclass, $1)"), "setval('s'::regclass, $1)", "setval");
	may(RESULT("setval('s'::regclass, NULL::bigint)"), "setval('s'::regclass, NULL::bigint)", "setval");
	/* a function of the user's that stands before PostgreSQL's takes text */
	may(RESULT("nextval('s'::text)"), "nextval('s'::text)", "nextval");
	may(NODE("Result", ",\"One-Time Filter\":\"$1\"" OUTPUT("nextval('s'::regclass)")), next, "nextval");
	may(NODE("Result", ",\"One-Time Filter\":\"$1\"" PLANS(CHILD("nextval('s'::regclass)"))), next, "nextval");
	may(NODE("Result", OUTPUT("nextval('s'::regclass)") PLANS(NODE("Seq Scan", OUTER))), next, "nextval");
	may(NODE("Seq Scan", OUTPUT("nextval('s'::regclass)")), next, "nextval");
	may(NODE("Seq Scan", ",\"Filter\":\"(t.id = nextval('s'::regclass))\""), next, "nextval");
	may(ABOVE("Limit", "", "nextval('s'::regclass)"), next, "nextval");
	may(ABOVE("Append", "", "nextval('s'::regclass)"), next, "nextval");
	may(NODE("Function Scan", OUTPUT("nextval('s'::regclass)") ",\"Function Call\":\"generate_series(1, 3)\""),
	    next, "nextval");
	may(NODE("Result", OUTPUT("$0") PLANS(NODE(
			       "Result", ",\"Parent Relationship\":\"InitPlan\"" OUTPUT("nextval('s'::regclass)")))),
	    next, "nextval");
	may(NODE("CTE Scan", ",\"CTE Name\":\"n\"" PLANS(
				 NODE("Result", ",\"Subplan Name\":\"CTE m\"" OUTPUT("nextval('s'::regclass)")))),
	    next, "nextval");
}

static void what_only_looks_like_a_call(void **state)
{
	(void)state;
	reads(RESULT("'nextval(''s'')'::text"));
	reads(RESULT("E'\\\\'nextval('::text"));
	reads(RESULT("t.nextval"));
	reads(RESULT("nextval"));
	reads(RESULT("nextval + (1)"));
	reads(RESULT("public.nextval('s'::regclass)"));
	reads(RESULT("my_nextval('s'::regclass)"));
	reads(RESULT("\\\"nextval\\\"('s'::regclass)"));
	reads(RESULT("currval('s'::regclass)"));
	reads(RESULT("nextval('s'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_only_reads),
	    cmocka_unit_test(a_table_is_changed_wherever_the_plan_says_so),
	    cmocka_unit_test(a_call_that_is_always_made),
	    cmocka_unit_test(a_call_that_may_be_made),
	    cmocka_unit_test(what_only_looks_like_a_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
