#include "server/http/address_counts.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct address_counts counts;

static int set_up(void **state)
{
	(void)state;
	address_counts_init(&counts);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ADDRESS_BUCKETS; i++)
		if (!list_is_empty(&counts.buckets[i]))
			return -1;
	return 0;
}

static struct address_count *enter(const char *address)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};

	if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
		return address_counts_enter(&counts, (struct sockaddr *)&four);
	assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
	return address_counts_enter(&counts, (struct sockaddr *)&six);
}

/* Whether both addresses count as one. */
static bool are_one(const char *a, const char *b)
{
	struct address_count *first = enter(a), *second = enter(b);
	bool are = first == second;

	assert_int_equal(first->count, are ? 2 : 1);
	address_counts_leave(first);
	address_counts_leave(second);
	return are;
}

static void what_counts_as_one_address(void **state)
{
	(void)state;
	assert_true(are_one("127.0.0.1", "127.0.0.1"));
	assert_false(are_one("127.0.0.1", "127.0.0.2"));
	assert_true(are_one("10.0.0.1", "::ffff:10.0.0.1"));
	assert_false(are_one("::ffff:10.0.0.1", "::ffff:10.0.0.2"));
	assert_true(are_one("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
	assert_false(are_one("2001:db8:1:2::1", "2001:db8:1:3::1"));
	assert_false(are_one("::1", "127.0.0.1"));
}

static void who_leaves_makes_room(void **state)
{
	struct address_count *entry = enter("192.0.2.1");

	(void)state;
	for (unsigned i = 2; i <= 5; i++) {
		assert_ptr_equal(enter("192.0.2.1"), entry);
		assert_int_equal(entry->count, i);
	}
	entry->was_refused = true;
	for (unsigned i = 0; i < 4; i++)
		address_counts_leave(entry);
	assert_int_equal(entry->count, 1);
	address_counts_leave(entry);
	entry = enter("192.0.2.1");
	assert_int_equal(entry->count, 1);
	assert_false(entry->was_refused);
	address_counts_leave(entry);
}

/* More addresses than buckets. */
static void many_addresses_are_kept_apart(void **state)
{
	static struct address_count *entries[1000];
	char address[32];

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 1000; i++) {
			snprintf(address, sizeof(address), "198.51.%d.%d", i / 250, i % 250);
			entries[i] = enter(address);
			assert_int_equal(entries[i]->count, round + 1);
		}
	for (int i = 0; i < 1000; i++) {
		address_counts_leave(entries[i]);
		address_counts_leave(entries[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_counts_as_one_address, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(who_leaves_makes_room, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(many_addresses_are_kept_apart, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
