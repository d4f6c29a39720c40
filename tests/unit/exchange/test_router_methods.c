#include "router_fixture.h"

static void get_serves_head_and_options_is_everywhere(void **state)
{
	struct fixture *f = *state;
	const struct route_match *found;

	add(f, HTTP_GET, "/a/{x}");
	add(f, HTTP_DELETE, "/a/{x}");
	add(f, HTTP_POST, "/b");

	found = match(f, HTTP_HEAD, TEXT("/a/1"));
	assert_non_null(found->route);
	assert_int_equal(found->route->method, HTTP_GET);
	assert_string_equal(found->values[0].at, "1");
	assert_int_equal(route_match_allowed(found, TEXT("/a/1"), &f->arena),
			 1U << HTTP_GET | 1U << HTTP_HEAD | 1U << HTTP_DELETE | 1U << HTTP_OPTIONS);
	found = match(f, HTTP_OPTIONS, TEXT("/b"));
	assert_null(found->route);
	assert_int_equal(found->allowed, 1U << HTTP_POST | 1U << HTTP_OPTIONS);
	found = match(f, HTTP_HEAD, TEXT("/b"));
	assert_null(found->route);
	assert_int_equal(found->allowed, 1U << HTTP_POST | 1U << HTTP_OPTIONS);
	found = match(f, HTTP_METHOD_UNKNOWN, TEXT("/b"));
	assert_null(found->route);
	assert_int_equal(found->allowed, 1U << HTTP_POST | 1U << HTTP_OPTIONS);
	assert_int_equal(match(f, HTTP_OPTIONS, TEXT("/c"))->allowed, 0);
	found = match(f, HTTP_PUT, TEXT("/a/1"));
	assert_null(found->route);
	assert_int_equal(found->value_count, 0);
}

#define BIT(method) (1U << (method))

/* `method` finds `pattern` (NULL: none) with one value (NULL: without), and the path has these methods in all. */
static void assert_found(struct fixture *f, enum http_method method, const char *path, const char *pattern,
			 const char *value, unsigned allowed)
{
	const struct route_match *found = match(f, method, text_of(path));

	if (pattern == NULL) {
		assert_null(found->route);
		assert_int_equal(found->allowed, allowed);
	} else {
		assert_non_null(found->route);
		assert_string_equal(found->route->pattern, pattern);
		assert_int_equal(found->allowed, 0);
	}
	assert_int_equal(found->value_count, value != NULL ? 1 : 0);
	if (value != NULL)
		assert_string_equal(found->values[0].at, value);
	assert_int_equal(route_match_allowed(found, text_of(path), &f->arena), allowed);
}

/* GET /p/new and DELETE /p/{id}: DELETE /p/new is of the product "new". */
static void a_literal_hides_a_parameter_for_its_own_methods_only(void **state)
{
	const unsigned reading = BIT(HTTP_GET) | BIT(HTTP_HEAD) | BIT(HTTP_OPTIONS);
	const unsigned both = reading | BIT(HTTP_DELETE) | BIT(HTTP_PUT);
	struct fixture *f = *state;

	add(f, HTTP_GET, "/p/new");
	add(f, HTTP_PUT, "/p/new");
	add(f, HTTP_DELETE, "/p/{id}");
	add(f, HTTP_PUT, "/p/{id}");
	assert_found(f, HTTP_GET, "/p/new", "/p/new", NULL, both);
	assert_found(f, HTTP_HEAD, "/p/new", "/p/new", NULL, both);
	assert_found(f, HTTP_PUT, "/p/new", "/p/new", NULL, both);
	assert_found(f, HTTP_DELETE, "/p/new", "/p/{id}", "new", both);
	assert_found(f, HTTP_DELETE, "/p/n%65w", "/p/{id}", "new", both);
	assert_found(f, HTTP_POST, "/p/new", NULL, NULL, both);
	assert_found(f, HTTP_OPTIONS, "/p/new", NULL, NULL, both);
	assert_found(f, HTTP_METHOD_UNKNOWN, "/p/new", NULL, NULL, both);
	assert_found(f, HTTP_GET, "/p/1", NULL, NULL, BIT(HTTP_DELETE) | BIT(HTTP_PUT) | BIT(HTTP_OPTIONS));
	assert_found(f, HTTP_DELETE, "/p/1", "/p/{id}", "1", BIT(HTTP_DELETE) | BIT(HTTP_PUT) | BIT(HTTP_OPTIONS));
}

