#include "server/health.h"

#include "exchange/exchange.h"
#include "server/service.h"
#include "server/state/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct service the_service;
static const struct route route = {.data = &the_service};
static bool is_ready, is_alive;
static struct exchange x;

bool service_is_ready(const struct service *service)
{
	assert_ptr_equal(service, route.data);
	return is_ready;
}

bool service_is_alive(const struct service *service)
{
	assert_ptr_equal(service, route.data);
	return is_alive;
}

void metrics_write(const struct metrics *metrics, struct buffer *out)
{
	assert_ptr_equal(metrics, the_service.metrics);
	buffer_add(out, TEXT("meantime_requests_total 1\n"));
}

static void expect_answer(step_fn *step, unsigned status, const char *body)
{
	exchange_begin(&x, &the_service.exchange, 1);
	x.request.match.route = &route;
	assert_int_equal(step(&x), STEP_RESPOND);
	assert_int_equal(x.response.status, status);
	assert_string_equal(x.response.content_type, step == metrics_get ? "text/plain; version=0.0.4" : "text/plain");
	assert_int_equal(x.response.body.length, strlen(body));
	assert_memory_equal(x.response.body.at, body, strlen(body));
	exchange_recycle(&x);
}

static void alive_whether_ready_or_not(void **state)
{
	(void)state;
	is_alive = true;
	is_ready = false;
	expect_answer(livez_get, 200, "ok\n");
	is_ready = true;
	expect_answer(livez_get, 200, "ok\n");
}

static void not_alive_while_a_loop_stands_still(void **state)
{
	(void)state;
	is_alive = false;
	is_ready = true;
	expect_answer(livez_get, 503, "not alive: a loop stands still for longer than any request may take\n");
}

static void metrics_are_those_of_the_service(void **state)
{
	(void)state;
	expect_answer(metrics_get, 200, "meantime_requests_total 1\n");
}

static void ready_as_the_service_says(void **state)
{
	(void)state;
	is_ready = true;
	expect_answer(readyz_get, 200, "ready\n");
	is_ready = false;
	expect_answer(readyz_get, 503, "not ready: draining, or no connection to PostgreSQL\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(alive_whether_ready_or_not),
	    cmocka_unit_test(not_alive_while_a_loop_stands_still),
	    cmocka_unit_test(ready_as_the_service_says),
	    cmocka_unit_test(metrics_are_those_of_the_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
