/* A pipeline goes from the statements of one edition to those of the next, with batches under way. */
#include "pipeline_fixture.h"

static const struct db_catalog next = {.edition = 1, .statement_count = 3};
static const struct db_statement new_country = READ("country", 2, .edition = 1);
static const struct db_statement new_read = READ("new", 0, .edition = 1);
static const struct db_statement new_add = {.name = "add", .sql = "INSERT", .edition = 1, .index = 1, ONE_TEXT};

/* "country" is as it was; the two others are new. */
static const unsigned carried_from[] = {DB_NOT_CARRIED, DB_NOT_CARRIED, 0};
static const unsigned carried_first[] = {0, 1, DB_NOT_CARRIED};

static void turn_to_next(void)
{
	fake_pq.shows_prepares = true;
	db_pipeline_turn(pipeline, next, carried_from);
}

static void idle_connections_turn_at_once(void **state)
{
	(void)state;
	start();
	turn_to_next();
	assert_string_equal(fake_pq_sent(reads()), "DEALLOCATE() +meantime: timeout +meantime: read only Sync");
	assert_string_equal(fake_pq_sent(writes()), "DEALLOCATE() +meantime: timeout +meantime: read only Sync");
	answer_all_open();
	turn();
	submit(0, &new_country);
	submit(1, &new_add);
	turn();
	answer_until_done(2);
	assert_ok(0, "country");
	assert_ok(1, "add");
	assert_int_equal(fake_pq.opened, 2);
}

/* Even when a connect has failed shortly before: it comes back in one round trip. */
static void what_comes_while_all_turn_waits(void **state)
{
	(void)state;
	start();
	turn_to_next();
	pipeline->failures = 1;
	pipeline->retry_ns = clock_now_ns() + NS_PER_S;
	assert_true(db_pipeline_is_ready(pipeline));
	submit(0, &new_country);
	turn();
	assert_int_equal(all_done, 0);
	answer_until_done(1);
	assert_ok(0, "country");
	assert_int_equal(fake_pq.opened, 2);
}

static void a_busy_one_turns_when_it_is_idle_and_takes_nothing_before(void **state)
{
	(void)state;
	pipeline_settings.connections = 2;
	start();
	teach(&country, 0);
	submit(0, &country);
	turn();
	assert_string_equal(fake_pq_sent(reads()), "R/O country(0) Sync");
	turn_to_next();
	submit(1, &new_country);
	turn();
	assert_string_equal(fake_pq_sent(reads()), "");
	fake_pq_answer(reads());
	fake_pq_answer(reads());
	turn();
	assert_ok(0, "country");
	assert_string_equal(fake_pq_sent(reads()), "DEALLOCATE() +meantime: timeout +meantime: read only Sync");
	fake_pq_answer_all(reads());
	turn();
	assert_string_equal(fake_pq_sent(reads()), "+country ?country Sync");
	fake_pq_answer_all(reads());
	turn();
	assert_string_equal(fake_pq_sent(reads()), "R/O country(1) Sync");
	answer_until_done(2);
	assert_ok(1, "country");
	assert_int_equal(fake_pq.opened, 2);
}

/* It has been given something that is not sent yet: it turns when that is done. */
static void one_with_something_to_send_does_not_turn(void **state)
{
	struct link *link;

	(void)state;
	start();
	link = link_of(0);
	pipeline->catalog = next;
	link->outgoing_count = 1;
	assert_int_equal(link_turn_when_idle(link), 0);
	assert_false(link->conn.is_turning);
	link->outgoing_count = 0;
	assert_int_equal(link_turn_when_idle(link), 0);
	assert_true(link->conn.is_turning);
	assert_true(link->opening_ns > 0);
	answer_all_open();
	turn();
}

/* Behind a transaction pooler nothing is in the session: it has turned without a word, and is not being opened. */
static void where_nothing_is_sent_it_has_turned_at_once(void **state)
{
	(void)state;
	settings.pooler = DB_POOLER_TRANSACTION;
	fake_pq.setup_parts = 2;
	start();
	turn_to_next();
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(link_of(i)->conn.catalog.edition, next.edition);
		assert_int_equal(link_of(i)->opening_ns, 0);
	}
}

/* At once: the loop has nothing else to wake it. */
static void one_that_cannot_turn_is_lost(void **state)
{
	(void)state;
	pipeline_settings.connections = 2;
	start();
	fake_pq.fail_at = fake_pq.calls + 1;
	turn_to_next();
	fake_pq.fail_at = 0;
	assert_null(link_of(0)->lane);
	assert_int_equal(db_pipeline_numbers(pipeline).lost, 1);
}

static void deadlines_of_a_turn_are_looked_at_often(void **state)
{
	(void)state;
	start();
	run_for(1100);
	assert_false(pipeline->ticks_fast);
	turn_to_next();
	assert_true(pipeline->ticks_fast);
	answer_all_open();
	turn();
}

