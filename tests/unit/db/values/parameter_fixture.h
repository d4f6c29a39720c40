/* parameter_fixture.h - values of parameters, taken and refused. */
#pragma once

#include "db/values/parameter.h"

#include "base/buffer.h"
#include "db/values/row_json.h"
#include "lib/arena_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define REFUSED ((const char *)-1)

typedef bool take_fn(const struct db_type *type, struct text input, struct arena *arena, const char **bound);

/* Returns what was bound, or REFUSED. */
static inline const char *taken(take_fn *take, struct db_type type, struct text input)
{
	static const char untouched[] = "untouched";
	const char *bound = untouched;

	if (take(&type, input, &arena, &bound)) {
		assert_ptr_not_equal(bound, untouched);
		return bound;
	}
	assert_ptr_equal(bound, untouched);
	return REFUSED;
}

static inline const char *shown(const char *bound)
{
	return bound == REFUSED ? "(refused)" : bound == NULL ? "(NULL)" : bound;
}

static inline void expect(take_fn *take, struct db_type type, const char *input, const char *expected)
{
	const char *bound = taken(take, type, text_of(input));
	bool is_same = bound == expected || (bound != REFUSED && expected != REFUSED && bound != NULL &&
					     expected != NULL && strcmp(bound, expected) == 0);

	if (!is_same)
		fail_msg("kind %d%s, %s: expected %s, got %s", (int)type.kind, type.is_array ? "[]" : "", input,
			 shown(expected), shown(bound));
}

static inline struct db_type one(enum db_type_kind kind)
{
	return (struct db_type){.kind = kind, .delimiter = ','};
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

/* A NULL ends each list. */
static inline void expect_text(enum db_type_kind kind, const char *const *good, const char *const *bad)
{
	for (; *good != NULL; good++)
		expect(parameter_from_text, one(kind), *good, *good);
	for (; *bad != NULL; bad++)
		expect(parameter_from_text, one(kind), *bad, REFUSED);
}

static inline void expect_json(enum db_type_kind kind, const char *const *good, const char *const *bad)
{
	for (; *good != NULL; good++)
		expect(parameter_from_json, one(kind), *good, *good);
	for (; *bad != NULL; bad++)
		expect(parameter_from_json, one(kind), *bad, REFUSED);
	expect(parameter_from_json, one(kind), "null", NULL);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
