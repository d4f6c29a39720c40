#include "server/serve.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/require.h"
#include "fetch/fetcher.h"
#include "server/admin.h"
#include "loop/compute_pool.h"
#include "queue/store.h"
#include "server/db_capacity.h"
#include "server/descriptors.h"
#include "server/edition/keys.h"
#include "server/events.h"
#include "server/kept_answers.h"
#include "server/inherited.h"
#include "server/key_refresh.h"
#include "loop/exhaustion.h"
#include "server/loop.h"
#include "server/state/metrics.h"
#include "server/notify.h"
#include "server/reload.h"
#include "server/signals.h"
#include "server/unix_socket.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	DRAIN_GRACE_MS = 1000, /* to what the loops look at themselves */
	QUEUES_MAX = 10000,
	QUEUE_PAYLOAD_BYTES = 1024,           /* a larger one is read from its row when its job is given out */
	QUEUE_KEPT_BYTES = 256 * 1024 * 1024, /* of payloads in memory; beyond it they are read so, too */
	FILE_THREADS = 4,                     /* that disks keep waiting, and not the loops */
};

/* The whole running service. */
struct server {
	struct service *service; /* borrowed */
	struct edition *edition; /* the first; while it serves, the reload's */
	struct http *http;
	struct server_loop *loops;
	struct listener *listeners, admin_listener;
	struct admin admin;
	struct reload reload;
	struct key_refresh key_refresh;
	struct signals signals;
	bool has_admin;
	char address[300], admin_address[300]; /* where it listens */
};

static void drain(struct server *server)
{
	listener_give_way(&server->listeners[0]);
	if (server->has_admin)
		listener_give_way(&server->admin_listener);
	for (unsigned i = 0; i < server->service->options->loops; i++)
		server_loop_drain(&server->loops[i]);
}

static const char *signal_name(int number)
{
	return number == SIGTERM ? "SIGTERM" : "SIGINT";
}

static void on_first_signal(void *data, int number)
{
	struct server *server = data;

	atomic_store(&server->service->is_draining, true);
	if (server->service->run.queues != NULL)
		queue_store_drain(server->service->run.queues);
	reload_forbid(&server->reload);
	drain(server);
	service_events_end(server->service);
	notify_manager("STOPPING=1");
	log_info("server", "%s: no new connections, requests in flight are answered", signal_name(number));
}

_Noreturn static void end_badly(void)
{
	log_flush();
	_exit(EXIT_FAILURE);
}

static void on_second_signal(void *data, int number)
{
	(void)data;
	if (number > 0)
		log_warning("server", "%s again: ending at once", signal_name(number));
	else
		log_warning("server", "requests were not over within drain_timeout_ms and are cut off");
	end_badly();
}

static void on_hangup(void *data)
{
	struct server *server = data;

	reload_ask(&server->reload);
}

/* The loops keep the time of the drain; only one that waits itself, in sync mode, cannot. */
static void watch_signals(struct server *server)
{
	const struct options *options = server->service->options;

	server->signals = (struct signals){
	    .again = on_hangup,
	    .first = on_first_signal,
	    .second = on_second_signal,
	    .data = server,
	    .patience_ms = options->drain_delay_ms + options->drain_timeout_ms + DRAIN_GRACE_MS,
	};
	signals_start(&server->signals);
}

/* Sockets of the service manager take the place of the options. */
static int open_service(struct server *server, const struct inherited *inherited, char *why, size_t why_bytes)
{
	const struct options *options = server->service->options;

	if (inherited->count == 0)
		return listeners_open(server->listeners, options->loops, options->listen, server->address,
				      sizeof(server->address), why, why_bytes);
	log_info("server", "the service manager's sockets are used, and not --listen");
	return listeners_adopt(server->listeners, options->loops, inherited->fds, inherited->count, server->address,
			       sizeof(server->address), why, why_bytes);
}

static int open_admin(struct server *server, const struct inherited *inherited, char *why, size_t why_bytes)
{
	const struct options *options = server->service->options;

	server->has_admin = options->admin[0] != '\0' || inherited->admin_fd >= 0;
	if (!server->has_admin)
		return 0;
	if (inherited->admin_fd < 0)
		return listeners_open(&server->admin_listener, 1, options->admin, server->admin_address,
				      sizeof(server->admin_address), why, why_bytes);
	return listeners_adopt(&server->admin_listener, 1, &inherited->admin_fd, 1, server->admin_address,
			       sizeof(server->admin_address), why, why_bytes);
}