static void what_waited_before_is_run_by_its_text(void **state)
{
	(void)state;
	pipeline_settings.connections = 2;
	start();
	submit(0, &slow);
	submit(1, &slow); /* alone, too */
	turn();
	turn_to_next();
	submit(2, &new_read);
	answer_until_done(3);
	assert_ok(0, "slow");
	assert_ok(1, "SELECT");
	assert_ok(2, "new");
}

static void what_was_learnt_is_carried_by_statement(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	teach(&language, 0);
	assert_true(pipeline->expected_ns[country.index] > 0);
	pipeline->changed_ns[country.index] = 17;
	turn_to_next();
	assert_true(pipeline->expected_ns[new_country.index] > 0);
	assert_int_equal(pipeline->changed_ns[new_country.index], 17);
	assert_int_equal(pipeline->expected_ns[new_read.index], 0);
	assert_int_equal(pipeline->expected_ns[new_add.index], 0);
	/* an index means nothing across editions */
	db_batch_add(&batches[0], &country, values[0]);
	assert_null(pipeline_expectation_of(pipeline, &batches[0]));
	pipeline_note_change(pipeline, &country);
	assert_int_equal(pipeline->changed_ns[country.index], 0);
	answer_all_open();
	turn();
}

static void what_is_carried_may_be_the_first(void **state)
{
	(void)state;
	start();
	pipeline->expected_ns[0] = 17;
	pipeline->expected_ns[1] = 18;
	db_pipeline_turn(pipeline, next, carried_first);
	assert_int_equal(pipeline->expected_ns[0], 17);
	assert_int_equal(pipeline->expected_ns[1], 18);
	assert_int_equal(pipeline->expected_ns[2], 0);
	answer_all_open();
	turn();
}

static void the_oldest_edition_is_that_of_the_busy_ones(void **state)
{
	(void)state;
	start();
	assert_int_equal(db_pipeline_oldest_edition(pipeline), 0);
	submit(0, &country);
	turn();
	turn_to_next();
	assert_int_equal(db_pipeline_oldest_edition(pipeline), 0);
	answer_until_done(1);
	answer_all_open();
	turn();
	assert_int_equal(db_pipeline_oldest_edition(pipeline), 1);
}

/* A batch whose owner has gone leaves its slot behind: until it has come back, something refers to its statement. */
static void a_forgotten_batch_holds_its_edition(void **state)
{
	(void)state;
	start();
	submit_until(0, &country, 20);
	turn();
	turn_to_next();
	run_until_done(1);
	assert_int_equal(batches[0].error, ERROR_DEADLINE);
	assert_int_equal(db_pipeline_oldest_edition(pipeline), 0);
	answer_all_open();
	turn();
	answer_all_open();
	turn();
	assert_int_equal(db_pipeline_oldest_edition(pipeline), 1);
}

static void one_that_is_being_opened_turns_when_it_is_there(void **state)
{
	(void)state;
	fake_pq.answers_setup = false;
	pipeline = db_pipeline_create(&loop, &pipeline_settings);
	turn();
	turn_to_next();
	submit(0, &new_country);
	fake_pq.answers_setup = true;
	answer_until_done(1);
	assert_ok(0, "country");
	assert_int_equal(db_pipeline_oldest_edition(pipeline), 1);
}

/* It is lost, and no connect has failed: nothing is refused, and another takes its place. */
static void one_that_breaks_while_it_turns_is_replaced(void **state)
{
	(void)state;
	pipeline_settings.connections = 2;
	start();
	turn_to_next();
	submit(0, &new_country);
	turn();
	fake_pq_hang_up(reads());
	turn();
	assert_int_equal(pipeline->failures, 0);
	assert_int_equal(pipeline->numbers.lost, 1);
	answer_until_done(1);
	assert_ok(0, "country");
	assert_int_equal(fake_pq.opened, 3);
}

static void one_that_does_not_turn_in_time_is_replaced(void **state)
{
	(void)state;
	settings.connect_timeout_ms = 50;
	start();
	turn_to_next();
	submit(0, &new_country);
	for (int i = 0; i < 100 && fake_pq.opened < 4; i++)
		run_for(5);
	assert_int_equal(fake_pq.opened, 4);
	answer_until_done(1);
	assert_ok(0, "country");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(idle_connections_turn_at_once),
	    TEST(what_comes_while_all_turn_waits),
	    TEST(a_busy_one_turns_when_it_is_idle_and_takes_nothing_before),
	    TEST(one_with_something_to_send_does_not_turn),
	    TEST(where_nothing_is_sent_it_has_turned_at_once),
	    TEST(one_that_cannot_turn_is_lost),
	    TEST(deadlines_of_a_turn_are_looked_at_often),
	    TEST(what_waited_before_is_run_by_its_text),
	    TEST(what_was_learnt_is_carried_by_statement),
	    TEST(what_is_carried_may_be_the_first),
	    TEST(the_oldest_edition_is_that_of_the_busy_ones),
	    TEST(a_forgotten_batch_holds_its_edition),
	    TEST(one_that_is_being_opened_turns_when_it_is_there),
	    TEST(one_that_breaks_while_it_turns_is_replaced),
	    TEST(one_that_does_not_turn_in_time_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
