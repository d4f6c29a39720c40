#include "fetch/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct task task;
static struct host hosts[2];
static struct page pages[4];

static int set_up(void **state)
{
	(void)state;
	arena_init(&task.arena, NULL, 0);
	list_init(&task.queues);
	for (unsigned i = 0; i < 4; i++) {
		pages[i] = (struct page){.task = &task};
		list_init(&pages[i].link);
	}
	hosts[0].queues = hosts[1].queues = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_cleanup(&task.arena);
	return 0;
}

static void a_task_has_one_queue_for_a_host(void **state)
{
	struct queue *queue = queue_of(&task, &hosts[0]);

	(void)state;
	assert_ptr_equal(queue_of(&task, &hosts[0]), queue);
	assert_ptr_not_equal(queue_of(&task, &hosts[1]), queue);
	assert_int_equal(hosts[0].queues, 1);
	assert_int_equal(hosts[1].queues, 1);
	queues_leave(&task);
	assert_int_equal(hosts[0].queues, 0);
	assert_int_equal(hosts[1].queues, 0);
	assert_true(list_is_empty(&task.queues));
}

static void what_has_begun_goes_first(void **state)
{
	static const unsigned order[] = {3, 2, 0, 1};
	struct queue *queue = queue_of(&task, &hosts[0]);
	unsigned count = 0;

	(void)state;
	pages[2].redirects = 1;
	pages[3].tries = 1;
	for (unsigned i = 0; i < 4; i++)
		queue_add(queue, &pages[i]);
	LIST_EACH (item, &queue->pages)
		assert_ptr_equal(item, &pages[order[count++]].link);
	assert_int_equal(count, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_task_has_one_queue_for_a_host, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_has_begun_goes_first, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
