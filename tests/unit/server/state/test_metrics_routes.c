#include "metrics_fixture.h"

static void each_of_many_routes_has_counters_of_its_own(void **state)
{
	struct router many;

	(void)state;
	router_init(&many);
	for (unsigned i = 0; i < 200; i++)
		add_route(&many, arena_printf(&arena, "/r%u", i), arena_printf(&arena, "r%u", i));
	metrics_register(metrics, &many);
	for (unsigned i = 0; i < 200; i++)
		note(1, &many, arena_printf(&arena, "/r%u", i), 200, 1000);
	for (unsigned i = 0; i < 200; i++)
		assert_line(arena_printf(&arena, "meantime_requests_total{route=\"r%u\",status=\"2xx\"} 1", i));
	router_cleanup(&many);
}

/* After a reload a route of the same name goes on counting where it was, wherever it stands now. */
static void counters_survive_by_their_name(void **state)
{
	struct router next;

	(void)state;
	note(0, &router, "/countries", 200, 1000);
	router_init(&next);
	add_route(&next, "/new", "new");
	add_route(&next, "/countries", "countries");
	metrics_register(metrics, &next);
	note(1, &next, "/countries", 200, 1000);
	note(1, &next, "/new", 200, 1000);
	note(0, &router, "/countries", 200, 1000); /* one that began before */
	router_cleanup(&next);
	assert_line("meantime_requests_total{route=\"countries\",status=\"2xx\"} 3");
	assert_line("meantime_requests_total{route=\"new\",status=\"2xx\"} 1");
}

/* "none", "countries" and "notes" are there. */
static void more_names_than_there_may_be_count_for_none(void **state)
{
	enum { MOST = METRICS_NAMES_MAX - 3 };
	struct router next;

	(void)state;
	router_init(&next);
	for (unsigned i = 0; i < MOST + 1; i++)
		add_route(&next, arena_printf(&arena, "/r%u", i), arena_printf(&arena, "r%u", i));
	metrics_register(metrics, &next);
	note(0, &next, "/r0", 200, 1000);
	note(0, &next, arena_printf(&arena, "/r%u", MOST - 1), 200, 1000);
	assert_no_line_with("route=\"none\"");
	note(0, &next, arena_printf(&arena, "/r%u", MOST), 200, 1000);
	router_cleanup(&next);
	assert_line("meantime_requests_total{route=\"r0\",status=\"2xx\"} 1");
	assert_line(
	    arena_printf(&arena, "meantime_requests_total{route=\"r%u\",status=\"2xx\"} 1", (unsigned)MOST - 1));
	assert_line("meantime_requests_total{route=\"none\",status=\"2xx\"} 1");
}

/* A series stands in the text once: Prometheus refuses it else. */
static void an_endpoint_called_none_has_no_second_series(void **state)
{
	struct router next;

	(void)state;
	router_init(&next);
	add_route(&next, "/none", "none");
	metrics_register(metrics, &next);
	note(0, &next, "/none", 200, 1000);
	note(0, NULL, "", 200, 1000);
	router_cleanup(&next);
	assert_line("meantime_requests_total{route=\"none\",status=\"2xx\"} 2");
}

static void without_endpoints_there_is_where_to_count(void **state)
{
	(void)state;
	metrics_destroy(metrics);
	metrics = metrics_create(2);
	note(1, NULL, "", 404, 1000);
	assert_line("meantime_requests_total{route=\"none\",status=\"4xx\"} 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(counters_survive_by_their_name),
	    TEST(each_of_many_routes_has_counters_of_its_own),
	    TEST(more_names_than_there_may_be_count_for_none),
	    TEST(an_endpoint_called_none_has_no_second_series),
	    TEST(without_endpoints_there_is_where_to_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
