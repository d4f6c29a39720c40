#include "fetch/values/egress.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

/* Whether the address, IPv4 or IPv6 as it is written, may be connected to. */
static bool allows(const struct egress *egress, const char *address, uint16_t port)
{
	struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	if (inet_pton(AF_INET, address, &ipv4.sin_addr) == 1)
		return egress_allows(egress, (const struct sockaddr *)&ipv4);
	if (inet_pton(AF_INET6, address, &ipv6.sin6_addr) != 1)
		fail_msg("the test's \"%s\" is no address", address);
	return egress_allows(egress, (const struct sockaddr *)&ipv6);
}

static void setup(struct egress *egress, const char *allow)
{
	char error[256] = "";

	if (egress_init(egress, allow, error, sizeof(error)) != 0)
		fail_msg("\"%s\" was refused: %s", allow, error);
}

static void a_denied_range_ends_where_it_ends(void **state)
{
	static const struct {
		const char *before, *first, *last, *after; /* NULL: another denied range, or nothing */
	} ranges[] = {
	    {NULL, "0.0.0.0", "0.255.255.255", "1.0.0.0"},
	    {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
	    {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
	    {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
	    {"168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17"},
	    {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
	    {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
	    {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
	    {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
	    {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
	    {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
	    {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
	    {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
	    {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
	    {"223.255.255.255", "224.0.0.0", "239.255.255.255", NULL},
	    {NULL, "240.0.0.0", "255.255.255.255", NULL},
	    {NULL, "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"},
	    {"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
	     "2001:200::"},
	    {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
	     "2001:db9::"},
	    {"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"},
	    {"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
	     "3fff:1000::"},
	    {"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL},
	};
	struct egress egress;

	(void)state;
	setup(&egress, "");
	for (size_t i = 0; i < ARRAY_LENGTH(ranges); i++) {
		if (allows(&egress, ranges[i].first, 80) || allows(&egress, ranges[i].last, 443))
			fail_msg("%s to %s: expected to be denied", ranges[i].first, ranges[i].last);
		if (ranges[i].before != NULL && !allows(&egress, ranges[i].before, 80))
			fail_msg("%s: expected to be allowed", ranges[i].before);
		if (ranges[i].after != NULL && !allows(&egress, ranges[i].after, 443))
			fail_msg("%s: expected to be allowed", ranges[i].after);
	}
}

static void what_is_special_is_denied(void **state)
{
	static const char *const addresses[] = {
	    "169.254.169.254",
	    "100.100.100.200",
	    "192.0.0.192",
	    "::",
	    "::1",
	    "::2",
	    "::127.0.0.1",
	    "::8.8.8.8", /* compatible: no host is there, whatever it holds */
	    "::ffff:127.0.0.1",
	    "::ffff:10.0.0.1",
	    "::ffff:169.254.169.254",
	    "::ffff:0.0.0.0",
	    "::ffff:0:127.0.0.1", /* translated, RFC 2765 */
	    "64:ff9b::7f00:1",
	    "64:ff9b::8.8.8.8",
	    "64:ff9b:1::1",
	    "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
	    "100::",
	    "100:0:0:1::", /* dummy prefix, RFC 9780 */
	    "2001::1",
	    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
	    "2001:20::1",
	    "2002:7f00:1::",
	    "2002:a00:1::1",
	    "2002:808:808::1",
	    "5f00::",
	    "fc00::",
	    "fd00:ec2::254",
	    "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	    "fe80::1",
	    "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	    "fec0::1",
	    "ff02::1",
	    "ff0e::1",
	};
	struct egress egress;

	(void)state;
	setup(&egress, "  ");
	for (size_t i = 0; i < ARRAY_LENGTH(addresses); i++)
		if (allows(&egress, addresses[i], 80) || allows(&egress, addresses[i], 443))
			fail_msg("%s: expected to be denied", addresses[i]);
}

static void what_is_public_is_allowed_on_two_ports(void **state)
{
	static const char *const addresses[] = {"8.8.8.8",
						"1.1.1.1",
						"93.184.215.14",
						"223.255.255.255",
						"::ffff:8.8.8.8",
						"2606:4700:4700::1111",
						"2a00:1450:4001:81b::200e",
						"3000::1"};
	static const uint16_t ports[] = {0, 22, 25, 79, 81, 442, 444, 8080, 20480 /* 80, the bytes swapped */, 65535};
	struct egress egress;

	(void)state;
	setup(&egress, "");
	for (size_t i = 0; i < ARRAY_LENGTH(addresses); i++) {
		if (!allows(&egress, addresses[i], 80) || !allows(&egress, addresses[i], 443))
			fail_msg("%s: expected to be allowed", addresses[i]);
		for (size_t port = 0; port < ARRAY_LENGTH(ports); port++)
			if (allows(&egress, addresses[i], ports[port]))
				fail_msg("%s, port %u: expected to be denied", addresses[i], ports[port]);
	}
}

static void another_family_is_denied(void **state)
{
	static const sa_family_t families[] = {AF_UNSPEC, AF_UNIX, AF_NETLINK, AF_PACKET};
	struct egress egress;

	(void)state;
	setup(&egress, "0.0.0.0/0, [::]/0");
	for (size_t i = 0; i < ARRAY_LENGTH(families); i++) {
		struct sockaddr_storage address = {.ss_family = families[i]};

		assert_false(egress_allows(&egress, (const struct sockaddr *)&address));
	}
}

static void an_entry_opens_what_it_says(void **state)
{
	static const struct {
		const char *allow, *address;
		uint16_t port;
		bool is_allowed;
	} cases[] = {
	    {"127.0.0.1", "127.0.0.1", 80, true},
	    {"127.0.0.1", "127.0.0.1", 5432, true},
	    {"127.0.0.1", "127.0.0.0", 80, false},
	    {"127.0.0.1", "127.0.0.2", 80, false},
	    {"127.0.0.1", "::ffff:127.0.0.1", 81, true},
	    {"127.0.0.1", "::127.0.0.1", 80, false},
	    {"127.0.0.1", "::1", 80, false},
	    {"127.0.0.1", "8.8.8.8", 80, true},
	    {"127.0.0.1", "8.8.8.8", 81, false},
	    {"127.0.0.0/8", "127.255.255.255", 1, true},
	    {"127.0.0.0/8", "128.0.0.0", 1, false},
	    {"127.0.0.0/8", "126.255.255.255", 1, false},
	    {"172.16.0.0/12", "172.31.255.255", 1, true},
	    {"172.16.0.0/12", "172.32.0.0", 1, false},
	    {"10.1.2.4/31", "10.1.2.5", 1, true},
	    {"10.1.2.4/31", "10.1.2.6", 1, false},
	    {"10.1.2.3/32", "10.1.2.3", 1, true},
	    {"10.1.2.3/32", "10.1.2.2", 1, false},
	    {"10.1.2.3:8080", "10.1.2.3", 8080, true},
	    {"10.1.2.3:8080", "10.1.2.3", 80, false},
	    {"10.1.2.3:8080", "10.1.2.4", 8080, false},
	    {"10.0.0.0/8:65535", "10.9.9.9", 65535, true},
	    {"10.0.0.0/8:1", "10.9.9.9", 1, true},
	    {"10.0.0.0/8:1", "10.9.9.9", 0, false},
	    {"10.0.0.0/8:1", "10.9.9.9", 2, false},
	    {"0.0.0.0/0", "169.254.169.254", 7, true},
	    {"0.0.0.0/0", "::ffff:169.254.169.254", 7, true},
	    {"0.0.0.0/0", "::1", 80, false},
	    {"0.0.0.0/0:8080", "8.8.8.8", 8080, true},
	    {"0.0.0.0/0:8080", "8.8.8.8", 8081, false},
	    {"[::1]", "::1", 3000, true},
	    {"[::1]", "::", 3000, false},
	    {"[::1]", "127.0.0.1", 80, false},
	    {"[::1]:80", "::1", 80, true},
	    {"[::1]:80", "::1", 443, false},
	    {"[fd00::]/8:80", "fd12:3456::1", 80, true},
	    {"[fd00::]/8:80", "fd12:3456::1", 443, false},
	    {"[fd00::]/8:80", "fc12:3456::1", 80, false},
	    {"[fe80::]/10", "febf::1", 9, true},
	    {"[fe80::]/10", "fec0::1", 9, false},
	    {"[::]/0", "::1", 9, true},
	    {"[::]/0", "ff02::1", 9, true},
	    {"[::]/0", "10.0.0.1", 80, false},
	    {"[::]/0", "::ffff:10.0.0.1", 80, false},
	    {"[::fffe:0:0]/95", "::fffe:0:1", 80, true},
	    {"[::fffe:0:0]/95", "10.0.0.1", 80, false},
	    {"[::ffff:10.0.0.0]/104:81", "10.1.1.1", 81, true},
	    {"[::ffff:10.0.0.0]/104:81", "11.1.1.1", 81, false},
	    {"[::FFFF:0:0]/96", "10.0.0.1", 9, true},
	    {"127.0.0.0/8, 10.1.2.3:8080, [fd00::]/8:80", "127.0.0.1", 9, true},
	    {"127.0.0.0/8, 10.1.2.3:8080, [fd00::]/8:80", "10.1.2.3", 8080, true},
	    {"127.0.0.0/8, 10.1.2.3:8080, [fd00::]/8:80", "fd00::1", 80, true},
	    {"127.0.0.0/8, 10.1.2.3:8080, [fd00::]/8:80", "10.1.2.3", 9, false},
	    {" \t10.0.0.1 ,\t10.0.0.2\t", "10.0.0.1", 9, true},
	    {" \t10.0.0.1 ,\t10.0.0.2\t", "10.0.0.2", 9, true},
	    {"10.0.0.1,10.0.0.2", "10.0.0.3", 80, false},
	    {"10.0.0.1:80,10.0.0.1:81", "10.0.0.1", 81, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct egress egress;

		setup(&egress, cases[i].allow);
		if (allows(&egress, cases[i].address, cases[i].port) != cases[i].is_allowed)
			fail_msg("\"%s\": %s, port %u: expected to be %s", cases[i].allow, cases[i].address,
				 cases[i].port, cases[i].is_allowed ? "allowed" : "denied");
	}
}

static void what_is_no_list_is_refused_by_name(void **state)
{
	static const char ipv4[] = "an IPv4 address, or an IPv6 address in brackets";
	static const char port[] = "a port from 1 to 65535 behind the colon";
	static const char bits[] = "a number of bits behind the slash";
	static const struct {
		const char *allow, *entry, *expected;
	} cases[] = {
	    {"10.0.0.0/33", "10.0.0.0/33", "at most 32 bits behind the slash"},
	    {"10.0.0.0/256", "10.0.0.0/256", "at most 32 bits behind the slash"},
	    {"10.0.0.0/4294967304", "10.0.0.0/4294967304", "at most 32 bits behind the slash"},
	    {"[::]/129", "[::]/129", "at most 128 bits behind the slash"},
	    {"10.0.0.0/", "10.0.0.0/", bits},
	    {"10.0.0.0/:80", "10.0.0.0/:80", bits},
	    {"10.0.0.0/-1", "10.0.0.0/-1", bits},
	    {"10.0.0.0/+8", "10.0.0.0/+8", bits},
	    {"10.0.0.0/ 8", "10.0.0.0/ 8", bits},
	    {"10.0.0.0/08", "10.0.0.0/08", bits},
	    {"10.0.0.0/x", "10.0.0.0/x", bits},
	    {"10.0.0.0/8x", "10.0.0.0/8x", "nothing behind it but /BITS, then :PORT; not \"x\""},
	    {"10.0.0.0/8/8", "10.0.0.0/8/8", "nothing behind it but /BITS, then :PORT; not \"/8\""},
	    {"10.0.0.0:80/8", "10.0.0.0:80/8", "nothing behind it but /BITS, then :PORT; not \"/8\""},
	    {"[::1]x", "[::1]x", "nothing behind it but /BITS, then :PORT; not \"x\""},
	    {"[::1] :80", "[::1] :80", "nothing behind it but /BITS, then :PORT; not \" :80\""},
	    {"10.0.0.1/8", "10.0.0.1/8", "no bit set behind the first 8: 10.0.0.0/8"},
	    {"172.31.255.255/12:80", "172.31.255.255/12:80", "no bit set behind the first 12: 172.16.0.0/12"},
	    {"1.2.3.4/0", "1.2.3.4/0", "no bit set behind the first 0: 0.0.0.0/0"},
	    {"10.1.2.3/31", "10.1.2.3/31", "no bit set behind the first 31: 10.1.2.2/31"},
	    {"[fd00::1]/8", "[fd00::1]/8", "no bit set behind the first 8: [fd00::]/8"},
	    {"[::1]/0", "[::1]/0", "no bit set behind the first 0: [::]/0"},
	    {"10.0.0.1:", "10.0.0.1:", port},
	    {"10.0.0.1:0", "10.0.0.1:0", port},
	    {"10.0.0.1:65536", "10.0.0.1:65536", port},
	    {"10.0.0.1:4294967376", "10.0.0.1:4294967376", port},
	    {"10.0.0.1:080", "10.0.0.1:080", port},
	    {"10.0.0.1:-1", "10.0.0.1:-1", port},
	    {"10.0.0.1:http", "10.0.0.1:http", port},
	    {"[::1]:", "[::1]:", port},
	    {"localhost", "localhost", ipv4},
	    {"10", "10", ipv4},
	    {"10.0.0", "10.0.0", ipv4},
	    {"10.0.0.256", "10.0.0.256", ipv4},
	    {"010.0.0.1", "010.0.0.1", ipv4},
	    {"0x7f.0.0.1", "0x7f.0.0.1", ipv4},
	    {"127.1", "127.1", ipv4},
	    {"10.0.0.1 10.0.0.2", "10.0.0.1 10.0.0.2", ipv4},
	    {"::1", "::1", ipv4},
	    {"fd00::/8", "fd00::/8", ipv4},
	    {"/8", "/8", ipv4},
	    {":80", ":80", ipv4},
	    {"*", "*", ipv4},
	    {"::1]", "::1]", ipv4},
	    {"[::1", "[::1", "a ] behind the IPv6 address"},
	    {"[", "[", "a ] behind the IPv6 address"},
	    {"[]", "[]", "an IPv6 address in the brackets"},
	    {"[127.0.0.1]", "[127.0.0.1]", "an IPv6 address in the brackets"},
	    {"[fe80::1%eth0]", "[fe80::1%eth0]", "an IPv6 address in the brackets"},
	    {"[::1::]", "[::1::]", "an IPv6 address in the brackets"},
	    {"[ ::1]", "[ ::1]", "an IPv6 address in the brackets"},
	    {"[0000:0000:0000:0000:0000:0000:0000:0000:0001]", "[0000:0000:0000:0000:0000:0000:0000:0000:0001]",
	     "an IPv6 address in the brackets"},
	    {"10.0.0.1, 10.0.0.0/40 , 10.0.0.2", "10.0.0.0/40", "at most 32 bits behind the slash"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct egress egress;
		char error[256] = "", expected[256];

		if (egress_init(&egress, cases[i].allow, error, sizeof(error)) != -1)
			fail_msg("\"%s\": expected to be refused", cases[i].allow);
		snprintf(expected, sizeof(expected), "\"%s\": expected %s", cases[i].entry, cases[i].expected);
		assert_string_equal(error, expected);
		assert_int_equal(egress.count, 0);
	}
}

static void an_empty_entry_is_refused(void **state)
{
	static const struct {
		const char *allow;
		unsigned number;
	} cases[] = {
	    {",", 1}, {" ,10.0.0.1", 1}, {"10.0.0.1,", 2}, {"10.0.0.1, ", 2}, {"10.0.0.1,\t,10.0.0.2", 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct egress egress;
		char error[256] = "", expected[256];

		assert_int_equal(egress_init(&egress, cases[i].allow, error, sizeof(error)), -1);
		snprintf(expected, sizeof(expected), "entry %u of \"%s\" is empty: expected an address",
			 cases[i].number, cases[i].allow);
		assert_string_equal(error, expected);
		assert_false(allows(&egress, "10.0.0.1", 80));
	}
}

static void a_list_is_bounded(void **state)
{
	char list[EGRESS_ENTRIES_MAX * 16 + 64] = "", error[256] = "";
	struct egress egress;
	size_t length = 0;

	(void)state;
	for (unsigned i = 0; i < EGRESS_ENTRIES_MAX; i++)
		length += (size_t)snprintf(list + length, sizeof(list) - length, "%s10.0.0.%u", i > 0 ? "," : "", i);
	setup(&egress, list);
	assert_int_equal(egress.count, EGRESS_ENTRIES_MAX);
	assert_true(allows(&egress, "10.0.0.63", 9));
	snprintf(list + length, sizeof(list) - length, ", 10.9.9.9");
	assert_int_equal(egress_init(&egress, list, error, sizeof(error)), -1);
	assert_string_equal(error, "\"10.9.9.9\": expected at most 64 entries");
}

/* A message that does not fit is cut, and so is an entry that is too long to be shown. */
static void a_message_fits(void **state)
{
	struct egress egress;
	char entry[1000], small[8], error[256];

	(void)state;
	assert_int_equal(egress_init(&egress, "localhost", small, sizeof(small)), -1);
	assert_string_equal(small, "\"localh");
	memset(entry, 'a', sizeof(entry) - 1);
	entry[sizeof(entry) - 1] = '\0';
	assert_int_equal(egress_init(&egress, entry, error, sizeof(error)), -1);
	assert_int_equal(strspn(error + 1, "a"), 80);
	assert_non_null(strstr(error, "\": expected an IPv4 address, or"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_denied_range_ends_where_it_ends),
	    cmocka_unit_test(what_is_special_is_denied),
	    cmocka_unit_test(what_is_public_is_allowed_on_two_ports),
	    cmocka_unit_test(another_family_is_denied),
	    cmocka_unit_test(an_entry_opens_what_it_says),
	    cmocka_unit_test(what_is_no_list_is_refused_by_name),
	    cmocka_unit_test(an_empty_entry_is_refused),
	    cmocka_unit_test(a_list_is_bounded),
	    cmocka_unit_test(a_message_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
