#include "server/service.h"

#include "base/address.h"
#include "base/networks.h"
#include "db/conninfo.h"
#include "db/spares.h"
#include "fetch/fetcher.h"
#include "fetch/values/url.h"
#include "server/edition/keys.h"
#include "server/http/cors.h"
#include "server/run/awaitables.h"
#include "server/unix_socket.h"

#include <string.h>

void service_init(struct service *service, const struct options *options)
{
	memset(service, 0, sizeof(*service));
	service->run.db.spares = db_spares_create();
	service->options = service->run.options = options;
	service->exchange.request_timeout_ms = options->request_timeout_ms;
	service->exchange.max_json_depth = options->max_json_depth;
	service->exchange.heartbeat_ms = options->heartbeat_ms;
	service->exchange.follows_events = options->mode == MODE_ASYNC;
#define AWAITABLE(name, class) service->exchange.await_##name = &class;
#include "exchange/awaitables.def"
#undef AWAITABLE
	arena_init(&service->arena, NULL, 0);
}

/* The session that listens runs no statement of an endpoint. */
static void fill_listening(struct service *service)
{
	struct db_settings *settings = &service->run.db_for_events;

	*settings = service->run.db_for_streams;
	settings->has_contexts = false;
	settings->spares = NULL;
	if (service->options->events_database[0] == '\0')
		return;
	settings->conninfo = service->options->events_database;
	settings->pooler = DB_POOLER_NONE;
}

static void fill_settings(struct service *service)
{
	static const enum db_pooler poolers[] = {[POOLER_NONE] = DB_POOLER_NONE,
						 [POOLER_SESSION] = DB_POOLER_SESSION,
						 [POOLER_TRANSACTION] = DB_POOLER_TRANSACTION};
	const struct options *options = service->options;

	service->run.db = (struct db_settings){
	    .conninfo = options->database,
	    .connect_timeout_ms = options->connect_timeout_ms,
	    .start_wait_ms = options->database_wait_ms,
	    .statement_timeout_ms = options->request_timeout_ms,
	    .idle_timeout_ms = options->write_timeout_ms + 1000,
	    .result_limit_bytes = options->max_result_bytes,
	    .has_contexts = keys_are_configured(options),
	    .is_shared = true,
	    .pooler = poolers[options->db_pooler],
	    .depth = options->db_pipeline_depth,
	    .spares = service->run.db.spares,
	};
	/* a stream has a session of its own while rows are left */
	service->run.db_for_streams = service->run.db;
	service->run.db_for_streams.is_shared = false;
	service->run.db_for_streams.depth = 1;
	fill_listening(service);
}

void service_note_wrong_value(const struct service *service, struct diagnostics *diagnostics, const char *field,
			      const char *why)
{
	diagnostics_add(diagnostics, options_origin(service->options, field), 0, "%s: %s", field, why);
}

/* Whether it can be listened there, only listening tells. */
static void check_address(struct service *service, struct diagnostics *diagnostics, const char *field,
			  const char *value)
{
	struct address address;

	if (address_read(value, &address) || unix_socket_path(value) != NULL)
		return;
	service_note_wrong_value(service, diagnostics, field,
				 arena_printf(&service->arena,
					      "\"%s\" is no address to listen on; expected %s, or unix:PATH", value,
					      address_expected));
}

static void check_database(const struct service *service, struct diagnostics *diagnostics)
{
	const char *fault = db_conninfo_fault(service->options->database);

	if (fault != NULL)
		service_note_wrong_value(service, diagnostics, "database", fault);
	fault = db_conninfo_fault(service->options->events_database);
	if (fault != NULL)
		service_note_wrong_value(service, diagnostics, "events_database", fault);
}

/* A wrong list of addresses stops the start also where nothing is fetched. */
static void fill_fetcher_settings(struct service *service, struct diagnostics *diagnostics)
{
	const struct options *options = service->options;
	struct fetcher_settings *settings = arena_alloc_zeroed(&service->arena, sizeof(*settings));
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
	if (egress_init(&settings->transfer.egress, options->fetch_allow, why, sizeof(why)) != 0)
		service_note_wrong_value(service, diagnostics, "fetch_allow", why);
	service->fetcher_settings = settings;
}

static void check_origins(const struct service *service, struct diagnostics *diagnostics)
{
	char why[200];
	struct cors *cors = cors_create(service->options->cors_origins, why, sizeof(why));

	if (cors == NULL)
		service_note_wrong_value(service, diagnostics, "cors_origins", why);
	cors_destroy(cors);
}

static void check_proxies(struct service *service, struct diagnostics *diagnostics)
{
	struct networks networks;
	char why[200];

	if (!networks_read(service->options->trusted_proxies, &networks, why, sizeof(why)))
		service_note_wrong_value(service, diagnostics, "trusted_proxies",
					 arena_copy(&service->arena, text_of(why)));
}

/* It goes into the head of responses as it is. */
static void check_line(const struct service *service, struct diagnostics *diagnostics, const char *field,
		       const char *value)
{
	for (const char *c = value; *c != '\0'; c++)
		if (*c < ' ' || *c > '~') {
			service_note_wrong_value(service, diagnostics, field,
						 "holds a byte that a header line cannot have");
			return;
		}
}

/* Whether keys are there, only fetching shows. */
static void prepare_fetched_keys(struct service *service, struct diagnostics *diagnostics)
{
	const char *fault = url_check(service->options->jwt_keys);

	service->fetched_keys = key_ring_create(NULL);
	if (fault != NULL)
		service_note_wrong_value(
		    service, diagnostics, "jwt_keys",
		    arena_printf(&service->arena, "\"%s\" is no URL to fetch: %s", service->options->jwt_keys, fault));
}

void service_check(struct service *service, struct diagnostics *diagnostics)
{
	const struct options *options = service->options;

	check_address(service, diagnostics, "listen", options->listen);
	if (options->admin[0] != '\0')
		check_address(service, diagnostics, "admin", options->admin);
	check_database(service, diagnostics);
	fill_settings(service);
	fill_fetcher_settings(service, diagnostics);
	check_origins(service, diagnostics);
	check_proxies(service, diagnostics);
	check_line(service, diagnostics, "files_cache_control", options->files_cache_control);
	check_line(service, diagnostics, "files_policy", options->files_policy);
	if (keys_are_fetched(options))
		prepare_fetched_keys(service, diagnostics);
	service_allow_timeout(service, options->request_timeout_ms);
}

void service_cleanup(struct service *service)
{
	db_spares_destroy(service->run.db.spares);
	key_ring_destroy(service->fetched_keys);
	arena_cleanup(&service->arena);
}

void service_allow_timeout(struct service *service, unsigned timeout_ms)
{
	if (timeout_ms > atomic_load(&service->longest_timeout_ms))
		atomic_store(&service->longest_timeout_ms, timeout_ms);
}

bool service_is_ready(const struct service *service)
{
	return !atomic_load(&service->is_draining) && atomic_load(&service->ready_loops) > 0;
}

bool service_is_alive(const struct service *service)
{
	return atomic_load(&service->still_loops) == 0;
}
