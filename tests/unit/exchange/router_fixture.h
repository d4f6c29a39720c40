/* router_fixture.h - a router, and what it finds. */
#pragma once

#include "exchange/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

struct fixture {
	struct router router;
	struct arena arena;
	struct route_match match;
};

static inline int set_up(void **state)
{
	static struct fixture fixture;

	router_init(&fixture.router);
	arena_init(&fixture.arena, NULL, 0);
	/* whatever the last match left behind: router_match() must set what it promises */
	memset(&fixture.match, 0xa5, sizeof(fixture.match));
	*state = &fixture;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *fixture = *state;

	arena_cleanup(&fixture->arena);
	router_cleanup(&fixture->router);
	return 0;
}

static inline enum router_verdict try_add(struct fixture *fixture, enum http_method method, const char *pattern,
					  const struct route **taken_by)
{
	const struct route route = {.method = method, .pattern = pattern, .name = pattern};

	return router_add(&fixture->router, &route, taken_by);
}

static inline void add(struct fixture *fixture, enum http_method method, const char *pattern)
{
	const struct route *taken_by;

	assert_int_equal(try_add(fixture, method, pattern, &taken_by), ROUTER_ADDED);
}

static inline const struct route_match *match(struct fixture *fixture, enum http_method method, struct text path)
{
	router_match(&fixture->router, method, path, &fixture->arena, &fixture->match);
	return &fixture->match;
}

#define ROUTES_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
