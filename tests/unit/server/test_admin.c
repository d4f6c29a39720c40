/* The admin listener's thread and loop: HTTP, the listener and the thread are the test's, and so is the time. */
#include "server/admin.h"

#include "base/clock.h"
#include "lib/fake_clock.h"
#include "lib/log_tap.h"
#include "server/edition/edition.h"
#include "server/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LOOPS = 3, LOOK_MS = 500 };

static struct options options;
static struct service service;
static struct listener listener;
static struct server_loop loops[LOOPS];
static struct admin admin;
static char memory;

#define HTTP      ((struct http *)&options)
#define HTTP_LOOP ((struct http_loop *)&seen)
#define EDITION   ((struct edition *)&memory)

static struct {
	bool is_idle;
	unsigned begun, accepted, drained, cut_off, closed, destroyed, routes, editions, threads;
	const char *route_names[4];
	bool stands_still[LOOPS];
	uint64_t longest_ms;
	unsigned end_ms; /* how long it took from when it was asked to end */
} seen;

/* HTTP */

struct http_loop *http_loop_create(struct http *http, const struct http_loop_settings *settings)
{
	assert_ptr_equal(http, HTTP);
	assert_ptr_equal(settings->loop, &admin.loop);
	assert_ptr_equal(settings->pulse, &admin.pulse);
	assert_ptr_equal(settings->edition, EDITION);
	assert_int_equal(settings->number, 9);
	assert_true(settings->is_admin);
	return HTTP_LOOP;
}

void http_loop_begin_thread(void)
{
	seen.begun++;
}

void http_accept(struct http_loop *http, uv_stream_t *stream)
{
	assert_ptr_equal(http, HTTP_LOOP);
	assert_ptr_equal(stream, &listener.handle.stream);
	seen.accepted++;
}

void http_loop_drain(struct http_loop *http, bool closes_idle)
{
	assert_ptr_equal(http, HTTP_LOOP);
	assert_true(closes_idle);
	seen.drained++;
}

bool http_loop_is_idle(const struct http_loop *http)
{
	assert_ptr_equal(http, HTTP_LOOP);
	return seen.is_idle;
}

void http_loop_cut_off(struct http_loop *http)
{
	assert_ptr_equal(http, HTTP_LOOP);
	seen.cut_off++;
	seen.is_idle = true;
}

void http_loop_close(struct http_loop *http)
{
	assert_ptr_equal(http, HTTP_LOOP);
	seen.closed++;
}

void http_loop_destroy(struct http_loop *http)
{
	assert_ptr_equal(http, HTTP_LOOP);
	seen.destroyed++;
}

/* Routes */

struct edition *edition_create(unsigned number)
{
	assert_int_equal(number, 0);
	seen.editions++;
	return EDITION;
}

int edition_add_own_route(struct edition *edition, const char *pattern, const char *name, step_fn *first,
			  const void *data)
{
	assert_ptr_equal(edition, EDITION);
	assert_string_equal(pattern + 1, name);
	assert_non_null(first);
	assert_ptr_equal(data, &service);
	seen.route_names[seen.routes++] = name;
	return 0;
}

void edition_destroy(struct edition *edition)
{
	assert_ptr_equal(edition, EDITION);
	seen.editions--;
}

enum step livez_get(struct exchange *x)
{
	(void)x;
	return STEP_RESPOND;
}

enum step readyz_get(struct exchange *x)
{
	return livez_get(x);
}

enum step metrics_get(struct exchange *x)
{
	return livez_get(x);
}

/* What it looks at, and the listener */

bool pulse_look(struct pulse *pulse, uint64_t since_ms, uint64_t longest_ms)
{
	unsigned i = 0;

	while (pulse != &loops[i].pulse)
		assert_true(++i < LOOPS);
	assert_int_equal(since_ms, LOOK_MS);
	seen.longest_ms = longest_ms;
	return seen.stands_still[i];
}

void listener_start(struct listener *of, uv_loop_t *on, listener_connection_fn *on_connection, void *data)
{
	assert_ptr_equal(on, &admin.loop);
	of->on_connection = on_connection;
	of->data = data;
	of->is_started = true;
}

void listener_stop(struct listener *of)
{
	of->is_started = false;
}

