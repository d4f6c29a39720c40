/* What a link notes of the batches on it, and what becomes of them. */
#include "pipeline_fixture.h"
#include "link_fixture.h"

/* Sending */

static const struct db_statement hasty = READ("hasty", 3, .timeout_ms = 1);

static void a_unit_is_as_large_as_what_is_in_it(void **state)
{
	static const unsigned sizes[] = {2, 2, 1, 1, 1};

	(void)state;
	start();
	teach(&country, 0);
	teach(&limited, 0);
	submit(0, &country);
	submit(1, &country);
	submit(2, &limited);
	submit(3, &hasty);
	submit(4, &country);
	turn();
	assert_string_equal(fake_pq_sent(reads()), "R/O country(0) country(1) Sync R/O meantime:(250) limited(2) Sync "
						   "R/O meantime:(1) hasty(3) Sync R/O country(4) Sync");
	for (int i = 0; i < 5; i++)
		assert_int_equal(batches[i].unit_size, sizes[i]);
	assert_int_equal(db_pipeline_numbers(pipeline).units, 4 + 2); /* and those that taught */
	assert_true(link_of(0)->used_ns == clock_now_ns());
	answer_until_done(5);
}

static const struct db_context alice = {.role = "reader"}, carol = {.role = "writer"};

/* What has none is not told what another was; the others set their own. */
static void what_has_no_context_follows_none_in_a_unit(void **state)
{
	static const struct db_context *const contexts[] = {NULL, &alice, &alice, &carol, NULL, NULL, &carol};

	(void)state;
	settings.has_contexts = true;
	start();
	teach(&country, 0);
	for (int i = 0; i < (int)ARRAY_LENGTH(contexts); i++) {
		batches[i].context = contexts[i];
		submit(i, &country);
	}
	turn();
	assert_string_equal(fake_pq_sent(reads()),
			    "R/O country(0) meantime:(reader) country(1) country(2) meantime:(writer) country(3) Sync "
			    "R/O country(4) country(5) meantime:(writer) country(6) Sync");
	answer_until_done(ARRAY_LENGTH(contexts));
	for (int i = 0; i < (int)ARRAY_LENGTH(contexts); i++)
		assert_ok(i, "country");
}

/* What fails fails for itself, and each is run again with its own context. */
static void a_context_goes_with_what_is_run_again(void **state)
{
	(void)state;
	settings.has_contexts = true;
	start();
	teach(&country, 0);
	for (int i = 0; i < 3; i++) {
		batches[i].context = i == 1 ? &carol : &alice;
		submit(i, &country);
	}
	turn();
	fake_pq_sent(reads());
	for (int i = 0; i < 3; i++)
		fake_pq_answer(reads());
	fake_pq_answer_error(reads(), "22012", "division by zero", NULL);
	fake_pq_answer_all(reads());
	run_for(3);
	assert_string_equal(fake_pq_sent(reads()), "R/O meantime:(reader) country(0) Sync R/O meantime:(writer) "
						   "country(1) Sync R/O meantime:(reader) country(2) Sync");
	answer_until_done(3);
	for (int i = 0; i < 3; i++)
		assert_ok(i, "country");
}

/* Its deadline, where PostgreSQL is told it, else the session's time; and no earlier than of those before it. */
static void a_link_knows_when_postgresql_ends_what_was_sent(void **state)
{
	static const struct {
		const struct db_statement *statement;
		unsigned left_ms, end_ms;
		bool is_behind; /* the one before it is still under way */
	} cases[] = {
	    {&limited, 3000, 3000, false}, {&hasty, 3000, 3000, false},   {&country, 4000, 5000, false},
	    {&country, 9000, 9000, false}, {&country, 1000, 1000, false}, {&country, 8000, 8000, true},
	    {&country, 4000, 8000, true},
	};

	(void)state;
	start();
	teach(&country, 0);
	teach(&limited, 0);
	for (int i = 0; i < (int)ARRAY_LENGTH(cases); i++) {
		if (!cases[i].is_behind)
			answer_until_done((unsigned)i);
		submit_until(i, cases[i].statement, cases[i].left_ms);
		pipeline->distance_ns = 10 * NS_PER_MS; /* several are under way */
		turn();
		assert_non_null(carrier(i));
		assert_int_equal((link_of(0)->latest_end_ns - batches[i].submitted_ns) / NS_PER_MS, cases[i].end_ms);
	}
	answer_until_done(ARRAY_LENGTH(cases));
}

