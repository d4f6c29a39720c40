#include "stream_fixture.h"

static void start_part(int i)
{
	batches[i].done = on_done;
	batches[i].deadline_ns = clock_now_ns() + NS_PER_S;
	db_stream_start(stream, &batches[i], &settings, &loop);
}

/* It ends by what happens, and not by its deadline. */
static void start_patient_part(int i)
{
	batches[i].done = on_done;
	batches[i].deadline_ns = clock_now_ns() + 60 * NS_PER_S;
	db_stream_start(stream, &batches[i], &settings, &loop);
}

static void a_stream_fetches_part_after_part(void **state)
{
	(void)state;
	open_stream();
	fake_pq.answers_everything = true;
	for (unsigned part = 1; part <= 3; part++) {
		start_part(0);
		assert_int_equal(all_done, part - 1);
		run_until_done(part);
		assert_int_equal(batches[0].error, ERROR_NONE);
	}
	assert_non_null(
	    strstr(fake_pq_sent(fake_pq_conn(0)), "R/O language(0) FETCH() Sync FETCH() Sync FETCH() Sync"));
}

/* Its transaction has it from its beginning to its end. */
static void a_stream_tells_its_context_once(void **state)
{
	static const struct db_context alice = {.role = "reader", .claims = "{alice}"};

	(void)state;
	open_stream();
	db_stream_destroy(stream);
	stream = db_stream_create(&described, &described.signature, values[0], &alice, &arena);
	settings.has_contexts = true;
	fake_pq.answers_everything = true;
	for (unsigned part = 1; part <= 2; part++) {
		start_part(0);
		run_until_done(part);
		assert_int_equal(batches[0].error, ERROR_NONE);
	}
	assert_non_null(strstr(fake_pq_sent(fake_pq_conn(0)),
			       "R/O meantime:(reader,{alice}) language(0) FETCH() Sync FETCH() Sync"));
}

/* Its columns are known before its first row. */
static void a_stream_looks_at_its_statement_first(void **state)
{
	PGconn *conn;

	(void)state;
	open_stream();
	fake_pq.shows_prepares = true;
	start_part(0);
	run_for(20);
	conn = fake_pq_conn(0);
	assert_non_null(strstr(fake_pq_sent(conn), "+ +language ?language Sync"));
	assert_int_equal(fake_pq_unanswered(conn), 4);
	fake_pq_answer_all(conn);
	run_for(10);
	assert_string_equal(fake_pq_sent(conn), "R/O language(0) FETCH() Sync");
	fake_pq_answer(conn);
	run_for(10);
	assert_string_equal(fake_pq_sent(conn), ""); /* and no second part is sent meanwhile */
	fake_pq_answer_all(conn);
	run_until_done(1);
	assert_int_equal(batches[0].error, ERROR_NONE);
	assert_ptr_equal(batches[0].queries[1].signature, signatures->first);
	start_part(0);
	run_for(10);
	assert_string_equal(fake_pq_sent(conn), "FETCH() Sync");
}

static void a_stream_whose_statement_does_not_prepare_fails(void **state)
{
	(void)state;
	open_stream();
	fake_pq.shows_prepares = true;
	start_patient_part(0);
	run_for(20);
	fake_pq_answer_error(fake_pq_conn(0), "42P01", "relation \"country\" does not exist", NULL);
	fake_pq_answer_all(fake_pq_conn(0));
	run_until_done(1);
	assert_failed(0, ERROR_DATABASE_ERROR);
	assert_string_equal(batches[0].said, "relation \"country\" does not exist");
}

static void a_part_is_over_once_when_its_connection_ends_with_it(void **state)
{
	(void)state;
	open_stream();
	start_part(0);
	for (int i = 0; i < 20 && (fake_pq.opened == 0 || fake_pq_unanswered(fake_pq_conn(0)) < 3); i++)
		run_for(2);
	fake_pq_report(fake_pq_conn(0), "default_transaction_read_only", "off");
	fake_pq_answer_all(fake_pq_conn(0));
	run_for(30);
	assert_int_equal(all_done, 1);
}

