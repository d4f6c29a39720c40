#include "metrics_fixture.h"

static void responses_count_by_route_and_class(void **state)
{
	(void)state;
	note(0, &router, "/countries", 200, 1000);
	note(0, &router, "/countries", 404, 1000);
	note(0, &router, "/countries", 201, 1000);
	note(0, &router, "/notes", 503, 1000);
	assert_line("meantime_requests_total{route=\"countries\",status=\"2xx\"} 2");
	assert_line("meantime_requests_total{route=\"countries\",status=\"4xx\"} 1");
	assert_line("meantime_requests_total{route=\"notes\",status=\"5xx\"} 1");
	assert_no_line_with("route=\"notes\",status=\"2xx\"");
}

static void what_has_no_route_counts_as_none(void **state)
{
	(void)state;
	note(0, NULL, "", 404, 1000);
	note(0, &router, "/nowhere", 404, 1000);
	assert_line("meantime_requests_total{route=\"none\",status=\"4xx\"} 2");
}

/* A balancer asks /livez all day. */
static void requests_to_the_admin_port_count_for_no_endpoint(void **state)
{
	(void)state;
	note(0, &admin_router, "/livez", 200, 1000);
	assert_no_line_with("route=\"countries\"");
}

static void a_strange_status_harms_nothing(void **state)
{
	(void)state;
	note(0, &router, "/notes", 0, 1);
	note(0, &router, "/notes", 999, 1);
	note(0, &router, "/notes", 4000000000U, 1);
	note(0, &router, "/notes", 600, 34 * NS_PER_S);
	assert_line("meantime_request_seconds_count{route=\"notes\"} 4");
	assert_line("meantime_request_seconds_bucket{route=\"notes\",le=\"6.5536e-05\"} 3");
	assert_no_line_with("route=\"notes\",status");
}

static void the_loops_add_up(void **state)
{
	(void)state;
	note(0, &router, "/notes", 200, 1 * NS_PER_MS);
	note(1, &router, "/notes", 200, 2 * NS_PER_MS);
	assert_line("meantime_requests_total{route=\"notes\",status=\"2xx\"} 2");
	assert_line("meantime_request_seconds_sum{route=\"notes\"} 0.003000");
	assert_line("meantime_request_seconds_count{route=\"notes\"} 2");
}

static void buckets_hold_what_is_not_longer_than_they_say(void **state)
{
	(void)state;
	note(0, &router, "/notes", 200, 0);
	note(0, &router, "/notes", 200, 65535);
	note(0, &router, "/notes", 200, 65537);
	note(0, &router, "/notes", 200, 131071);
	note(0, &router, "/notes", 200, 131073);
	assert_line("meantime_request_seconds_bucket{route=\"notes\",le=\"6.5536e-05\"} 2");
	assert_line("meantime_request_seconds_bucket{route=\"notes\",le=\"0.000131072\"} 4");
	assert_line("meantime_request_seconds_bucket{route=\"notes\",le=\"0.000262144\"} 5");
	assert_line("meantime_request_seconds_bucket{route=\"notes\",le=\"+Inf\"} 5");
}

static void what_is_longer_than_every_bucket_is_in_the_last_only(void **state)
{
	(void)state;
	note(0, &router, "/notes", 200, 34 * NS_PER_S);
	note(0, &router, "/notes", 200, 35 * NS_PER_S);
	note(0, &router, "/notes", 200, UINT64_MAX / 4);
	assert_line("meantime_request_seconds_bucket{route=\"notes\",le=\"34.3597\"} 1");
	assert_line("meantime_request_seconds_bucket{route=\"notes\",le=\"+Inf\"} 3");
	assert_no_line_with("le=\"68.7195\"");
}

static void the_shares_of_waiting_are_told_apart(void **state)
{
	(void)state;
	x.queue_ns = 1500 * NS_PER_MS;
	x.db_ns = 250 * NS_PER_MS;
	note(0, &router, "/notes", 200, 2 * NS_PER_S);
	note(1, &router, "/notes", 200, 2 * NS_PER_S);
	assert_line("meantime_queue_seconds_total{route=\"notes\"} 3.000000");
	assert_line("meantime_database_seconds_total{route=\"notes\"} 0.500000");
	assert_no_line_with("meantime_queue_seconds_total{route=\"countries\"}");
	note(0, NULL, "", 404, NS_PER_S);
	assert_line("meantime_queue_seconds_total{route=\"none\"} 1.500000");
	assert_line("meantime_database_seconds_total{route=\"none\"} 0.250000");
	assert_line("meantime_request_seconds_count{route=\"none\"} 1");
}