/* The loop hears when the rest can be written. */
static void what_cannot_be_written_at_once_is_written_later(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	fake_pq.answers_everything = true;
	fake_pq_clog(reads(), 1);
	submit(0, &country);
	turn();
	assert_ok(0, "country");
	turn();
	assert_int_equal(link_of(0)->watch.events, UV_READABLE);
}

static void a_connection_that_is_ready_is_only_read_from(void **state)
{
	(void)state;
	start();
	turn();
	assert_int_equal(link_of(0)->watch.events, UV_READABLE);
	assert_int_equal(link_of(1)->watch.events, UV_READABLE);
}

/* Behind a pooler the second statement is prepared when the first is. */
static void a_connection_that_breaks_while_it_prepares_is_lost(void **state)
{
	(void)state;
	settings.pooler = DB_POOLER_SESSION;
	fake_pq.setup_parts = 5;
	start();
	fake_pq.shows_prepares = true;
	db_batch_add(&batches[0], &other_add, values[0]);
	submit(0, &add);
	turn();
	fake_pq.fail_at = fake_pq.calls + 2; /* behind what is read */
	fake_pq_answer_all(writes());
	turn();
	assert_string_equal(fake_pq.failed_call, "PQsendPrepare");
	assert_int_equal(db_pipeline_numbers(pipeline).lost, 1);
	answer_until_done(1);
	assert_int_equal(batches[0].error, ERROR_NONE);
}

/* What comes back */

/* Of units that were sent at one time the second has taken what passed since the first. */
static void a_unit_has_taken_what_passed_since_the_one_before(void **state)
{
	uint64_t expected_ns = NS_PER_MS;

	(void)state;
	start();
	teach(&country, 1);
	teach(&language, 1);
	pipeline->distance_ns = 10 * NS_PER_MS;
	link_of(0)->conn.distance_ns = 10 * NS_PER_MS;
	submit(0, &country);
	turn();
	submit(1, &language);
	turn();
	pipeline->expected_ns[language.index] = NS_PER_MS;
	run_for(3);
	fake_pq_answer(reads());
	fake_pq_answer(reads());
	turn();
	assert_int_equal(all_done, 1);
	run_for(2);
	fake_pq_answer_all(reads());
	turn();
	assert_int_equal(all_done, 2);
	congestion_learn(&expected_ns, 2 * NS_PER_MS);
	assert_true(pipeline->expected_ns[language.index] == expected_ns);
}

static void what_has_no_end_is_slow_from_then_on(void **state)
{
	(void)state;
	settings.result_limit_bytes = 1000;
	start();
	teach(&country, 1);
	assert_true(pipeline->expected_ns[country.index] < pipeline_quick_ns(pipeline));
	submit(0, &country);
	turn();
	fake_pq_send_bytes(reads(), 2 * 1000 + 65536 + 1);
	turn();
	assert_failed(0, ERROR_RESULT_TOO_LARGE);
	assert_true(pipeline->expected_ns[country.index] > pipeline_quick_ns(pipeline));
}

static void dismiss(int i)
{
	fake_pq_answer_error(await_carrier(i), "57P01", "terminating connection due to administrator command", NULL);
	turn();
}

static void cut_off(int i)
{
	fake_pq_hang_up(await_carrier(i));
	turn();
}

/* A read that was lost once, and only once for no reason: it runs again as often as others. */
static void a_read_is_lost_once_and_may_be_dismissed_as_often_as_any(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	cut_off(0);
	submit(1, &country);
	for (int i = 0; i < 4; i++)
		dismiss(0);
	assert_int_equal(done_count[0], 0);
	await_carrier(0);
	answer_until_done(2);
	assert_ok(0, "country");
	submit(2, &country);
	for (int i = 0; i < 5; i++)
		dismiss(2);
	assert_failed(2, ERROR_DATABASE_UNAVAILABLE);
}

