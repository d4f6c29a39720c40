#include "pipeline_fixture.h"

#include "db/spares.h"
#include "db/stream_parts.h"
#include "db/wait.h"

/* What streams leave for streams */

static struct db_statement rows, other_rows;
static struct db_signatures *signatures;
static struct db_column answer = {.name = "answer", .oid = 25};

static const char *says_dirty(unsigned index, const char *sent)
{
	return index == 0 && strcmp(sent, "meantime:()") == 0 ? "t" : sent;
}

static int set_up_spares(void **state)
{
	int status = set_up(state);

	settings.depth = 1;
	settings.catalog.statement_count = 0;
	settings.spares = db_spares_create();
	rows = language;
	rows.signature.columns = &answer;
	rows.signature.column_count = 1;
	rows.edition = 1;
	rows.set_size = 3;
	signatures = db_signatures_create(&rows.signature);
	rows.signatures = signatures;
	other_rows = rows;
	other_rows.name = "country";
	other_rows.index = 0;
	fake_pq_describe("language", 1, 1, answer.oid);
	fake_pq_describe("country", 1, 1, answer.oid);
	fake_pq.answers_everything = true;
	return status;
}

static void end_stream(void)
{
	if (stream != NULL)
		db_stream_destroy(stream);
	stream = NULL;
}

static int clean_up(void **state)
{
	end_stream();
	db_spares_destroy(settings.spares);
	db_signatures_destroy(signatures);
	return tear_down(state);
}

static void create_stream(const struct db_statement *statement)
{
	stream = db_stream_create(statement, &statement->signature, values[0], NULL, &arena);
}

static void start_part(int i)
{
	batches[i].done = on_done;
	batches[i].deadline_ns = clock_now_ns() + 60 * NS_PER_S;
	db_stream_start(stream, &batches[i], &settings, &loop);
}

/* A stream of one part, on the loop or waited for. */
static void run_stream(const struct db_statement *statement, bool waits)
{
	create_stream(statement);
	if (waits) {
		batches[0].deadline_ns = clock_now_ns() + 60 * NS_PER_S;
		db_stream_wait(stream, &batches[0], &settings);
	} else {
		start_part(0);
		run_until_done(all_done + 1);
	}
}

static void run_good_stream(const struct db_statement *statement, bool waits)
{
	run_stream(statement, waits);
	assert_int_equal(batches[0].error, ERROR_NONE);
	assert_int_equal(db_row_count(batches[0].queries[batches[0].query_count - 1].result), 1);
	end_stream();
}

static void streams_one_after_another_have_one_session(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++)
		run_good_stream(i % 2 == 0 ? &rows : &other_rows, i >= 3);
	assert_int_equal(fake_pq.opened, 1);
	assert_int_equal(fake_pq.open, 1);
}

static void a_session_is_cleaned_before_the_next_stream(void **state)
{
	(void)state;
	fake_pq.shows_prepares = true;
	run_good_stream(&rows, false);
	fake_pq_sent(fake_pq_conn(0));
	run_good_stream(&rows, false);
	assert_string_equal(fake_pq_sent(fake_pq_conn(0)), "R/O language(0) FETCH() Sync ROLLBACK() meantime:() Sync");
	run_good_stream(&other_rows, false);
	assert_non_null(strstr(fake_pq_sent(fake_pq_conn(0)), "+ +country ?country Sync R/O country(0)"));
}

/* The stream does not wait for it: its part is sent behind. */
static void what_cleans_need_not_have_been_answered(void **state)
{
	PGconn *conn;

	(void)state;
	create_stream(&rows);
	start_part(0);
	run_until_done(1);
	conn = fake_pq_conn(0);
	fake_pq_sent(conn);
	fake_pq.answers_everything = false;
	end_stream();
	create_stream(&rows);
	start_part(0);
	assert_string_equal(fake_pq_sent(conn), "ROLLBACK() meantime:() Sync R/O language(0) FETCH() Sync");
	fake_pq_answer_all(conn);
	run_until_done(2);
	assert_int_equal(batches[0].error, ERROR_NONE);
	assert_int_equal(fake_pq.opened, 1);
}

/* And then what was sent behind is not answered with what comes from there. */
static void what_cannot_be_cleaned_has_no_say(void **state)
{
	PGconn *conn;

	(void)state;
	create_stream(&rows);
	start_part(0);
	run_until_done(1);
	conn = fake_pq_conn(0);
	fake_pq.answers_everything = false;
	fake_pq.answer = says_dirty;
	end_stream();
	create_stream(&rows);
	start_part(0);
	fake_pq_answer_all(conn);
	fake_pq.answers_everything = true;
	run_until_done(2);
	assert_int_equal(batches[0].error, ERROR_NONE);
	assert_int_equal(fake_pq.opened, 2);
	assert_false(fake_pq_is_open(conn));
}

