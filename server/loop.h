/* loop.h - one loop of the service: a thread, its listener, its connections to PostgreSQL; and how it ends.
 *
 * Life:    server_loop_init() -> server_loop_run(), in its thread, until it has drained -> server_loop_cleanup().
 * Thread:  server_loop_hand(), server_loop_drain(): any. The rest: start-up, or its own.
 * Limits:  draining takes drain_delay_ms + drain_timeout_ms at most; what is not answered then is cut off.
 */
#pragma once

#include <pthread.h>
#include <uv.h>

#include "server/http/http.h"
#include "server/listener.h"
#include "server/service.h"

struct server_loop {
	uv_loop_t loop;
	struct service *service;
	struct http_loop *http;
	struct listener *listener; /* borrowed */
	struct pulse pulse;
	_Atomic(struct edition *) next; /* to be served instead, as soon as the loop turns; NULL: none */
	uv_async_t turn, drain;
	uv_timer_t drain_timer;
	uint64_t drain_began_ns;
	bool closes_idle; /* the drain does, from now on */
	bool is_ready;
	uv_timer_t readiness;
	pthread_t thread;
	unsigned cut_off; /* requests that had no answer when the time was over */
};

void server_loop_init(struct server_loop *loop, struct service *service, struct edition *edition, struct http *http,
		      unsigned number, struct listener *listener);
void server_loop_run(struct server_loop *loop);
/* Hands the loop an edition to serve instead. Returns the one that it was handed before and has not taken, or NULL. Not
 * once the loop drains. */
struct edition *server_loop_hand(struct server_loop *loop, struct edition *edition);
void server_loop_drain(struct server_loop *loop);
void server_loop_cleanup(struct server_loop *loop);
