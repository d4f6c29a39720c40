#include "queue/values/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 5000 };

struct record {
	struct table_link link;
	uint32_t number;
	uint64_t hash;
	uint64_t key;
};

static struct pool pool;
static struct table table;

static uint64_t hash_of(const void *record)
{
	return ((const struct record *)record)->hash;
}

static int set_up(void **state)
{
	(void)state;
	pool_init(&pool, sizeof(struct record));
	table_init(&table, &pool, hash_of);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	table_cleanup(&table);
	pool_cleanup(&pool);
	return 0;
}

static struct record *find(uint64_t hash, uint64_t key)
{
	for (uint32_t number = table_first(&table, hash); number != 0;) {
		struct record *record = pool_at(&pool, number);

		if (record->key == key)
			return record;
		number = record->link.next;
	}
	return NULL;
}

static uint32_t add(uint64_t hash, uint64_t key)
{
	uint32_t number = pool_take(&pool);
	struct record *record = pool_at(&pool, number);

	record->number = number;
	record->hash = hash;
	record->key = key;
	table_add(&table, number);
	return number;
}

static uint64_t spread(uint64_t key)
{
	return key * 0x9e3779b97f4a7c15u >> 20;
}

static unsigned longest_chain(void)
{
	unsigned longest = 0;

	for (uint32_t place = 0; place < table.place_count; place++) {
		unsigned length = 0;

		for (uint32_t number = table.places[place]; number != 0; length++)
			number = ((struct table_link *)pool_at(&pool, number))->next;
		if (length > longest)
			longest = length;
	}
	return longest;
}

static void each_record_is_found_while_it_grows(void **state)
{
	(void)state;
	for (uint64_t key = 0; key < COUNT; key++) {
		add(spread(key), key);
		assert_non_null(find(spread(key), key));
		assert_null(find(spread(key + 1), key + 1));
		assert_non_null(find(spread(key / 2), key / 2));
	}
	for (uint64_t key = 0; key < COUNT; key++)
		assert_non_null(find(spread(key), key));
	assert_int_equal(table.place_count, COUNT);
	assert_true(longest_chain() < 16);
}

static void what_is_removed_is_gone_and_the_rest_is_not(void **state)
{
	(void)state;
	for (uint64_t key = 0; key < COUNT; key++)
		add(spread(key), key);
	for (uint64_t key = 0; key < COUNT; key += 2) {
		uint32_t number = find(spread(key), key)->number;

		table_remove(&table, number);
		pool_give(&pool, number);
	}
	for (uint64_t key = 0; key < COUNT; key++)
		assert_int_equal(find(spread(key), key) != NULL, key % 2 == 1);
	assert_int_equal(pool.used_count, COUNT / 2);
	/* there is room for as many again */
	for (uint64_t key = 0; key < COUNT; key += 2)
		add(spread(key), key);
	assert_int_equal(table.place_count, COUNT);
}

static void equal_hashes_share_a_place(void **state)
{
	(void)state;
	for (uint64_t key = 0; key < 100; key++)
		add(7, key);
	for (uint64_t key = 0; key < 100; key++)
		assert_int_equal(find(7, key)->key, key);
	assert_null(find(7, 100));
}

static void a_pool_gives_its_numbers_again_and_zeroed(void **state)
{
	uint32_t first, second;

	(void)state;
	first = pool_take(&pool);
	second = pool_take(&pool);
	assert_int_equal(first, 1);
	assert_int_equal(second, 2);
	memset(pool_at(&pool, first), 0xff, sizeof(struct record));
	pool_give(&pool, first);
	assert_int_equal(pool_take(&pool), first);
	assert_int_equal(((struct record *)pool_at(&pool, first))->key, 0);
	assert_int_equal(((struct record *)pool_at(&pool, first))->link.next, 0);
	assert_int_equal(pool_take(&pool), 3);
}

static void records_of_a_pool_never_move(void **state)
{
	struct record *first;

	(void)state;
	first = pool_at(&pool, pool_take(&pool));
	first->key = 42;
	for (unsigned i = 0; i < 3 * POOL_CHUNK_RECORDS; i++)
		pool_take(&pool);
	assert_ptr_equal(first, pool_at(&pool, 1));
	assert_int_equal(first->key, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(each_record_is_found_while_it_grows, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_is_removed_is_gone_and_the_rest_is_not, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(equal_hashes_share_a_place, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_pool_gives_its_numbers_again_and_zeroed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(records_of_a_pool_never_move, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