static void head_goes_where_get_goes(void **state)
{
	const unsigned all = BIT(HTTP_GET) | BIT(HTTP_HEAD) | BIT(HTTP_POST) | BIT(HTTP_OPTIONS);
	struct fixture *f = *state;

	add(f, HTTP_POST, "/p/new");
	add(f, HTTP_GET, "/p/{id}");
	assert_found(f, HTTP_HEAD, "/p/new", "/p/{id}", "new", all);
	assert_found(f, HTTP_GET, "/p/new", "/p/{id}", "new", all);
	assert_found(f, HTTP_POST, "/p/new", "/p/new", NULL, all);
	assert_found(f, HTTP_DELETE, "/p/new", NULL, NULL, all);
}

static void the_method_is_looked_for_in_every_branch(void **state)
{
	const unsigned all = BIT(HTTP_GET) | BIT(HTTP_HEAD) | BIT(HTTP_POST) | BIT(HTTP_PUT) | BIT(HTTP_PATCH) |
			     BIT(HTTP_DELETE) | BIT(HTTP_OPTIONS);
	struct fixture *f = *state;

	add(f, HTTP_GET, "/a/b/c");
	add(f, HTTP_POST, "/a/b/{z}");
	add(f, HTTP_PUT, "/a/{y}/c");
	add(f, HTTP_PATCH, "/{x}/b/c");
	add(f, HTTP_DELETE, "/{x}/{y}/c");
	add(f, HTTP_GET, "/{x}/{y}/{z}");
	assert_found(f, HTTP_GET, "/a/b/c", "/a/b/c", NULL, all);
	assert_found(f, HTTP_POST, "/a/b/c", "/a/b/{z}", "c", all);
	assert_found(f, HTTP_PUT, "/a/b/c", "/a/{y}/c", "b", all);
	assert_found(f, HTTP_PATCH, "/a/b/c", "/{x}/b/c", "a", all);
	assert_found(f, HTTP_OPTIONS, "/a/b/c", NULL, NULL, all);
	assert_non_null(match(f, HTTP_DELETE, TEXT("/a/b/c"))->route);
	assert_string_equal(f->match.route->pattern, "/{x}/{y}/c");
	/* no bit of the branches that failed is left in the values */
	assert_int_equal(f->match.value_count, 2);
	assert_string_equal(f->match.values[0].at, "a");
	assert_string_equal(f->match.values[1].at, "b");
	assert_found(f, HTTP_PUT, "/a/b/d", NULL, NULL,
		     BIT(HTTP_POST) | BIT(HTTP_GET) | BIT(HTTP_HEAD) | BIT(HTTP_OPTIONS));
	assert_found(f, HTTP_PUT, "/a/b", NULL, NULL, 0);
}

static void assert_allow(struct fixture *fixture, unsigned allowed, const char *expected)
{
	struct text header = route_allow_header(allowed, &fixture->arena);

	assert_int_equal(header.length, strlen(expected));
	assert_memory_equal(header.at, expected, header.length);
}

static void allow_lists_the_methods(void **state)
{
	struct fixture *f = *state;

	assert_allow(f, 1U << HTTP_OPTIONS | 1U << HTTP_GET | 1U << HTTP_HEAD, "GET, HEAD, OPTIONS");
	assert_allow(f, 1U << HTTP_POST, "POST");
	assert_allow(f, (1U << HTTP_METHOD_COUNT) - 1, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
}

static void a_router_allows_what_any_of_its_paths_does(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(router_allowed(&f->router), 0);
	add(f, HTTP_PUT, "/a/{x}");
	assert_int_equal(router_allowed(&f->router), 1U << HTTP_PUT | 1U << HTTP_OPTIONS);
	add(f, HTTP_GET, "/b");
	add(f, HTTP_DELETE, "/b");
	assert_int_equal(router_allowed(&f->router),
			 1U << HTTP_PUT | 1U << HTTP_OPTIONS | 1U << HTTP_GET | 1U << HTTP_HEAD | 1U << HTTP_DELETE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ROUTES_TEST(get_serves_head_and_options_is_everywhere),
	    ROUTES_TEST(a_literal_hides_a_parameter_for_its_own_methods_only),
	    ROUTES_TEST(head_goes_where_get_goes),
	    ROUTES_TEST(the_method_is_looked_for_in_every_branch),
	    ROUTES_TEST(allow_lists_the_methods),
	    ROUTES_TEST(a_router_allows_what_any_of_its_paths_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
