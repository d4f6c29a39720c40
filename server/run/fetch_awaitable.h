/* fetch_awaitable.h - awaits the next pages of an order that the fetcher fetches (fetch/fetcher.h). */
#pragma once

#include <uv.h>

#include "server/run/awaitables.h"

struct exchange;
struct fetch_inbox;
struct resources;

/* How pages come back to a loop that does not wait for them. */
struct fetch_inbox *fetch_inbox_create(uv_loop_t *loop);
void fetch_inbox_close(struct fetch_inbox *fetches);
void fetch_inbox_destroy(struct fetch_inbox *fetches);

/* The exchange ends: what is still under way for it is broken off. */
void fetch_awaitable_end(struct exchange *x, const struct resources *resources);
