/* Annotations of what an answer is known by: etag, last-modified, cache-control, and parameters from if-match. */
#include "unit/handlers/sql/file_fixture.h"

#define PUT "-- name: a :one\n-- route: PUT /a\n"

static void an_answer_is_known_by_nothing(void **state)
{
	const struct endpoint *endpoint = only(ONE "SELECT 1");

	(void)state;
	assert_false(endpoint->has_etag || endpoint->takes_if_match || endpoint->is_uncompressed);
	assert_null(endpoint->etag_column);
	assert_null(endpoint->modified_column);
	assert_null(endpoint->cache_control);
}

static void a_tag_is_a_hash_or_a_column(void **state)
{
	const struct endpoint *endpoint = only(ONE "-- etag\nSELECT 1");

	(void)state;
	assert_true(endpoint->has_etag);
	assert_null(endpoint->etag_column);
	assert_true(only("-- name: a :many\n-- route: GET /a\n-- etag\nSELECT 1")->has_etag);
	endpoint = only(ONE "-- etag: version\n-- last-modified: changed_at\nSELECT 1");
	assert_true(endpoint->has_etag);
	assert_string_equal(endpoint->etag_column, "version");
	assert_string_equal(endpoint->modified_column, "changed_at");
	assert_int_equal(endpoint->etag_line, 3);
	assert_int_equal(endpoint->modified_line, 4);
	endpoint = only(ONE "-- etag: \"Version No\"\n-- last-modified: \"changed-at\"\nSELECT 1");
	assert_string_equal(endpoint->etag_column, "Version No");
	assert_string_equal(endpoint->modified_column, "changed-at");
	wrong(ONE "-- etag: a b\nSELECT 1", 3, "the name of a column that is a version, or left out");
	wrong(ONE "-- etag: \"a\nSELECT 1", 3, "the name of a column that is a version, or left out");
	wrong(ONE "-- etag: \"a\" b\nSELECT 1", 3, "the name of a column that is a version, or left out");
	wrong(ONE "-- etag: \"\"\nSELECT 1", 3, "the name of a column that is a version, or left out");
	wrong(ONE "-- etag: x234567890123456789012345678901234567890123456789012345678901234\nSELECT 1", 3,
	      "the name of a column that is a version, or left out");
	wrong(ONE "-- last-modified:\nSELECT 1", 3, "the name of a column");
	wrong(ONE "-- last-modified: a b\nSELECT 1", 3, "the name of a column");
}

static void what_a_tag_is_for(void **state)
{
	(void)state;
	wrong(PUT "-- etag\nSELECT 1", 3, "`-- etag` is for :one and :many on GET only");
	wrong("-- name: a :exec\n-- route: GET /a\n-- etag\nSELECT 1", 3, "is for :one and :many on GET only");
	wrong("-- name: a :many\n-- route: GET /a\n-- etag: v\nSELECT 1", 3, "`-- etag: COLUMN` is for :one only");
	wrong("-- name: a :many\n-- route: GET /a\n-- last-modified: v\nSELECT 1", 3,
	      "`-- last-modified: COLUMN` is for :one only");
	wrong("-- name: a :many\n-- route: GET /a\n-- stream\n-- etag\nSELECT 1", 4,
	      "`-- etag` and `-- stream`: a stream is sent before its end is known");
	wrong(ONE "-- work: delay\n-- etag\nSELECT 1", 4, "`-- etag` and `-- work:`");
	wrong(ONE "-- work: delay\n-- cache-control: no-store\nSELECT 1", 4, "`-- cache-control:` and `-- work:`");
}

static void how_long_it_may_be_kept(void **state)
{
	static const char *const good[] = {"no-store", "private, max-age=60", "public,s-maxage=1 ,immutable",
					   "max-age=0, stale-while-revalidate=30, stale-if-error=999999999"};
	static const char *const malformed[] = {"",
						"nostore",
						"max-age",
						"max-age=",
						"max-age=-1",
						"max-age=x",
						"no-store,",
						",no-store",
						"no-store,,private",
						"public=1",
						"max-age = 5",
						"max-age=\"5\"",
						"max-age=9999999999"};
	char source[200];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(good); i++) {
		snprintf(source, sizeof(source), ONE "-- cache-control: %s\nSELECT 1", good[i]);
		assert_string_equal(only(source)->cache_control, good[i]);
	}
	assert_string_equal(only(PUT "-- cache-control: no-store\nSELECT 1")->cache_control, "no-store");
	for (unsigned i = 0; i < ARRAY_LENGTH(malformed); i++) {
		snprintf(source, sizeof(source), ONE "-- cache-control: %s\nSELECT 1", malformed[i]);
		wrong(source, 3, "`-- cache-control:` must be some of public, private, no-cache");
	}
}

static void a_version_comes_from_if_match(void **state)
{
	const struct endpoint *endpoint = only(PUT "-- param: v = if-match  the version\nUPDATE t SET a = :v");

	(void)state;
	assert_true(endpoint->takes_if_match);
	assert_int_equal(endpoint->sources[0].kind, SOURCE_IF_MATCH);
	assert_null(endpoint->sources[0].name);
	assert_string_equal(endpoint->statement.parameters[0].description, "the version");
	assert_int_equal(endpoint->identity_line, 0);
	only("-- name: a :exec\n-- route: DELETE /a\n-- param: v = if-match\nDELETE FROM t WHERE v = :v");
	wrong(ONE "-- param: v = if-match\nSELECT :v", 3, "if-match is for writes");
	wrong(PUT "-- param: v = if-match\n-- param: w = if-match\nUPDATE t SET a = :v, b = :w", 4,
	      "a second parameter from if-match");
	wrong("-- name: a :one\n-- route: PUT /a/{v}\n-- param: v = if-match\nUPDATE t SET a = :v", 3,
	      "{v} is in the path");
	wrong(PUT "-- param: v = If-Match\nUPDATE t SET a = :v", 3, "address or if-match");
}

static void compression_is_switched_off(void **state)
{
	(void)state;
	assert_true(only(ONE "-- compression: off\nSELECT 1")->is_uncompressed);
	wrong(ONE "-- compression: on\nSELECT 1", 3, "`off`, or left out");
	wrong(ONE "-- compression:\nSELECT 1", 3, "`off`, or left out");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(an_answer_is_known_by_nothing), TEST(a_tag_is_a_hash_or_a_column),   TEST(what_a_tag_is_for),
	    TEST(how_long_it_may_be_kept),       TEST(a_version_comes_from_if_match), TEST(compression_is_switched_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
