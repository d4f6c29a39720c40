/* The annotation of answers that are kept. */
#include "unit/handlers/sql/file_fixture.h"

#define EXPECTED "TIME, TIME stale TIME, each with `by role` or `by claim PATH` behind it"

static const struct endpoint_cache *cache_of(const char *note)
{
	static char source[200];

	snprintf(source, sizeof(source), ONE "-- cache: %s\nSELECT 1", note);
	return only(source)->cache;
}

static void answers_are_not_kept(void **state)
{
	(void)state;
	assert_null(only(ONE "SELECT 1")->cache);
}

static void a_time_is_enough(void **state)
{
	const struct endpoint_cache *cache = cache_of("10s");

	(void)state;
	assert_int_equal(cache->fresh_ms, 10000);
	assert_int_equal(cache->stale_ms, 0);
	assert_int_equal(cache->by, CACHE_BY_ALL);
	assert_int_equal(cache->line, 3);
	assert_int_equal(only(ONE "-- cache: 1s\nSELECT 1")->identity_line, 0);
	assert_int_equal(cache_of("1ms")->fresh_ms, 1);
	assert_int_equal(cache_of("86400s")->fresh_ms, 86400000);
	assert_int_equal(cache_of("86400000ms")->fresh_ms, 86400000);
}

static void more_may_stand_behind_it(void **state)
{
	const struct endpoint_cache *cache = cache_of("10s  stale 60s");

	(void)state;
	assert_int_equal(cache->fresh_ms, 10000);
	assert_int_equal(cache->stale_ms, 60000);
	assert_int_equal(cache_of("10s by role")->by, CACHE_BY_ROLE);
	cache = cache_of("10s stale 500ms by claim sub");
	assert_int_equal(cache->stale_ms, 500);
	assert_int_equal(cache->by, CACHE_BY_CLAIM);
	assert_true(text_equal(cache->claim, TEXT("sub")));
	assert_true(text_equal(cache_of("10s by claim app.\"a b\"")->claim, TEXT("app.\"a b\"")));
}

static void wrong_values(void **state)
{
	static const char *const malformed[] = {"",
						"10",
						"s",
						"0s",
						"10m",
						"86401s",
						"10s 60s",
						"10s stale",
						"10s stale x",
						"10s by",
						"10s by x",
						"10s by claim",
						"10s by role x",
						"10s by claim a b",
						"stale 10s",
						"10s by role stale 60s",
						"10s by claim ."};
	char source[200];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(malformed); i++) {
		snprintf(source, sizeof(source), ONE "-- cache: %s\nSELECT 1", malformed[i]);
		wrong(source, 3, EXPECTED);
	}
	wrong(ONE "-- cache: 1s\n-- cache: 2s\nSELECT 1", 4, "a second `-- cache:`");
	wrong(ONE "-- cache 10s\nSELECT 1", 3, "looks like an annotation and is none: write `-- cache: 10s`");
}

static void what_it_is_for(void **state)
{
	static const char only_good[] = "`-- cache:` is for :one and :many on GET with the status 200 only";

	(void)state;
	wrong("-- name: a :one\n-- route: PUT /a\n-- cache: 1s\nSELECT 1", 3, only_good);
	wrong("-- name: a :exec\n-- route: GET /a\n-- cache: 1s\nSELECT 1", 3, only_good);
	wrong(ONE "-- status: 202\n-- cache: 1s\nSELECT 1", 4, only_good);
	wrong("-- name: a :many\n-- route: GET /a\n-- stream\n-- cache: 1s\nSELECT 1", 4,
	      "`-- cache:` and `-- stream`: what is sent in parts is not kept");
	wrong(ONE "-- events: a\n-- cache: 1s\nSELECT 1", 4,
	      "`-- cache:` and `-- events:`: what is sent in parts is not kept");
	wrong(ONE "-- work: delay\n-- cache: 1s\nSELECT 1", 4,
	      "`-- cache:` and `-- work:`: it is for what SQL answers");
	wrong(ONE "-- header: set-cookie = column c\n-- cache: 1s\nSELECT 1 AS c", 4,
	      "`-- cache:` and `-- header: set-cookie`: a cookie is one client's");
	assert_non_null(only(ONE "-- status: 200\n-- cache: 1s\nSELECT 1")->cache);
}

static void roles_say_by_what_answers_differ(void **state)
{
	const struct endpoint *endpoint;

	(void)state;
	wrong(ONE "-- roles: reader\n-- cache: 1s\nSELECT 1", 4,
	      "`-- cache:` and `-- roles:`: by what do the answers differ? `by role`, or `by claim PATH`");
	endpoint = only(ONE "-- cache: 1s by role\n-- roles: reader\nSELECT 1");
	assert_int_equal(endpoint->cache->by, CACHE_BY_ROLE);
	assert_int_equal(endpoint->identity_line, 3);
	assert_int_equal(only(ONE "-- cache: 1s by claim sub\nSELECT 1")->identity_line, 3);
}

static void no_two_endpoints_are_taken_for_one(void **state)
{
	uint64_t id = cache_of("1s")->id;

	(void)state;
	assert_int_not_equal(cache_of("1s")->id, id);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(answers_are_not_kept),
	    TEST(a_time_is_enough),
	    TEST(more_may_stand_behind_it),
	    TEST(wrong_values),
	    TEST(what_it_is_for),
	    TEST(roles_say_by_what_answers_differ),
	    TEST(no_two_endpoints_are_taken_for_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
