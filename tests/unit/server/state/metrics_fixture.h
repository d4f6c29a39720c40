/* metrics_fixture.h - metrics, and what they say. */
#pragma once

#include "server/state/metrics.h"

#include "base/clock.h"
#include "exchange/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static struct router router, admin_router;
static struct metrics *metrics;
static struct arena arena;
static struct exchange_settings settings;
static struct exchange x;

static inline enum step first(struct exchange *any)
{
	(void)any;
	return STEP_RESPOND;
}

static inline void add_route(struct router *to, const char *pattern, const char *name)
{
	const struct route route = {.method = HTTP_GET, .pattern = pattern, .name = name, .first = first};

	assert_int_equal(router_add(to, &route, &(const struct route *){NULL}), ROUTER_ADDED);
}

static inline int set_up(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0);
	router_init(&router);
	router_init(&admin_router);
	add_route(&router, "/countries", "countries");
	add_route(&router, "/notes", "notes");
	add_route(&admin_router, "/livez", "livez");
	metrics = metrics_create(2);
	metrics_register(metrics, &router);
	memset(&x, 0, offsetof(struct exchange, inline_bytes));
	exchange_begin(&x, &settings, 0);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	exchange_cleanup(&x);
	metrics_destroy(metrics);
	router_cleanup(&admin_router);
	router_cleanup(&router);
	arena_cleanup(&arena);
	return 0;
}

static inline void note(unsigned loop, const struct router *of, const char *path, unsigned status, uint64_t total_ns)
{
	memset(&x.request.match, 0, sizeof(x.request.match));
	if (of != NULL)
		router_match(of, HTTP_GET, text_of(path), &arena, &x.request.match);
	x.response.status = status;
	metrics_note(metrics, loop, &x, total_ns);
}

static inline const char *written(void)
{
	struct buffer out = buffer_in(&arena);

	metrics_write(metrics, &out);
	return arena_copy(&arena, buffer_text(&out));
}

static inline void assert_line(const char *line)
{
	const char *text = written(), *found = strstr(text, line);

	if (found == NULL || (found > text && found[-1] != '\n') || found[strlen(line)] != '\n')
		fail_msg("no line \"%s\" in:\n%s", line, text);
}

static inline void assert_no_line_with(const char *part)
{
	if (strstr(written(), part) != NULL)
		fail_msg("there is \"%s\" in:\n%s", part, written());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
