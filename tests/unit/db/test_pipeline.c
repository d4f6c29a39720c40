#include "db/pipeline.h"

#include "base/clock.h"
#include "base/log.h"
#include "db/stream.h"
#include "lib/fake_pq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BATCHES = 64 };

#define READ(name_, index_, ...)                                                                                       \
	{                                                                                                              \
		.name = name_, .sql = "SELECT", .index = index_, .parameter_count = 1, .is_read_only = true,           \
		__VA_ARGS__                                                                                            \
	}

static const struct db_statement country = READ("country", 0, .row_limit = 0);
static const struct db_statement language = READ("language", 1, .row_limit = 0);
static const struct db_statement isolated = READ("isolated", 2, .is_isolated = true);
static const struct db_statement limited = READ("limited", 3, .timeout_ms = 250);
static const struct db_statement slow = READ("slow", 4, .row_limit = 0);
static const struct db_statement add = {.name = "add", .sql = "INSERT", .index = 5, .parameter_count = 1};

static uv_loop_t loop;
static struct db_settings settings;
static struct db_pipeline_options options;
static struct db_pipeline *pipeline;
static struct db_stream *stream;
static struct arena arena;

static struct db_batch batches[BATCHES];
static unsigned done_count[BATCHES], all_done;
static char numbers[BATCHES][8];
static const char *values[BATCHES][1];
static bool is_in_submit;

static void on_done(struct db_batch *batch)
{
	assert_false(is_in_submit);
	assert_null(batch->slot);
	assert_true(list_is_empty(&batch->link));
	assert_true(batch->done_ns > 0);
	done_count[batch - batches]++;
	all_done++;
}

static int set_up(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	fake_pq_reset();
	settings = (struct db_settings){
	    .conninfo = "",
	    .statement_count = 6,
	    .connect_timeout_ms = 200,
	    .statement_timeout_ms = 5000,
	    .idle_timeout_ms = 31000,
	    .result_limit_bytes = 100000,
	    .depth = 16,
	};
	options = (struct db_pipeline_options){
	    .settings = &settings, .connections = 4, .shared_connections = 1, .queue_limit = 32};
	assert_int_equal(uv_loop_init(&loop), 0);
	arena_init(&arena, NULL, 0);
	pipeline = NULL;
	stream = NULL;
	all_done = 0;
	for (int i = 0; i < BATCHES; i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "%d", i);
		values[i][0] = numbers[i];
		done_count[i] = 0;
		db_batch_init(&batches[i]);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (pipeline != NULL)
		db_pipeline_close(pipeline);
	if (stream != NULL)
		db_stream_destroy(stream);
	uv_run(&loop, UV_RUN_DEFAULT);
	if (pipeline != NULL)
		db_pipeline_destroy(pipeline);
	arena_cleanup(&arena);
	for (int i = 0; i < BATCHES; i++)
		db_batch_cleanup(&batches[i]);
	return uv_loop_close(&loop) == 0 && fake_pq_is_clean() ? 0 : -1;
}

/* Time passes */