static void as_many_sessions_as_streams_at_once(void **state)
{
	struct db_stream *first;

	(void)state;
	for (int round = 0; round < 3; round++) {
		create_stream(&rows);
		start_part(0);
		first = stream;
		create_stream(&rows);
		start_part(1);
		run_until_done(all_done + 2 - (all_done % 2));
		end_stream();
		db_stream_destroy(first);
	}
	assert_int_equal(fake_pq.opened, 2);
	assert_int_equal(fake_pq.open, 2);
}

static void what_has_failed_is_not_kept(void **state)
{
	(void)state;
	for (int waits = 0; waits <= 1; waits++) {
		run_good_stream(&rows, waits);
		fake_pq.contends = 1000;
		run_stream(&rows, waits);
		assert_string_equal(error_word(batches[0].error), error_word(ERROR_CONTENTION));
		end_stream();
		assert_int_equal(fake_pq.open, 0);
		fake_pq.contends = 0;
	}
}

static void a_session_that_ended_meanwhile_costs_nothing(void **state)
{
	(void)state;
	for (int waits = 0; waits <= 1; waits++) {
		run_good_stream(&rows, waits);
		fake_pq_push(fake_pq_conn(fake_pq.opened - 1), PGRES_FATAL_ERROR, "57P01", "terminating connection");
		fake_pq_hang_up(fake_pq_conn(fake_pq.opened - 1));
		run_good_stream(&rows, waits);
		assert_int_equal(fake_pq.open, 1);
		assert_int_equal(fake_pq.opened, waits + 2);
	}
}

/* Between the look at it and the answer. */
static void a_session_that_ends_now_costs_nothing_once(void **state)
{
	(void)state;
	for (int waits = 0; waits <= 1; waits++) {
		run_good_stream(&rows, waits);
		fake_pq.cuts = 1;
		run_good_stream(&rows, waits);
		fake_pq.cuts = 2;
		run_stream(&rows, waits);
		assert_int_equal(batches[0].error, ERROR_DATABASE_UNAVAILABLE);
		assert_string_equal(batches[0].message, "the connection to the database was lost");
		end_stream();
		assert_int_equal(fake_pq.open, 0);
	}
}

static void a_session_that_cannot_be_cleaned_is_not_used_again(void **state)
{
	(void)state;
	for (int waits = 0; waits <= 1; waits++) {
		fake_pq.answer = says_dirty;
		run_good_stream(&rows, waits);
		run_good_stream(&rows, waits);
		assert_int_equal(fake_pq.opened, 2);
		assert_int_equal(fake_pq.open, 1);
		fake_pq.answer = NULL;
		fake_pq_report(fake_pq_conn(1), "TimeZone", "Mars");
		run_good_stream(&rows, waits);
		run_good_stream(&rows, waits);
		assert_int_equal(fake_pq.opened, 3);
		clean_up(state);
		set_up_spares(state);
	}
}

static void a_session_that_has_grown_is_closed(void **state)
{
	(void)state;
	create_stream(&rows);
	start_part(0);
	run_until_done(1);
	stream->session->conn.has_grown = true;
	end_stream();
	assert_int_equal(fake_pq.open, 0);
}

static void a_session_behind_a_pooler_is_closed(void **state)
{
	(void)state;
	settings.pooler = DB_POOLER_SESSION;
	fake_pq.setup_parts = 5;
	run_good_stream(&rows, true);
	assert_int_equal(fake_pq.open, 0);
}

/* The statements of one edition are prepared in a session. */
static void an_earlier_edition_s_session_is_closed(void **state)
{
	struct db_statement newer = rows;
	struct db_stream *old;

	(void)state;
	newer.edition = 2;
	run_good_stream(&rows, true);
	create_stream(&rows);
	start_part(0);
	run_until_done(1);
	assert_int_equal(fake_pq.opened, 1);
	old = stream;
	run_good_stream(&newer, true);
	db_stream_destroy(old);
	assert_int_equal(fake_pq.opened, 2);
	assert_int_equal(fake_pq.open, 1);
	run_good_stream(&newer, true);
	assert_int_equal(fake_pq.opened, 2);
	newer.edition = 3;
	run_good_stream(&newer, true);
	assert_int_equal(fake_pq.opened, 3);
	assert_int_equal(fake_pq.open, 1);
}

static void what_no_stream_takes_is_closed(void **state)
{
	uint64_t now_ns;

	(void)state;
	run_good_stream(&rows, true);
	now_ns = clock_now_ns();
	assert_true(db_spares_rest(settings.spares, now_ns + (SPARE_REST_S - 1) * NS_PER_S));
	assert_int_equal(fake_pq.open, 1);
	assert_false(db_spares_rest(settings.spares, now_ns + (SPARE_REST_S + 1) * NS_PER_S));
	assert_int_equal(fake_pq.open, 0);
}

