/* db_awaitable.h - the two things of the database that an exchange awaits: a batch, and the next rows of a stream.
 *
 * Life:    db_awaitable_end_stream() for each exchange that ends; the classes are constant.
 * Owner:   the exchange has its batch and its stream.
 * Thread:  the one that has the exchange.
 */
#pragma once

#include <stdatomic.h>

#include "exchange/exchange.h"
#include "server/run/awaitables.h"

/* Ends the stream of an exchange that is over, if it has one. */
void db_awaitable_end_stream(struct exchange *x, atomic_uint *streams);
