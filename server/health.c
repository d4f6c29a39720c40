#include "server/health.h"

#include "exchange/exchange.h"
#include "server/service.h"

enum step livez_get(struct exchange *x)
{
	if (!service_is_alive(x->service))
		return respond_text(x, 503, "text/plain",
				    TEXT("not alive: a loop stands still for longer than any request may take\n"));
	return respond_text(x, 200, "text/plain", TEXT("ok\n"));
}

enum step readyz_get(struct exchange *x)
{
	if (!service_is_ready(x->service))
		return respond_text(x, 503, "text/plain",
				    TEXT("not ready: draining, or no connection to PostgreSQL\n"));
	return respond_text(x, 200, "text/plain", TEXT("ready\n"));
}
