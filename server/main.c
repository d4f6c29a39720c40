/* meantime: options -> service -> loops -> run -> tear down. */
#include "base/log.h"
#include "base/memory.h"
#include "base/require.h"
#include "fetch/fetcher.h"
#include "server/admin.h"
#include "server/compute_pool.h"
#include "server/db_capacity.h"
#include "server/descriptors.h"
#include "server/exhaustion.h"
#include "server/loop.h"
#include "server/metrics.h"
#include "server/notify.h"
#include "server/probe.h"
#include "server/reload.h"
#include "server/service.h"
#include "server/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	DRAIN_GRACE_MS = 1000, /* to what the loops look at themselves */
	FIRST_EDITION = 1,
};

enum {
	EXIT_GOOD = 0,
	EXIT_WRONG = 1, /* with what was given: files, database, values */
	EXIT_USAGE = 2,
};

#ifndef MEANTIME_VERSION
#define MEANTIME_VERSION "unknown"
#endif

/* The whole running service. */
struct server {
	struct service service;
	struct edition *edition; /* the first; while it serves, the reload's */
	struct http *http;
	struct server_loop *loops;
	struct listener *listeners, admin_listener;
	struct admin admin;
	struct reload reload;
	struct signals signals;
	bool has_admin;
};

static void print_usage(FILE *out)
{
	fputs("meantime - SQL files become REST endpoints over PostgreSQL\n"
	      "\n"
	      "usage: meantime COMMAND [OPTION...]\n"
	      "\n"
	      "  serve    serve the endpoints until SIGTERM or SIGINT; a second one ends at once\n"
	      "  check    everything that serve checks at its start, against the database, without serving\n"
	      "  routes   the endpoints, one a line: METHOD PATH NAME FILE:LINE\n"
	      "  openapi  the OpenAPI 3.1 document of the endpoints\n"
	      "  health   asks the service that --admin names whether it is ready; for containers\n"
	      "  version  the version\n"
	      "\n"
	      "Each option may also be given in the environment or in a JSON file (--config FILE or MEANTIME_CONFIG);\n"
	      "the command line wins over the environment, and that over the file.\n"
	      "\n",
	      out);
	options_print_help(out);
	fputs("\n"
	      "exit status: 0 good; 1 something given is wrong (a file, the database, a value), said on stderr;\n"
	      "2 the command line can not be understood\n",
	      out);
}

/* Serving */

static void drain(struct server *server)
{
	for (unsigned i = 0; i < server->service.options->loops; i++)
		server_loop_drain(&server->loops[i]);
}

static const char *signal_name(int number)
{
	return number == SIGTERM ? "SIGTERM" : "SIGINT";
}

static void on_first_signal(void *data, int number)
{
	struct server *server = data;

	atomic_store(&server->service.is_draining, true);
	reload_forbid(&server->reload);
	drain(server);
	notify_manager("STOPPING=1");
	log_info("server", "%s: no new connections, requests in flight are answered", signal_name(number));
}

_Noreturn static void end_badly(void)
{
	log_flush();
	_exit(EXIT_WRONG);
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

/* The loops keep the time of the drain; only one that waits itself, in sync mode, can not. */
static void watch_signals(struct server *server)
{
	const struct options *options = server->service.options;

	server->signals = (struct signals){
	    .again = on_hangup,
	    .first = on_first_signal,
	    .second = on_second_signal,
	    .data = server,
	    .patience_ms = options->drain_delay_ms + options->drain_timeout_ms + DRAIN_GRACE_MS,
	};
	signals_start(&server->signals);
}

static int open_listeners(struct server *server)
{
	const struct options *options = server->service.options;
	unsigned count = server->edition->endpoints.count;
	char address[300], admin_address[300], why[400];

	server->listeners = memory_alloc_zeroed(options->loops, sizeof(*server->listeners));
	server->has_admin = options->admin[0] != '\0';
	if (listeners_open(server->listeners, options->loops, options->listen, address, sizeof(address), why,
			   sizeof(why)) != 0 ||
	    (server->has_admin && listeners_open(&server->admin_listener, 1, options->admin, admin_address,
						 sizeof(admin_address), why, sizeof(why)) != 0)) {
		fprintf(stderr, "meantime: %s\n", why);
		return -1;
	}
	if (server->has_admin)
		printf("meantime: admin http://%s\n", admin_address);
	printf("meantime: serving http://%s (mode %s, %u loop%s, %u endpoint%s)\n", address, mode_name(options->mode),
	       options->loops, options->loops == 1 ? "" : "s", count, count == 1 ? "" : "s");
	return 0;
}

/* Every connection is a file. */
static void plan_descriptors(struct server *server)
{
	const struct options *options = server->service.options;
	struct descriptors descriptors = descriptors_plan(options, server->edition->fetches_pages);

	descriptors_warn(&descriptors, options);
	server->service.clients_max = descriptors.clients_max;
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
	    .service = &server->service,
	    .http = server->http,
	    .listener = &server->admin_listener,
	    .loops = server->loops,
	    .number = server->service.options->loops,
	};
	admin_start(&server->admin);
}