/* No row has gone out: it begins again, on a connection of its own, after a rest. */
static void a_first_part_that_others_were_in_the_way_of_runs_again(void **state)
{
	(void)state;
	open_stream();
	fake_pq.answers_everything = true;
	fake_pq.contends = 2 * 2; /* DECLARE and FETCH, twice */
	batches[0].done = on_done;
	batches[0].deadline_ns = clock_now_ns() + 60 * NS_PER_S;
	db_stream_start(stream, &batches[0], &settings, &loop);
	run_until_done(1);
	assert_int_equal(batches[0].error, ERROR_NONE);
	assert_int_equal(fake_pq.opened, 3);
	assert_int_equal(fake_pq.open, 1);
	start_part(0);
	run_until_done(2);
	assert_int_equal(batches[0].error, ERROR_NONE);
	/* its rows so far would come twice */
	fake_pq.contends = 1;
	start_part(0);
	run_until_done(3);
	assert_int_equal(batches[0].error, ERROR_CONTENTION);
}

/* A migration came between the description and the cursor. */
static void a_first_part_of_other_columns_runs_again(void **state)
{
	const struct db_query *fetch = &batches[0].queries[1];

	(void)state;
	open_stream();
	fake_pq.answers_everything = true;
	fake_pq_describe("language", 1, 0, answer.oid);
	batches[0].done = on_done;
	batches[0].deadline_ns = clock_now_ns() + 60 * NS_PER_S;
	db_stream_start(stream, &batches[0], &settings, &loop);
	for (int i = 0; i < 2000 && fake_pq.opened < 3; i++)
		run_for(1);
	assert_int_equal(all_done, 0);
	fake_pq_describe("language", 1, 1, answer.oid);
	run_until_done(1);
	assert_int_equal(batches[0].error, ERROR_NONE);
	assert_true(db_columns_are_those_of(fetch->result, fetch->signature));
	assert_int_equal(fake_pq.open, 1);
}

static void a_stream_that_rests_may_be_destroyed(void **state)
{
	(void)state;
	open_stream();
	fake_pq.answers_everything = true;
	fake_pq.contends = 100;
	batches[0].done = on_done;
	batches[0].deadline_ns = clock_now_ns() + 60 * NS_PER_S;
	db_stream_start(stream, &batches[0], &settings, &loop);
	for (int i = 0; i < 500 && fake_pq.contends == 100; i++)
		run_for(1);
	db_stream_destroy(stream);
	stream = NULL;
	run_for(20);
	assert_int_equal(all_done, 0);
	assert_int_equal(fake_pq.open, 0);
}

static void a_stream_runs_again_so_often_and_no_more(void **state)
{
	(void)state;
	open_stream();
	fake_pq.answers_everything = true;
	fake_pq.contends = 100;
	batches[0].done = on_done;
	batches[0].deadline_ns = clock_now_ns() + 60 * NS_PER_S;
	db_stream_start(stream, &batches[0], &settings, &loop);
	run_until_done(1);
	assert_failed(0, ERROR_CONTENTION);
	assert_int_equal(fake_pq.opened, 1 + RERUNS_MAX);
}

static void a_part_ends_at_its_deadline(void **state)
{
	(void)state;
	open_stream();
	fake_pq.hangs = true;
	batches[0].done = on_done;
	batches[0].deadline_ns = clock_now_ns() + 20 * NS_PER_MS;
	db_stream_start(stream, &batches[0], &settings, &loop);
	run_for(50);
	assert_failed(0, ERROR_DEADLINE);
	assert_string_equal(batches[0].message, db_no_answer);
}

static void a_stream_connects_in_its_time(void **state)
{
	(void)state;
	open_stream();
	fake_pq.hangs = true;
	settings.connect_timeout_ms = 20;
	start_part(0);
	run_for(50);
	assert_failed(0, ERROR_DATABASE_UNAVAILABLE);
	assert_string_equal(batches[0].message, db_unreachable);
	start_part(1);
	run_for(5);
	assert_failed(1, ERROR_DATABASE_UNAVAILABLE);
}

static void the_time_to_connect_is_not_that_of_the_part(void **state)
{
	(void)state;
	open_stream();
	settings.connect_timeout_ms = 20;
	start_part(0);
	run_for(50);
	assert_int_equal(all_done, 0);
	fake_pq_answer_all(fake_pq_conn(0));
	run_until_done(1);
	assert_int_equal(batches[0].error, ERROR_NONE);
}

static void a_stream_that_cannot_connect_fails_later(void **state)
{
	(void)state;
	open_stream();
	fake_pq.fail_at = 1;
	start_part(0);
	assert_int_equal(all_done, 0);
	run_until_done(1);
	assert_failed(0, ERROR_DATABASE_UNAVAILABLE);
}