static void gauges_add_up_and_are_replaced(void **state)
{
	const uint64_t some[REFUSAL_COUNT] = {1000, 1, 2, 3}, more[REFUSAL_COUNT] = {5000, 10, 20, 30};
	const struct metrics_gauges one = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, some},
				    ten = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100, more};

	(void)state;
	metrics_set_gauges(metrics, 0, &ten);
	metrics_set_gauges(metrics, 0, &one);
	metrics_set_gauges(metrics, 1, &ten);
	assert_line("meantime_connections 11");
	assert_line("meantime_requests_in_flight 22");
	assert_line("meantime_requests_waiting 33");
	assert_line("meantime_computations 44");
	assert_line("meantime_database_connections{state=\"open\"} 55");
	assert_line("meantime_database_connections{state=\"busy\"} 66");
	assert_line("meantime_connections_refused_total 77");
	assert_line("meantime_database_connections_lost_total 88");
	assert_line("meantime_database_requests_run_again_total 99");
	assert_line("meantime_database_units_total 110");
	assert_line("meantime_requests_refused_total{reason=\"queue_full\"} 11");
	assert_line("meantime_requests_refused_total{reason=\"long_wait\"} 22");
	assert_line("meantime_requests_refused_total{reason=\"no_time\"} 33");
}

static void events_are_counted(void **state)
{
	static const struct metrics_events events = {
	    .subscribers = 1, .channels = 2, .published = 3, .cut_off = 4, .losses = 5};

	(void)state;
	assert_line("meantime_event_subscribers 0");
	metrics_set_events(metrics, &events);
	assert_line("meantime_event_subscribers 1");
	assert_line("meantime_event_channels 2");
	assert_line("meantime_events_total 3");
	assert_line("meantime_event_subscribers_cut_off_total 4");
	assert_line("meantime_event_connections_lost_total 5");
}

static void kept_answers_are_counted(void **state)
{
	static const struct metrics_cache cache = {.hits = 1,
						   .stale = 2,
						   .misses = 3,
						   .collapsed = 4,
						   .evicted = 5,
						   .forgotten = 6,
						   .entries = 7,
						   .bytes = 8,
						   .is_heard = true};

	(void)state;
	assert_line("meantime_cache_listening 0");
	metrics_set_cache(metrics, &cache);
	assert_line("meantime_cache_requests_total{result=\"hit\"} 1");
	assert_line("meantime_cache_requests_total{result=\"stale\"} 2");
	assert_line("meantime_cache_requests_total{result=\"miss\"} 3");
	assert_line("meantime_cache_requests_total{result=\"collapsed\"} 4");
	assert_line("meantime_cache_evictions_total 5");
	assert_line("meantime_cache_notifications_total 6");
	assert_line("meantime_cache_answers 7");
	assert_line("meantime_cache_bytes 8");
	assert_line("meantime_cache_listening 1");
}

static void turns_are_counted_for_each_loop(void **state)
{
	(void)state;
	metrics_note_turn(metrics, 0, 1000);
	metrics_note_turn(metrics, 0, 3 * NS_PER_MS);
	metrics_note_turn(metrics, 0, 40 * NS_PER_S);
	metrics_note_turn(metrics, 1, 5 * NS_PER_MS);
	assert_line("meantime_loop_turn_seconds_bucket{loop=\"0\",le=\"6.5536e-05\"} 1");
	assert_line("meantime_loop_turn_seconds_bucket{loop=\"0\",le=\"0.00209715\"} 1");
	assert_line("meantime_loop_turn_seconds_bucket{loop=\"0\",le=\"0.0041943\"} 2");
	assert_line("meantime_loop_turn_seconds_bucket{loop=\"0\",le=\"34.3597\"} 2");
	assert_line("meantime_loop_turn_seconds_bucket{loop=\"0\",le=\"+Inf\"} 3");
	assert_line("meantime_loop_turn_seconds_sum{loop=\"0\"} 40.003001");
	assert_line("meantime_loop_turn_seconds_count{loop=\"0\"} 3");
	assert_line("meantime_loop_turn_seconds_count{loop=\"1\"} 1");
}

static void only_reasons_are_shown(void **state)
{
	unsigned reasons = 0;

	(void)state;
	for (const char *at = written(); (at = strstr(at, "\nmeantime_requests_refused_total{")) != NULL; at++)
		reasons++;
	assert_int_equal(reasons, REFUSAL_COUNT - 1);
}

/* As where a loop has nothing to count them in. */
static void refusals_may_be_missing(void **state)
{
	const struct metrics_gauges gauges = {.connections = 1};

	(void)state;
	metrics_set_gauges(metrics, 0, &gauges);
	assert_line("meantime_connections 1");
	assert_line("meantime_requests_refused_total{reason=\"queue_full\"} 0");
}

