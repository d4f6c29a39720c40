/* Which identities may call a route. */
#include "exchange/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void a_rule_is_met_or_not(void **state)
{
	static const struct text roles[] = {{"editor", 6}, {"admin", 5}};
	static const struct access any = {false, NULL, 0}, all = {true, NULL, 0}, some = {false, roles, 2};
	static const struct identity editor = {.role = {"editor", 6}}, admin = {.role = {"admin", 5}},
				     reader = {.role = {"reader", 6}}, without = {.role = {NULL, 0}};
	static const struct {
		const struct access *access;
		const struct identity *identity;
		enum access_verdict verdict;
	} cases[] = {
	    {&all, NULL, ACCESS_GRANTED},
	    {&all, &without, ACCESS_GRANTED},
	    {&all, &reader, ACCESS_GRANTED},
	    {&any, NULL, ACCESS_NEEDS_IDENTITY},
	    {&any, &without, ACCESS_NEEDS_ROLE},
	    {&any, &reader, ACCESS_GRANTED},
	    {&some, NULL, ACCESS_NEEDS_IDENTITY},
	    {&some, &without, ACCESS_NEEDS_ROLE},
	    {&some, &reader, ACCESS_NEEDS_OTHER_ROLE},
	    {&some, &editor, ACCESS_GRANTED},
	    {&some, &admin, ACCESS_GRANTED},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++)
		assert_int_equal(access_check(cases[i].access, cases[i].identity), cases[i].verdict);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_rule_is_met_or_not)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
