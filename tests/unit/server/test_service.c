/* What the options make of the service, and what of them can be wrong only here. */
#include "server/service.h"

#include "fetch/fetcher.h"
#include "server/run/awaitables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What runs them is not looked at here. */
#define AWAITABLE(name, class) const struct awaitable_class class;
#include "exchange/awaitables.def"
#undef AWAITABLE

static struct options options;
static struct service service;
static struct diagnostics diagnostics;

static int set_up(void **state)
{
	(void)state;
	options_init(&options);
	options.database = "postgresql:///atlas";
	options.request_timeout_ms = 5001;
	options.max_json_depth = 33;
	options.connect_timeout_ms = 5002;
	options.database_wait_ms = 5003;
	options.write_timeout_ms = 5004;
	options.max_result_bytes = 5005;
	options.db_pipeline_depth = 17;
	options.fetch_connect_timeout_ms = 5006;
	options.fetch_silence_timeout_ms = 5007;
	options.fetch_max_bytes = 5008;
	options.fetch_connections = 51;
	options.fetch_host_connections = 52;
	options.fetch_requests = 53;
	options.fetch_timeout_ms = 5009;
	service_init(&service, &options);
	diagnostics_init(&diagnostics, &service.arena);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	service_cleanup(&service);
	options_cleanup(&options);
	return 0;
}

static void what_handlers_and_runners_see_is_the_options(void **state)
{
	(void)state;
	assert_ptr_equal(service.options, &options);
	assert_ptr_equal(service.run.options, &options);
	assert_int_equal(service.exchange.request_timeout_ms, 5001);
	assert_int_equal(service.exchange.max_json_depth, 33);
	assert_ptr_equal(service.exchange.await_batch, &db_batch_awaitable);
	assert_ptr_equal(service.exchange.await_timer, &timer_awaitable);
	assert_false(service_is_ready(&service));
}

static void the_database_is_as_the_options_say(void **state)
{
	static const enum db_pooler poolers[] = {[POOLER_NONE] = DB_POOLER_NONE,
						 [POOLER_SESSION] = DB_POOLER_SESSION,
						 [POOLER_TRANSACTION] = DB_POOLER_TRANSACTION};

	(void)state;
	for (unsigned pooler = 0; pooler < 3; pooler++) {
		options.db_pooler = pooler;
		service_check(&service, &diagnostics);
		assert_int_equal(service.run.db.pooler, poolers[pooler]);
	}
	assert_int_equal(diagnostics.count, 0);
	assert_string_equal(service.run.db.conninfo, "postgresql:///atlas");
	assert_int_equal(service.run.db.connect_timeout_ms, 5002);
	assert_int_equal(service.run.db.start_wait_ms, 5003);
	assert_int_equal(service.run.db.statement_timeout_ms, 5001);
	assert_int_equal(service.run.db.idle_timeout_ms, 5004 + 1000);
	assert_int_equal(service.run.db.result_limit_bytes, 5005);
	assert_int_equal(service.run.db.depth, 17);
	assert_true(service.run.db.is_shared);
	assert_string_equal(service.run.db_for_streams.conninfo, "postgresql:///atlas");
	assert_int_equal(service.run.db_for_streams.depth, 1);
	assert_false(service.run.db_for_streams.is_shared);
	assert_int_equal(atomic_load(&service.longest_timeout_ms), 5001);
}

static void the_fetcher_is_as_the_options_say(void **state)
{
	const struct fetcher_settings *settings;

	(void)state;
	service_check(&service, &diagnostics);
	settings = service.fetcher_settings;
	assert_string_equal(settings->transfer.user_agent, "meantime");
	assert_int_equal(settings->transfer.connect_timeout_ms, 5006);
	assert_int_equal(settings->transfer.silence_timeout_ms, 5007);
	assert_int_equal(settings->page_bytes_max, 5008);
	assert_int_equal(settings->connections, 51);
	assert_int_equal(settings->host_connections, 52);
	assert_int_equal(settings->tasks_max, 53);
	assert_int_equal(settings->timeout_ms, 5009);
}

static void expect_fault(unsigned index, const char *begins)
{
	assert_true(diagnostics.count > index);
	assert_int_equal(diagnostics.items[index].line, 0);
	assert_non_null(diagnostics.items[index].file);
	if (strncmp(diagnostics.items[index].message, begins, strlen(begins)) != 0)
		fail_msg("not \"%s\": %s", begins, diagnostics.items[index].message);
}

static void each_wrong_value_is_a_diagnostic(void **state)
{
	(void)state;
	options.listen = "nowhere";
	options.admin = "not here";
	options.database = "\"postgresql:///atlas\"";
	options.fetch_allow = "everything";
	service_check(&service, &diagnostics);
	assert_int_equal(diagnostics.count, 4);
	expect_fault(0, "listen: \"nowhere\" is no address to listen on; expected ");
	expect_fault(1, "admin: \"not here\" is no address to listen on; expected ");
	expect_fault(2, "database: ");
	expect_fault(3, "fetch_allow: ");
}

static void without_an_admin_listener_its_address_is_none(void **state)
{
	(void)state;
	options.admin = "";
	service_check(&service, &diagnostics);
	assert_int_equal(diagnostics.count, 0);
}

static void the_longest_time_is_kept(void **state)
{
	(void)state;
	service_allow_timeout(&service, 200);
	service_allow_timeout(&service, 100);
	assert_int_equal(atomic_load(&service.longest_timeout_ms), 200);
	service_allow_timeout(&service, 300);
	assert_int_equal(atomic_load(&service.longest_timeout_ms), 300);
}

static void it_is_ready_with_a_loop_that_is_and_until_it_drains(void **state)
{
	(void)state;
	assert_false(service_is_ready(&service));
	atomic_store(&service.ready_loops, 1);
	assert_true(service_is_ready(&service));
	atomic_store(&service.is_draining, true);
	assert_false(service_is_ready(&service));
}

static void it_is_alive_until_a_loop_stands_still(void **state)
{
	(void)state;
	assert_true(service_is_alive(&service));
	atomic_store(&service.still_loops, 1);
	assert_false(service_is_alive(&service));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_handlers_and_runners_see_is_the_options),
	    TEST(the_database_is_as_the_options_say),
	    TEST(the_fetcher_is_as_the_options_say),
	    TEST(each_wrong_value_is_a_diagnostic),
	    TEST(without_an_admin_listener_its_address_is_none),
	    TEST(the_longest_time_is_kept),
	    TEST(it_is_ready_with_a_loop_that_is_and_until_it_drains),
	    TEST(it_is_alive_until_a_loop_stands_still),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
