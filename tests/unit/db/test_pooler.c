/* Which kind of pooler stands in front of PostgreSQL. */
#include "conn_fixture.h"

#include "db/pooler.h"

enum { ROUNDS = 5 }; /* as db/pooler.c's */

/* The processes that the first and the second connection are told of, one by one; the last again and again. */
static const char *const *pids[2];
static unsigned asked[2];
static enum db_pooler pooler_kind;
static struct db_settings of_probe;
static struct db_conn probe;

static const char *next_pid(unsigned index, const char *sent)
{
	const char *const *its = pids[index];
	unsigned known = 0;

	if (strncmp(sent, "SELECT()", 8) != 0)
		return sent;
	while (its[known + 1] != NULL && known < asked[index])
		known++;
	asked[index]++;
	return its[known];
}

static void open_probe(int told, const char *const *first, const char *const *second)
{
	fake_pq_reset();
	fake_pq.answers_everything = true;
	fake_pq.setup_parts = 2;
	fake_pq.backend_pid = told;
	fake_pq.answer = next_pid;
	pids[0] = first;
	pids[1] = second;
	asked[0] = asked[1] = 0;
	settings.pooler = pooler_kind;
	pooler_init_probe(&probe, &of_probe, &settings);
	assert_int_equal(db_wait_open(&probe, UINT64_MAX), 0);
}

static const char *end_probe(void)
{
	const char *fault = pooler_fault(&settings, &probe);

	db_conn_close(&probe);
	assert_true(fake_pq_is_clean());
	return fault;
}

static const char *fault_with(int told, const char *const *first, const char *const *second)
{
	open_probe(told, first, second);
	return end_probe();
}

static int set_up_probe(void **state)
{
	pooler_kind = DB_POOLER_NONE;
	return set_up(state);
}

#define PIDS(...)                ((const char *const[]){__VA_ARGS__, NULL})
#define ASSERT_SAYS(fault, kind) assert_non_null(strstr(fault, "--db-pooler " kind))

static void without_a_pooler_one_question_is_enough(void **state)
{
	(void)state;
	assert_null(fault_with(10, PIDS("10"), PIDS("99")));
	assert_int_equal(fake_pq.opened, 1);
	assert_int_equal(asked[0], 1);
}

static void a_session_of_one_s_own_is_a_session_pooler_s(void **state)
{
	(void)state;
	ASSERT_SAYS(fault_with(77, PIDS("10"), PIDS("11")), "session");
	assert_int_equal(fake_pq.opened, 2);
	assert_int_equal(asked[0], 1 + ROUNDS);
	assert_int_equal(asked[1], ROUNDS);
	pooler_kind = DB_POOLER_SESSION;
	assert_null(fault_with(77, PIDS("10"), PIDS("11")));
}

static void a_session_that_is_shared_is_a_transaction_pooler_s(void **state)
{
	(void)state;
	/* the first's session is the second's next */
	ASSERT_SAYS(fault_with(77, PIDS("10"), PIDS("10")), "transaction");
	ASSERT_SAYS(fault_with(77, PIDS("10"), PIDS("11", "10")), "transaction");
	/* the first has another one now */
	ASSERT_SAYS(fault_with(77, PIDS("10", "12"), PIDS("11")), "transaction");
	ASSERT_SAYS(fault_with(77, PIDS("10", "10", "10", "10", "10", "12"), PIDS("11")), "transaction");
	pooler_kind = DB_POOLER_SESSION;
	ASSERT_SAYS(fault_with(77, PIDS("10"), PIDS("10")), "transaction");
}

/* Serving it tells what is wrong with it. */
static void what_says_nothing_is_no_fault(void **state)
{
	(void)state;
	assert_null(fault_with(77, PIDS("x"), PIDS("11")));
	open_probe(77, PIDS("10"), PIDS("11"));
	fake_pq.dismisses = 1;
	assert_null(end_probe());
	assert_int_equal(fake_pq.opened, 1);
	open_probe(77, PIDS("10"), PIDS("11"));
	fake_pq.rows_said = 2;
	assert_null(end_probe());
	open_probe(77, PIDS("10"), PIDS("11"));
	db_conn_close(&probe);
	assert_null(pooler_fault(&settings, &probe));
	assert_int_equal(fake_pq.opened, 1);
}

/* A second one that gets no answer is held up by those that are open: they are sessions. */
static void one_that_is_held_up_is_a_session_pooler_s(void **state)
{
	(void)state;
	ASSERT_SAYS(fault_with(77, PIDS("10"), PIDS("x")), "session");
	assert_int_equal(asked[0], 1); /* and that is all there is to ask */
	assert_int_equal(asked[1], 1);
	ASSERT_SAYS(fault_with(77, PIDS("10", "x"), PIDS("11")), "session");
}

static void the_probe_leaves_nothing_behind(void **state)
{
	(void)state;
	settings.catalog.edition = 7;
	pooler_init_probe(&probe, &of_probe, &settings);
	assert_int_equal(of_probe.pooler, DB_POOLER_TRANSACTION);
	assert_int_equal(of_probe.depth, 1);
	assert_int_equal(of_probe.catalog.edition, 0);
	assert_int_equal(of_probe.catalog.statement_count, 0);
	assert_int_equal(of_probe.connect_timeout_ms, settings.connect_timeout_ms);
	assert_int_equal(probe.number, 0);
	assert_true(probe.is_read_only);
	assert_ptr_equal(probe.settings, &of_probe);
}

#define TEST_PROBE(name) cmocka_unit_test_setup_teardown(name, set_up_probe, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_PROBE(without_a_pooler_one_question_is_enough),
	    TEST_PROBE(a_session_of_one_s_own_is_a_session_pooler_s),
	    TEST_PROBE(a_session_that_is_shared_is_a_transaction_pooler_s),
	    TEST_PROBE(what_says_nothing_is_no_fault),
	    TEST_PROBE(one_that_is_held_up_is_a_session_pooler_s),
	    TEST_PROBE(the_probe_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
