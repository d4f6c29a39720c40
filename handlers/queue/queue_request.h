/* queue_request.h - what the routes of the queues look at before they ask for something.
 *
 * Thread:  any.
 * Errors:  where a function says so, the request was answered, by *step.
 */
#pragma once

#include "exchange/exchange.h"
#include "queue/values/order.h"

enum { QUEUE_PATH_NAME, QUEUE_PATH_ID }; /* values of the path */

/* Returns the exchange's state from now on; NULL: the request was answered. */
struct queue_order *queue_request_order(struct exchange *x, enum order_errand errand, enum step *step);
/* False: the request was answered. */
bool queue_request_takes_body(struct exchange *x, bool may_be_lines, enum step *step);
bool queue_request_takes_no_query(struct exchange *x, enum step *step);
bool queue_request_id(struct exchange *x, int64_t *id, enum step *step);
