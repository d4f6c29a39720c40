#include "server/http/border.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/require.h"
#include "cache/response_cache.h"
#include "events/hub.h"
#include "fetch/fetcher.h"
#include "identity/rate_table.h"
#include "loop/compute_pool.h"
#include "server/http/access.h"
#include "server/http/compression.h"
#include "server/http/cors.h"
#include "server/state/metrics.h"

#include <stdlib.h>
#include <sys/socket.h>

enum {
	SWEEP_MS = 100,            /* how exact write_timeout_ms is */
	UNREAD_MS = 50,            /* what has come meanwhile is accepted and read within so long */
	BLOCKED_MS = 10,           /* less is not worth a look at every connection */
	ADMIN_CONNECTIONS = 64,    /* of balancers, scrapers and operators */
	SPARE_INPUT_BUFFERS = 256, /* of 8 KiB each, as many as there are spare exchanges */
};

static void cut_off_overdue(struct http_loop *http)
{
	uint64_t now_ns = clock_now_ns();

	LIST_EACH (item, &http->sending) {
		struct http_reply *reply = CONTAINER_OF(item, struct http_reply, link);

		/* all have the same time, so the list is in the order of their deadlines */
		if (now_ns < reply->take_deadline_ns)
			break;
		log_info("http", "a client took nothing of its response for %u ms: cut off",
			 http->http->settings.options->write_timeout_ms);
		list_remove(item);
		http_client_cut_off(reply->client, SHUT_RDWR);
	}
}

void http_publish(struct http_loop *http)
{
	struct runner_numbers numbers = http->runner->class->numbers(http->runner);
	const struct http_settings *settings = &http->http->settings;

	metrics_set_gauges(settings->metrics, http->number,
			   &(struct metrics_gauges){
			       .connections = http->client_count,
			       .refused = http->refused_count,
			       .requests = http->request_count,
			       .waiting = numbers.waiting,
			       /* all loops share the pool: one of them counts it */
			       .computations = http->is_admin ? compute_pool_count(settings->run->pool) : 0,
			       .turned_away = numbers.db.refused,
			       .db_open = numbers.db.open,
			       .db_busy = numbers.db.busy,
			       .db_lost = numbers.db.lost,
			       .db_run_again = numbers.db.run_again,
			       .db_units = numbers.db.units,
			   });
	http->waiting = numbers.waiting;
}

/* All loops share the hub: one of them counts it. */
static void publish_events(const struct http_loop *http, struct event_hub *hub)
{
	struct event_hub_numbers numbers = event_hub_numbers(hub);

	metrics_set_events(http->http->settings.metrics, &(struct metrics_events){
							     .subscribers = numbers.subscribers,
							     .channels = numbers.channels,
							     .published = numbers.events,
							     .cut_off = numbers.cut_off,
							     .losses = numbers.losses,
							 });
}

/* And all share the cache. */
static void publish_cache(const struct http_loop *http, struct response_cache *cache)
{
	struct cache_numbers numbers = response_cache_numbers(cache);

	metrics_set_cache(http->http->settings.metrics, &(struct metrics_cache){
							    .hits = numbers.hits,
							    .stale = numbers.stale,
							    .misses = numbers.misses,
							    .collapsed = numbers.collapsed,
							    .evicted = numbers.evicted,
							    .forgotten = numbers.forgotten,
							    .entries = numbers.entries,
							    .bytes = numbers.bytes,
							    .is_heard = numbers.is_heard,
							});
}

static void on_sweep(uv_timer_t *timer)
{
	struct http_loop *http = timer->data;
	const struct http_settings *settings = &http->http->settings;

	pulse_beat(http->pulse);
	http_editions_sweep(http);
	cut_off_overdue(http);
	http_compression_sweep(http);
	http_publish(http);
	/* what keeps a processor or other hosts busy, waits for its turn or for a job, is worth asking the kernel for */
	if (http->waiting > 0 || settings->run->queues != NULL || compute_pool_count(settings->run->pool) > 0 ||
	    (http->may_fetch && fetcher_count(settings->run->fetcher) > 0))
		http_departures_sweep(http);
	else if (http->may_follow && event_hub_numbers(settings->run->events).subscribers > 0)
		http_departures_sweep(http);
	if (http->may_follow && http->number == 0)
		publish_events(http, settings->run->events);
	if (http->may_keep && http->number == 0)
		publish_cache(http, settings->exchange->cache);
	if (http->closes_idle)
		http_loop_drain(http, true);
	http_rest(http);
}

