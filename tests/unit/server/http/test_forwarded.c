/* The client's address behind proxies. */
#include "server/http/forwarded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct networks trusted;

static void expect(const char *peer, const char *name, const char *value, const char *expected)
{
	const struct http_field fields[] = {{TEXT_INIT("host"), TEXT_INIT("a")}, {text_of(name), text_of(value)}};
	struct network_address address;
	char text[NETWORK_TEXT_BYTES];

	assert_true(network_address_read(text_of(peer), &address));
	assert_true(forwarded_find_client(fields, 2, &trusted, &address));
	network_address_write(&address, text);
	assert_string_equal(text, expected);
}

static void the_last_one_that_is_not_trusted_is_the_client(void **state)
{
	static const char xff[] = "X-Forwarded-For", forwarded[] = "Forwarded";
	char why[200];

	(void)state;
	assert_true(networks_read("10.0.0.0/8, fd00::/8", &trusted, why, sizeof(why)));
	expect("10.0.0.1", xff, "1.2.3.4", "1.2.3.4");
	expect("9.9.9.9", xff, "1.2.3.4", "9.9.9.9");           /* not trusted */
	expect("10.0.0.1", xff, "6.6.6.6, 1.2.3.4", "1.2.3.4"); /* the first may be made up */
	expect("10.0.0.1", xff, "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4");
	expect("10.0.0.1", xff, "10.0.0.3,10.0.0.2", "10.0.0.3");
	expect("10.0.0.1", xff, "1.2.3.4:5678", "1.2.3.4");
	expect("10.0.0.1", xff, "2001:db8::1", "2001:db8::1");
	expect("10.0.0.1", xff, "[2001:db8::1]:80", "2001:db8::1");
	expect("fd00::1", xff, "1.2.3.4", "1.2.3.4");
	expect("::ffff:10.0.0.1", xff, "1.2.3.4", "1.2.3.4");
	expect("10.0.0.1", xff, "1.2.3.4, unknown", "10.0.0.1");
	expect("10.0.0.1", xff, "1.2.3.4, garbage, 10.0.0.2", "10.0.0.2");
	expect("10.0.0.1", xff, "", "10.0.0.1");
	expect("10.0.0.1", xff, "1.2.3.4,", "1.2.3.4");
	expect("10.0.0.1", xff, "6.6.6.6, 1.2.3.4, , 10.0.0.2,,", "1.2.3.4");
	expect("10.0.0.1", "x-other", "1.2.3.4", "10.0.0.1");
	expect("10.0.0.1", forwarded, "for=1.2.3.4", "1.2.3.4");
	expect("10.0.0.1", forwarded, "For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17");
	expect("10.0.0.1", forwarded, "for=6.6.6.6;proto=http, for=1.2.3.4;by=203.0.113.43", "1.2.3.4");
	expect("10.0.0.1", forwarded, "for=6.6.6.6, proto=https;host=\"a,b;for=7.7.7.7\";for=1.2.3.4", "1.2.3.4");
	expect("10.0.0.1", forwarded, "for=6.6.6.6, for=_hidden", "10.0.0.1");
	expect("10.0.0.1", forwarded, "for=\"unknown\"", "10.0.0.1");
	expect("10.0.0.1", forwarded, "proto=https", "10.0.0.1");
	expect("10.0.0.1", forwarded, "for=\"1.2.3.4\\", "10.0.0.1");
	expect("10.0.0.1", forwarded, "for=\"", "10.0.0.1");
	/* quotes and what is behind a backslash in them hide what separates */
	expect("10.0.0.1", forwarded, "host=\"a\\\",for=7.7.7.7\";for=1.2.3.4", "1.2.3.4");
	expect("10.0.0.1", forwarded, "for=1.2.3.4;host=\"\\\\\"", "1.2.3.4");
	expect("10.0.0.1", forwarded, "for=6.6.6.6\\, for=1.2.3.4", "1.2.3.4");
	expect("10.0.0.1", forwarded, "host=a\\\", for=6.6.6.6;host=\"", "10.0.0.1");
	expect("10.0.0.1", forwarded, "\"for=6.6.6.6, for=1.2.3.4", "1.2.3.4");
	expect("10.0.0.1", forwarded, "for=\"1.2.3.4\"", "1.2.3.4");
	expect("10.0.0.1", forwarded, "for=1.2.3.4, ", "1.2.3.4");
	/* no quotes here */
	expect("10.0.0.1", xff, "\"6.6.6.6, 1.2.3.4, 10.0.0.2\"", "10.0.0.1");
	expect("10.0.0.1", xff, "\"6.6.6.6\", 1.2.3.4", "1.2.3.4");
	expect("10.0.0.1", xff, "6.6.6.6\", \"1.2.3.4, 10.0.0.2", "10.0.0.2");
	expect("10.0.0.1", xff, ":", "10.0.0.1");
	expect("10.0.0.1", xff, "1", "10.0.0.1");
}

static void several_lines_are_one_list(void **state)
{
	const struct http_field fields[] = {{TEXT_INIT("x-forwarded-for"), TEXT_INIT("6.6.6.6")},
					    {TEXT_INIT("x-forwarded-for"), TEXT_INIT("1.2.3.4, 10.0.0.2")},
					    {TEXT_INIT("x-forwarded-for"), TEXT_INIT("10.0.0.3")},
					    {TEXT_INIT("forwarded"), TEXT_INIT("for=8.8.8.8")}};
	struct network_address address;
	char text[NETWORK_TEXT_BYTES], why[200];

	(void)state;
	assert_true(networks_read("10.0.0.0/8", &trusted, why, sizeof(why)));
	assert_true(network_address_read(TEXT("10.0.0.1"), &address));
	assert_true(forwarded_find_client(fields, 3, &trusted, &address));
	network_address_write(&address, text);
	assert_string_equal(text, "1.2.3.4");
	/* where the two disagree neither is believed */
	assert_true(network_address_read(TEXT("10.0.0.1"), &address));
	assert_false(forwarded_find_client(fields, 4, &trusted, &address));
	/* what the peer says counts for nothing where it is no proxy */
	assert_true(network_address_read(TEXT("9.9.9.9"), &address));
	assert_true(forwarded_find_client(fields, 4, &trusted, &address));
	network_address_write(&address, text);
	assert_string_equal(text, "9.9.9.9");
}

static void a_long_list_is_looked_at_from_its_end(void **state)
{
	char list[4096] = "1.2.3.4", why[200];

	(void)state;
	assert_true(networks_read("10.0.0.0/8", &trusted, why, sizeof(why)));
	for (unsigned i = 1; i < FORWARDED_HOPS_MAX; i++)
		sprintf(list + strlen(list), ",10.0.0.%u", i);
	expect("10.0.0.200", "x-forwarded-for", list, "1.2.3.4");
	strcat(list, ",10.0.0.99");
	expect("10.0.0.200", "x-forwarded-for", list, "10.0.0.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_last_one_that_is_not_trusted_is_the_client),
	    cmocka_unit_test(several_lines_are_one_list),
	    cmocka_unit_test(a_long_list_is_looked_at_from_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