static void on_timer(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

/* Lets the loop run for so long. */
static void run_for(unsigned ms)
{
	bool is_over = false;
	uv_timer_t timer = {.data = &is_over};

	uv_update_time(&loop);
	uv_timer_init(&loop, &timer);
	uv_timer_start(&timer, on_timer, ms, 0);
	while (!is_over)
		uv_run(&loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
}

/* What is ready now, and no waiting. */
static void turn(void)
{
	for (int i = 0; i < 4; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
}

static void run_until_done(unsigned count)
{
	for (int i = 0; i < 600 && all_done < count; i++)
		run_for(5);
	assert_int_equal(all_done, count);
}

/* The pipeline */

static void submit(int i, const struct db_statement *statement)
{
	struct db_batch *batch = &batches[i];

	db_batch_add(batch, statement, values[i]);
	batch->done = on_done;
	batch->submitted_ns = clock_now_ns();
	if (batch->deadline_ns == 0)
		batch->deadline_ns = batch->submitted_ns + 5 * NS_PER_S;
	is_in_submit = true;
	db_pipeline_submit(pipeline, batch);
	is_in_submit = false;
}

static void submit_until(int i, const struct db_statement *statement, unsigned ms)
{
	batches[i].deadline_ns = clock_now_ns() + ms * NS_PER_MS;
	submit(i, statement);
}

static void start(void)
{
	pipeline = db_pipeline_create(&loop, &options);
	for (int i = 0; i < 100 && !db_pipeline_is_ready(pipeline); i++)
		run_for(5);
	run_for(5); /* the writing one, too */
	assert_true(db_pipeline_is_ready(pipeline));
	for (unsigned i = 0; i < fake_pq.opened; i++)
		fake_pq_sent(fake_pq_conn(i));
}

static void answer_all_open(void)
{
	for (unsigned c = 0; c < fake_pq.opened; c++)
		if (fake_pq_is_open(fake_pq_conn(c)))
			fake_pq_answer_all(fake_pq_conn(c));
}

/* A statement runs once and takes so long: from then on it is known as quick or slow. The last batches are for that. */
static void teach(const struct db_statement *statement, unsigned ms)
{
	int i = BATCHES - 1 - (int)statement->index;
	unsigned before = all_done;

	submit(i, statement);
	turn();
	if (ms > 0)
		run_for(ms);
	answer_all_open();
	turn();
	assert_int_equal(all_done, before + 1);
	assert_int_equal(batches[i].error, ERROR_NONE);
	for (unsigned c = 0; c < fake_pq.opened; c++)
		fake_pq_sent(fake_pq_conn(c));
	all_done = before;
}

/* With one shared connection a kind: the first opened reads, the second writes. */
static PGconn *reads(void)
{
	return fake_pq_conn(0);
}

static PGconn *writes(void)
{
	return fake_pq_conn(1);
}

static void assert_ok(int i, const char *statement)
{
	char expected[32];
	struct text value;

	snprintf(expected, sizeof(expected), "%s(%d)", statement, i);
	assert_int_equal(done_count[i], 1);
	assert_int_equal(batches[i].error, ERROR_NONE);
	value = db_value(batches[i].queries[0].result, 0, 0);
	assert_int_equal(value.length, strlen(expected));
	assert_memory_equal(value.at, expected, value.length);
}

static void assert_failed(int i, enum error error)
{
	assert_int_equal(done_count[i], 1);
	assert_string_equal(error_word(batches[i].error), error_word(error));
}

/* Units */

static void there_is_a_connection_of_each_kind_from_the_start(void **state)
{
	(void)state;
	start();
	assert_int_equal(fake_pq.opened, 2);
	assert_int_equal(db_pipeline_numbers(pipeline).open, 2);
	assert_int_equal(db_pipeline_numbers(pipeline).busy, 0);
}

static void reads_of_one_turn_share_one_sync(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	for (int i = 0; i < 3; i++)
		submit(i, &country);
	assert_string_equal(fake_pq_sent(reads()), "");
	turn();
	assert_string_equal(fake_pq_sent(reads()), "R/O country(0) country(1) country(2) Sync");
	assert_int_equal(db_pipeline_numbers(pipeline).in_flight, 3);
	fake_pq_answer_all(reads());
	turn();
	for (int i = 0; i < 3; i++)
		assert_ok(i, "country");
	assert_int_equal(db_pipeline_numbers(pipeline).in_flight, 0);
}

static void every_write_has_a_sync_of_its_own(void **state)
{
	(void)state;
	start();
	teach(&add, 0);
	submit(0, &add);
	submit(1, &add);
	turn();
	assert_string_equal(fake_pq_sent(writes()), "add(0) Sync add(1) Sync");
	fake_pq_answer_error(writes(), "23505", "duplicate", NULL);
	fake_pq_answer_all(writes());
	turn();
	assert_failed(0, ERROR_CONFLICT);
	assert_ok(1, "add");
}

static void a_read_with_a_timeout_has_a_sync_of_its_own(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	teach(&limited, 0);
	submit(0, &country);
	submit(1, &country);
	submit(2, &limited);
	submit(3, &country);
	turn();
	assert_string_equal(fake_pq_sent(reads()), "R/O country(0) country(1) Sync R/O meantime:(250) limited(2) Sync "
						   "R/O country(3) Sync");
	fake_pq_answer_all(reads());
	turn();
	assert_ok(2, "limited");
	assert_int_equal(all_done, 4);
}

/* However quick it was the last time. */
static void an_isolated_read_shares_a_connection_with_nobody(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	teach(&isolated, 0);
	submit(0, &country);
	submit(1, &isolated);
	submit(2, &country);
	for (int i = 0; i < 100 && all_done < 3; i++) {
		turn();
		for (unsigned c = 0; c < fake_pq.opened; c++) {
			const char *sent = fake_pq_sent(fake_pq_conn(c));

			if (strstr(sent, "isolated(") != NULL)
				assert_null(strstr(sent, "country("));
		}
		run_for(3);
		answer_all_open();
	}
	assert_ok(0, "country");
	assert_ok(1, "isolated");
	assert_ok(2, "country");
}

static void what_changed_its_session_travels_alone_from_then_on(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	turn();
	fake_pq_report(reads(), "DateStyle", "German");
	fake_pq_answer_all(reads());
	run_for(20);
	assert_ok(0, "country");
	assert_false(fake_pq_is_open(reads()));
	submit(1, &country);
	submit(2, &country);
	for (int i = 0; i < 100 && all_done < 3; i++) {
		turn();
		for (unsigned c = 0; c < fake_pq.opened; c++) {
			const char *sent = fake_pq_sent(fake_pq_conn(c));

			assert_true(strstr(sent, "country(1)") == NULL || strstr(sent, "country(2)") == NULL);
		}
		run_for(3);
		answer_all_open();
	}
	assert_ok(1, "country");
	assert_ok(2, "country");
}

/* It is busy still with those before. */
/* Two shared connections: one stands still, the other answers. */
static void reads_are_rescued_from_behind_somebody_slow(void **state)
{
	PGconn *stuck = NULL;

	(void)state;
	options.shared_connections = 2;
	start();
	teach(&country, 0);
	for (int i = 0; i < 3; i++) {
		submit(i, &country);
		turn();
	}
	for (unsigned c = 0; c < fake_pq.opened; c++)
		if (fake_pq_unanswered(fake_pq_conn(c)) >= 4)
			stuck = fake_pq_conn(c);
	assert_non_null(stuck);
	for (int i = 0; i < 60 && all_done < 3; i++) {
		run_for(5);
		for (unsigned c = 0; c < fake_pq.opened; c++)
			if (fake_pq_conn(c) != stuck && fake_pq_is_open(fake_pq_conn(c)))
				fake_pq_answer_all(fake_pq_conn(c));
	}
	for (int i = 0; i < 3; i++)
		assert_ok(i, "country");
	assert_int_equal(db_pipeline_numbers(pipeline).run_again, 2);
	assert_int_equal(db_pipeline_numbers(pipeline).in_flight, 0);
	fake_pq_answer_all(stuck);
	run_for(10);
	assert_int_equal(all_done, 3);
	submit(3, &country);
	turn();
	answer_all_open();
	turn();
	assert_ok(3, "country");
}

static void nobody_is_rescued_when_nothing_moves(void **state)
{
	(void)state;
	options.shared_connections = 2;
	start();
	teach(&country, 0);
	for (int i = 0; i < 4; i++) {
		submit(i, &country);
		turn();
	}
	run_for(100);
	assert_int_equal(db_pipeline_numbers(pipeline).run_again, 0);
	assert_int_equal(db_pipeline_numbers(pipeline).in_flight, 4);
	answer_all_open();
	run_until_done(4);
}

static void who_is_alone_on_a_connection_is_not_run_again(void **state)
{
	(void)state;
	options.shared_connections = 2;
	start();
	teach(&country, 0);
	submit(0, &country);
	turn();
	run_for(100);
	assert_int_equal(db_pipeline_numbers(pipeline).run_again, 0);
	answer_all_open();
	run_until_done(1);
	assert_ok(0, "country");
}

static void a_retiring_connection_takes_nobody(void **state)
{
	(void)state;
	start();
	teach(&add, 0);
	submit(0, &add);
	submit(1, &add);
	turn();
	fake_pq_report(writes(), "DateStyle", "German");
	fake_pq_answer(writes());
	fake_pq_answer(writes());
	turn();
	assert_ok(0, "add");
	fake_pq_sent(writes());
	submit(2, &add);
	run_for(20);
	assert_string_equal(fake_pq_sent(writes()), "");
	fake_pq_answer_all(writes());
	turn();
	assert_ok(1, "add");
	assert_false(fake_pq_is_open(writes()));
	for (int i = 0; i < 100 && all_done < 3; i++) {
		run_for(3);
		answer_all_open();
	}
	assert_ok(2, "add");
}

static void a_third_unit_waits_until_one_has_ended(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	for (int i = 0; i < 3; i++) {
		submit(i, &country);
		turn();
	}
	assert_string_equal(fake_pq_sent(reads()), "R/O country(0) Sync R/O country(1) Sync");
	assert_int_equal(db_pipeline_numbers(pipeline).waiting, 1);
	fake_pq_answer(reads());
	fake_pq_answer(reads());
	turn();
	assert_string_equal(fake_pq_sent(reads()), "R/O country(2) Sync");
}

static void those_behind_a_failure_run_again_singly(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	for (int i = 0; i < 4; i++)
		submit(i, &country);
	turn();
	fake_pq_sent(reads());
	fake_pq_answer(reads());
	fake_pq_answer_error(reads(), "22012", "division by zero", NULL);
	fake_pq_answer_all(reads());
	turn();
	assert_ok(0, "country");
	assert_failed(1, ERROR_REJECTED);
	assert_int_equal(all_done, 2);
	assert_int_equal(db_pipeline_numbers(pipeline).run_again, 2);
	fake_pq_answer_error(reads(), "22012", "division by zero", NULL);
	fake_pq_answer_all(reads());
	turn();
	assert_int_equal(all_done, 4);
	assert_int_equal((batches[2].error == ERROR_REJECTED) + (batches[3].error == ERROR_REJECTED), 1);
	assert_ok(batches[2].error == ERROR_NONE ? 2 : 3, "country");
}

static void what_is_run_again_keeps_its_order_and_its_own_sync(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	for (int i = 0; i < 4; i++)
		submit(i, &country);
	turn();
	fake_pq_sent(reads());
	fake_pq_answer_error(reads(), "22012", "division by zero", NULL);
	fake_pq_answer_all(reads());
	turn();
	assert_string_equal(fake_pq_sent(reads()), "R/O country(1) Sync R/O country(2) Sync R/O country(3) Sync");
}

static void what_a_done_submits_leaves_in_the_same_turn(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	turn();
	fake_pq_sent(reads());
	fake_pq_answer_all(reads());
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_ok(0, "country");
	submit(1, &country);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_string_equal(fake_pq_sent(reads()), "R/O country(1) Sync");
}

/* Limits and deadlines */

static void beyond_the_queue_limit_is_busy_at_the_end_of_the_turn(void **state)
{
	(void)state;
	options.queue_limit = 2;
	start();
	for (int i = 0; i < 4; i++)
		submit(i, &country);
	assert_int_equal(all_done, 0);
	turn();
	/* one is on a connection, two wait */
	assert_failed(3, ERROR_BUSY);
	assert_int_equal(all_done, 1);
	for (int i = 0; i < 50 && all_done < 4; i++) {
		answer_all_open();
		run_for(5);
	}
	for (int i = 0; i < 3; i++)
		assert_ok(i, "country");
}

static void finish_later_ends_a_batch_that_was_never_submitted(void **state)
{
	(void)state;
	start();
	batches[0].done = on_done;
	batches[0].done_ns = 1;
	db_batch_fail(&batches[0], ERROR_BUSY, "");
	db_pipeline_finish_later(pipeline, &batches[0]);
	assert_int_equal(all_done, 0);
	turn();
	assert_failed(0, ERROR_BUSY);
}

static void a_deadline_in_the_queue_ends_the_wait(void **state)
{
	(void)state;
	options.connections = 2;
	start();
	teach(&slow, 10);
	submit(0, &slow);
	turn();
	submit_until(1, &slow, 30);
	run_for(20);
	assert_int_equal(all_done, 0);
	run_for(40);
	assert_failed(1, ERROR_DEADLINE);
	assert_int_equal(batches[1].sent_ns, 0);
	assert_int_equal(all_done, 1);
	assert_int_equal(db_pipeline_numbers(pipeline).waiting, 0);
	fake_pq_answer_all(reads());
	turn();
	assert_ok(0, "slow");
}

static void who_has_left_is_not_sent(void **state)
{
	atomic_bool has_left = false;

	(void)state;
	start();
	teach(&slow, 20);
	for (int i = 0; i < 8; i++) {
		batches[i].is_abandoned = &has_left;
		submit(i, &slow);
	}
	run_for(20);
	has_left = true;
	run_for(20);
	assert_true(all_done > 0);
	for (int i = 0; i < 8; i++)
		if (batches[i].slot == NULL)
			assert_failed(i, ERROR_BUSY);
	assert_int_equal(db_pipeline_numbers(pipeline).waiting, 0);
	answer_all_open();
	run_until_done(8);
}

static void a_deadline_in_flight_ends_the_wait_and_keeps_the_connection(void **state)
{
	(void)state;
	start();
	teach(&add, 0);
	submit_until(0, &add, 20);
	run_for(50);
	assert_failed(0, ERROR_DEADLINE);
	assert_non_null(strstr(batches[0].message, "whether it was written is not known"));
	assert_int_equal(db_pipeline_numbers(pipeline).in_flight, 0);
	fake_pq_answer_all(writes());
	turn();
	assert_int_equal(done_count[0], 1);
	assert_true(fake_pq_is_open(writes()));
	teach(&country, 0);
}

static void the_owner_of_a_late_batch_may_free_it(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit_until(0, &country, 20);
	run_for(50);
	assert_failed(0, ERROR_DEADLINE);
	memset(&batches[0], 0xdd, sizeof(batches[0]));
	fake_pq_answer_all(reads());
	turn();
	db_batch_init(&batches[0]);
	submit(1, &country);
	turn();
	answer_all_open();
	run_for(20);
	answer_all_open();
	turn();
	assert_ok(1, "country");
}

static void a_server_that_hangs_is_given_up(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit_until(0, &country, 20);
	run_for(300); /* well before: a busy machine may let this test stand still for a while */
	assert_failed(0, ERROR_DEADLINE);
	assert_true(fake_pq_is_open(reads()));
	run_for(900);
	assert_false(fake_pq_is_open(reads()));
	assert_int_equal(db_pipeline_numbers(pipeline).lost, 1);
	run_for(50); /* and there is another */
	assert_true(db_pipeline_is_ready(pipeline));
}

/* Losses */

static void a_read_is_run_once_more_elsewhere(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	submit(1, &country);
	turn();
	fake_pq_hang_up(reads());
	run_for(50);
	assert_int_equal(all_done, 0);
	assert_int_equal(fake_pq.opened, 3);
	assert_int_equal(fake_pq_unanswered(fake_pq_conn(2)), 4); /* two reads, each with its Sync */
	assert_int_equal(db_pipeline_numbers(pipeline).lost, 1);
	assert_int_equal(db_pipeline_numbers(pipeline).run_again, 2);
	fake_pq_answer_all(fake_pq_conn(2));
	turn();
	assert_ok(0, "country");
	assert_ok(1, "country");
}

static void a_read_lost_twice_is_not_run_a_third_time(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &country);
	turn();
	fake_pq_hang_up(reads());
	run_for(50);
	fake_pq_hang_up(fake_pq_conn(2));
	run_for(50);
	assert_failed(0, ERROR_DATABASE_UNAVAILABLE);
	assert_int_equal(all_done, 1);
}

static void a_write_that_was_lost_is_never_run_again(void **state)
{
	(void)state;
	start();
	teach(&add, 0);
	submit(0, &add);
	turn();
	fake_pq_answer(writes()); /* written, but its Sync has not come */
	fake_pq_hang_up(writes());
	run_for(100);
	assert_failed(0, ERROR_OUTCOME_UNKNOWN);
	for (unsigned c = 2; c < fake_pq.opened; c++)
		assert_null(strstr(fake_pq_sent(fake_pq_conn(c)), "add("));
}

static void a_failed_write_stays_failed_when_the_connection_is_lost(void **state)
{
	(void)state;
	start();
	teach(&add, 0);
	submit(0, &add);
	turn();
	fake_pq_answer_error(writes(), "23505", "duplicate", NULL);
	fake_pq_hang_up(writes());
	run_for(50);
	assert_failed(0, ERROR_CONFLICT);
}

static void a_lost_idle_connection_comes_back_before_anybody_asks(void **state)
{
	(void)state;
	start();
	run_for(20);
	fake_pq_hang_up(reads());
	turn();
	assert_false(db_pipeline_is_ready(pipeline));
	run_for(1200);
	assert_true(db_pipeline_is_ready(pipeline));
}

static void without_a_database_requests_fail_at_once_and_it_comes_back(void **state)
{
	(void)state;
	start();
	fake_pq.refuses = true;
	fake_pq_hang_up(reads());
	turn();
	submit(0, &country);
	run_for(30);
	assert_failed(0, ERROR_DATABASE_UNAVAILABLE);
	submit(1, &country);
	turn();
	assert_failed(1, ERROR_DATABASE_UNAVAILABLE);
	assert_true(fake_pq.opened < 6);
	fake_pq.refuses = false;
	for (int i = 0; i < 100 && !db_pipeline_is_ready(pipeline); i++)
		run_for(30);
	teach(&country, 0);
}

static void a_connect_that_hangs_is_given_up_in_time(void **state)
{
	(void)state;
	start();
	fake_pq.hangs = true;
	fake_pq_hang_up(reads());
	turn();
	submit(0, &country);
	run_for(100);
	assert_int_equal(all_done, 0);
	run_for(150);
	assert_failed(0, ERROR_DATABASE_UNAVAILABLE);
	fake_pq.hangs = false;
}

/* Who travels with whom */

static void a_statement_never_seen_travels_alone(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	submit(0, &language);
	submit(1, &country);
	submit(2, &language);
	turn();
	assert_string_equal(fake_pq_sent(reads()), "R/O language(0) Sync");
	for (int i = 0; i < 100 && all_done < 3; i++) {
		run_for(2);
		for (unsigned c = 0; c < fake_pq.opened; c++)
			assert_null(strstr(fake_pq_sent(fake_pq_conn(c)), "language(2) country"));
		answer_all_open();
	}
	assert_ok(0, "language");
	assert_ok(1, "country");
	assert_ok(2, "language");
}

static void a_quick_one_never_shares_with_a_slow_one(void **state)
{
	(void)state;
	start();
	teach(&country, 0);
	teach(&slow, 20);
	submit(0, &slow);
	turn();
	for (int i = 1; i < 6; i++) {
		submit(i, &country);
		turn();
	}
	run_for(20);
	for (unsigned c = 0; c < fake_pq.opened; c++) {
		const char *sent = fake_pq_sent(fake_pq_conn(c));

		if (strstr(sent, "slow(") != NULL)
			assert_null(strstr(sent, "country("));
	}
	for (int i = 0; i < 20; i++) {
		for (unsigned c = 0; c < fake_pq.opened; c++)
			if (fake_pq_is_open(fake_pq_conn(c)) && batches[0].slot != NULL &&
			    fake_pq_unanswered(fake_pq_conn(c)) > 0 && c != 0)
				fake_pq_answer_all(fake_pq_conn(c));
		run_for(5);
	}
	for (int i = 1; i < 6; i++)
		assert_ok(i, "country");
	assert_int_equal(done_count[0], 0);
	fake_pq_answer_all(reads());
	turn();
	assert_ok(0, "slow");
}

/* A database that is 50 ms away: the way makes nobody slow, not even on a busy machine, and more units are under way. */
static void what_is_far_away_is_quick_all_the_same(void **state)
{
	(void)state;
	fake_pq.answers_setup = false;
	pipeline = db_pipeline_create(&loop, &options);
	for (int i = 0; i < 100 && !db_pipeline_is_ready(pipeline); i++) {
		run_for(50);
		answer_all_open();
	}
	run_for(10);
	assert_true(db_pipeline_is_ready(pipeline));
	teach(&country, 10);
	for (int i = 0; i < 4; i++) {
		submit(i, &country);
		turn();
	}
	assert_string_equal(fake_pq_sent(reads()),
			    "R/O country(0) Sync R/O country(1) Sync R/O country(2) Sync R/O country(3) Sync");
	answer_all_open();
	turn();
	for (int i = 0; i < 4; i++)
		assert_ok(i, "country");
}

/* For what was never seen one connection is made ready; for what is known as slow, as many as are asked for. */
static void what_turns_out_slow_is_slow_before_it_has_ended(void **state)
{
	unsigned unanswered = 0;

	(void)state;
	options.connections = 8;
	start();
	submit(0, &slow);
	run_for(20);
	submit(1, &slow);
	submit(2, &slow);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(fake_pq.opened, 4);
	run_for(30);
	for (unsigned c = 0; c < fake_pq.opened; c++) {
		assert_in_range(fake_pq_unanswered(fake_pq_conn(c)), 0, 2);
		unanswered += fake_pq_unanswered(fake_pq_conn(c));
	}
	assert_int_equal(unanswered, 3 * 2);
	answer_all_open();
	run_until_done(3);
}

static void there_are_no_more_connections_than_allowed(void **state)
{
	(void)state;
	options.connections = 5;
	start();
	teach(&slow, 20);
	for (int i = 0; i < 24; i++)
		submit(i, i % 4 == 3 ? &add : &slow);
	for (int i = 0; i < 100 && all_done < 24; i++) {
		run_for(8);
		assert_in_range(fake_pq.open, 1, 5);
		answer_all_open();
	}
	assert_int_equal(all_done, 24);
	assert_int_equal(fake_pq.most_open, 5);
	for (int i = 0; i < 24; i++)
		assert_ok(i, i % 4 == 3 ? "add" : "slow");
}

/* The lane has one connection: whoever has it, the others' turn comes. */

static void on_one_connection_slow_ones_do_not_starve_quick_ones(void **state)
{
	int next = 1;

	(void)state;
	options.connections = 2;
	start();
	teach(&country, 0);
	teach(&slow, 20);
	submit(next++, &slow);
	submit(next++, &slow);
	turn();
	submit(0, &country);
	while (next < 20 && done_count[0] == 0) { /* as soon as one is over, another comes */
		fake_pq_answer_all(reads());
		submit(next++, &slow);
		run_for(6);
	}
	assert_ok(0, "country");
}

static void on_one_connection_quick_ones_do_not_starve_slow_ones(void **state)
{
	int next = 1;

	(void)state;
	options.connections = 2;
	start();
	teach(&country, 0);
	teach(&slow, 20);
	submit(next++, &country);
	turn();
	submit(0, &slow);
	while (next < 40 && done_count[0] == 0) {
		submit(next++, &country); /* is sent, or waits, before the one ahead of it is over */
		turn();
		fake_pq_answer(reads());
		fake_pq_answer(reads());
		turn();
	}
	assert_ok(0, "slow");
}

/* Faults: whatever call fails, every batch is over once, and no write is sent twice. */

static void run_with_fault(unsigned fail_at)
{
	unsigned adds = 0;

	fake_pq.fail_at = fail_at;
	fake_pq.answers_everything = true;
	options.shared_connections = 2;
	pipeline = db_pipeline_create(&loop, &options);
	run_for(12);
	for (int i = 0; i < 6; i++)
		submit(i, i == 2 ? &add : &country);
	run_until_done(6);
	for (int i = 0; i < 6; i++)
		assert_int_equal(done_count[i], 1);
	for (unsigned c = 0; c < fake_pq.opened; c++)
		adds += strstr(fake_pq_sent(fake_pq_conn(c)), " add(2)") != NULL;
	assert_in_range(adds, 0, 1);
}

static void a_fault_in_any_call_is_survived(void **state)
{
	unsigned fail_at = 0;
	bool was_clean;

	do {
		assert_int_equal(tear_down(state), 0);
		set_up(state);
		run_with_fault(++fail_at);
		was_clean = fake_pq.failed_call == NULL;
	} while (!was_clean);
	for (int i = 0; i < 6; i++)
		assert_ok(i, i == 2 ? "add" : "country");
	assert_true(fail_at > 30);
}

/* Streams on the loop */

static void start_part(int i)
{
	batches[i].done = on_done;
	batches[i].deadline_ns = clock_now_ns() + NS_PER_S;
	db_stream_start(stream, &batches[i], &settings, &loop);
}

static void open_stream(void)
{
	settings.depth = 1;
	settings.statement_count = 0;
	stream = db_stream_create(&country, values[0], &arena);
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
	assert_non_null(strstr(fake_pq_sent(fake_pq_conn(0)),
			       "R/O BEGIN() DECLARE(0) FETCH() Sync R/O FETCH() Sync R/O FETCH() Sync"));
}

static void the_next_part_may_be_started_before_the_sync_of_the_last(void **state)
{
	(void)state;
	open_stream();
	start_part(0);
	for (int i = 0; i < 20 && (fake_pq.opened == 0 || fake_pq_unanswered(fake_pq_conn(0)) < 4); i++)
		run_for(2);
	for (int i = 0; i < 3; i++)
		fake_pq_answer(fake_pq_conn(0));
	run_until_done(1);
	start_part(0);
	run_for(5);
	fake_pq_answer(fake_pq_conn(0));
	run_for(5);
	fake_pq_answer_all(fake_pq_conn(0));
	run_until_done(2);
	assert_int_equal(batches[0].error, ERROR_NONE);
}

static void a_part_is_over_once_when_its_connection_ends_with_it(void **state)
{
	(void)state;
	open_stream();
	start_part(0);
	for (int i = 0; i < 20 && (fake_pq.opened == 0 || fake_pq_unanswered(fake_pq_conn(0)) < 4); i++)
		run_for(2);
	fake_pq_report(fake_pq_conn(0), "default_transaction_read_only", "off");
	fake_pq_answer_all(fake_pq_conn(0));
	run_for(30);
	assert_int_equal(all_done, 1);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(there_is_a_connection_of_each_kind_from_the_start),
	    TEST(reads_of_one_turn_share_one_sync),
	    TEST(every_write_has_a_sync_of_its_own),
	    TEST(a_read_with_a_timeout_has_a_sync_of_its_own),
	    TEST(an_isolated_read_shares_a_connection_with_nobody),
	    TEST(what_changed_its_session_travels_alone_from_then_on),
	    TEST(reads_are_rescued_from_behind_somebody_slow),
	    TEST(nobody_is_rescued_when_nothing_moves),
	    TEST(who_is_alone_on_a_connection_is_not_run_again),
	    TEST(a_retiring_connection_takes_nobody),
	    TEST(a_third_unit_waits_until_one_has_ended),
	    TEST(those_behind_a_failure_run_again_singly),
	    TEST(what_is_run_again_keeps_its_order_and_its_own_sync),
	    TEST(what_a_done_submits_leaves_in_the_same_turn),
	    TEST(beyond_the_queue_limit_is_busy_at_the_end_of_the_turn),
	    TEST(finish_later_ends_a_batch_that_was_never_submitted),
	    TEST(a_deadline_in_the_queue_ends_the_wait),
	    TEST(who_has_left_is_not_sent),
	    TEST(a_deadline_in_flight_ends_the_wait_and_keeps_the_connection),
	    TEST(the_owner_of_a_late_batch_may_free_it),
	    TEST(a_server_that_hangs_is_given_up),
	    TEST(a_read_is_run_once_more_elsewhere),
	    TEST(a_read_lost_twice_is_not_run_a_third_time),
	    TEST(a_write_that_was_lost_is_never_run_again),
	    TEST(a_failed_write_stays_failed_when_the_connection_is_lost),
	    TEST(a_lost_idle_connection_comes_back_before_anybody_asks),
	    TEST(without_a_database_requests_fail_at_once_and_it_comes_back),
	    TEST(a_connect_that_hangs_is_given_up_in_time),
	    TEST(a_statement_never_seen_travels_alone),
	    TEST(a_quick_one_never_shares_with_a_slow_one),
	    TEST(what_is_far_away_is_quick_all_the_same),
	    TEST(what_turns_out_slow_is_slow_before_it_has_ended),
	    TEST(there_are_no_more_connections_than_allowed),
	    TEST(on_one_connection_slow_ones_do_not_starve_quick_ones),
	    TEST(on_one_connection_quick_ones_do_not_starve_slow_ones),
	    TEST(a_fault_in_any_call_is_survived),
	    TEST(a_stream_fetches_part_after_part),
	    TEST(the_next_part_may_be_started_before_the_sync_of_the_last),
	    TEST(a_part_is_over_once_when_its_connection_ends_with_it),
	    TEST(a_part_ends_at_its_deadline),
	    TEST(a_stream_connects_in_its_time),
	    TEST(the_time_to_connect_is_not_that_of_the_part),
	    TEST(a_stream_that_cannot_connect_fails_later),
	    TEST(a_stream_may_be_destroyed_between_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
