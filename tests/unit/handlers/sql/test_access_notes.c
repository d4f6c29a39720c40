/* Annotations of access: roles, public, settings, and where parameters come from. */
#include "unit/handlers/sql/file_fixture.h"

static void an_endpoint_says_nothing_of_access(void **state)
{
	const struct endpoint *endpoint = only(ONE "-- param: x = 'claims'  an ordinary default\nSELECT :x");

	(void)state;
	assert_false(endpoint->access.is_public);
	assert_int_equal(endpoint->access.role_count, 0);
	assert_int_equal(endpoint->identity_line, 0);
	assert_false(endpoint->settings.claims || endpoint->settings.headers || endpoint->settings.method ||
		     endpoint->settings.path);
	assert_null(endpoint->sources);
	assert_string_equal(endpoint->statement.parameters[0].default_text, "claims");
}

static void roles_are_names_with_commas_between(void **state)
{
	const struct endpoint *endpoint = only(ONE "-- roles: editor,  chief editor ,x\nSELECT 1");
	char source[4096] = ONE "-- roles: r0";

	(void)state;
	assert_int_equal(endpoint->access.role_count, 3);
	assert_true(text_equal(endpoint->access.roles[0], TEXT("editor")));
	assert_true(text_equal(endpoint->access.roles[1], TEXT("chief editor")));
	assert_true(text_equal(endpoint->access.roles[2], TEXT("x")));
	assert_int_equal(endpoint->identity_line, 3);
	wrong(ONE "-- roles: a,\nSELECT 1", 3, "`-- roles:` must be ROLE, ROLE, ...");
	wrong(ONE "-- roles: a,,b\nSELECT 1", 3, "it is \"a,,b\"");
	wrong(ONE "-- roles: a, b, a\nSELECT 1", 3, "must be ROLE");
	wrong(ONE "-- roles: 0123456789012345678901234567890123456789012345678901234567890123\nSELECT 1", 3,
	      "must be ROLE");
	wrong(ONE "-- roles: none\nSELECT 1", 3, "must be ROLE");
	for (int i = 1; i < 32; i++)
		sprintf(source + strlen(source), ",r%d", i);
	strcat(source, "\nSELECT 1");
	assert_int_equal(only(source)->access.role_count, 32);
	strcpy(strstr(source, "\nSELECT"), ",r32\nSELECT 1");
	wrong(source, 3, "must be ROLE");
}

static void public_is_a_flag(void **state)
{
	(void)state;
	assert_true(only(ONE "-- public\nSELECT 1")->access.is_public);
	assert_true(only(ONE "-- public: true\nSELECT 1")->access.is_public);
	assert_int_equal(only(ONE "-- public\nSELECT 1")->identity_line, 0);
	assert_false(only(ONE "-- public holidays\nSELECT 1")->access.is_public);
	wrong(ONE "-- public: no\nSELECT 1", 3, "`true`");
	wrong(ONE "-- public\n-- roles: a\nSELECT 1", 4, "what any client may call has no roles");
}

static void settings_are_some_of_four(void **state)
{
	const struct endpoint *endpoint = only(ONE "-- settings: method , headers\nSELECT 1");

	(void)state;
	assert_true(endpoint->settings.method && endpoint->settings.headers);
	assert_false(endpoint->settings.claims || endpoint->settings.path);
	assert_int_equal(endpoint->identity_line, 0);
	endpoint = only(ONE "-- settings: claims,path\nSELECT 1");
	assert_true(endpoint->settings.claims && endpoint->settings.path);
	assert_int_equal(endpoint->identity_line, 3);
	wrong(ONE "-- settings: claims, role\nSELECT 1", 3, "some of claims, headers, method and path");
	wrong(ONE "-- settings: path, path\nSELECT 1", 3, "some of claims");
	wrong(ONE "-- settings:\nSELECT 1", 3, "some of claims");
	wrong(ONE "-- settings: path\n-- work: delay\nSELECT 1", 3, "so nothing reads them");
}