static int open_listeners(struct server *server)
{
	const struct options *options = server->service->options;
	struct inherited inherited;
	char why[400];

	server->listeners = memory_alloc_zeroed(options->loops, sizeof(*server->listeners));
	if (inherited_take(&inherited, why, sizeof(why)) == 0 &&
	    open_service(server, &inherited, why, sizeof(why)) == 0 &&
	    open_admin(server, &inherited, why, sizeof(why)) == 0)
		return 0;
	fprintf(stderr, "meantime: %s\n", why);
	return -1;
}

static const char *scheme_of(const char *address)
{
	return unix_socket_path(address) != NULL ? "" : "http://";
}

/* Last of all: what starts the service may send requests, and signals, from now on. */
static void say_where(const struct server *server, unsigned endpoints)
{
	const struct options *options = server->service->options;

	if (server->has_admin)
		printf("meantime: admin %s%s\n", scheme_of(server->admin_address), server->admin_address);
	printf("meantime: serving %s%s (mode %s, %u loop%s, %u endpoint%s)\n", scheme_of(server->address),
	       server->address, mode_name(options->mode), options->loops, options->loops == 1 ? "" : "s", endpoints,
	       endpoints == 1 ? "" : "s");
	fflush(stdout);
}

/* Every connection is a file. */
static void plan_descriptors(struct server *server)
{
	const struct options *options = server->service->options;
	struct descriptors descriptors = descriptors_plan(options, server->edition->fetches_pages);

	descriptors_warn(&descriptors, options);
	server->service->clients_max = descriptors.clients_max;
	exhaustion_prepare();
}

static void *run_loop(void *data)
{
	server_loop_run(data);
	return NULL;
}

/* A core that always has something to compute does not help its neighbours out: those of the loops stay free of it. */
static unsigned compute_threads(const struct options *options)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN), left = cores - (long)options->loops;

	if (options->compute_threads > 0)
		return options->compute_threads;
	return left > 1 ? (unsigned)left : 1;
}

static void start_admin(struct server *server)
{
	server->admin = (struct admin){
	    .service = server->service,
	    .http = server->http,
	    .listener = &server->admin_listener,
	    .loops = server->loops,
	    .number = server->service->options->loops,
	};
	admin_start(&server->admin);
}

static void make_metrics(struct server *server)
{
	/* one more for the admin listener's loop */
	server->service->metrics = metrics_create(server->service->options->loops + 1);
	metrics_register(server->service->metrics, &server->edition->router);
	metrics_note_edition(server->service->metrics, server->edition->endpoints.count);
}

/* Named as it is found among PostgreSQL's sessions, and in its own log. */
static struct queue_store *create_queues(const struct service *service)
{
	static char node[300];
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	snprintf(node, sizeof(node), "%s, process %ld", host, (long)getpid());
	return queue_store_create(&(struct queue_store_settings){
	    .db = &service->run.db,
	    .jobs_max = service->options->queue_jobs,
	    .queues_max = QUEUES_MAX,
	    .parked_max = service->options->queue_claims,
	    .payload_bytes_max = QUEUE_PAYLOAD_BYTES,
	    .kept_bytes_max = QUEUE_KEPT_BYTES,
	    .node = node,
	});
}

static void start_loops(struct server *server)
{
	unsigned count = server->service->options->loops;

	server->service->run.pool =
	    compute_pool_create(compute_threads(server->service->options), server->service->options->queue_limit);
	/* a core may be verifying, and no more */
	if (server->edition->verifier != NULL)
		server->service->run.prompt_pool = compute_pool_create_prompt(1, server->service->options->queue_limit);
	server->service->run.large_pool =
	    compute_pool_create_prompt(compute_threads(server->service->options), HTTP_COMPRESSION_WAITING_MAX);
	/* elsewhere a thread that waits reads by itself */
	if (server->edition->site.folder != NULL && server->service->options->mode == MODE_ASYNC)
		server->service->run.file_pool =
		    compute_pool_create_prompt(FILE_THREADS, server->service->options->queue_limit);
	if (server->edition->fetches_pages)
		server->service->run.fetcher = fetcher_create(server->service->fetcher_settings);
	service_events_begin(server->service, server->edition);
	service_cache_begin(server->service, server->edition);
	if (server->service->options->queue == SWITCH_ON)
		server->service->run.queues = create_queues(server->service);
	server->http = http_create(&(struct http_settings){
	    .options = server->service->options,
	    .exchange = &server->service->exchange,
	    .run = &server->service->run,
	    .metrics = server->service->metrics,
	    .clients_max = server->service->clients_max,
	    .note_left = reload_note_left,
	});
	server->loops = memory_alloc_zeroed(count, sizeof(*server->loops));
	for (unsigned i = 0; i < count; i++)
		server_loop_init(&server->loops[i], server->service, server->edition, server->http, i,
				 &server->listeners[i]);
	server->reload = (struct reload){
	    .service = server->service,
	    .loops = server->loops,
	    .current = server->edition,
	};
	reload_start(&server->reload);
	if (server->has_admin)
		start_admin(server);
	for (unsigned i = 1; i < count; i++)
		REQUIRE(pthread_create(&server->loops[i].thread, NULL, run_loop, &server->loops[i]) == 0);
}

