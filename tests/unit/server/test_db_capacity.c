/* How many connections are wanted, and how many PostgreSQL grants: what it answers is the test's. */
#include "server/db_capacity.h"

#include "base/clock.h"
#include "db/wait.h"
#include "lib/fake_result.h"
#include "lib/log_tap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static struct options options;
static struct service service;
static bool has_streams, listens, is_check;

static struct {
	struct db_result *rows; /* NULL: it could not be asked */
	unsigned silent;        /* so often it cannot be asked before */
	unsigned questions, sleeps, open;
} seen;

int nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)left;
	assert_int_equal(time->tv_nsec, 50 * NS_PER_MS);
	seen.sleeps++;
	return 0;
}

void db_wait_init(struct db_wait *wait, const struct db_settings *settings, unsigned number)
{
	(void)wait;
	assert_ptr_equal(settings, &service.run.db_for_streams);
	assert_int_equal(number, 0);
	seen.open++;
}

void db_wait_run(struct db_wait *wait, struct db_batch *batch)
{
	uint64_t now_ns = clock_now_ns();

	(void)wait;
	assert_true(batch->deadline_ns > now_ns && batch->deadline_ns <= now_ns + 200 * NS_PER_MS);
	assert_true(db_batch_is_read_only(batch));
	if (++seen.questions <= seen.silent || seen.rows == NULL) {
		db_batch_fail(batch, ERROR_DATABASE_UNAVAILABLE, "no");
		return;
	}
	seen.rows->destroyed_count = 0; /* each question has its own */
	batch->queries[0].result = seen.rows;
}

void db_wait_cleanup(struct db_wait *wait)
{
	(void)wait;
	seen.open--;
}

static int set_up(void **state)
{
	(void)state;
	options = (struct options){.mode = MODE_ASYNC,
				   .services = 1,
				   .loops = 3,
				   .threads = 8,
				   .db_connections = 10,
				   .connect_timeout_ms = 200};
	service.options = &options;
	has_streams = listens = is_check = false;
	memset(&seen, 0, sizeof(seen));
	return 0;
}

static const char *said_of(struct db_result *rows)
{
	const char *said;

	seen.rows = rows;
	seen.questions = seen.sleeps = 0;
	log_tap_begin(LOG_INFO);
	db_capacity_say(&service, has_streams, listens, is_check);
	said = log_tap_end();
	assert_int_equal(seen.open, 0);
	return said;
}

#define SAYS(answer, words) assert_non_null(strstr(said_of(FAKE_RESULT(1, {answer})), words))

static void each_mode_wants_its_own(void **state)
{
	(void)state;
	SAYS("100", "up to 30 connections to PostgreSQL are wanted, and 100 may be had\n");
	options.mode = MODE_THREADS;
	SAYS("100", "up to 48 connections to PostgreSQL are wanted, and 100 may be had\n");
	options.mode = MODE_SYNC;
	SAYS("100", "up to 6 connections to PostgreSQL are wanted, and 100 may be had\n");
}

static void too_few_are_a_warning(void **state)
{
	(void)state;
	SAYS("30", "30 may be had\n");
	assert_int_equal(seen.sleeps, 0);
	SAYS("29", "up to 30 connections to PostgreSQL are wanted, and 29 may be had: they have to do\n");
	assert_int_equal(seen.sleeps, 1); /* the one that asked is gone then */
	SAYS("3", "3 may be had: they have to do\n");
	SAYS("2", "2 may be had: less than one for each of 3 loops\n");
}

/* Each of them has a connection of its own. */
static void streams_are_counted_where_there_are_some(void **state)
{
	(void)state;
	options.max_streams = 4;
	SAYS("100", "up to 30 connections");
	has_streams = true;
	SAYS("100", "up to 42 connections");
}

/* One listens, for all loops. */
static void one_that_listens_is_counted(void **state)
{
	(void)state;
	listens = true;
	SAYS("100", "up to 31 connections");
	options.mode = MODE_SYNC;
	SAYS("100", "up to 7 connections");
}

static void all_services_are_counted(void **state)
{
	(void)state;
	options.services = 4;
	SAYS("120", "up to 120 connections to PostgreSQL are wanted by 4 services of 30, and 120 may be had\n");
	SAYS("119", "wanted by 4 services of 30, and 119 may be had: they have to do\n");
	SAYS("12", "12 may be had: they have to do\n");
	SAYS("11", "11 may be had: less than one for each of 12 loops\n");
}

static void a_check_of_one_says_what_is_wrong_alone(void **state)
{
	(void)state;
	is_check = true;
	assert_string_equal(said_of(FAKE_RESULT(1, {"100"})), "");
	SAYS("29", "29 may be had: they have to do\n");
	options.services = 2;
	SAYS("100", "up to 60 connections to PostgreSQL are wanted by 2 services of 30, and 100 may be had\n");
}

/* The session that looked at the endpoints may hold the only one. */
static void it_is_asked_again_for_a_while(void **state)
{
	(void)state;
	seen.silent = 4;
	SAYS("100", "100 may be had\n");
	assert_int_equal(seen.questions, 5);
	assert_int_equal(seen.sleeps, 4);
	seen.silent = 0;
	SAYS("100", "100 may be had\n");
	assert_int_equal(seen.questions, 1);
	assert_int_equal(seen.sleeps, 0);
}

static void what_cannot_be_asked_is_not_said(void **state)
{
	(void)state;
	assert_string_equal(said_of(NULL), "");
	assert_int_equal(seen.questions, 5);
	assert_int_equal(seen.sleeps, 4);
	assert_string_equal(said_of(FAKE_RESULT(1, {"1"}, {"2"})), "");
	assert_string_equal(said_of(FAKE_EMPTY(1)), "");
	assert_string_equal(said_of(FAKE_RESULT(1, {"0"})), "");
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(each_mode_wants_its_own),
	    TEST(too_few_are_a_warning),
	    TEST(streams_are_counted_where_there_are_some),
	    TEST(one_that_listens_is_counted),
	    TEST(all_services_are_counted),
	    TEST(a_check_of_one_says_what_is_wrong_alone),
	    TEST(it_is_asked_again_for_a_while),
	    TEST(what_cannot_be_asked_is_not_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
