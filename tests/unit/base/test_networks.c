/* Addresses and networks, as text and as bytes. */
#include "base/networks.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct network_address address_of(const char *text)
{
	struct network_address address;

	assert_true(network_address_read(text_of(text), &address));
	return address;
}

static void expect_text(const struct network_address *address, const char *expected)
{
	char text[NETWORK_TEXT_BYTES];

	network_address_write(address, text);
	assert_string_equal(text, expected);
}

static void addresses_are_read_and_written(void **state)
{
	static const char *const same[] = {
	    "1.2.3.4", "255.255.255.255", "::", "::1", "2001:db8::17", "1234:5678:9abc:def0:1234:5678:9abc:def0"};
	static const struct {
		const char *text;
		size_t length;
	} malformed[] = {{"", 0},           {"1.2.3", 5}, {"1.2.3.4.5", 9},
			 {"1.2.3.4\0x", 9}, {"::1\0", 4}, {"a", 1},
			 {"1.2.3.4 ", 8},   {"[::1]", 5}, {"::1%lo", 6},
			 {"1.2.3.256", 9},  {":::", 3},   {"00000000000000000000000000000000000000000000001", 47}};
	struct network_address address;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(same); i++) {
		address = address_of(same[i]);
		expect_text(&address, same[i]);
	}
	address = address_of("::ffff:1.2.3.4");
	expect_text(&address, "1.2.3.4");
	for (size_t i = 0; i < ARRAY_LENGTH(malformed); i++)
		if (network_address_read((struct text){malformed[i].text, malformed[i].length}, &address))
			fail_msg("\"%s\" was read", malformed[i].text);
}

static void an_address_is_that_of_its_socket(void **state)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x01020304)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr none = {.sa_family = AF_UNIX};
	struct network_address address;

	(void)state;
	assert_true(network_address_of_socket((const struct sockaddr *)&four, &address));
	expect_text(&address, "1.2.3.4");
	assert_true(network_address_of_socket((const struct sockaddr *)&six, &address));
	expect_text(&address, "::1");
	assert_false(network_address_of_socket(&none, &address));
}

static void what_is_behind_the_first_bits_is_cut(void **state)
{
	static const struct {
		unsigned bits;
		const char *expected;
	} cases[] = {
	    {0, "::"},
	    {1, "8000::"},
	    {7, "fe00::"},
	    {8, "ff00::"},
	    {9, "ff80::"},
	    {64, "ffff:ffff:ffff:ffff::"},
	    {127, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"},
	    {128, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};
	struct network_address whole = address_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), cut;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		cut = network_address_cut(&whole, cases[i].bits);
		expect_text(&cut, cases[i].expected);
		assert_true(network_address_begins_with(&whole, &cut, cases[i].bits));
		assert_int_equal(network_address_begins_with(&whole, &cut, 128), cases[i].bits == 128);
	}
}

static void a_client_of_ipv6_has_its_64_bits(void **state)
{
	struct network_address six = address_of("2001:db8:1:2:3:4:5:6"), four = address_of("1.2.3.4"), client;

	(void)state;
	client = network_address_of_client(&six);
	expect_text(&client, "2001:db8:1:2::");
	client = network_address_of_client(&four);
	expect_text(&client, "1.2.3.4");
}

static void expect_held(const char *list, const char *text, bool is_held)
{
	struct network_address address = address_of(text);
	struct networks networks;
	char why[300];

	assert_true(networks_read(list, &networks, why, sizeof(why)));
	if (networks_hold(&networks, &address) != is_held)
		fail_msg("%s %s %s", list, is_held ? "does not hold" : "holds", text);
}

static void networks_hold_their_addresses(void **state)
{
	(void)state;
	expect_held("10.0.0.0/8", "10.255.1.2", true);
	expect_held("10.0.0.0/8", "11.0.0.1", false);
	expect_held("10.0.0.0/008", "10.1.1.1", true);
	expect_held("10.1.2.3", "10.1.2.3", true);
	expect_held("10.1.2.3", "10.1.2.2", false);
	expect_held("10.0.0.0/15", "10.1.9.9", true);
	expect_held("10.0.0.0/15", "10.2.0.0", false);
	expect_held("0.0.0.0/0", "8.8.8.8", true);
	expect_held("0.0.0.0/0", "fd00::1", false);
	expect_held("::/0", "fd00::1", true);
	expect_held("::/0", "8.8.8.8", false);
	expect_held("::/95", "8.8.8.8", false);
	expect_held("fd00::/9", "fd7f::1", true);
	expect_held("fd00::/9", "fd80::1", false);
	/* IPv4 in the words of IPv6, whose bits count from the first of 128 */
	expect_held("::ffff:0:0/96", "8.8.8.8", true);
	expect_held("::ffff:10.0.0.0/104", "10.2.3.4", true);
	expect_held("::ffff:10.0.0.0/104", "11.2.3.4", false);
	expect_held("::ffff:10.2.3.4", "10.2.3.4", true);
	expect_held("192.168.0.0/16, fd00::/8", "fd12::9", true);
	expect_held("192.168.0.0/16, fd00::/8", "192.168.9.9", true);
	expect_held("", "1.2.3.4", false);
}

static void what_is_no_network_is_refused(void **state)
{
	static const char *const cases[] = {
	    "x",           "10.0.0.0/33",  "::1/129",           "10.0.0.0/",  "10.0.0",
	    "10.0.0.0/-1", "a,b",          ",10.0.0.1",         "[::1]",      "10.0.0.0/8:80",
	    "::1%eth0",    "10.0.0.0/0x8", "10.1.0.0/8",        "fd00::1/64", "10.0.0.0/0008",
	    "/8",          "10.0.0.0/8/8", "10.0.0.1,,10.0.0.2"};
	struct networks networks;
	char why[300], expected[300], item[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		if (networks_read(cases[i], &networks, why, sizeof(why)))
			fail_msg("\"%s\" was read", cases[i]);
	/* what is long is shown in part */
	memset(item, 'a', sizeof(item));
	item[sizeof(item) - 1] = '\0';
	assert_false(networks_read(item, &networks, why, sizeof(why)));
	snprintf(expected, sizeof(expected), "\"%.60s\" is no network; ", item);
	assert_memory_equal(why, expected, strlen(expected));
}

static void networks_are_few(void **state)
{
	struct networks networks;
	char why[300], many[2048] = "10.0.0.1";

	(void)state;
	for (unsigned i = 1; i < NETWORKS_MAX; i++)
		strcat(many, ",10.0.0.1");
	assert_true(networks_read(many, &networks, why, sizeof(why)));
	strcat(many, ",10.0.0.1");
	assert_false(networks_read(many, &networks, why, sizeof(why)));
	assert_string_equal(why, "there are more than 64 networks");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_are_read_and_written),
	    cmocka_unit_test(an_address_is_that_of_its_socket),
	    cmocka_unit_test(what_is_behind_the_first_bits_is_cut),
	    cmocka_unit_test(a_client_of_ipv6_has_its_64_bits),
	    cmocka_unit_test(networks_hold_their_addresses),
	    cmocka_unit_test(what_is_no_network_is_refused),
	    cmocka_unit_test(networks_are_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
