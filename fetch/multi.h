/* multi.h - libcurl's multi socket interface on a libuv loop. Curl says which sockets and which time it waits for, the
 * loop says when they are due.
 *
 * Life:    multi_open() -> multi_add()* -> multi_close(), when nothing is under way; the loop then runs until its
 *          handles are closed.
 * Owner:   the caller's memory; an easy handle is the multi's from multi_add() until multi_remove() or `over`.
 * Thread:  the loop's.
 */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <uv.h>

/* A transfer has ended; its handle is out of the multi again. Never called from inside a function of curl. */
typedef void multi_over_fn(CURL *easy, CURLcode result);

struct multi {
	CURLM *curl;
	uv_loop_t *loop;
	uv_timer_t timer;
	multi_over_fn *over;
	bool is_closing;
};

/* Keeps at most `connections` open for the next transfers. */
void multi_open(struct multi *multi, uv_loop_t *loop, unsigned connections, multi_over_fn *over);
void multi_add(struct multi *multi, CURL *easy);
/* Not from inside a callback of curl's. */
void multi_remove(struct multi *multi, CURL *easy);
void multi_close(struct multi *multi);
