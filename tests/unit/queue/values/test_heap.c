#include "queue/values/heap.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 500, STEPS = 20000 };

struct item {
	uint32_t place;
	uint64_t key;
};

static struct item items[COUNT];
static struct heap heap;
static uint32_t seed;

static uint32_t any(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static int set_up(void **state)
{
	(void)state;
	seed = 1;
	memset(items, 0, sizeof(items));
	heap = (struct heap){NULL, 0, 0};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	heap_cleanup(&heap);
	return 0;
}

static void put(struct item *item, uint64_t key)
{
	item->key = key;
	heap_put(&heap, key, &item->place);
}

/* Returns the smallest key, having taken its entry out. */
static uint64_t take_first(void)
{
	struct item *item = CONTAINER_OF(heap_first(&heap)->place, struct item, place);

	assert_int_equal(heap_first_key(&heap), item->key);
	heap_take_out(&heap, &item->place);
	assert_int_equal(item->place, 0);
	return item->key;
}

static void an_empty_heap_has_no_first(void **state)
{
	(void)state;
	assert_null(heap_first(&heap));
	assert_int_equal(heap_first_key(&heap), UINT64_MAX);
}

static void keys_come_in_order(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT; i++)
		put(&items[i], any(100));
	for (uint64_t last = 0, i = 0; i < COUNT; i++) {
		uint64_t key = take_first();

		assert_true(key >= last);
		last = key;
	}
	assert_int_equal(heap.count, 0);
}

static uint64_t smallest_of_items(void)
{
	uint64_t smallest = UINT64_MAX;

	for (unsigned i = 0; i < COUNT; i++)
		if (items[i].place != 0 && items[i].key < smallest)
			smallest = items[i].key;
	return smallest;
}

static void any_entry_can_leave_or_move(void **state)
{
	(void)state;
	for (unsigned step = 0; step < STEPS; step++) {
		struct item *item = &items[any(COUNT)];

		if (item->place == 0) {
			put(item, any(10000));
		} else if (any(3) > 0) {
			assert_int_equal(heap_key(&heap, &item->place), item->key);
			heap_take_out(&heap, &item->place);
		} else {
			item->key = any(10000);
			heap_move(&heap, &item->place, item->key);
		}
		if (step % 16 == 0)
			assert_int_equal(heap_first_key(&heap), smallest_of_items());
	}
}

static void it_becomes_small_again(void **state)
{
	uint32_t full;

	(void)state;
	for (unsigned i = 0; i < COUNT; i++)
		put(&items[i], i);
	full = heap.capacity;
	assert_true(full < 2 * COUNT);
	while (heap.count > 4)
		take_first();
	assert_true(heap.capacity < full / 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(an_empty_heap_has_no_first, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(keys_come_in_order, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(any_entry_can_leave_or_move, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(it_becomes_small_again, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