/* Its thread is the test's: the loop turns when the test says so. */

static void run_for(unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		fake_clock_advance(NS_PER_MS);
		uv_run(&admin.loop, UV_RUN_NOWAIT);
	}
}

static void *(*thread_main)(void *data);

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *data)
{
	(void)attributes;
	*thread = 17;
	thread_main = run;
	assert_ptr_equal(data, &admin);
	seen.threads++;
	return 0;
}

int pthread_join(pthread_t thread, void **result)
{
	(void)result;
	assert_int_equal(thread, 17);
	for (seen.end_ms = 0; seen.closed == 0 && seen.end_ms < 5000; seen.end_ms++)
		run_for(1);
	assert_null(thread_main(&admin));
	seen.threads--;
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	memset(&listener, 0, sizeof(listener));
	memset(&service, 0, sizeof(service));
	options = (struct options){.loops = LOOPS};
	service.options = &options;
	atomic_store(&service.longest_timeout_ms, 700);
	admin = (struct admin){.service = &service, .http = HTTP, .listener = &listener, .loops = loops, .number = 9};
	log_set_level(LOG_ERROR + 1);
	admin_start(&admin);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_int_equal(seen.begun, 1);
	assert_int_equal(seen.closed, 1);
	assert_int_equal(seen.destroyed, 1);
	assert_int_equal(seen.editions, 0);
	assert_int_equal(seen.threads, 0);
	return 0;
}

static void end(void)
{
	seen.is_idle = true;
	admin_stop(&admin);
}

static void it_serves_its_three_routes(void **state)
{
	(void)state;
	assert_int_equal(seen.routes, 3);
	assert_string_equal(seen.route_names[0], "livez");
	assert_string_equal(seen.route_names[1], "readyz");
	assert_string_equal(seen.route_names[2], "metrics");
	assert_true(listener.is_started);
	listener.on_connection(&listener);
	assert_int_equal(seen.accepted, 1);
	end();
	assert_false(listener.is_started);
}

static const char *logged_by_a_look(void)
{
	log_tap_begin(LOG_INFO);
	run_for(LOOK_MS);
	return log_tap_end();
}

static void loops_that_stand_still_are_counted_and_told_once(void **state)
{
	(void)state;
	assert_string_equal(logged_by_a_look(), "");
	assert_int_equal(seen.longest_ms, 700 + 10000);
	seen.stands_still[0] = seen.stands_still[2] = true;
	assert_non_null(strstr(logged_by_a_look(), "2 of 3 loops stand still for more than 10700 ms: /livez says 503"));
	assert_int_equal(atomic_load(&service.still_loops), 2);
	assert_string_equal(logged_by_a_look(), "");
	seen.stands_still[0] = false;
	assert_non_null(strstr(logged_by_a_look(), "1 of 3 loops stand still\n"));
	assert_int_equal(atomic_load(&service.still_loops), 1);
	seen.stands_still[2] = false;
	assert_non_null(strstr(logged_by_a_look(), "0 of 3 loops stand still\n"));
	assert_int_equal(atomic_load(&service.still_loops), 0);
	end();
}

static void it_ends_when_it_is_idle(void **state)
{
	(void)state;
	end();
	assert_int_equal(seen.drained, 1);
	assert_int_equal(seen.cut_off, 0);
	assert_in_range(seen.end_ms, 1, 20);
}

static void what_is_under_way_has_half_a_second(void **state)
{
	(void)state;
	admin_stop(&admin);
	assert_int_equal(seen.drained, 1);
	assert_int_equal(seen.cut_off, 1);
	assert_in_range(seen.end_ms, 480, 520);
}

/* Woken twice, it begins to end once. */
static void it_ends_once(void **state)
{
	(void)state;
	uv_async_send(&admin.stop);
	run_for(100);
	uv_async_send(&admin.stop);
	run_for(2);
	assert_int_equal(seen.drained, 1);
	admin_stop(&admin);
	assert_int_equal(seen.drained, 1);
	assert_in_range(seen.end_ms, 380, 420);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(it_serves_its_three_routes),
	    TEST(loops_that_stand_still_are_counted_and_told_once),
	    TEST(it_ends_when_it_is_idle),
	    TEST(what_is_under_way_has_half_a_second),
	    TEST(it_ends_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
