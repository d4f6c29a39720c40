/* health.h - is the program alive, and is it ready for requests: what balancers and restart policies ask.
 *
 * Thread:  as any step.
 */
#pragma once

#include "exchange/router.h"

/* GET /livez: 200, or 503 while a loop stands still for longer than any request may take: service_is_alive(). */
step_fn livez_get;
/* GET /readyz: 200, or 503 while draining or without a connection to PostgreSQL: service_is_ready(). */
step_fn readyz_get;
