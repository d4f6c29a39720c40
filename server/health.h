/* health.h - is the program alive, is it ready for requests, and what has it done: what balancers, restart policies and
 * Prometheus ask the admin listener.
 *
 * Thread:  as any step. The route's data is the service.
 */
#pragma once

#include "exchange/router.h"

/* GET /livez: 200, or 503 while a loop stands still for longer than any request may take: service_is_alive(). */
step_fn livez_get;
/* GET /readyz: 200, or 503 while draining or without a connection to PostgreSQL: service_is_ready(). */
step_fn readyz_get;
/* GET /metrics: state/metrics.h. */
step_fn metrics_get;
