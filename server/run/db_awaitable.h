/* db_awaitable.h - the two things of the database that an exchange awaits: a batch, and the next rows of a stream. */
#pragma once

#include <stdatomic.h>

#include "exchange/exchange.h"
#include "server/run/awaitables.h"

/* Ends the stream of an exchange that is over, if it has one. */
void db_awaitable_end_stream(struct exchange *x, atomic_uint *streams);
