/* robots_fixture.h - a robots.txt, and what it allows. */
#pragma once

#include "fetch/values/robots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static inline bool allows_text(struct text file, const char *target)
{
	struct arena arena = {0};
	/* of its own size, so that a read beyond the end is seen */
	char *copy = malloc(file.length + 1);
	bool is_allowed;

	assert_non_null(copy);
	copy[0] = '\0';
	if (file.length > 0)
		memcpy(copy, file.at, file.length);
	is_allowed = robots_allow(robots_parse(&arena, (struct text){copy, file.length}, "meantime"), text_of(target));
	arena_cleanup(&arena);
	free(copy);
	return is_allowed;
}

static inline bool allows(const char *file, const char *target)
{
	return allows_text(text_of(file), target);
}

struct case_of_file {
	const char *file, *target;
	bool is_allowed;
};

static inline void check_files(const struct case_of_file *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (allows(cases[i].file, cases[i].target) != cases[i].is_allowed)
			fail_msg("expected %s to be %s by\n%s", cases[i].target,
				 cases[i].is_allowed ? "allowed" : "disallowed", cases[i].file);
}
