/* Several batches of one exchange through the three runners: what is sent when, and which failure decides. */
#include "server/run/runner.h"

#include "base/clock.h"
#include "base/log.h"
#include "exchange/batches.h"
#include "lib/fake_pq.h"
#include "server/run/awaitables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PARTS = 3 };

static struct options options;
static struct exchange_settings settings;
static struct runner_settings run;
static uv_loop_t loop;
static struct runner *runner;
static struct exchange x;
static bool is_ready;
static bool is_optional[PARTS];
static char response[1024];

static struct db_column columns[] = {
    {.name = "answer", .key = TEXT_INIT("\"echo\":"), .type = {.kind = DB_TYPE_OTHER}, .oid = 25}};

#define STATEMENT(name_, index_)                                                                                       \
	{                                                                                                              \
		.name = name_, .sql = "SELECT", .is_read_only = true, .index = index_, .signature = {                  \
			.columns = columns,                                                                            \
			.column_count = 1                                                                              \
		}                                                                                                      \
	}

static const struct db_statement statements[PARTS] = {STATEMENT("a", 0), STATEMENT("b", 1), STATEMENT("c", 2)};

/* The handler: the answers of all in a row, or the failure that decides. */

static enum step arrived(struct exchange *of)
{
	struct buffer said = buffer_in(&of->arena);

	for (unsigned i = 0; i < PARTS; i++) {
		const struct db_batch *batch = batches_at(of->state, i);

		if (batch->error != ERROR_NONE && !is_optional[i])
			return respond_batch_problem(of, batch);
		if (batch->error != ERROR_NONE)
			buffer_printf(&said, "(%s)", batch->message);
		else
			buffer_add(&said, db_value(batch->queries[0].result, 0, 0));
	}
	return respond_text(of, 200, "text/plain", buffer_text(&said));
}

static enum step ask(struct exchange *of)
{
	struct batches *batches = batches_create(of, PARTS);

	of->state = batches;
	for (unsigned i = 0; i < PARTS; i++) {
		batches_add(batches, i, &statements[i], NULL, &statements[i].signature);
		if (is_optional[i])
			batches_may_fail(batches, i);
	}
	return await_db_all(of, arrived);
}

static void on_ready(struct exchange *of)
{
	is_ready = true;
	snprintf(response, sizeof(response), "%u %.*s", of->response.status, TEXT_ARGS(of->response.body));
}

static int set_up(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	fake_pq_reset();
	for (unsigned i = 0; i < PARTS; i++) {
		fake_pq_describe(statements[i].name, 0, 1, 25);
		is_optional[i] = false;
	}
	options = (struct options){.threads = 1,
				   .db_connections = 8,
				   .db_shared_connections = 2,
				   .queue_limit = 50,
				   .request_timeout_ms = 5000};
	settings = (struct exchange_settings){.request_timeout_ms = 5000, .await_batches = &db_batches_awaitable};
	run = (struct runner_settings){.options = &options,
				       .db = {.conninfo = "",
					      .catalog.statement_count = PARTS,
					      .connect_timeout_ms = 1000,
					      .statement_timeout_ms = 5000,
					      .result_limit_bytes = 100000,
					      .depth = 16}};
	return 0;
}

static void start(enum mode mode)
{
	options.mode = mode;
	is_ready = false;
	memset(&x, 0, offsetof(struct exchange, inline_bytes));
	assert_int_equal(uv_loop_init(&loop), 0);
	runner = runner_create(&run, &loop, 0, on_ready);
}

static void begin(unsigned deadline_ms)
{
	exchange_begin(&x, &settings, clock_now_ns());
	x.deadline_ns = x.arrived_ns + deadline_ms * NS_PER_MS;
	x.next = ask;
	runner_run(runner, &x);
}

