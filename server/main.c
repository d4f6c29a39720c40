/* meantime: command line -> options -> endpoints -> the command. */
#include "base/log.h"
#include "base/memory.h"
#include "files/survey.h"
#include "server/command_words.h"
#include "server/db_capacity.h"
#include "server/edition/step_columns.h"
#include "server/health_check.h"
#include "server/key_command.h"
#include "server/migrate_command.h"
#include "server/queue_tables.h"
#include "server/serve.h"
#include "server/signals.h"
#include "server/token_command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_EDITION = 1 };

#ifndef MEANTIME_VERSION
#define MEANTIME_VERSION "unknown"
#endif

/* What every command but health and version works on. */
struct loaded {
	struct service service;
	struct edition *edition;
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
	      "  key      makes an API key; key --help says more\n"
	      "  token    signs a token for development; token --help says more\n"
	      "  migrate  makes and upgrades the tables of the queue; migrate --help says more\n"
	      "  version  the version\n"
	      "\n"
	      "Each option may also be given in the environment or in a JSON file (--config FILE or MEANTIME_CONFIG);\n"
	      "the command line wins over the environment, and that over the file.\n"
	      "\n",
	      out);
	options_print_help(out);
	fputs("\n"
	      "exit status: 0 good; 1 something given is wrong (a file, the database, a value), said on stderr;\n"
	      "2 the command line cannot be understood\n",
	      out);
}

/* Commands */

static int run_service(struct loaded *loaded)
{
	struct edition *first = loaded->edition;

	loaded->edition = NULL;
	return serve(&loaded->service, first);
}

static void say_not_served(const char *name, const char *why)
{
	fprintf(stderr, "meantime: warning: files: %s is not served: %s\n", name, why);
}

static int check(struct loaded *loaded)
{
	unsigned count = loaded->edition->endpoints.count;

	step_columns_say(&loaded->edition->endpoints);
	if (loaded->edition->site.folder != NULL)
		survey(loaded->service.options->files, say_not_served);
	db_capacity_say(&loaded->service, loaded->edition->has_streams,
			edition_listens(loaded->edition, loaded->service.options->mode), true);
	printf("meantime: %u endpoint%s good\n", count, count == 1 ? " is" : "s are");
	return EXIT_GOOD;
}

static int print_routes(struct loaded *loaded)
{
	const struct endpoint_set *set = &loaded->edition->endpoints;

	for (unsigned i = 0; i < set->count; i++) {
		const struct endpoint *endpoint = &set->endpoints[i];

		printf("%s %s %s %s:%u\n", http_method_name(endpoint->method), endpoint->path, endpoint->name,
		       endpoint->file, endpoint->line);
	}
	return EXIT_GOOD;
}

static int print_openapi(struct loaded *loaded)
{
	printf("%.*s", TEXT_ARGS(loaded->edition->openapi));
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
	/* one of these: with everything loaded, or only with the options */
	int (*run)(struct loaded *loaded);
	int (*ask)(const struct options *options);
} commands[] = {
    {"serve", run_service, NULL},     {"check", check, NULL},       {"routes", print_routes, NULL},
    {"openapi", print_openapi, NULL}, {"health", NULL, ask_health},
};

/* All that is wrong is said in one run. Returns -1 after having printed it. */
static int load(struct loaded *loaded)
{
	struct diagnostics *diagnostics = &loaded->edition->endpoints.diagnostics;
	const char *why;

	service_check(&loaded->service, diagnostics);
	loaded->edition->fetched_keys = loaded->service.fetched_keys;
	if (edition_load(loaded->edition, loaded->service.options, &loaded->service.run.db, &why) == 0) {
		loaded->service.run.db.catalog = loaded->edition->catalog;
		service_allow_timeout(&loaded->service, edition_longest_timeout_ms(loaded->edition));
		return loaded->service.options->queue == SWITCH_ON ? queue_tables_check(loaded->service.options) : 0;
	}
	diagnostics_print(diagnostics, stderr);
	if (why != NULL)
		fprintf(stderr, "meantime: cannot connect to the database (from %s): %s\n",
			options_origin(loaded->service.options, "database"), why);
	return -1;
}

static int run_command(const struct command *command, struct options *options)
{
	struct loaded *loaded;
	int status = EXIT_WRONG;

	if (command->ask != NULL)
		return command->ask(options);
	loaded = memory_alloc_zeroed(1, sizeof(*loaded));

	service_init(&loaded->service, options);
	loaded->edition = edition_create(FIRST_EDITION);
	if (load(loaded) == 0)
		status = command->run(loaded);
	if (loaded->edition != NULL)
		edition_destroy(loaded->edition);
	service_cleanup(&loaded->service);
	free(loaded);
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

/* Commands with words of their own, which need no options. */
static const struct tool {
	const char *name;
	int (*run)(int argc, char **argv);
} tools[] = {{"key", key_command}, {"token", token_command}, {"migrate", migrate_command}};

static const struct tool *find_tool(const char *name)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(tools); i++)
		if (strcmp(tools[i].name, name) == 0)
			return &tools[i];
	return NULL;
}

static const struct command *find_command(const char *name)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* Reports a failed write: a script must not mistake truncated output for a complete document. */
static int end_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "meantime: cannot write to stdout: %s\n", strerror(errno));
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

/* The value of an option may be a password: only what is in front of it is shown. */
static int refuse_words(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "version") == 0)
		fprintf(stderr, "meantime: version takes no options, got \"%.*s\"\n", (int)strcspn(argv[2], "=:"),
			argv[2]);
	else
		fprintf(stderr,
			"meantime: %s%.*s%s; expected serve, check, routes, openapi, health, key, token, migrate or "
			"version "
			"(--help says more)\n",
			argc > 1 ? "unknown command \"" : "a command is missing",
			argc > 1 ? (int)strcspn(argv[1], "=:") : 0, argc > 1 ? argv[1] : "", argc > 1 ? "\"" : "");
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const struct tool *tool = argc > 1 ? find_tool(argv[1]) : NULL;
	const struct command *command = argc > 1 ? find_command(argv[1]) : NULL;
	int status;

	memory_prepare();
	take_standard_files();
	if (tool != NULL)
		return end_output(tool->run(argc - 2, argv + 2));
	if (asks_for_help(argc, argv)) {
		print_usage(stdout);
		return end_output(EXIT_GOOD);
	}
	if (argc == 2 && (strcmp(argv[1], "version") == 0 || strcmp(argv[1], "--version") == 0)) {
		puts("meantime " MEANTIME_VERSION);
		return end_output(EXIT_GOOD);
	}
	if (command == NULL)
		return refuse_words(argc, argv);
	if (command->run != run_service)
		return end_output(load_and_run(command, argc - 2, argv + 2));
	signals_hold();
	log_start();
	status = load_and_run(command, argc - 2, argv + 2);
	log_flush();
	return status;
}