/* An idle session is no reason to refuse. */
static void sessions_make_room_where_no_more_are_granted(void **state)
{
	struct db_wait wait;

	(void)state;
	run_good_stream(&rows, true);
	fake_pq.granted = 1;
	db_wait_init(&wait, &settings, 0);
	db_batch_add(&batches[1], &other_rows, values[1]);
	batches[1].deadline_ns = clock_now_ns() + 60 * NS_PER_S;
	wait.catalog = (struct db_catalog){1, 3};
	db_wait_run(&wait, &batches[1]);
	assert_int_equal(batches[1].error, ERROR_NONE);
	assert_int_equal(fake_pq.open, 1);
	db_wait_cleanup(&wait);
}

/* A migration came while the session was kept. */
static void what_does_not_fit_a_kept_session_begins_again(void **state)
{
	PGconn *kept;

	(void)state;
	run_good_stream(&rows, false);
	kept = fake_pq_conn(0);
	fake_pq.answers_everything = false;
	create_stream(&rows);
	start_part(0);
	run_for(2);
	while (fake_pq_unanswered(kept) > 3) /* the cursor, its rows and the Sync are left */
		fake_pq_answer(kept);
	fake_pq.answers_everything = fake_pq.shows_prepares = true;
	fake_pq_answer_error(kept, "42883", "operator does not exist", NULL);
	fake_pq_answer_all(kept);
	run_until_done(2);
	assert_int_equal(batches[0].error, ERROR_NONE);
	assert_false(fake_pq_is_open(kept));
	assert_non_null(strstr(fake_pq_sent(fake_pq_conn(1)), "+ +language ?language Sync"));
}

static void a_kept_session_looks_again_when_another_has_seen_a_change(void **state)
{
	(void)state;
	fake_pq.shows_prepares = true;
	run_good_stream(&rows, false);
	fake_pq_sent(fake_pq_conn(0));
	atomic_fetch_add(&signatures->generation, 1);
	run_good_stream(&rows, false);
	assert_non_null(strstr(fake_pq_sent(fake_pq_conn(0)), "DEALLOCATE() + +language ?language Sync"));
	assert_int_equal(fake_pq.opened, 1);
}

/* `done` is not called from inside start. */
static void what_is_refused_at_once_is_told_later(void **state)
{
	static struct db_parameter parameter = {
	    .name = "code", .oid = 16, .type = {.kind = DB_TYPE_BOOL, .delimiter = ','}};
	static const struct db_signature before = {.parameters = &parameter};

	(void)state;
	run_good_stream(&rows, false);
	stream = db_stream_create(&rows, &before, values[0], NULL, &arena);
	start_part(0);
	assert_int_equal(all_done, 1);
	run_until_done(2);
	assert_int_equal(batches[0].error, ERROR_DATABASE_UNAVAILABLE);
}

/* Whatever call fails, the first try or the second answers. */
static void a_fault_on_a_kept_session_costs_nothing(void **state)
{
	for (int waits = 0; waits <= 1; waits++)
		for (unsigned fault = 1, has_failed = true; has_failed; fault++) {
			run_good_stream(&rows, waits);
			fake_pq.fail_at = fake_pq.calls + fault;
			fake_pq.failed_call = NULL;
			run_good_stream(&rows, waits);
			has_failed = fake_pq.failed_call != NULL;
			fake_pq.fail_at = 0;
			assert_true(fault < 100);
			clean_up(state);
			set_up_spares(state);
		}
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_spares, clean_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(streams_one_after_another_have_one_session),
	    TEST(a_session_is_cleaned_before_the_next_stream),
	    TEST(what_cleans_need_not_have_been_answered),
	    TEST(what_cannot_be_cleaned_has_no_say),
	    TEST(as_many_sessions_as_streams_at_once),
	    TEST(what_has_failed_is_not_kept),
	    TEST(a_session_that_ended_meanwhile_costs_nothing),
	    TEST(a_session_that_ends_now_costs_nothing_once),
	    TEST(a_session_that_cannot_be_cleaned_is_not_used_again),
	    TEST(a_session_that_has_grown_is_closed),
	    TEST(a_session_behind_a_pooler_is_closed),
	    TEST(an_earlier_edition_s_session_is_closed),
	    TEST(what_no_stream_takes_is_closed),
	    TEST(sessions_make_room_where_no_more_are_granted),
	    TEST(what_does_not_fit_a_kept_session_begins_again),
	    TEST(a_kept_session_looks_again_when_another_has_seen_a_change),
	    TEST(what_is_refused_at_once_is_told_later),
	    TEST(a_fault_on_a_kept_session_costs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
