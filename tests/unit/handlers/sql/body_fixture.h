/* body_fixture.h - a body and its fields. */
#pragma once

#include "handlers/sql/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { DEPTH = 4 };

static struct arena arena;
static struct body body;

static inline int begin(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0);
	memset(&body, 0xff, sizeof(body));
	return 0;
}

static inline int end(void **state)
{
	(void)state;
	arena_cleanup(&arena);
	return 0;
}

static inline void expect_refused(struct text json, const char *expected)
{
	const char *problem = body_parse(json, DEPTH, &arena, &body);

	assert_non_null(problem);
	assert_string_equal(problem, expected);
}

static inline void expect_field(unsigned index, const char *name, const char *raw)
{
	assert_true(index < body.count);
	assert_string_equal(body.fields[index].name.at, name);
	assert_int_equal(body.fields[index].name.length, strlen(name));
	assert_int_equal(body.fields[index].raw.length, strlen(raw));
	assert_memory_equal(body.fields[index].raw.at, raw, strlen(raw));
}

#define DUPLICATE ": duplicate name "

static inline struct text object_with_fields(unsigned count)
{
	size_t length = 0;
	char *json = arena_alloc(&arena, 16 * (size_t)count + 16);

	for (unsigned i = 0; i < count; i++)
		length += (size_t)sprintf(json + length, "%c\"f%u\":%u", i == 0 ? '{' : ',', i, i);
	json[length++] = '}';
	return (struct text){json, length};
}
