/* admin.h - the admin listener: /livez, /readyz and /metrics, on a loop and a thread of its own. They answer
 * whatever the other loops wait for; and its eye on whether those still turn.
 *
 * What it says is published by the loops (atomics in service and metrics), so it never asks one that may be busy.
 *
 * Life:    admin_start(), when the loops are there -> admin_stop(), when they have ended.
 * Owner:   the caller's memory; the listener is borrowed.
 * Thread:  admin_start(), admin_stop(): the main one.
 */
#pragma once

#include <pthread.h>
#include <uv.h>

#include "server/http/http.h"
#include "server/listener.h"
#include "server/loop.h"
#include "server/service.h"

struct admin {
	/* set by the caller */
	struct service *service;
	struct http *http;
	struct listener *listener;
	struct server_loop *loops;
	unsigned number; /* of its counters */
	/* private */
	uv_loop_t loop;
	struct edition *edition;
	struct http_loop *http_loop;
	struct pulse pulse;
	uv_async_t stop;
	uv_timer_t look, farewell;
	unsigned farewells;
	pthread_t thread;
};

void admin_start(struct admin *admin);
/* Answers what is under way, for FAREWELL_MS at most, and ends. */
void admin_stop(struct admin *admin);