static void start_loops(struct server *server)
{
	unsigned count = server->service.options->loops;

	/* one more for the admin listener's */
	server->service.metrics = metrics_create(count + 1);
	metrics_register(server->service.metrics, &server->edition->router);
	metrics_note_edition(server->service.metrics, server->edition->endpoints.count);
	server->service.compute =
	    compute_pool_create(compute_threads(server->service.options), server->service.options->queue_limit);
	if (server->edition->fetches_pages)
		server->service.fetcher = fetcher_create(server->service.fetcher_settings);
	server->http = http_create(&server->service);
	server->loops = memory_alloc_zeroed(count, sizeof(*server->loops));
	for (unsigned i = 0; i < count; i++)
		server_loop_init(&server->loops[i], &server->service, server->edition, server->http, i,
				 &server->listeners[i]);
	server->reload = (struct reload){
	    .service = &server->service,
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
	unsigned count = server->service.options->loops, cut_off;

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
	return EXIT_GOOD;
}

static void stop_loops(struct server *server)
{
	signals_stop(&server->signals);
	if (server->has_admin)
		admin_stop(&server->admin);
	if (!reload_stop(&server->reload)) {
		log_info("server", "ended during a reload, which PostgreSQL keeps waiting");
		log_flush();
		_exit(EXIT_GOOD);
	}
	for (unsigned i = 0; i < server->service.options->loops; i++)
		server_loop_cleanup(&server->loops[i]);
	reload_cleanup(&server->reload);
	server->edition = NULL;
	http_destroy(server->http);
	metrics_destroy(server->service.metrics);
	compute_pool_destroy(server->service.compute);
	if (server->service.fetcher != NULL)
		fetcher_destroy(server->service.fetcher);
	free(server->loops);
	free(server->listeners);
}

static int serve(struct server *server)
{
	int status;

	options_log(server->service.options);
	plan_descriptors(server);
	if (open_listeners(server) != 0) {
		free(server->listeners);
		return EXIT_WRONG;
	}
	db_capacity_say(&server->service);
	signals_block();
	start_loops(server);
	watch_signals(server);
	fflush(stdout);
	notify_manager("READY=1");
	status = run_loops(server);
	stop_loops(server);
	log_info("server", "ended");
	return status;
}

/* The other commands */

static int check(struct server *server)
{
	unsigned count = server->edition->endpoints.count;

	printf("meantime: %u endpoint%s good\n", count, count == 1 ? " is" : "s are");
	return EXIT_GOOD;
}

static int print_routes(struct server *server)
{
	const struct endpoint_set *set = &server->edition->endpoints;

	for (unsigned i = 0; i < set->count; i++) {
		const struct endpoint *endpoint = &set->endpoints[i];

		printf("%s %s %s %s:%u\n", http_method_name(endpoint->method), endpoint->path, endpoint->name,
		       endpoint->file, endpoint->line);
	}
	return EXIT_GOOD;
}

static int print_openapi(struct server *server)
{
	printf("%.*s", TEXT_ARGS(server->edition->openapi));
	return EXIT_GOOD;
}

/* Asks another process: there is no service to load here. */
static int ask_health(const struct options *options)
{
	char why[400];

	if (probe_readiness(options->admin, why, sizeof(why)) == 0)
		return EXIT_GOOD;
	fprintf(stderr, "meantime: %s\n", why);
	return EXIT_WRONG;
}

static const struct command {
	const char *name;
	int (*run)(struct server *server); /* NULL: ask_health() */
} commands[] = {
    {"serve", serve}, {"check", check}, {"routes", print_routes}, {"openapi", print_openapi}, {"health", NULL},
};

/* All that is wrong is said in one run. Returns -1 after having printed it. */
static int load(struct server *server)
{
	struct diagnostics *diagnostics = &server->edition->endpoints.diagnostics;
	const char *why;

	service_check(&server->service, diagnostics);
	if (edition_load(server->edition, &server->service, &server->service.db, &why) == 0) {
		server->service.db.catalog = server->edition->catalog;
		service_allow_timeout(&server->service, edition_longest_timeout_ms(server->edition));
		return 0;
	}
	diagnostics_print(diagnostics, stderr);
	if (why != NULL)
		fprintf(stderr, "meantime: can not connect to the database (from %s): %s\n",
			options_origin(server->service.options, "database"), why);
	return -1;
}

static int run_command(const struct command *command, struct options *options)
{
	struct server *server;
	int status = EXIT_WRONG;

	if (command->run == NULL)
		return ask_health(options);
	server = memory_alloc_zeroed(1, sizeof(*server));

	service_init(&server->service, options);
	server->edition = edition_create(FIRST_EDITION);
	if (load(server) == 0)
		status = command->run(server);
	if (server->edition != NULL)
		edition_destroy(server->edition);
	service_cleanup(&server->service);
	free(server);
	return status;
}

/* The next file would have the number of a standard one that the caller has closed: the log would go into a connection.
 * What takes its place refuses to be written. */
static void take_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			_exit(EXIT_WRONG);
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return argc > 1 && strcmp(argv[1], "help") == 0;
}

