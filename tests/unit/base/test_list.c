#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct item {
	int number;
	struct list link;
};

static struct item items[5];
static struct list list;

static int set_up(void **state)
{
	(void)state;
	list_init(&list);
	for (int i = 0; i < 5; i++) {
		items[i].number = i;
		list_init(&items[i].link);
	}
	return 0;
}

/* Forwards and backwards. */
static void assert_numbers(const struct list *anchor, int count, const int *numbers)
{
	const struct list *link = anchor->next, *back = anchor->previous;

	for (int i = 0; i < count; i++) {
		assert_ptr_not_equal(link, anchor);
		assert_int_equal(CONTAINER_OF(link, struct item, link)->number, numbers[i]);
		assert_int_equal(CONTAINER_OF(back, struct item, link)->number, numbers[count - 1 - i]);
		link = link->next;
		back = back->previous;
	}
	assert_ptr_equal(link, anchor);
	assert_ptr_equal(back, anchor);
}

static void append_all(void)
{
	for (int i = 0; i < 5; i++)
		list_append(&list, &items[i].link);
}

static void a_new_list_is_empty(void **state)
{
	(void)state;
	assert_true(list_is_empty(&list));
	list_append(&list, &items[0].link);
	assert_false(list_is_empty(&list));
}

static void append_goes_to_the_end_and_prepend_to_the_front(void **state)
{
	(void)state;
	list_append(&list, &items[1].link);
	list_append(&list, &items[2].link);
	list_prepend(&list, &items[0].link);
	assert_numbers(&list, 3, (const int[]){0, 1, 2});
}

static void a_removed_link_is_on_no_list(void **state)
{
	(void)state;
	append_all();
	list_remove(&items[2].link);
	assert_numbers(&list, 4, (const int[]){0, 1, 3, 4});
	assert_true(list_is_empty(&items[2].link));
	list_remove(&items[2].link);
	assert_numbers(&list, 4, (const int[]){0, 1, 3, 4});
}

static void each_may_remove_what_it_is_at(void **state)
{
	int sum = 0;

	(void)state;
	append_all();
	LIST_EACH (link, &list) {
		struct item *item = CONTAINER_OF(link, struct item, link);

		sum += item->number;
		if (item->number % 2 == 0)
			list_remove(link);
	}
	assert_int_equal(sum, 0 + 1 + 2 + 3 + 4);
	assert_numbers(&list, 2, (const int[]){1, 3});
}

static void each_of_an_empty_list_is_none(void **state)
{
	int count = 0;

	(void)state;
	LIST_EACH (link, &list)
		count += link != NULL;
	assert_int_equal(count, 0);
}

static void take_all_moves_everything_in_order(void **state)
{
	struct list taken;

	(void)state;
	append_all();
	list_take_all(&taken, &list);
	assert_true(list_is_empty(&list));
	assert_numbers(&taken, 5, (const int[]){0, 1, 2, 3, 4});
	list_append(&list, &items[0].link); /* the old one can be used again */
	assert_false(list_is_empty(&list));
}

static void take_all_of_nothing_is_nothing(void **state)
{
	struct list taken = {NULL, NULL};

	(void)state;
	list_take_all(&taken, &list);
	assert_true(list_is_empty(&taken));
	assert_true(list_is_empty(&list));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(a_new_list_is_empty, set_up),
	    cmocka_unit_test_setup(append_goes_to_the_end_and_prepend_to_the_front, set_up),
	    cmocka_unit_test_setup(a_removed_link_is_on_no_list, set_up),
	    cmocka_unit_test_setup(each_may_remove_what_it_is_at, set_up),
	    cmocka_unit_test_setup(each_of_an_empty_list_is_none, set_up),
	    cmocka_unit_test_setup(take_all_moves_everything_in_order, set_up),
	    cmocka_unit_test_setup(take_all_of_nothing_is_nothing, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
