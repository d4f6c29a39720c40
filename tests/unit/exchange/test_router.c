#include "router_fixture.h"

static void assert_malformed_pattern(struct fixture *fixture, enum http_method method, const char *pattern)
{
	const struct route *taken_by;

	if (try_add(fixture, method, pattern, &taken_by) != ROUTER_MALFORMED)
		fail_msg("%s was accepted", pattern);
}

/* GET `path` finds `pattern` (NULL: none) with `values` joined by '|', each NUL-terminated. */
static void assert_get(struct fixture *fixture, const char *path, const char *pattern, const char *values)
{
	const struct route_match *found = match(fixture, HTTP_GET, text_of(path));
	char joined[256] = "";
	size_t length = 0;

	if (found->malformed != NULL)
		fail_msg("%s: %s", path, found->malformed);
	if (pattern == NULL) {
		if (found->route != NULL)
			fail_msg("%s found %s", path, found->route->pattern);
		assert_int_equal(found->allowed, 0);
		return;
	}
	if (found->route == NULL)
		fail_msg("%s found nothing", path);
	assert_string_equal(found->route->pattern, pattern);
	for (unsigned i = 0; i < found->value_count; i++) {
		assert_int_equal(found->values[i].at[found->values[i].length], '\0');
		assert_int_equal(strlen(found->values[i].at), found->values[i].length);
		length += (size_t)snprintf(joined + length, sizeof(joined) - length, "%s%s", i > 0 ? "|" : "",
					   found->values[i].at);
	}
	assert_string_equal(joined, values);
}

static void assert_malformed_path(struct fixture *fixture, struct text path, const char *says)
{
	const struct route_match *found = match(fixture, HTTP_GET, path);

	if (found->malformed == NULL || found->route != NULL || found->allowed != 0)
		fail_msg("%.*s is not malformed", TEXT_ARGS(path));
	if (strstr(found->malformed, says) == NULL)
		fail_msg("%.*s is \"%s\", not \"%s\"", TEXT_ARGS(path), found->malformed, says);
}

static void paths_find_their_routes(void **state)
{
	struct fixture *f = *state;

	add(f, HTTP_GET, "/");
	add(f, HTTP_GET, "/countries");
	add(f, HTTP_GET, "/countries/{code}");
	add(f, HTTP_GET, "/countries/{code}/subdivisions/{part}");
	assert_get(f, "/", "/", "");
	assert_get(f, "/countries", "/countries", "");
	assert_get(f, "/countries/de", "/countries/{code}", "de");
	assert_get(f, "/countries/de/subdivisions/by", "/countries/{code}/subdivisions/{part}", "de|by");
	assert_get(f, "/countries/de/subdivisions", NULL, NULL);
	assert_get(f, "/countries/de/x/by", NULL, NULL);
	assert_get(f, "/Countries", NULL, NULL);
	assert_get(f, "/countrie", NULL, NULL);
	assert_get(f, "/countriess", NULL, NULL);
	assert_get(f, "-countries", NULL, NULL);
	assert_get(f, "", NULL, NULL);
}

static void literals_win_over_parameters(void **state)
{
	struct fixture *f = *state;

	add(f, HTTP_GET, "/a/{x}");
	add(f, HTTP_GET, "/a/b");
	assert_get(f, "/a/b", "/a/b", "");
	assert_get(f, "/a/c", "/a/{x}", "c");
	assert_get(f, "/a/{x}", "/a/{x}", "{x}");
}

static void a_literal_that_leads_nowhere_gives_way(void **state)
{
	struct fixture *f = *state;

	add(f, HTTP_GET, "/a/{x}/c");
	add(f, HTTP_GET, "/a/b/d");
	add(f, HTTP_GET, "/{p}/{q}/{r}/{s}");
	add(f, HTTP_GET, "/a/b/{r}/e");
	assert_get(f, "/a/b/c", "/a/{x}/c", "b");
	assert_get(f, "/a/b/d", "/a/b/d", "");
	assert_get(f, "/a/z/d", NULL, NULL);
	assert_get(f, "/a/b/d/e", "/a/b/{r}/e", "d");
	/* no bit of the branches that failed is left in the values */
	assert_get(f, "/a/b/d/f", "/{p}/{q}/{r}/{s}", "a|b|d|f");
	assert_get(f, "/a/b", NULL, NULL);
}