static void turn(void)
{
	for (int i = 0; i < 8; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
}

static void run_until(bool (*is_so)(void))
{
	uint64_t latest_ns = clock_now_ns() + 20 * NS_PER_S;

	while (!is_so() && clock_now_ns() < latest_ns)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_true(is_so());
}

static bool has_answered(void)
{
	return is_ready;
}

static void stop(void)
{
	assert_null(x.batches);
	exchange_recycle(&x);
	exchange_cleanup(&x);
	runner_close(runner);
	uv_run(&loop, UV_RUN_DEFAULT);
	runner_destroy(runner);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_true(fake_pq_is_clean());
}

/* Where all is answered */

static void all_modes_answer_the_same(void **state)
{
	(void)state;
	for (enum mode mode = MODE_SYNC; mode <= MODE_ASYNC; mode++) {
		set_up(NULL);
		fake_pq.answers_everything = true;
		start(mode);
		begin(5000);
		run_until(has_answered);
		assert_string_equal(response, "200 a()b()c()");
		assert_true(x.db_ns > 0);
		assert_true(x.queue_ns + x.db_ns <= clock_now_ns() - x.arrived_ns);
		stop();
	}
}

static void what_cannot_be_reached_is_told_in_each_mode(void **state)
{
	(void)state;
	for (enum mode mode = MODE_SYNC; mode <= MODE_ASYNC; mode++) {
		set_up(NULL);
		fake_pq.refuses = true;
		is_optional[0] = true;
		start(mode);
		begin(5000);
		run_until(has_answered);
		assert_memory_equal(response, "503 ", 4);
		assert_non_null(strstr(response, db_unreachable));
		stop();
	}
}

/* Where the test answers */

static PGconn *carrier_of(const char *name)
{
	static char sent[16][256];

	for (unsigned i = 0; i < fake_pq.opened; i++) {
		const char *more = fake_pq_is_open(fake_pq_conn(i)) ? fake_pq_sent(fake_pq_conn(i)) : "";

		if (more[0] != '\0')
			snprintf(sent[i], sizeof(sent[i]), "%s", more);
		if (fake_pq_unanswered(fake_pq_conn(i)) > 0 && strstr(sent[i], name) != NULL)
			return fake_pq_conn(i);
	}
	return NULL;
}

static bool are_all_sent(void)
{
	return carrier_of("a(") != NULL && carrier_of("b(") != NULL && carrier_of("c(") != NULL;
}

static void start_async(void)
{
	fake_pq.answers_setup = true;
	start(MODE_ASYNC);
	begin(5000);
	run_until(are_all_sent);
}

static void fail_part(const char *name, const char *message)
{
	PGconn *conn = carrier_of(name);

	fake_pq_answer_error(conn, "P0001", message, NULL);
	fake_pq_answer_all(conn);
}

static void all_are_under_way_at_once(void **state)
{
	(void)state;
	start_async();
	fake_pq_answer_all(carrier_of("c("));
	fake_pq_answer_all(carrier_of("b("));
	turn();
	assert_false(is_ready);
	fake_pq_answer_all(carrier_of("a("));
	run_until(has_answered);
	assert_string_equal(response, "200 a()b()c()");
	stop();
}

static void a_failure_waits_for_none_behind_it(void **state)
{
	PGconn *behind;

	(void)state;
	start_async();
	behind = carrier_of("b(");
	fail_part("a(", "first");
	run_until(has_answered);
	assert_non_null(strstr(response, "\"P0001\""));
	fake_pq_answer_all(behind);
	turn();
	stop();
}

static void a_failure_waits_for_those_before_it(void **state)
{
	(void)state;
	start_async();
	fail_part("b(", "second");
	for (int i = 0; i < 50; i++)
		turn();
	assert_false(is_ready);
	fail_part("a(", "first");
	run_until(has_answered);
	assert_memory_equal(response, "400 ", 4);
	stop();
}

static void an_optional_failure_ends_nothing(void **state)
{
	(void)state;
	is_optional[0] = true;
	start_async();
	fail_part("a(", "first");
	for (int i = 0; i < 50; i++)
		turn();
	assert_false(is_ready);
	fake_pq_answer_all(carrier_of("b("));
	fake_pq_answer_all(carrier_of("c("));
	run_until(has_answered);
	assert_memory_equal(response, "200 (", 5);
	assert_non_null(strstr(response, ")b()c()"));
	stop();
}

static void one_deadline_ends_all(void **state)
{
	(void)state;
	is_optional[1] = true;
	fake_pq.answers_setup = true;
	start(MODE_ASYNC);
	begin(60);
	run_until(has_answered);
	assert_memory_equal(response, "504 ", 4);
	stop();
}

static void a_client_that_leaves_ends_what_waits(void **state)
{
	(void)state;
	fake_pq.hangs = true;
	start(MODE_ASYNC);
	begin(5000);
	turn();
	assert_int_equal(runner->class->numbers(runner).waiting, PARTS);
	runner_note_departure(runner, &x);
	run_until(has_answered);
	assert_memory_equal(response, "503 ", 4);
	assert_int_equal(runner->class->numbers(runner).waiting, 0);
	stop();
}

/* Nothing became free in time. */
static void all_fail_with_the_words_given(void **state)
{
	(void)state;
	exchange_begin(&x, &settings, clock_now_ns());
	is_optional[0] = is_optional[1] = true;
	assert_int_equal(ask(&x), STEP_AWAIT);
	(x.awaited.class->fail)(&x.awaited, ERROR_BUSY, "nothing was free");
	assert_int_equal(exchange_step(&x), STEP_RESPOND);
	assert_int_equal(x.response.status, 503);
	assert_null(x.batches);
	exchange_recycle(&x);
	exchange_cleanup(&x);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(all_modes_answer_the_same),
	    TEST(what_cannot_be_reached_is_told_in_each_mode),
	    TEST(all_are_under_way_at_once),
	    TEST(a_failure_waits_for_none_behind_it),
	    TEST(a_failure_waits_for_those_before_it),
	    TEST(an_optional_failure_ends_nothing),
	    TEST(one_deadline_ends_all),
	    TEST(a_client_that_leaves_ends_what_waits),
	    TEST(all_fail_with_the_words_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