static void parameters_come_from_elsewhere(void **state)
{
	const struct endpoint *endpoint = only(ONE "-- roles: a\n"
						   "-- param: user = claim \"https://a b/c\".sub  The user.\n"
						   "-- param: tenant = header X-Tenant\n"
						   "-- param: session = cookie Session  Of the page.\n"
						   "-- param: origin = address  Where from.\n"
						   "-- param: own = 'claim'\n"
						   "SELECT :own, :user, :tenant, :session, :origin");
	static const struct source expected[] = {{SOURCE_CLIENT, NULL},
						 {SOURCE_CLAIM, "\"https://a b/c\".sub"},
						 {SOURCE_HEADER, "x-tenant"},
						 {SOURCE_COOKIE, "Session"},
						 {SOURCE_ADDRESS, NULL}};
	static const char *const descriptions[] = {"", "The user.", "", "Of the page.", "Where from."};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(expected); i++) {
		assert_int_equal(endpoint->sources[i].kind, expected[i].kind);
		if (expected[i].name == NULL)
			assert_null(endpoint->sources[i].name);
		else
			assert_string_equal(endpoint->sources[i].name, expected[i].name);
		assert_string_equal(endpoint->statement.parameters[i].description, descriptions[i]);
		assert_int_equal(endpoint->statement.parameters[i].has_default, i == 0);
	}
	assert_string_equal(endpoint->statement.parameters[0].default_text, "claim");
	assert_int_equal(endpoint->identity_line, 3);
	assert_int_equal(only(ONE "-- param: u = claim sub\nSELECT :u")->identity_line, 3);
	assert_int_equal(only(ONE "-- param: u = cookie sub\nSELECT :u")->identity_line, 0);
}

static void a_rate_is_so_many_in_so_long(void **state)
{
	static const struct {
		const char *note;
		struct rate_limit rate;
		bool needs_identity;
	} good[] = {
	    {"100/minute", {100, 60, LIMIT_BY_ADDRESS, NULL}, false},
	    {"1/second by address", {1, 1, LIMIT_BY_ADDRESS, NULL}, false},
	    {"1000000/hour  by key", {1000000, 3600, LIMIT_BY_IDENTITY, NULL}, true},
	    {"5/second by claim app.tenant", {5, 1, LIMIT_BY_CLAIM, "app.tenant"}, true},
	};
	static const char *const malformed[] = {"",
						"100",
						"100/day",
						"0/second",
						"1000001/hour",
						"-1/second",
						"1.5/second",
						"1/second by",
						"1/second by x",
						"1/second by key x",
						"1/second claim a",
						"1/second by claim",
						"1/second by claim a..b",
						"100 /minute"};
	char source[200];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(good); i++) {
		const struct endpoint *endpoint;

		snprintf(source, sizeof(source), ONE "-- rate: %s\nSELECT 1", good[i].note);
		endpoint = only(source);
		assert_int_equal(endpoint->rate.count, good[i].rate.count);
		assert_int_equal(endpoint->rate.period_s, good[i].rate.period_s);
		assert_int_equal(endpoint->rate.by, good[i].rate.by);
		if (good[i].rate.claim != NULL)
			assert_string_equal(endpoint->rate.claim, good[i].rate.claim);
		assert_int_equal(endpoint->identity_line, good[i].needs_identity ? 3 : 0);
	}
	for (unsigned i = 0; i < ARRAY_LENGTH(malformed); i++) {
		snprintf(source, sizeof(source), ONE "-- rate: %s\nSELECT 1", malformed[i]);
		wrong(source, 3, "`-- rate:` must be N/second, N/minute or N/hour");
	}
	assert_int_equal(only(ONE "-- max-inflight: 5\nSELECT 1")->inflight_max, 5);
	wrong(ONE "-- max-inflight: 0\nSELECT 1", 3, "a number from 1 to 1000000");
}

static void a_source_has_a_name_that_it_can_have(void **state)
{
	static const char *const malformed[] = {
	    "claim",         "claim a..b", "header",     "header A:",        "header authorization",
	    "header Cookie", "cookie",     "cookie a=b", "header X-API-Key", "cookie \"a\"",
	    "claim \"a",     "claims sub", "claim.sub",  "Claim sub",        "claim: sub",
	    "jwt sub",       "JWT.sub",    "headers X",  "Address",          "cookie:session"};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(malformed); i++) {
		char source[200];

		snprintf(source, sizeof(source), ONE "-- param: x = %s\nSELECT :x", malformed[i]);
		wrong(source, 3, "claim PATH, header NAME, cookie NAME, address or if-match");
	}
	wrong("-- name: a :one\n-- route: GET /a/{x}\n-- param: x = header X\nSELECT :x", 3,
	      "{x} is in the path, so the client gives it; it cannot come from header");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(an_endpoint_says_nothing_of_access),
	    TEST(roles_are_names_with_commas_between),
	    TEST(public_is_a_flag),
	    TEST(settings_are_some_of_four),
	    TEST(parameters_come_from_elsewhere),
	    TEST(a_rate_is_so_many_in_so_long),
	    TEST(a_source_has_a_name_that_it_can_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
