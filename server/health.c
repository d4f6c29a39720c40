#include "server/health.h"

#include "exchange/exchange.h"
#include "server/service.h"
#include "server/state/metrics.h"

static const struct service *service_of(const struct exchange *x)
{
	return x->request.match.route->data;
}

enum step livez_get(struct exchange *x)
{
	if (!service_is_alive(service_of(x)))
		return respond_text(x, 503, "text/plain",
				    TEXT("not alive: a loop stands still for longer than any request may take\n"));
	return respond_text(x, 200, "text/plain", TEXT("ok\n"));
}

enum step readyz_get(struct exchange *x)
{
	if (!service_is_ready(service_of(x)))
		return respond_text(x, 503, "text/plain",
				    TEXT("not ready: draining, or no connection to PostgreSQL\n"));
	return respond_text(x, 200, "text/plain", TEXT("ready\n"));
}

enum step metrics_get(struct exchange *x)
{
	struct buffer out = buffer_in(&x->arena);

	metrics_write(service_of(x)->metrics, &out);
	return respond_text(x, 200, "text/plain; version=0.0.4", buffer_text(&out));
}