static int run_loops(struct server *server)
{
	unsigned count = server->service->options->loops, cut_off;

	server_loop_run(&server->loops[0]);
	cut_off = server->loops[0].cut_off;
	for (unsigned i = 1; i < count; i++) {
		pthread_join(server->loops[i].thread, NULL);
		cut_off += server->loops[i].cut_off;
	}
	if (cut_off > 0) {
		log_warning("server",
			    "%u requests or connections were not over within drain_timeout_ms and are cut off",
			    cut_off);
		end_badly();
	}
	return EXIT_SUCCESS;
}

static void stop_loops(struct server *server)
{
	signals_stop(&server->signals);
	if (server->has_admin)
		admin_stop(&server->admin);
	if (!reload_stop(&server->reload)) {
		log_info("server", "ended during a reload, which PostgreSQL keeps waiting");
		log_flush();
		_exit(EXIT_SUCCESS);
	}
	for (unsigned i = 0; i < server->service->options->loops; i++)
		server_loop_cleanup(&server->loops[i]);
	reload_cleanup(&server->reload);
	http_destroy(server->http);
	compute_pool_destroy(server->service->run.pool);
	if (server->service->run.prompt_pool != NULL)
		compute_pool_destroy(server->service->run.prompt_pool);
	compute_pool_destroy(server->service->run.large_pool);
	if (server->service->run.file_pool != NULL)
		compute_pool_destroy(server->service->run.file_pool);
	if (server->service->run.fetcher != NULL)
		fetcher_destroy(server->service->run.fetcher);
	if (server->service->run.queues != NULL)
		queue_store_destroy(server->service->run.queues);
	if (!service_events_destroy(server->service)) {
		log_info("server", "ended while PostgreSQL keeps the connection that listens waiting");
		log_flush();
		_exit(EXIT_SUCCESS);
	}
	service_cache_destroy(server->service);
	free(server->loops);
	free(server->listeners);
}

static void start_key_refresh(struct server *server)
{
	struct service *service = server->service;

	if (service->fetched_keys == NULL)
		return;
	server->key_refresh = (struct key_refresh){
	    .ring = service->fetched_keys, .url = service->options->jwt_keys, .metrics = service->metrics};
	key_refresh_start(&server->key_refresh);
}

static int run(struct server *server)
{
	unsigned endpoints = server->edition->endpoints.count; /* of the first edition: a reload may come at once */
	int status;

	options_log(server->service->options);
	plan_descriptors(server);
	if (open_listeners(server) != 0) {
		free(server->listeners);
		edition_destroy(server->edition);
		return EXIT_FAILURE;
	}
	db_capacity_say(server->service, server->edition->has_streams,
			edition_listens(server->edition, server->service->options->mode), false);
	make_metrics(server);
	start_key_refresh(server);
	signals_block();
	start_loops(server);
	watch_signals(server);
	say_where(server, endpoints);
	notify_manager("READY=1");
	status = run_loops(server);
	stop_loops(server);
	if (server->service->fetched_keys != NULL)
		key_refresh_stop(&server->key_refresh);
	metrics_destroy(server->service->metrics);
	log_info("server", "ended");
	return status;
}

int serve(struct service *service, struct edition *edition)
{
	struct server *server = memory_alloc_zeroed(1, sizeof(*server));
	int status;

	server->service = service;
	server->edition = edition;
	status = run(server);
	free(server);
	return status;
}