/* Whatever call fails, a part is over once, and long before its deadline. */
static void a_fault_in_any_call_ends_the_part(void **state)
{
	unsigned fail_at = 0;
	bool has_failed = true;

	for (; has_failed; clean_up(state), set_up(state)) {
		open_stream();
		fake_pq.answers_everything = fake_pq.shows_prepares = true;
		fake_pq.fail_at = ++fail_at;
		start_patient_part(0);
		run_until_done(1);
		has_failed = fake_pq.failed_call != NULL;
		assert_int_equal(batches[0].error, has_failed ? ERROR_DATABASE_UNAVAILABLE : ERROR_NONE);
	}
	assert_true(fail_at > 10);
}

static void a_stream_may_be_destroyed_between_parts(void **state)
{
	(void)state;
	open_stream();
	fake_pq.answers_everything = true;
	start_part(0);
	run_until_done(1);
	db_stream_destroy(stream);
	stream = NULL;
	assert_int_equal(fake_pq.open, 0);
}

static void a_part_is_lost_with_its_connection(void **state)
{
	(void)state;
	open_stream();
	start_patient_part(0);
	for (int i = 0; i < 50 && (fake_pq.opened == 0 || fake_pq_unanswered(fake_pq_conn(0)) < 3); i++)
		run_for(2);
	fake_pq_hang_up(fake_pq_conn(0));
	run_until_done(1);
	assert_failed(0, ERROR_DATABASE_UNAVAILABLE);
	assert_int_equal(fake_pq.open, 0);
}

static unsigned rows_asked_for(int i)
{
	unsigned rows = 0;

	sscanf(batches[i].queries[batches[i].query_count - 1].statement->sql, "FETCH FORWARD %u FROM rows", &rows);
	return rows;
}

/* As many rows as fit, by the size of those before. */
static void a_part_is_as_large_as_the_rows_let_it(void **state)
{
	static const size_t row_bytes[] = {1, STREAM_PART_BYTES, STREAM_PART_BYTES / 4};
	static const unsigned least[] = {100, 101, 1, 3}, most[] = {100, 5000, 1, 3};

	(void)state;
	open_stream();
	for (unsigned part = 0; part < ARRAY_LENGTH(least); part++) {
		start_patient_part(0);
		for (int i = 0; i < 50 && (fake_pq.opened == 0 || fake_pq_unanswered(fake_pq_conn(0)) < 2); i++)
			run_for(2);
		assert_in_range(rows_asked_for(0), least[part], most[part]);
		if (part == ARRAY_LENGTH(row_bytes))
			break;
		while (fake_pq_unanswered(fake_pq_conn(0)) > 2)
			fake_pq_answer(fake_pq_conn(0));
		fake_pq_answer_large(fake_pq_conn(0), row_bytes[part]);
		fake_pq_answer(fake_pq_conn(0));
		run_until_done(part + 1);
		assert_int_equal(batches[0].error, ERROR_NONE);
	}
}

/* Its request was answered with a 400, or not, by what the parameter was before. */
static void values_for_another_type_are_not_sent(void **state)
{
	static struct db_parameter parameter = {
	    .name = "code", .oid = 16, .type = {.kind = DB_TYPE_BOOL, .delimiter = ','}};
	static const struct db_signature before = {.parameters = &parameter};

	(void)state;
	open_stream();
	db_stream_destroy(stream);
	stream = db_stream_create(&described, &before, values[0], NULL, &arena);
	fake_pq.answers_everything = true;
	start_patient_part(0);
	run_until_done(1);
	assert_failed(0, ERROR_DATABASE_UNAVAILABLE);
	assert_null(strstr(fake_pq_sent(fake_pq_conn(0)), "language("));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_stream_fetches_part_after_part),
	    TEST(a_stream_tells_its_context_once),
	    TEST(a_stream_looks_at_its_statement_first),
	    TEST(a_stream_whose_statement_does_not_prepare_fails),
	    TEST(a_part_is_over_once_when_its_connection_ends_with_it),
	    TEST(a_first_part_that_others_were_in_the_way_of_runs_again),
	    TEST(a_first_part_of_other_columns_runs_again),
	    TEST(a_stream_that_rests_may_be_destroyed),
	    TEST(a_stream_runs_again_so_often_and_no_more),
	    TEST(a_part_ends_at_its_deadline),
	    TEST(a_stream_connects_in_its_time),
	    TEST(the_time_to_connect_is_not_that_of_the_part),
	    TEST(a_stream_that_cannot_connect_fails_later),
	    TEST(a_fault_in_any_call_ends_the_part),
	    TEST(a_stream_may_be_destroyed_between_parts),
	    TEST(a_part_is_lost_with_its_connection),
	    TEST(a_part_is_as_large_as_the_rows_let_it),
	    TEST(values_for_another_type_are_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