static void a_final_slash_is_another_path(void **state)
{
	struct fixture *f = *state;

	add(f, HTTP_GET, "/a");
	add(f, HTTP_GET, "/a/{x}");
	add(f, HTTP_GET, "/b/");
	assert_get(f, "/a/", NULL, NULL);
	assert_get(f, "/a/x/", NULL, NULL);
	assert_get(f, "/b", NULL, NULL);
	assert_get(f, "/b/", "/b/", "");
	assert_get(f, "//a", NULL, NULL);
	assert_get(f, "/", NULL, NULL);
}

static void an_empty_segment_is_no_value(void **state)
{
	struct fixture *f = *state;

	add(f, HTTP_GET, "/{x}");
	add(f, HTTP_GET, "/a/{x}/c");
	assert_get(f, "/", NULL, NULL);
	assert_get(f, "/a//c", NULL, NULL);
	assert_get(f, "/a/b/c", "/a/{x}/c", "b");
}

static void segments_are_decoded_after_the_split(void **state)
{
	struct fixture *f = *state;

	add(f, HTTP_GET, "/a/{x}");
	add(f, HTTP_GET, "/a/{x}/{y}");
	add(f, HTTP_GET, "/l\xc3\xa4nder");
	assert_get(f, "/a/b%2Fc", "/a/{x}", "b/c");
	assert_get(f, "/a/b%2fc/d%20e", "/a/{x}/{y}", "b/c|d e");
	assert_get(f, "/%61/b", "/a/{x}", "b");
	assert_get(f, "/a%2fb", NULL, NULL);
	assert_get(f, "/a/b+c", "/a/{x}", "b+c");
	assert_get(f, "/a/%25", "/a/{x}", "%");
	assert_get(f, "/a/%7Bx%7D", "/a/{x}", "{x}");
	assert_get(f, "/a/\xc3\xa5", "/a/{x}", "\xc3\xa5");
	assert_get(f, "/l%C3%A4nder", "/l\xc3\xa4nder", "");
	assert_get(f, "/l\xc3\xa4nder", "/l\xc3\xa4nder", "");
	assert_get(f, "/a/...", "/a/{x}", "...");
	assert_get(f, "/a/.b", "/a/{x}", ".b");
}

static void malformed_paths_are_told_apart_from_unknown_ones(void **state)
{
	struct fixture *f = *state;

	add(f, HTTP_GET, "/a/{x}");
	assert_malformed_path(f, TEXT("/a/%"), "percent-escape");
	assert_malformed_path(f, TEXT("/a/%4"), "percent-escape");
	assert_malformed_path(f, TEXT("/a/%zz"), "percent-escape");
	assert_malformed_path(f, TEXT("/unknown/%zz"), "percent-escape");
	assert_malformed_path(f, TEXT("/a/%4/1"), "percent-escape");
	assert_malformed_path(f, TEXT("/a/%00"), "NUL");
	assert_malformed_path(f, TEXT("/a/b\0c"), "NUL");
	assert_malformed_path(f, TEXT("/a/%ff"), "UTF-8");
	assert_malformed_path(f, TEXT("/a/\xff"), "UTF-8");
	assert_malformed_path(f, TEXT("/a/%c3/%a5"), "UTF-8");
	assert_malformed_path(f, TEXT("/a/."), "\".\"");
	assert_malformed_path(f, TEXT("/a/.."), "\"..\"");
	assert_malformed_path(f, TEXT("/../a/b"), "\"..\"");
	assert_malformed_path(f, TEXT("/a/%2e"), "\".\"");
	assert_malformed_path(f, TEXT("/a/%2E."), "\"..\"");
	assert_malformed_path(f, TEXT("/a/%2e%2e/b"), "\"..\"");
	/* nothing of it is left in the next match */
	assert_get(f, "a", NULL, NULL);
	assert_null(f->match.malformed);
}

static void one_place_has_one_route(void **state)
{
	struct fixture *f = *state;
	const struct route *other;

	add(f, HTTP_GET, "/a/{x}/b");
	add(f, HTTP_PUT, "/a/{y}/b");
	assert_int_equal(try_add(f, HTTP_GET, "/a/{y}/b", &other), ROUTER_TAKEN);
	assert_non_null(other);
	assert_string_equal(other->pattern, "/a/{x}/b");
	assert_ptr_equal(other, f->router.routes[0]);
	assert_int_equal(f->router.count, 2);
	assert_int_equal(f->router.routes[1]->index, 1);
}

