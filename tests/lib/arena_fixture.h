/* arena_fixture.h - an arena for each test of a group. */
#pragma once

#include "base/arena.h"

static struct arena arena;

static inline int set_up(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	arena_cleanup(&arena);
	return 0;
}