/* While the loop's own thread waits, in sync mode, no bytes are read. That is no time that a client let pass, and
 * the requests that are read next have come meanwhile. Without this libh2o's timer would run first after the wait,
 * and close connections that have a request to be read. */
static void note_blocked_time(uv_check_t *check)
{
	struct http_loop *http = check->data;
	h2o_linklist_t *waiting = &http->context.http1.req_timeout._entries;
	/* libuv has looked at the clock when its poll returned */
	uint64_t blocked_ms = uv_hrtime() / NS_PER_MS - uv_now(http->loop);

	if (blocked_ms < BLOCKED_MS)
		return;
	http->unread_ns = clock_now_ns() + UNREAD_MS * NS_PER_MS;
	for (h2o_linklist_t *link = waiting->next; link != waiting; link = link->next)
		H2O_STRUCT_FROM_MEMBER(h2o_timeout_entry_t, _link, link)->registered_at += blocked_ms;
}

static void note_turn(void *data, uint64_t ns)
{
	const struct http_loop *http = data;

	metrics_note_turn(http->http->settings.metrics, http->number, ns);
}

/* Life */

static h2o_hostconf_t *add_host(struct http *http)
{
	h2o_hostconf_t *host = h2o_config_register_host(&http->config, h2o_iovec_init(H2O_STRLIT("any")), 65535);
	h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
	h2o_handler_t *handler = h2o_create_handler(path, sizeof(*handler));

	handler->on_req = http_on_request;
	return host;
}

struct http *http_create(const struct http_settings *settings)
{
	struct http *http = memory_alloc_zeroed(1, sizeof(*http));
	char why[200];

	http->settings = *settings;
	h2o_config_init(&http->config);
	http->config.server_name = h2o_iovec_init("", 0);
	http->config.http1.upgrade_to_http2 = 0;
	http->config.http1.req_timeout = settings->options->read_timeout_ms;
	/* the parser looks before libh2o does, which would refuse a chunked body of just this size */
	http_parser_begin(settings->options->max_body_bytes);
	http->config.max_request_entity_size = (size_t)settings->options->max_body_bytes + 1;
	http->config.max_delegations = 0;
	/* a large body never becomes a file */
	h2o_socket_buffer_mmap_settings.threshold = SIZE_MAX;
	http->hosts[0] = add_host(http);
	http->address_rates = rate_table_create();
	http->identity_rates = rate_table_create();
	/* service_check() has looked at it */
	REQUIRE(networks_read(settings->options->trusted_proxies, &http->trusted, why, sizeof(why)));
	if (settings->options->cors_origins[0] != '\0') {
		http->cors = cors_create(settings->options->cors_origins, why, sizeof(why));
		REQUIRE(http->cors != NULL); /* service_check() has looked at it */
	}
	return http;
}

void http_destroy(struct http *http)
{
	h2o_config_dispose(&http->config);
	cors_destroy(http->cors);
	rate_table_destroy(http->address_rates);
	rate_table_destroy(http->identity_rates);
	free(http);
}

static struct runner *create_runner(struct http_loop *http)
{
	const struct runner_settings *settings = http->http->settings.run;
	struct runner *runner = http->is_admin ? runner_create_idle(settings, http->loop, http_reply_on_ready)
					       : runner_create(settings, http->loop, http->number, http_reply_on_ready);

	runner->pulse = http->pulse;
	return runner;
}

struct http_loop *http_loop_create(struct http *http, const struct http_loop_settings *options)
{
	struct http_loop *created = memory_alloc_zeroed(1, sizeof(*created));
	uv_loop_t *loop = options->loop;

