/* fetch_awaitable.h - awaits the next pages of an order that the fetcher fetches (fetch/fetcher.h). */
#pragma once

#include <uv.h>

#include "server/run/awaitables.h"

struct exchange;
struct fetch_loop;
struct resources;

/* How pages come back to a loop that does not wait for them. */
struct fetch_loop *fetch_loop_create(uv_loop_t *loop);
void fetch_loop_close(struct fetch_loop *fetches);
void fetch_loop_destroy(struct fetch_loop *fetches);

/* The exchange ends: what is still under way for it is broken off. */
void fetch_awaitable_end(struct exchange *x, const struct resources *resources);
