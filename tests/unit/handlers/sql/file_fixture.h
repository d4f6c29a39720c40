/* file_fixture.h - endpoint files as texts: those that are right, and what is wrong in the others. */
#pragma once

#include "handlers/sql/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ONE  "-- name: a :one\n-- route: GET /a\n"
#define MANY "-- name: a :many\n-- route: GET /a\n"
#define EXEC "-- name: a :exec\n-- route: POST /a\n"

static struct endpoint_set set;

static inline int set_up(void **state)
{
	(void)state;
	endpoint_set_init(&set);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	endpoint_set_cleanup(&set);
	return 0;
}

static inline void start_again(void)
{
	endpoint_set_cleanup(&set);
	endpoint_set_init(&set);
}

static inline unsigned parse(const char *source)
{
	return sql_file_parse(&set, "notes.sql", text_of(source));
}

/* The one endpoint of a source that is right. */
static inline const struct endpoint *only(const char *source)
{
	start_again();
	if (parse(source) != 0)
		diagnostics_print(&set.diagnostics, stderr);
	assert_int_equal(set.diagnostics.count, 0);
	assert_int_equal(set.count, 1);
	return &set.endpoints[0];
}

static inline void expect_diagnostic(unsigned index, unsigned line, const char *fragment)
{
	const struct diagnostic *item = &set.diagnostics.items[index];

	assert_true(index < set.diagnostics.count);
	assert_string_equal(item->file, "notes.sql");
	if (item->line != line || strstr(item->message, fragment) == NULL)
		fail_msg("expected line %u: ...%s...\n   found line %u: %s", line, fragment, item->line, item->message);
}

/* One thing is wrong, on this line, and the message holds the fragment. */
static inline void wrong_beside(struct text source, unsigned line, const char *fragment)
{
	start_again();
	if (sql_file_parse(&set, "notes.sql", source) != 1)
		diagnostics_print(&set.diagnostics, stderr);
	assert_int_equal(set.diagnostics.count, 1);
	expect_diagnostic(0, line, fragment);
}

/* And nothing is added. */
static inline void wrong_text(struct text source, unsigned line, const char *fragment)
{
	wrong_beside(source, line, fragment);
	assert_int_equal(set.count, 0);
}

static inline void wrong(const char *source, unsigned line, const char *fragment)
{
	wrong_text(text_of(source), line, fragment);
}

/* What becomes of an SQL text. */
static inline void expect_sql(const char *sql, const char *expected)
{
	char source[2048];

	snprintf(source, sizeof(source), EXEC "%s", sql);
	assert_string_equal(only(source)->statement.sql, expected);
}

static inline void wrong_sql(const char *sql, unsigned line, const char *fragment)
{
	char source[2048];

	snprintf(source, sizeof(source), EXEC "%s", sql);
	wrong(source, line, fragment);
}

static inline void expect_parameter(const struct endpoint *endpoint, unsigned index, const char *name, unsigned line)
{
	assert_true(index < endpoint->statement.parameter_count);
	assert_string_equal(endpoint->statement.parameters[index].name, name);
	assert_int_equal(endpoint->statement.parameters[index].line, line);
}
