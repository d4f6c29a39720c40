#include "pooled_fixture.h"

/* Lent */

/* A transaction holds the session, and its settings are the transaction's; nothing of it is ever committed. */
static void what_is_lent_is_held_by_a_transaction(void **state)
{
	(void)state;
	open_pooled(false);
	fake_pq_answer_all(pg());
	fake_pq_sent(pg());
	assert_ptr_equal(db_conn_lend(&conn), pg());
	assert_string_equal(fake_pq_sent(pg()), "BEGIN SELECT(on,5000,31000,on,on) SAVEPOINT lent");
	db_conn_refresh_lent(&conn);
	assert_string_equal(fake_pq_sent(pg()), "ROLLBACK TO SAVEPOINT lent");
}

static void what_is_lent_without_a_pooler_is_set_already(void **state)
{
	(void)state;
	open_and_prepare();
	assert_ptr_equal(db_conn_lend(&conn), pg());
	db_conn_refresh_lent(&conn);
	assert_string_equal(fake_pq_sent(pg()), "");
}

static void only_an_idle_one_is_lent(void **state)
{
	(void)state;
	open_and_prepare();
	assert_int_equal(send_batch(0, &country, true), 0);
	expect_assert_failure((void)db_conn_lend(&conn));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST_POOLED(what_is_lent_is_held_by_a_transaction),
	    TEST(what_is_lent_without_a_pooler_is_set_already),
	    TEST(only_an_idle_one_is_lent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
