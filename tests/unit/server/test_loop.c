/* A loop's life and its end; HTTP and the listener are the test's, and so is the time. */
#include "server/loop.h"

#include "base/clock.h"
#include "lib/fake_clock.h"
#include "server/reload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct options options;
static struct service service;
static struct listener listener;
static struct server_loop loop;

#define EDITION(i) ((struct edition *)&editions[i])
#define HTTP       ((struct http *)&options)
#define HTTP_LOOP  ((struct http_loop *)&seen)
static char editions[3];
static uv_timer_t of_http; /* a handle of HTTP's on the loop */

static struct {
	bool is_ready, is_idle, has_waiting;
	unsigned unfinished;
	unsigned begun, accepted, turned, taken, drained, drained_idle, closed, destroyed, number;
	struct edition *edition, *turned_to;
} seen;

/* HTTP */

struct http_loop *http_loop_create(struct http *http, const struct http_loop_settings *settings)
{
	assert_ptr_equal(http, HTTP);
	assert_ptr_equal(settings->loop, &loop.loop);
	assert_ptr_equal(settings->pulse, &loop.pulse);
	assert_false(settings->is_admin);
	seen.number = settings->number;
	seen.edition = settings->edition;
	uv_timer_init(settings->loop, &of_http);
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

void http_loop_turn(struct http_loop *http, struct edition *edition)
{
	assert_ptr_equal(http, HTTP_LOOP);
	seen.turned++;
	seen.turned_to = edition;
}

void http_loop_drain(struct http_loop *http, bool closes_idle)
{
	assert_ptr_equal(http, HTTP_LOOP);
	seen.drained++;
	seen.drained_idle += closes_idle;
}

bool http_loop_is_idle(const struct http_loop *http)
{
	assert_ptr_equal(http, HTTP_LOOP);
	return seen.is_idle;
}

bool http_loop_is_ready(const struct http_loop *http)
{
	assert_ptr_equal(http, HTTP_LOOP);
	return seen.is_ready;
}

unsigned http_loop_unfinished(const struct http_loop *http)
{
	assert_ptr_equal(http, HTTP_LOOP);
	return seen.unfinished;
}

void http_loop_close(struct http_loop *http)
{
	assert_ptr_equal(http, HTTP_LOOP);
	uv_close((uv_handle_t *)&of_http, NULL);
	seen.closed++;
}

void http_loop_destroy(struct http_loop *http)
{
	assert_ptr_equal(http, HTTP_LOOP);
	seen.destroyed++;
}

/* The listener, and the reload that waits for the loop */

void listener_start(struct listener *of, uv_loop_t *on, listener_connection_fn *on_connection, void *data)
{
	assert_ptr_equal(on, &loop.loop);
	of->on_connection = on_connection;
	of->data = data;
	of->is_started = true;
}

bool listener_has_waiting(const struct listener *of)
{
	(void)of;
	return seen.has_waiting;
}

void listener_stop(struct listener *of)
{
	of->is_started = false;
}

void reload_note_taken(struct edition *edition)
{
	assert_ptr_equal(edition, seen.turned_to);
	seen.taken++;
}

/* Time passes */

static void run_for(unsigned ms)
{
	for (unsigned i = 0; i < ms; i++) {
		fake_clock_advance(NS_PER_MS);
		uv_run(&loop.loop, UV_RUN_NOWAIT);
	}
}

static int set_up(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	memset(&listener, 0, sizeof(listener));
	memset(&service, 0, sizeof(service));
	options = (struct options){.drain_delay_ms = 100, .drain_timeout_ms = 500};
	service.options = &options;
	server_loop_init(&loop, &service, EDITION(0), HTTP, 3, &listener);
	return 0;
}

/* What is left when a test has drained it. */
static void end(void)
{
	server_loop_run(&loop);
	assert_int_equal(seen.begun, 1);
	assert_int_equal(seen.closed, loop.cut_off > 0 ? 0 : 1);
	if (loop.cut_off > 0) {
		uv_close((uv_handle_t *)&of_http, NULL);
		uv_run(&loop.loop, UV_RUN_DEFAULT);
	}
	assert_true(atomic_load(&loop.pulse.is_over));
	server_loop_cleanup(&loop);
	assert_int_equal(seen.destroyed, 1);
}

static void drain_and_end(void)
{
	seen.is_idle = true;
	server_loop_drain(&loop);
	run_for(300);
	assert_false(listener.is_started);
	end();
}

static void it_begins_with_what_it_was_given(void **state)
{
	(void)state;
	assert_int_equal(seen.number, 3);
	assert_ptr_equal(seen.edition, EDITION(0));
	assert_true(listener.is_started);
	listener.on_connection(&listener);
	assert_int_equal(seen.accepted, 1);
	drain_and_end();
}

static void it_counts_as_ready_while_it_is(void **state)
{
	(void)state;
	assert_int_equal(atomic_load(&service.ready_loops), 0);
	atomic_store(&service.ready_loops, 7);
	seen.is_ready = true;
	run_for(250);
	assert_int_equal(atomic_load(&service.ready_loops), 8);
	run_for(250);
	assert_int_equal(atomic_load(&service.ready_loops), 8);
	seen.is_ready = false;
	run_for(250);
	assert_int_equal(atomic_load(&service.ready_loops), 7);
	drain_and_end();
}

static void one_that_is_ready_at_once_counts_at_once(void **state)
{
	(void)state;
	drain_and_end();
	memset(&seen, 0, sizeof(seen));
	seen.is_ready = true;
	server_loop_init(&loop, &service, EDITION(0), HTTP, 3, &listener);
	assert_int_equal(atomic_load(&service.ready_loops), 1);
	drain_and_end();
}

static void it_turns_to_the_last_that_it_was_handed(void **state)
{
	(void)state;
	assert_null(server_loop_hand(&loop, EDITION(1)));
	assert_ptr_equal(server_loop_hand(&loop, EDITION(2)), EDITION(1));
	run_for(2);
	assert_int_equal(seen.turned, 1);
	assert_ptr_equal(seen.turned_to, EDITION(2));
	assert_int_equal(seen.taken, 1);
	uv_async_send(&loop.turn); /* woken for nothing */
	run_for(2);
	assert_int_equal(seen.turned, 1);
	assert_null(server_loop_hand(&loop, EDITION(1)));
	run_for(2);
	assert_ptr_equal(seen.turned_to, EDITION(1));
	drain_and_end();
}

/* A balancer is to see first that it is not ready any more. */
static void it_accepts_a_little_longer_and_then_closes_what_is_idle(void **state)
{
	(void)state;
	server_loop_drain(&loop);
	run_for(80);
	assert_true(listener.is_started);
	assert_int_equal(seen.drained, 1);
	assert_int_equal(seen.drained_idle, 0);
	server_loop_drain(&loop); /* asked twice, it begins once */
	run_for(60);
	assert_false(listener.is_started);
	assert_int_equal(seen.drained, 2);
	assert_int_equal(seen.drained_idle, 1);
	assert_false(uv_is_closing((uv_handle_t *)&loop.drain_timer));
	seen.is_idle = true;
	run_for(20);
	assert_true(uv_is_closing((uv_handle_t *)&loop.drain_timer));
	assert_int_equal(loop.cut_off, 0);
	assert_int_equal(seen.drained, 2);
	end();
}

static void what_does_not_end_is_cut_off_when_the_time_is_over(void **state)
{
	(void)state;
	seen.unfinished = 1;
	server_loop_drain(&loop);
	run_for(580);
	assert_false(uv_is_closing((uv_handle_t *)&loop.drain_timer));
	run_for(40);
	assert_true(uv_is_closing((uv_handle_t *)&loop.drain_timer));
	assert_int_equal(loop.cut_off, 1);
	assert_int_equal(seen.closed, 0);
	end();
}

/* What was under way when the listener closed has a moment to be seen. */
static void it_closes_one_look_after_its_listener(void **state)
{
	(void)state;
	seen.is_idle = true;
	server_loop_drain(&loop);
	for (int ms = 0; ms < 300 && listener.is_started; ms++)
		run_for(1);
	assert_false(listener.is_started);
	assert_false(uv_is_closing((uv_handle_t *)&loop.drain_timer));
	run_for(20);
	assert_true(uv_is_closing((uv_handle_t *)&loop.drain_timer));
	end();
}

/* What waits is accepted first. There may be as many clients as may be, so that has an end. */
static void it_accepts_what_waits_and_no_longer_than_a_second(void **state)
{
	(void)state;
	options.drain_timeout_ms = 5000;
	seen.has_waiting = true;
	server_loop_drain(&loop);
	run_for(300);
	assert_true(listener.is_started);
	seen.has_waiting = false;
	run_for(20);
	assert_false(listener.is_started);
	seen.is_idle = true;
	run_for(20);
	end();

	set_up(NULL);
	options.drain_timeout_ms = 5000;
	seen.has_waiting = true;
	server_loop_drain(&loop);
	run_for(1080);
	assert_true(listener.is_started);
	run_for(40);
	assert_false(listener.is_started);
	seen.is_idle = true;
	run_for(20);
	end();
}

/* Those that rest have time for one more request. It ends with the time of the drain, and sooner when all have left. */
static void what_is_idle_may_rest_a_while(void **state)
{
	static const struct {
		unsigned idle_ms, timeout_ms, closed_at_ms;
	} cases[] = {{200, 500, 200}, {900, 500, 500}};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		if (i > 0)
			set_up(NULL);
		options.drain_idle_ms = cases[i].idle_ms;
		options.drain_timeout_ms = cases[i].timeout_ms;
		server_loop_drain(&loop);
		run_for(100 + cases[i].closed_at_ms - 20);
		assert_false(listener.is_started);
		assert_int_equal(seen.drained_idle, 0);
		run_for(40);
		assert_int_equal(seen.drained_idle, 1);
		seen.is_idle = true;
		run_for(20);
		assert_int_equal(loop.cut_off, 0);
		end();
	}
	set_up(NULL);
	options.drain_idle_ms = 400;
	seen.is_idle = true;
	server_loop_drain(&loop);
	run_for(150);
	assert_true(uv_is_closing((uv_handle_t *)&loop.drain_timer));
	assert_int_equal(seen.drained_idle, 0);
	end();
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(it_closes_one_look_after_its_listener),

	    TEST(it_begins_with_what_it_was_given),
	    TEST(it_counts_as_ready_while_it_is),
	    TEST(one_that_is_ready_at_once_counts_at_once),
	    TEST(it_turns_to_the_last_that_it_was_handed),
	    TEST(it_accepts_a_little_longer_and_then_closes_what_is_idle),
	    TEST(it_accepts_what_waits_and_no_longer_than_a_second),
	    TEST(what_is_idle_may_rest_a_while),
	    TEST(what_does_not_end_is_cut_off_when_the_time_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