	created->http = http;
	created->loop = loop;
	created->number = options->number;
	created->edition = http_edition_create(options->edition);
	created->may_fetch = options->edition->fetches_pages;
	created->may_keep = options->edition->has_cache;
	created->may_follow = options->edition->has_events && http->settings.exchange->follows_events;
	list_init(&created->editions);
	created->pulse = options->pulse;
	created->is_admin = options->is_admin;
	created->connections_max = options->is_admin ? ADMIN_CONNECTIONS : http->settings.clients_max;
	list_init(&created->clients);
	address_counts_init(&created->addresses);
	created->identities = token_cache_create(HTTP_IDENTITIES_MAX, HTTP_IDENTITIES_BYTES_MAX);
	list_init(&created->sending);
	list_init(&created->working);
	list_init(&created->spare);
	h2o_context_init(&created->context, loop, &http->config);
	created->accept = (h2o_accept_ctx_t){.ctx = &created->context, .hosts = http->hosts};
	turns_begin(&created->turns, loop, note_turn, created);
	uv_check_init(loop, &created->turn_end);
	created->turn_end.data = created;
	created->waits_itself = http->settings.options->mode == MODE_SYNC && !options->is_admin;
	/* what is started later runs first: the runner blocks at the end of the turn, and before this is called */
	if (created->waits_itself)
		uv_check_start(&created->turn_end, note_blocked_time);
	created->runner = create_runner(created);
	http_departures_begin(created);
	http_compression_begin(created);
	uv_timer_init(loop, &created->sweep);
	created->sweep.data = created;
	uv_timer_start(&created->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
	return created;
}

/* A buffer is in use while a request is under way. libh2o keeps 16 for each thread, and malloc would see the others
 * come and go with each request. */
void http_loop_begin_thread(void)
{
	http_parser_begin_thread();
	h2o_socket_buffer_prototype.allocator.max = SPARE_INPUT_BUFFERS;
}

/* Something of a request is there; a line break behind the last one is nothing (RFC 9112, section 2.2). */
static bool is_in_request(const struct client *client)
{
	const h2o_buffer_t *input = client->socket->input;

	for (size_t i = 0; i < input->size; i++)
		if (input->bytes[i] != '\r' && input->bytes[i] != '\n')
			return true;
	return false;
}

void http_loop_drain(struct http_loop *http, bool closes_idle)
{
	/* h2o_context_request_shutdown() would do no more for HTTP/1, and leave a timer of HTTP/2 behind */
	http->is_draining = true;
	http->closes_idle = closes_idle;
	if (!closes_idle)
		return;
	LIST_EACH (item, &http->clients) {
		struct client *client = CONTAINER_OF(item, struct client, link);

		/* what has arrived is still read, and answered; then the end is seen. A client in the middle of a
		 * request may send the rest, as long as the drain takes. */
		if (client->reply == NULL && !is_in_request(client))
			http_client_cut_off(client, SHUT_RD);
	}
}

bool http_loop_is_idle(const struct http_loop *http)
{
	return http->client_count == 0 && http->request_count == 0;
}

bool http_loop_is_ready(const struct http_loop *http)
{
	return http->runner->class->is_ready(http->runner);
}

unsigned http_loop_unfinished(const struct http_loop *http)
{
	return http->request_count > http->client_count ? http->request_count : http->client_count;
}

void http_loop_cut_off(struct http_loop *http)
{
	LIST_EACH (item, &http->clients)
		http_client_cut_off(CONTAINER_OF(item, struct client, link), SHUT_RDWR);
}

void http_loop_close(struct http_loop *http)
{
	runner_close(http->runner);
	uv_close((uv_handle_t *)&http->sweep, NULL);
	turns_end(&http->turns);
	uv_close((uv_handle_t *)&http->turn_end, NULL);
	http_departures_end(http);
	http_compression_close(http);
	h2o_context_dispose(&http->context);
}

void http_loop_destroy(struct http_loop *http)
{
	runner_destroy(http->runner);
	http_editions_leave(http);
	http_compression_cleanup(http);
	token_cache_destroy(http->identities);
	LIST_EACH (item, &http->spare)
		http_reply_destroy(CONTAINER_OF(item, struct http_reply, link));
	free(http);
}