/* "# TYPE" and "# HELP" of the family that the line is of. */
static void assert_is_introduced(const char *text, const char *line)
{
	static const char *const of_histogram[] = {"_bucket", "_sum", "_count"};
	char *family = arena_printf(&arena, "%.*s", (int)strcspn(line, "{ "), line);

	for (unsigned i = 0; i < ARRAY_LENGTH(of_histogram); i++) {
		size_t length = strlen(family), ending = strlen(of_histogram[i]);

		if ((strncmp(family, "meantime_request_seconds_", 25) == 0 ||
		     strncmp(family, "meantime_loop_turn_seconds_", 27) == 0) &&
		    length > ending && strcmp(family + length - ending, of_histogram[i]) == 0)
			family[length - ending] = '\0';
	}
	if (strstr(text, arena_printf(&arena, "# HELP %s ", family)) == NULL ||
	    strstr(text, arena_printf(&arena, "# TYPE %s ", family)) == NULL)
		fail_msg("%s has no HELP or no TYPE", family);
}

/* Prometheus' text format: every family has its HELP and TYPE, and what stands alone is a number behind a blank. */
static void every_line_is_in_the_text_format(void **state)
{
	const char *text;

	(void)state;
	x.queue_ns = x.db_ns = 1000;
	note(0, &router, "/notes", 200, 1000);
	text = written();
	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		const char *end = strchr(line, '\n'), *blank = end;
		char *behind;

		assert_non_null(end);
		if (strncmp(line, "# HELP meantime_", 16) == 0 || strncmp(line, "# TYPE meantime_", 16) == 0)
			continue;
		assert_int_equal(strncmp(line, "meantime_", 9), 0);
		while (*blank != ' ')
			blank--;
		strtod(blank, &behind);
		assert_ptr_equal(behind, end);
		assert_is_introduced(text, line);
	}
}

static void credentials_are_counted_by_result(void **state)
{
	const char *text = written();

	(void)state;
	assert_null(strstr(text, "\nmeantime_credentials"));
	metrics_note_credential(metrics, 0, TOKEN_GOOD);
	metrics_note_credential(metrics, 1, TOKEN_GOOD);
	metrics_note_credential(metrics, 1, TOKEN_NOT_YET_VALID);
	metrics_note_known_credential(metrics, 0);
	metrics_note_known_credential(metrics, 1);
	text = written();
	assert_non_null(strstr(text, "\nmeantime_credentials_verified_total{result=\"good\"} 2\n"));
	assert_non_null(strstr(text, "\nmeantime_credentials_verified_total{result=\"not_yet_valid\"} 1\n"));
	assert_null(strstr(text, "result=\"expired\""));
	assert_non_null(strstr(text, "\nmeantime_credentials_known_total 2\n"));
}

static void fetched_keys_have_an_age(void **state)
{
	const char *text = written(), *age;
	time_t before = time(NULL);

	(void)state;
	assert_null(strstr(text, "\nmeantime_key"));
	metrics_note_keys(metrics, false);
	text = written();
	assert_non_null(strstr(text, "\nmeantime_key_fetches_total{result=\"failed\"} 1\n"));
	assert_null(strstr(text, "\nmeantime_keys_fetched_timestamp_seconds"));
	metrics_note_keys(metrics, true);
	text = written();
	assert_non_null(strstr(text, "\nmeantime_key_fetches_total{result=\"good\"} 1\n"));
	age = strstr(text, "\nmeantime_keys_fetched_timestamp_seconds ");
	assert_non_null(age);
	assert_true(strtoll(strchr(age, ' '), NULL, 10) >= before);
}

static void reloads_are_counted(void **state)
{
	long before_s = (long)time(NULL), loaded_s;
	const char *text;

	(void)state;
	metrics_note_edition(metrics, 7); /* at the start */
	assert_line("meantime_endpoints 7");
	assert_line("meantime_reloads_total{result=\"good\"} 0");
	text = strstr(written(), "\nmeantime_endpoints_loaded_timestamp_seconds ");
	assert_non_null(text);
	loaded_s = strtol(strchr(text, ' '), NULL, 10);
	assert_true(before_s <= loaded_s && loaded_s <= (long)time(NULL));
	metrics_note_refused_edition(metrics);
	metrics_note_edition(metrics, 8);
	metrics_note_edition(metrics, 9);
	assert_line("meantime_endpoints 9");
	assert_line("meantime_reloads_total{result=\"good\"} 2");
	assert_line("meantime_reloads_total{result=\"refused\"} 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(responses_count_by_route_and_class),
	    TEST(what_has_no_route_counts_as_none),
	    TEST(requests_to_the_admin_port_count_for_no_endpoint),
	    TEST(reloads_are_counted),
	    TEST(credentials_are_counted_by_result),
	    TEST(fetched_keys_have_an_age),
	    TEST(a_strange_status_harms_nothing),
	    TEST(the_loops_add_up),
	    TEST(buckets_hold_what_is_not_longer_than_they_say),
	    TEST(what_is_longer_than_every_bucket_is_in_the_last_only),
	    TEST(the_shares_of_waiting_are_told_apart),
	    TEST(gauges_add_up_and_are_replaced),
	    TEST(events_are_counted),
	    TEST(kept_answers_are_counted),
	    TEST(turns_are_counted_for_each_loop),
	    TEST(only_reasons_are_shown),
	    TEST(refusals_may_be_missing),
	    TEST(every_line_is_in_the_text_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