static const struct command *find_command(const char *name)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* Else a script would take half a document for the whole. */
static int end_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "meantime: can not write to stdout: %s\n", strerror(errno));
	return EXIT_WRONG;
}

static int set_log_output(const struct options *options)
{
	const char *output = options->log_output;

	if (strcmp(output, "stderr") == 0 || strcmp(output, "stdout") == 0) {
		log_set_output(strcmp(output, "stdout") == 0 ? LOG_TO_STDOUT : LOG_TO_STDERR);
		return 0;
	}
	if (log_open_file(output) == 0)
		return 0;
	fprintf(stderr, "meantime: log_output (from %s): \"%s\" cannot be opened: %s\n",
		options_origin(options, "log_output"), output, strerror(errno));
	return -1;
}

static int load_and_run(const struct command *command, int argc, char **argv)
{
	struct options options;
	int status;

	options_init(&options);
	if (options_load(&options, argc, argv, environ) != 0) {
		fprintf(stderr, "meantime: %s\n", options.error);
		status = options.is_usage_error ? EXIT_USAGE : EXIT_WRONG;
		options_cleanup(&options);
		return status;
	}
	options_find_own_folders(&options);
	log_set_level(options.log_level);
	status = set_log_output(&options) == 0 ? run_command(command, &options) : EXIT_WRONG;
	options_cleanup(&options);
	return status;
}

int main(int argc, char **argv)
{
	const struct command *command;
	int status;

	take_standard_files();
	if (asks_for_help(argc, argv)) {
		print_usage(stdout);
		return end_output(EXIT_GOOD);
	}
	if (argc == 2 && (strcmp(argv[1], "version") == 0 || strcmp(argv[1], "--version") == 0)) {
		puts("meantime " MEANTIME_VERSION);
		return end_output(EXIT_GOOD);
	}
	if (argc > 2 && strcmp(argv[1], "version") == 0) {
		fprintf(stderr, "meantime: version takes no options, got \"%.*s\"\n", (int)strcspn(argv[2], "=:"),
			argv[2]);
		return EXIT_USAGE;
	}
	command = argc > 1 ? find_command(argv[1]) : NULL;
	if (command == NULL) {
		/* the value of an option may be a password */
		fprintf(stderr,
			"meantime: %s%.*s%s; expected serve, check, routes, openapi, health or version (--help says "
			"more)\n",
			argc > 1 ? "unknown command \"" : "a command is missing",
			argc > 1 ? (int)strcspn(argv[1], "=:") : 0, argc > 1 ? argv[1] : "", argc > 1 ? "\"" : "");
		return EXIT_USAGE;
	}
	if (command->run != serve)
		return end_output(load_and_run(command, argc - 2, argv + 2));
	signals_hold();
	log_start();
	status = load_and_run(command, argc - 2, argv + 2);
	log_flush();
	return status;
}
