#include "loadgen/engine/request_redirect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compiler.h"

static void redirects_stay_on_the_host(void **state)
{
	static const struct {
		const char *location, *target; /* NULL: not followed */
	} redirects[] = {
	    {"/b?c=d", "/b?c=d"},
	    {"/b#part", "/b"},
	    {"http://127.0.0.1/b", "/b"},
	    {"HTTP://127.0.0.1:80/b", "/b"},
	    {"//127.0.0.1/b", "/b"},
	    {"http://SHOP.example:80/b", "/b"},
	    {"http://127.0.0.1:8080/b", NULL},
	    {"http://127.0.0.1.example/b", NULL},
	    {"http://127.0.0/b", NULL},
	    {"https://127.0.0.1/b", NULL},
	    {"http://127.0.0.1", NULL},
	    {"b", NULL},
	    {"", NULL},
	    {"/b c", NULL},
	    {"/b\x80", NULL},
	};
	static const struct request request = {.host = "shop.example"};
	struct text target;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(redirects); i++) {
		bool may = request_redirect_may_follow(&request, "127.0.0.1", text_of(redirects[i].location), &target);

		if (may != (redirects[i].target != NULL) || (may && !text_equal(target, text_of(redirects[i].target))))
			fail_msg("'%s' leads to %.*s", redirects[i].location, may ? (int)target.length : 7,
				 may ? target.at : "nothing");
	}
}

/* Port 80 may be said or not, by either. */
static void port_80_is_the_same_host(void **state)
{
	static const struct {
		const char *authority, *location;
		bool may;
	} redirects[] = {
	    {"127.0.0.1:80", "http://127.0.0.1/b", true},  {"127.0.0.1:80", "http://127.0.0.1:80/b", true},
	    {"127.0.0.1:80", "http://127.0.0.2/b", false}, {"127.0.0.1:81", "http://127.0.0.1/b", false},
	    {"127.0.0.1", "http://127.0.0.2:80/b", false}, {"127.0.0.1", "http://127.0.0.1:800/b", false},
	    {"127.0.0.1", "http://127.0.0.2/b", false},    {"127.0.0.1:80", "http://127.0.0.1:8/b", false},
	};
	static const struct request request = {.host = "shop.example"};
	struct text target;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(redirects); i++)
		if (request_redirect_may_follow(&request, redirects[i].authority, text_of(redirects[i].location),
						&target) != redirects[i].may)
			fail_msg("%s from %s", redirects[i].location, redirects[i].authority);
}

static void some_statuses_lead_elsewhere(void **state)
{
	(void)state;
	for (unsigned status = 100; status < 600; status++)
		assert_int_equal(request_redirect_is_status(status),
				 status == 301 || status == 302 || status == 303 || status == 307 || status == 308);
}

static void some_turn_into_a_get(void **state)
{
	static const struct request get = {.method = "GET"}, head = {.method = "HEAD"}, post = {.method = "POST"},
				    put = {.method = "PUT"};
	static const unsigned statuses[] = {301, 302, 303, 307, 308};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(statuses); i++) {
		assert_false(request_redirect_turns_to_get(&get, statuses[i]));
		assert_false(request_redirect_turns_to_get(&head, statuses[i]));
		assert_int_equal(request_redirect_turns_to_get(&post, statuses[i]), statuses[i] < 304);
		assert_int_equal(request_redirect_turns_to_get(&put, statuses[i]), statuses[i] == 303);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(redirects_stay_on_the_host),
	    cmocka_unit_test(port_80_is_the_same_host),
	    cmocka_unit_test(some_statuses_lead_elsewhere),
	    cmocka_unit_test(some_turn_into_a_get),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
