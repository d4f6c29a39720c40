#include "server/loop.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/require.h"
#include "server/reload.h"

enum {
	DRAIN_LOOK_MS = 10,
	DRAIN_ACCEPT_MS = 1000, /* what waits is accepted for so long at most: there may be as many clients as may be */
	READINESS_MS = 200,
};

static void on_connection(struct listener *listener)
{
	struct server_loop *loop = listener->data;

	http_accept(loop->http, &listener->handle.stream);
}

static void note_readiness(struct server_loop *loop)
{
	bool is_ready = http_loop_is_ready(loop->http);

	if (is_ready != loop->is_ready)
		atomic_fetch_add(&loop->service->ready_loops, is_ready ? 1U : -1U);
	loop->is_ready = is_ready;
}

static void on_readiness(uv_timer_t *timer)
{
	note_readiness(timer->data);
}

static void close_all(struct server_loop *loop)
{
	listener_stop(loop->listener);
	uv_close((uv_handle_t *)&loop->turn, NULL);
	uv_close((uv_handle_t *)&loop->drain, NULL);
	uv_close((uv_handle_t *)&loop->drain_timer, NULL);
	uv_close((uv_handle_t *)&loop->readiness, NULL);
	uv_stop(&loop->loop);
}

/* Step by step. Accept a little longer, so that a balancer sees /readyz fail first. Close the listener. Let requests
 * end, and clients hear that their connection closes. Close what is idle. When the time is over, end all the same. */
static void on_drain_timer(uv_timer_t *timer)
{
	struct server_loop *loop = timer->data;
	const struct options *options = loop->service->options;
	uint64_t since_ms = (clock_now_ns() - loop->drain_began_ns) / NS_PER_MS;
	unsigned idle_ms =
	    options->drain_idle_ms < options->drain_timeout_ms ? options->drain_idle_ms : options->drain_timeout_ms;

	if (since_ms < options->drain_delay_ms)
		return;
	since_ms -= options->drain_delay_ms;
	if (loop->listener->is_started && listener_has_waiting(loop->listener) && since_ms < DRAIN_ACCEPT_MS)
		return;
	if (loop->listener->is_started) {
		listener_stop(loop->listener);
		if (idle_ms > 0)
			return;
	}
	if (!loop->closes_idle && since_ms >= idle_ms) {
		loop->closes_idle = true;
		http_loop_drain(loop->http, true);
		return;
	}
	if (!http_loop_is_idle(loop->http) && since_ms < options->drain_timeout_ms)
		return;
	/* a client that has not taken its answer is cut off as well */
	loop->cut_off = http_loop_unfinished(loop->http);
	close_all(loop);
}

static void on_drain(uv_async_t *async)
{
	struct server_loop *loop = async->data;

	if (loop->drain_began_ns > 0)
		return;
	loop->drain_began_ns = clock_now_ns();
	http_loop_drain(loop->http, false);
	uv_timer_start(&loop->drain_timer, on_drain_timer, DRAIN_LOOK_MS, DRAIN_LOOK_MS);
}

static void on_turn(uv_async_t *async)
{
	struct server_loop *loop = async->data;
	struct edition *edition = atomic_exchange(&loop->next, NULL);

	if (edition == NULL)
		return;
	http_loop_turn(loop->http, edition);
	reload_note_taken(edition);
}

struct edition *server_loop_hand(struct server_loop *loop, struct edition *edition)
{
	struct edition *not_taken = atomic_exchange(&loop->next, edition);

	uv_async_send(&loop->turn);
	return not_taken;
}

void server_loop_init(struct server_loop *loop, struct service *service, struct edition *edition, struct http *http,
		      unsigned number, struct listener *listener)
{
	*loop = (struct server_loop){.service = service, .listener = listener};
	REQUIRE(uv_loop_init(&loop->loop) == 0);
	uv_async_init(&loop->loop, &loop->turn, on_turn);
	uv_async_init(&loop->loop, &loop->drain, on_drain);
	uv_timer_init(&loop->loop, &loop->drain_timer);
	uv_timer_init(&loop->loop, &loop->readiness);
	loop->turn.data = loop->drain.data = loop->drain_timer.data = loop->readiness.data = loop;
	uv_timer_start(&loop->readiness, on_readiness, READINESS_MS, READINESS_MS);
	loop->http = http_loop_create(http, &(struct http_loop_settings){
						.loop = &loop->loop,
						.number = number,
						.edition = edition,
						.pulse = &loop->pulse,
					    });
	note_readiness(loop);
	listener_start(listener, &loop->loop, on_connection, loop);
}

void server_loop_run(struct server_loop *loop)
{
	http_loop_begin_thread();
	uv_run(&loop->loop, UV_RUN_DEFAULT);
	pulse_end(&loop->pulse);
	if (loop->cut_off > 0)
		return; /* their exchanges are still on their way: the process ends without them */
	http_loop_close(loop->http);
	uv_run(&loop->loop, UV_RUN_DEFAULT);
}

void server_loop_drain(struct server_loop *loop)
{
	uv_async_send(&loop->drain);
}

void server_loop_cleanup(struct server_loop *loop)
{
	http_loop_destroy(loop->http);
	REQUIRE(uv_loop_close(&loop->loop) == 0);
}
