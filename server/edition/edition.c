#include "server/edition/edition.h"

#include "base/memory.h"
#include "base/require.h"
#include "files/folder.h"
#include "server/edition/describe.h"
#include "server/edition/keys.h"
#include "db/pipeline.h"
#include "handlers/queue/queue_routes.h"
#include "handlers/sql/openapi.h"
#include "handlers/sql/endpoint.h"
#include "handlers/sql/event_channel.h"
#include "handlers/sql/parts.h"
#include "handlers/sql/representation.h"
#include "handlers/sql/work.h"

#include <stdlib.h>

struct edition *edition_create(unsigned number)
{
	struct edition *edition = memory_alloc_zeroed(1, sizeof(*edition));

	edition->catalog.edition = number;
	list_init(&edition->link);
	endpoint_set_init(&edition->endpoints);
	router_init(&edition->router);
	return edition;
}

static bool has_streams(const struct endpoint_set *set)
{
	for (unsigned i = 0; i < set->count; i++)
		if (set->endpoints[i].is_stream)
			return true;
	return false;
}

static bool has_events(const struct endpoint_set *set)
{
	for (unsigned i = 0; i < set->count; i++)
		if (set->endpoints[i].events != NULL)
			return true;
	return false;
}

static bool has_cache(const struct endpoint_set *set)
{
	for (unsigned i = 0; i < set->count; i++)
		if (set->endpoints[i].cache != NULL)
			return true;
	return false;
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

/* Where the folder itself is wrong, the origin of its name is said, too. */
static void load_endpoints(struct edition *edition, const struct options *options)
{
	struct endpoint_set *set = &edition->endpoints;
	const char *folder = options->endpoints;
	unsigned before = set->diagnostics.count;

	if (endpoint_set_load(set, folder) != 0 && set->diagnostics.count == before + 1 &&
	    strcmp(set->diagnostics.items[before].file, folder) == 0)
		diagnostics_add(&set->diagnostics, options_origin(options, "endpoints"), 0,
				"endpoints: names the folder \"%s\"", folder);
}

int edition_add_own_route(struct edition *edition, const char *pattern, const char *name, step_fn *first,
			  const void *data)
{
	const struct route route = {.method = HTTP_GET, .pattern = pattern, .name = name, .first = first, .data = data};
	const struct route *taken_by;

	if (router_add(&edition->router, &route, &taken_by) == ROUTER_ADDED)
		return 0;
	diagnostics_add(&edition->endpoints.diagnostics, pattern, 0, "this route is the service's own");
	return -1;
}

/* Without keys any client may call them. */
static const struct access *queue_access(struct edition *edition, const struct options *options)
{
	struct endpoint_set *set = &edition->endpoints;
	struct access *access;

	if (!keys_are_configured(options)) {
		if (options->queue_roles[0] != '\0')
			diagnostics_add(&set->diagnostics, options_origin(options, "queue_roles"), 0,
					"queue_roles: no keys prove roles: --jwt-keys or --api-keys is expected");
		return NULL;
	}
	access = arena_alloc_zeroed(&set->arena, sizeof(*access));
	if (options->queue_roles[0] != '\0' && !access_read_roles(text_of(options->queue_roles), &set->arena, access))
		diagnostics_add(&set->diagnostics, options_origin(options, "queue_roles"), 0,
				"queue_roles: \"%s\" is no list of roles; expected names with commas between",
				options->queue_roles);
	return access;
}

static void add_queue_routes(struct edition *edition, const struct options *options)
{
	struct endpoint_set *set = &edition->endpoints;
	struct queue_route_settings *settings = arena_alloc_zeroed(&set->arena, sizeof(*settings));
	const char *taken;

	settings->access = queue_access(edition, options);
	settings->may_wait = options->mode != MODE_SYNC;
	settings->timeout_ms = options->request_timeout_ms;
	taken = queue_routes_add(&edition->router, settings);
	if (taken != NULL)
		diagnostics_add(&set->diagnostics, taken, 0, "this route is the queues'");
}

static int add_routes(struct edition *edition)
{
	int status = edition_add_own_route(edition, "/openapi.json", "openapi", openapi_get, &edition->openapi);

	status |= sql_endpoint_add_routes(&edition->router, &edition->endpoints);
	return status;
}

/* The folder is opened anew for each edition: what its name leads to may have been exchanged. */
static void open_site(struct edition *edition, const struct options *options)
{
	const struct route route = {
	    .method = HTTP_GET,
	    .pattern = "/*",
	    .name = "files",
	    .first = file_get,
	    .data = &edition->site,
	    .takes_if_match = true,
	    .takes_conditions = true,
	    .is_uncompressed = true,
	    .access = &edition->site_access,
	};
	char why[4200];

	if (options->files[0] == '\0')
		return;
	edition->site = (struct file_site){
	    .folder = folder_open(options->files, options->max_files, why, sizeof(why)),
	    .cache_control = text_of(options->files_cache_control),
	    .policy = text_of(options->files_policy),
	};
	edition->site_access.is_public = options->files_public == SWITCH_ON;
	if (edition->site.folder != NULL)
		router_set_rest(&edition->router, &route);
	else
		diagnostics_add(&edition->endpoints.diagnostics, options_origin(options, "files"), 0, "files: %s", why);
}

/* No client could call what needs an identity, and what reads one would read nothing. */
static void refuse_identities(struct edition *edition)
{
	struct endpoint_set *set = &edition->endpoints;

	for (unsigned i = 0; i < set->count; i++)
		if (set->endpoints[i].identity_line > 0)
			diagnostics_add(&set->diagnostics, set->endpoints[i].file, set->endpoints[i].identity_line,
					"%s names roles or claims, and no keys prove any: --jwt-keys or --api-keys is "
					"expected",
					set->endpoints[i].name);
}

/* There a procedure's next transaction may be another session's, which is told nothing of the request. */
static void refuse_procedures(struct edition *edition)
{
	struct endpoint_set *set = &edition->endpoints;

	for (unsigned i = 0; i < set->count; i++)
		if (set->endpoints[i].statement.may_commit)
			diagnostics_add(&set->diagnostics, set->endpoints[i].file, set->endpoints[i].line,
					"%s calls a procedure, which may COMMIT; where keys prove identities, behind a "
					"transaction pooler, it would go on in the login role; call a function",
					set->endpoints[i].name);
}

/* Such a pooler gives the session that has asked to another client, and what is notified is lost. */
static void refuse_listening(struct edition *edition, enum mode mode)
{
	struct endpoint_set *set = &edition->endpoints;

	for (unsigned i = 0; i < set->count; i++)
		if (set->endpoints[i].events != NULL && mode == MODE_ASYNC)
			diagnostics_add(
			    &set->diagnostics, set->endpoints[i].file, set->endpoints[i].events->line,
			    "%s listens, which a transaction pooler cannot do: --events-database is to name "
			    "PostgreSQL itself",
			    set->endpoints[i].name);
	for (unsigned i = 0; i < set->count; i++)
		if (set->endpoints[i].cache != NULL)
			diagnostics_add(&set->diagnostics, set->endpoints[i].file, set->endpoints[i].cache->line,
					"the answers of %s are kept, and NOTIFY is not heard through a transaction "
					"pooler: --events-database is to name PostgreSQL itself",
					set->endpoints[i].name);
}

/* What says nothing of its rate has that of the service, which all of these share. */
static void limit_all(struct edition *edition, const struct options *options)
{
	struct endpoint_set *set = &edition->endpoints;
	struct rate_limit rate;

	if (options->rate[0] == '\0')
		return;
	if (!rate_limit_read(text_of(options->rate), &set->arena, &rate) ||
	    (rate.by != LIMIT_BY_ADDRESS && !keys_are_configured(options))) {
		diagnostics_add(&set->diagnostics, options_origin(options, "rate"), 0,
				"rate: \"%s\" is no rate; expected %s, the last two with keys configured",
				options->rate, rate_limit_expected);
		return;
	}
	for (unsigned i = 0; i < set->count; i++)
		if (set->endpoints[i].rate.count == 0) {
			set->endpoints[i].rate = rate;
			set->endpoints[i].shares_rate = true;
		}
}

/* With something wrong already, a database that is away is not waited for. */
static int describe(struct edition *edition, struct db_settings settings, bool is_good, const char **why)
{
	if (!is_good)
		settings.start_wait_ms = 0;
	if (db_describe(&edition->endpoints, &settings, why) != 0)
		return -1;
	return sql_endpoint_check_works(&edition->endpoints) | sql_representation_check(&edition->endpoints) |
	       sql_events_check(&edition->endpoints);
}

/* A session tells the statements of one edition from those of another by this. */
static void number_statement(const struct edition *edition, struct db_statement *statement)
{
	statement->edition = edition->catalog.edition;
	statement->set_size = edition->catalog.statement_count;
}

static void number_statements(struct edition *edition)
{
	edition->catalog.statement_count = edition->endpoints.statement_count;
	for (unsigned i = 0; i < edition->endpoints.count; i++) {
		struct endpoint *endpoint = &edition->endpoints.endpoints[i];

		number_statement(edition, &endpoint->statement);
		for (unsigned part = 0; part < endpoint->part_count; part++)
			number_statement(edition, &endpoint->parts[part].endpoint.statement);
	}
}

int edition_load(struct edition *edition, const struct options *options, const struct db_settings *settings,
		 const char **why)
{
	struct endpoint_set *set = &edition->endpoints;
	struct buffer document = buffer_in(&set->arena);
	bool are_options_good = set->diagnostics.count == 0, is_good;

	*why = NULL;
	edition->verifier = keys_read(options, edition->fetched_keys, &edition->ring, &set->diagnostics);
	/* what is wrong with one endpoint hides nothing of the others, and all of it is said in one run */
	load_endpoints(edition, options);
	limit_all(edition, options);
	open_site(edition, options);
	if (!keys_are_configured(options))
		refuse_identities(edition);
	else if (settings->pooler == DB_POOLER_TRANSACTION)
		refuse_procedures(edition);
	if (settings->pooler == DB_POOLER_TRANSACTION && options->events_database[0] == '\0')
		refuse_listening(edition, options->mode);
	if (options->queue == SWITCH_ON)
		add_queue_routes(edition, options);
	is_good = add_routes(edition) == 0 && set->diagnostics.count == 0;
	if (!are_options_good || set->count == 0)
		return -1;
	if (describe(edition, *settings, is_good, why) != 0 || !is_good)
		return -1;
	number_statements(edition);
	openapi_write(&document, set,
		      &(struct openapi_info){
			  .title = options->openapi_title,
			  .version = options->openapi_version,
			  .server = options->openapi_server,
			  .license = options->openapi_license,
			  .contact = options->openapi_contact,
			  .takes_tokens = options->jwt_keys[0] != '\0',
			  .takes_api_keys = options->api_keys[0] != '\0',
		      });
	edition->openapi = buffer_text(&document);
	edition->fetches_pages = fetches_pages(set);
	edition->has_streams = has_streams(set);
	edition->has_events = has_events(set);
	edition->has_cache = has_cache(set);
	return 0;
}

unsigned edition_longest_timeout_ms(const struct edition *edition)
{
	unsigned longest_ms = 0;

	for (unsigned i = 0; i < edition->router.count; i++)
		if (edition->router.routes[i]->timeout_ms > longest_ms)
			longest_ms = edition->router.routes[i]->timeout_ms;
	return longest_ms;
}

void edition_destroy(struct edition *edition)
{
	verifier_destroy(edition->verifier);
	if (edition->ring != edition->fetched_keys)
		key_ring_destroy(edition->ring);
	router_cleanup(&edition->router);
	folder_close(edition->site.folder);
	endpoint_set_cleanup(&edition->endpoints);
	free(edition);
}
