#include "loadgen/commands/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "base/compiler.h"
#include "loadgen/commands/goal.h"

static struct load_options options;
static char why[512];

static int read_words(const char *const *words, int count)
{
	char *argv[32] = {(char *)(uintptr_t) "meantime-load"};

	for (int i = 0; i < count; i++)
		argv[i + 1] = (char *)(uintptr_t)words[i];
	return options_read(&options, count + 1, argv, why, sizeof(why));
}
#define READ(...)                                                                                                      \
	read_words((const char *const[]){__VA_ARGS__}, (int)ARRAY_LENGTH(((const char *const[]){__VA_ARGS__})))

static void every_spelling_is_the_same(void **state)
{
	(void)state;
	assert_int_equal(READ("run", "-c", "64", "-d10s", "http://x/"), 0);
	assert_int_equal(options.connections, 64);
	assert_int_equal(options.duration_ns, 10000000000);
	assert_string_equal(options.arguments.at[0], "http://x/");
	assert_int_equal(READ("run", "--connections=64", "--duration", "10", "http://x/"), 0);
	assert_int_equal(options.connections, 64);
	assert_int_equal(options.duration_ns, 10000000000);
	assert_int_equal(READ("run", "http://x/", "-c64"), 0);
	assert_int_equal(options.connections, 64);
}

static void lists_and_repeats_are_kept_in_order(void **state)
{
	(void)state;
	assert_int_equal(READ("compare", "--database-delay", "0,400us,5ms", "--levels=1,8", "--burst-path", "/a",
			      "--burst-path", "/b"),
			 0);
	assert_int_equal(options.delay_count, 3);
	assert_int_equal(options.delays_ns[0], 0);
	assert_int_equal(options.delays_ns[1], 400000);
	assert_int_equal(options.delays_ns[2], 5000000);
	assert_int_equal(options.level_count, 2);
	assert_int_equal(options.burst_paths.count, 2);
	assert_string_equal(options.burst_paths.at[1], "/b");
}

static void a_warmup_of_nothing_is_a_warmup(void **state)
{
	(void)state;
	assert_int_equal(READ("run", "--warmup", "0", "http://x/"), 0);
	assert_true(options.has_warmup);
	assert_int_equal(READ("run", "http://x/"), 0);
	assert_false(options.has_warmup);
}

static void help_stops_the_reading(void **state)
{
	(void)state;
	assert_int_equal(READ("sweep", "--help", "--nonsense"), 0);
	assert_true(options.help);
}

static struct report_times times_of(double p50, double p99, uint64_t count)
{
	return (struct report_times){
	    .count = count,
	    .mean = 2 * p50,
	    .max = 10 * p99,
	    .percentiles = {{.percent = 50, .value = p50, .interval = {p50, p50}, .is_supported = true},
			    {.percent = 99, .value = p99, .interval = {0.9 * p99, p99}, .is_supported = count >= 299}},
	    .percentile_count = 2,
	};
}

static void goals_are_read_and_judged(void **state)
{
	struct report_times enough = times_of(10, 40, 1000), few = times_of(10, 40, 100);
	struct goal goal;
	double value;
	bool is_known;

	(void)state;
	assert_true(goal_read("p99<50ms", &goal));
	assert_true(goal_is_met(&goal, &enough, &value, &is_known) && is_known);
	assert_true(fabs(value - 40) < 1e-9);
	goal_is_met(&goal, &few, &value, &is_known);
	assert_false(is_known); /* 100 requests say nothing of a p99 that is good */
	assert_true(goal_read("p99<=35ms", &goal));
	assert_false(goal_is_met(&goal, &enough, &value, &is_known));
	assert_true(is_known);
	assert_false(goal_is_met(&goal, &few, &value, &is_known));
	assert_true(is_known); /* but that it is bad, they do */
	assert_true(goal_read("mean<21ms", &goal) && goal_is_met(&goal, &few, &value, &is_known) && is_known);
	assert_true(goal_read("max<399ms", &goal) && !goal_is_met(&goal, &few, &value, &is_known) && is_known);
	assert_true(goal_read("p95<41ms", &goal) && goal_is_met(&goal, &enough, &value, &is_known));
}

static void what_is_no_goal_is_refused(void **state)
{
	static const char *const wrong[] = {"",         "p99",   "p99<",    "p99<x",  "p99>5ms", "p0<5ms",
					    "p100<5ms", "p<5ms", "avg<5ms", "p99<0s", "p9x<5ms"};
	struct goal goal;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
		if (goal_read(wrong[i], &goal))
			fail_msg("'%s' is taken for a goal", wrong[i]);
}

static void errors_are_a_number_or_a_share(void **state)
{
	struct error_limit limit;

	(void)state;
	assert_true(error_limit_read("3", &limit));
	assert_true(error_limit_is_met(&limit, 3, 10) && !error_limit_is_met(&limit, 4, 1000000));
	assert_true(error_limit_read("0.5%", &limit));
	assert_true(error_limit_is_met(&limit, 5, 1000) && !error_limit_is_met(&limit, 6, 1000));
	assert_false(error_limit_read("101%", &limit));
	assert_false(error_limit_read("-1", &limit));
	assert_false(error_limit_read("5x", &limit));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_spelling_is_the_same),      cmocka_unit_test(lists_and_repeats_are_kept_in_order),
	    cmocka_unit_test(a_warmup_of_nothing_is_a_warmup), cmocka_unit_test(help_stops_the_reading),
	    cmocka_unit_test(goals_are_read_and_judged),       cmocka_unit_test(what_is_no_goal_is_refused),
	    cmocka_unit_test(errors_are_a_number_or_a_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