static void a_read_that_was_lost_and_then_not_run_is_run(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	cut_off(0);
	await_carrier(0);
	fake_pq.source_function = "RevalidateCachedQuery";
	fake_pq_answer_error(carrier(0), "0A000", "cached plan must not change result type", NULL);
	fake_pq_answer_all(carrier(0));
	turn();
	answer_until_done(1);
	assert_ok(0, "country");
}

static void what_was_lost_keeps_no_result(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	submit(1, &country);
	turn();
	fake_pq_answer(reads());
	turn();
	assert_non_null(batches[0].queries[0].result);
	fake_pq_hang_up(reads());
	turn();
	assert_null(batches[0].queries[0].result);
	answer_until_done(2);
	assert_ok(0, "country");
	assert_ok(1, "country");
}

/* The end of a link */

/* A turn that breaks. */
static void a_connection_that_cannot_turn_is_lost(void **state)
{
	static const struct db_catalog next = {.edition = 1, .statement_count = 3};
	static const unsigned carried_from[] = {DB_NOT_CARRIED, DB_NOT_CARRIED, DB_NOT_CARRIED};

	(void)state;
	pipeline_settings.connections = 2;
	start();
	teach(&country, 0);
	submit(0, &country);
	turn();
	db_pipeline_turn(pipeline, next, carried_from);
	fake_pq_answer_all(reads());
	fake_pq.fail_at = fake_pq.calls + 2; /* behind what is read */
	turn();
	assert_ok(0, "country");
	assert_string_equal(fake_pq.failed_call, "PQsendQueryParams");
	assert_int_equal(db_pipeline_numbers(pipeline).lost, 1);
	run_for(20);
	assert_int_equal(link_of(0)->conn.catalog.edition, 1); /* and the next is of the next edition */
}

/* What was expected of batches that leave with their link is not expected of the next. */
static void a_new_link_expects_nothing(void **state)
{
	(void)state;
	pipeline_settings.connections = 2;
	start();
	teach(&country, 1);
	fake_pq.shows_prepares = true;
	hold_on(0, &country, 1000);
	assert_true(link_of(0)->expected_ns > 0);
	fake_pq_hang_up(reads());
	turn();
	assert_int_equal(link_of(0)->outgoing_count, 0);
	for (int i = 0; i < 1000 && fake_pq.opened < 3; i++)
		run_for(1);
	assert_false(link_of(0)->carries_alone);
	answer_until_done(1);
	assert_int_equal(link_of(0)->expected_ns, 0);
}

/* Whichever link was chosen for it. */
static void an_isolated_statement_has_a_unit_of_its_own(void **state)
{
	struct link *link;

	(void)state;
	start();
	teach(&country, 0);
	teach(&isolated, 0);
	link = link_of(0);
	for (int i = 0; i < 3; i++) {
		db_batch_add(&batches[i], i == 1 ? &isolated : &country, values[i]);
		batches[i].done = on_done;
		batches[i].deadline_ns = clock_now_ns() + 5 * NS_PER_S;
		list_append(&link->outgoing, &batches[i].link);
		link->outgoing_count++;
	}
	pipeline_flush_links(pipeline, clock_now_ns());
	assert_string_equal(fake_pq_sent(reads()), "R/O country(0) Sync R/O isolated(1) Sync R/O country(2) Sync");
	answer_until_done(3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_isolated_statement_has_a_unit_of_its_own),

	    TEST(a_unit_is_as_large_as_what_is_in_it),
	    TEST(what_has_no_context_follows_none_in_a_unit),
	    TEST(a_context_goes_with_what_is_run_again),
	    TEST(a_link_knows_when_postgresql_ends_what_was_sent),
	    TEST(what_cannot_be_written_at_once_is_written_later),
	    TEST(a_connection_that_is_ready_is_only_read_from),
	    TEST(a_connection_that_breaks_while_it_prepares_is_lost),
	    TEST(a_unit_has_taken_what_passed_since_the_one_before),
	    TEST(what_has_no_end_is_slow_from_then_on),
	    TEST(a_read_is_lost_once_and_may_be_dismissed_as_often_as_any),
	    TEST(a_read_that_was_lost_and_then_not_run_is_run),
	    TEST(what_was_lost_keeps_no_result),
	    TEST(a_connection_that_cannot_turn_is_lost),
	    TEST(a_new_link_expects_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
