/* http.h - the border: libh2o's requests become exchanges, and their responses go back. No other room
 * knows libh2o.
 *
 * HTTP/1.1 only: libh2o 2.2.5's HTTP/2 has unpatched holes, and its TLS on libuv drops connections; a proxy in front
 * does both better.
 *
 * Life:    http_create() once -> http_loop_create() on each loop -> http_accept()* -> http_loop_drain() ->
 *          http_loop_close(), when http_loop_is_idle() -> http_loop_destroy(), when the loop has closed its handles.
 * Owner:   an exchange belongs to its loop, which keeps the memory of those that are over for the next.
 * Thread:  http_create(): start-up; the rest: the loop.
 * Limits:  options: max_connections, max_body_bytes, max_path_bytes, read_timeout_ms, write_timeout_ms.
 */
#pragma once

#include <uv.h>

#include "server/edition/edition.h"
#include "loop/pulse.h"
#include "server/run/runner.h"

enum { HTTP_COMPRESSION_WAITING_MAX = 8 }; /* responses, for a thread; the next is sent as it is */

struct http;
struct http_loop;
struct metrics;

struct http_settings {
	const struct options *options;
	const struct exchange_settings *exchange;
	const struct runner_settings *run;
	struct metrics *metrics;
	unsigned clients_max;                  /* per loop */
	void (*note_left)(struct edition *of); /* a loop holds it no longer; it may be gone afterwards */
};

/* The settings are copied; what they point to lasts as long. */
struct http *http_create(const struct http_settings *settings);
void http_destroy(struct http *http);

struct http_loop_settings {
	uv_loop_t *loop;
	unsigned number;         /* of its counters */
	struct edition *edition; /* held until the loop has turned to another and lets go of it: note_left() */
	struct pulse *pulse;
	bool is_admin; /* answers from memory: without connections to PostgreSQL, and with few clients */
};

struct http_loop *http_loop_create(struct http *http, const struct http_loop_settings *options);
/* In the loop's own thread, before the loop runs. */
void http_loop_begin_thread(void);
/* Accepts the connection that waits on `listener`. When the loop has as many as it may have, the connection waits, and
 * `listener` is served again when one has closed. */
void http_accept(struct http_loop *http, uv_stream_t *listener);
/* From now on requests begin with this edition; what is under way goes on with the one that it began with. */
void http_loop_turn(struct http_loop *http, struct edition *edition);
/* From now on every response closes its connection; idle connections are closed once `closes_idle`. */
void http_loop_drain(struct http_loop *http, bool closes_idle);
/* No connection is open and no exchange under way. */
bool http_loop_is_idle(const struct http_loop *http);
/* Requests could be served: PostgreSQL can be reached, as far as is known. */
bool http_loop_is_ready(const struct http_loop *http);
/* Requests that have no response yet, or connections that are open, whichever are more. */
unsigned http_loop_unfinished(const struct http_loop *http);
/* Ends all connections, whatever is under way on them. */
void http_loop_cut_off(struct http_loop *http);
void http_loop_close(struct http_loop *http);
void http_loop_destroy(struct http_loop *http);