static void slips_in_patterns_are_found(void **state)
{
	static const char *const patterns[] = {
	    "",
	    "a",
	    "//",
	    "/a//b",
	    "/{}",
	    "/{1x}",
	    "/{x",
	    "/{xy",
	    "/x}",
	    "/{x}y",
	    "/y{x}",
	    "/{x-y}",
	    "/{x}{y}",
	    "/{x}/{x}",
	    "/a b",
	    "/a?b",
	    "/a#b",
	    "/a\"b",
	    "/a\\b",
	    "/a%20",
	    "/.",
	    "/a/..",
	    "/a\x7f",
	    "/\xff",
	    "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}",
	    "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30/31/32/33",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		assert_malformed_pattern(f, HTTP_GET, patterns[i]);
	assert_malformed_pattern(f, HTTP_HEAD, "/a");
	assert_malformed_pattern(f, HTTP_OPTIONS, "/a");
	assert_malformed_pattern(f, HTTP_METHOD_UNKNOWN, "/a");
	assert_int_equal(f->router.count, 0);
}

static void the_limits_are_reached(void **state)
{
	static const char longest[] =
	    "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30/31";
	struct fixture *f = *state;
	char pattern[128], path[128];

	add(f, HTTP_GET, "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}");
	assert_get(f, "/1/2/3/4/5/6/7/8", "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}", "1|2|3|4|5|6|7|8");
	snprintf(pattern, sizeof(pattern), "%s/{x}", longest);
	add(f, HTTP_GET, pattern);
	snprintf(path, sizeof(path), "%s/32", longest);
	assert_get(f, path, pattern, "32");
	snprintf(path, sizeof(path), "%s/32/33", longest);
	assert_get(f, path, NULL, NULL);
}

static void many_routes_keep_their_order(void **state)
{
	static char patterns[100][16];
	struct fixture *f = *state;

	for (unsigned i = 0; i < 100; i++) {
		snprintf(patterns[i], sizeof(patterns[i]), "/r%u/{x}", i);
		add(f, HTTP_GET, patterns[i]);
	}
	assert_int_equal(f->router.count, 100);
	for (unsigned i = 0; i < 100; i++) {
		char path[16];

		snprintf(path, sizeof(path), "/r%u/v%u", i, i);
		assert_get(f, path, patterns[i], strrchr(path, 'v'));
		assert_int_equal(f->match.route->index, i);
		assert_ptr_equal(f->match.route, f->router.routes[i]);
	}
	for (unsigned i = 100; i < 200; i++) {
		char path[16];

		snprintf(path, sizeof(path), "/r%u/v", i);
		assert_get(f, path, NULL, NULL);
	}
}

static void the_rest_takes_what_no_route_has(void **state)
{
	static const struct route rest = {.method = HTTP_GET, .pattern = "/*", .name = "rest"};
	struct fixture *f = *state;
	struct route_match match;

	add(f, HTTP_POST, "/a");
	router_set_rest(&f->router, &rest);
	for (enum http_method method = 0; method < HTTP_METHOD_COUNT; method++) {
		router_match(&f->router, method, TEXT("/b"), &f->arena, &match);
		assert_int_equal(match.route != NULL, method == HTTP_GET || method == HTTP_HEAD);
		assert_int_equal(match.allowed, 0);
	}
	/* another method of the path is no such thing */
	router_match(&f->router, HTTP_GET, TEXT("/a"), &f->arena, &match);
	assert_null(match.route);
	assert_int_equal(match.allowed, 1U << HTTP_POST | 1U << HTTP_OPTIONS);
	router_match(&f->router, HTTP_GET, TEXT("/../b"), &f->arena, &match);
	assert_null(match.route);
	assert_non_null(match.malformed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ROUTES_TEST(paths_find_their_routes),
	    ROUTES_TEST(literals_win_over_parameters),
	    ROUTES_TEST(a_literal_that_leads_nowhere_gives_way),
	    ROUTES_TEST(a_final_slash_is_another_path),
	    ROUTES_TEST(an_empty_segment_is_no_value),
	    ROUTES_TEST(segments_are_decoded_after_the_split),
	    ROUTES_TEST(malformed_paths_are_told_apart_from_unknown_ones),
	    ROUTES_TEST(one_place_has_one_route),
	    ROUTES_TEST(slips_in_patterns_are_found),
	    ROUTES_TEST(the_limits_are_reached),
	    ROUTES_TEST(many_routes_keep_their_order),
	    ROUTES_TEST(the_rest_takes_what_no_route_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
