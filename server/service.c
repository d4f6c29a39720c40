#include "server/service.h"

#include "base/address.h"
#include "base/memory.h"
#include "db/describe.h"
#include "fetch/fetcher.h"
#include "handlers/health.h"
#include "handlers/openapi.h"
#include "handlers/sql_endpoint.h"
#include "handlers/work.h"
#include "server/compute_awaitable.h"
#include "server/db_awaitable.h"
#include "server/fetch_awaitable.h"
#include "server/metrics.h"
#include "server/timer_awaitable.h"

#include <stdlib.h>

void service_init(struct service *service, const struct options *options)
{
	memset(service, 0, sizeof(*service));
	service->options = options;
	service->await_batch = &db_batch_awaitable;
	service->await_rows = &db_rows_awaitable;
	service->await_timer = &timer_awaitable;
	service->await_compute = &compute_awaitable;
	service->await_pages = &fetch_awaitable;
	endpoint_set_init(&service->endpoints);
	router_init(&service->router);
	router_init(&service->admin_router);
}

static void fill_settings(struct service *service)
{
	const struct options *options = service->options;

	service->db = (struct db_settings){
	    .conninfo = options->database,
	    .statement_count = service->endpoints.count,
	    .connect_timeout_ms = options->connect_timeout_ms,
	    .start_wait_ms = options->database_wait_ms,
	    .statement_timeout_ms = options->request_timeout_ms,
	    .idle_timeout_ms = options->write_timeout_ms + 1000,
	    .result_limit_bytes = options->max_result_bytes,
	    .is_shared = true,
	    .depth = options->db_pipeline_depth,
	};
	/* a stream runs one statement, and that unprepared, in a session of its own */
	service->db_for_streams = service->db;
	service->db_for_streams.is_shared = false;
	service->db_for_streams.statement_count = 0;
	service->db_for_streams.depth = 1;
}

static void note_wrong_value(struct service *service, const char *field, const char *why)
{
	diagnostics_add(&service->endpoints.diagnostics, options_origin(service->options, field), 0, "%s: %s", field,
			why);
}

/* Whether it can be listened there, only listening tells. */
static int check_address(struct service *service, const char *field, const char *value)
{
	struct address address;

	if (address_read(value, &address))
		return 0;
	note_wrong_value(service, field,
			 arena_printf(&service->endpoints.arena, "\"%s\" is no address to listen on; expected %s",
				      value, address_expected));
	return -1;
}

static int check_addresses(struct service *service)
{
	const struct options *options = service->options;
	int status = check_address(service, "listen", options->listen);

	return options->admin[0] != '\0' && check_address(service, "admin", options->admin) != 0 ? -1 : status;
}

static bool fetches_pages(const struct endpoint_set *set)
{
	for (unsigned i = 0; i < set->count; i++) {
		const struct work *work = set->endpoints[i].work != NULL ? work_find(set->endpoints[i].work) : NULL;

		if (work != NULL && work->fetches)
			return true;
	}
	return false;
}

/* A wrong list of addresses stops the start also where nothing is fetched. */
static int fill_fetcher_settings(struct service *service)
{
	const struct options *options = service->options;
	struct fetcher_settings *settings = arena_alloc_zeroed(&service->endpoints.arena, sizeof(*settings));
	char why[300];

	*settings = (struct fetcher_settings){
	    .transfer =
		{
		    .user_agent = "meantime",
		    .connect_timeout_ms = options->fetch_connect_timeout_ms,
		    .silence_timeout_ms = options->fetch_silence_timeout_ms,
		},
	    .page_bytes_max = options->fetch_max_bytes,
	    .connections = options->fetch_connections,
	    .host_connections = options->fetch_host_connections,
	    .tasks_max = options->fetch_requests,
	    .timeout_ms = options->fetch_timeout_ms,
	};
	if (egress_init(&settings->transfer.egress, options->fetch_allow, why, sizeof(why)) != 0) {
		note_wrong_value(service, "fetch_allow", why);
		return -1;
	}
	service->fetcher_settings = fetches_pages(&service->endpoints) ? settings : NULL;
	return 0;
}

/* When it is the folder that is wrong, whoever named it wants to hear it, too. */
static int load_endpoints(struct service *service)
{
	struct endpoint_set *set = &service->endpoints;
	const char *folder = service->options->endpoints;
	unsigned before = set->diagnostics.count;

	if (endpoint_set_load(set, folder) == 0)
		return 0;
	if (set->diagnostics.count == before + 1 && strcmp(set->diagnostics.items[before].file, folder) == 0)
		note_wrong_value(service, "endpoints", arena_printf(&set->arena, "names the folder \"%s\"", folder));
	return -1;
}

static int add_own_route(struct service *service, struct router *router, const char *pattern, const char *name,
			 step_fn *first)
{
	const struct route *taken =
	    router_add(router, &(struct route){.method = HTTP_GET, .pattern = pattern, .name = name, .first = first});

	if (taken == NULL)
		return 0;
	diagnostics_add(&service->endpoints.diagnostics, taken->pattern, 0, "this route is the service's own");
	return -1;
}

static int build_routes(struct service *service)
{
	struct buffer document = buffer_in(&service->endpoints.arena);
	int status = add_own_route(service, &service->router, "/openapi.json", "openapi", openapi_get);

	status |= sql_endpoint_add_routes(&service->router, &service->endpoints);
	status |= add_own_route(service, &service->admin_router, "/livez", "livez", livez_get);
	status |= add_own_route(service, &service->admin_router, "/readyz", "readyz", readyz_get);
	status |= add_own_route(service, &service->admin_router, "/metrics", "metrics", metrics_get);
	if (status != 0)
		return -1;
	openapi_write(&document, &service->endpoints);
	service->openapi = buffer_text(&document);
	return 0;
}

static int load(struct service *service, const char **why)
{
	int status;

	*why = NULL;
	/* all of them, so that one run says all that is wrong */
	status = check_addresses(service);
	status |= load_endpoints(service);
	status |= fill_fetcher_settings(service);
	if (status != 0)
		return -1;
	fill_settings(service);
	if (db_describe(&service->endpoints, &service->db, why) != 0)
		return -1;
	return build_routes(service);
}

int service_load(struct service *service)
{
	const char *why;

	if (load(service, &why) == 0)
		return 0;
	diagnostics_print(&service->endpoints.diagnostics, stderr);
	if (why != NULL)
		fprintf(stderr, "meantime: can not connect to the database (from %s): %s\n",
			options_origin(service->options, "database"), why);
	return -1;
}

void service_cleanup(struct service *service)
{
	router_cleanup(&service->admin_router);
	router_cleanup(&service->router);
	endpoint_set_cleanup(&service->endpoints);
}

bool service_is_ready(const struct service *service)
{
	return !atomic_load(&service->is_draining) && atomic_load(&service->ready_loops) > 0;
}
