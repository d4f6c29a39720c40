#include "config/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char *const no_environment[] = {NULL};

static const struct known {
	const char *field, *type, *help;
	unsigned long min, max;
} known[] = {
#define OPTION(field, type, standard, min, max, help) {#field, #type, help, min, max},
#include "config/options.def"
#undef OPTION
};

static int set_up(void **state)
{
	static struct options options;

	options_init(&options);
	*state = &options;
	return 0;
}

static int tear_down(void **state)
{
	options_cleanup(*state);
	return 0;
}

static void assert_error(const struct options *options, const char *expected)
{
	if (strcmp(options->error, expected) != 0)
		fail_msg("\n%s\n but expected\n%s", options->error, expected);
}

static void refuse(struct options *options, const char *field, const char *value, const char *expected)
{
	options->error[0] = '\0';
	if (options_set(options, field, value, "here") != -1)
		fail_msg("%s = %s was accepted", field, value);
	assert_error(options, expected);
}

/* Files are written to one that is unlinked when the test program ends. */
static char file_name[] = "/tmp/test_options_XXXXXX";

static void write_file(const char *content)
{
	FILE *file = fopen(file_name, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, strlen(content), file), strlen(content));
	assert_int_equal(fclose(file), 0);
}

/* `expected` follows the file's name. */
static void refuse_file(struct options *options, const char *content, const char *expected)
{
	char message[sizeof(options->error)];

	write_file(content);
	options->error[0] = '\0';
	if (options_load_file(options, file_name) != -1)
		fail_msg("%s was accepted", content);
	snprintf(message, sizeof(message), "%s%s", file_name, expected);
	assert_error(options, message);
}

static int load(struct options *options, char *const *environment, char **argv)
{
	int argc = 0;

	options_cleanup(options);
	while (argv[argc] != NULL)
		argc++;
	return options_load(options, argc, argv, environment);
}

#define ARGUMENTS(...) ((char *[]){__VA_ARGS__, NULL})

static void refuse_arguments(struct options *options, char **argv, const char *expected)
{
	if (load(options, no_environment, argv) != -1)
		fail_msg("%s was accepted", argv[0]);
	assert_error(options, expected);
}

static void defaults_are_the_table(void **state)
{
	struct options *options = *state;

	assert_string_equal(options->listen, "127.0.0.1:8080");
	assert_string_equal(options->database, "");
	assert_int_equal(options->mode, MODE_ASYNC);
	assert_int_equal(options->loops, 1);
	assert_int_equal(options->max_result_bytes, 8388608);
	assert_int_equal(options->log_level, LOG_INFO);
	for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
		assert_string_equal(options->origins[i], "default");
}

/* Each number of the table, at its ends and beyond them. */
static void ranges_are_the_table(void **state)
{
	struct options *options = *state;
	char value[32], expected[256];

	for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
		if (strcmp(known[i].type, "uint") != 0)
			continue;
		snprintf(value, sizeof(value), "%lu", known[i].min);
		assert_int_equal(options_set(options, known[i].field, value, "here"), 0);
		snprintf(value, sizeof(value), "%lu", known[i].max);
		assert_int_equal(options_set(options, known[i].field, value, "here"), 0);
		snprintf(value, sizeof(value), "%lu", known[i].max + 1);
		snprintf(expected, sizeof(expected), "here: %s must be an integer from %lu to %lu, not \"%s\"",
			 known[i].field, known[i].min, known[i].max, value);
		refuse(options, known[i].field, value, expected);
		if (known[i].min == 0)
			continue;
		snprintf(value, sizeof(value), "%lu", known[i].min - 1);
		snprintf(expected, sizeof(expected), "here: %s must be an integer from %lu to %lu, not \"%s\"",
			 known[i].field, known[i].min, known[i].max, value);
		refuse(options, known[i].field, value, expected);
	}
}

static void values_are_stored(void **state)
{
	struct options *options = *state;
	char changing[] = "0.0.0.0:0";

	assert_int_equal(options_set(options, "listen", changing, "here"), 0);
	changing[0] = 'x';
	assert_string_equal(options->listen, "0.0.0.0:0");
	assert_string_equal(options_origin(options, "listen"), "here");
	assert_int_equal(options_set(options, "loops", "010", "here"), 0);
	assert_int_equal(options->loops, 10);
	assert_int_equal(options_set(options, "mode", "sync", "here"), 0);
	assert_int_equal(options->mode, MODE_SYNC);
	assert_int_equal(options_set(options, "mode", "threads", "here"), 0);
	assert_int_equal(options->mode, MODE_THREADS);
	assert_int_equal(options_set(options, "log_level", "error", "here"), 0);
	assert_int_equal(options->log_level, LOG_ERROR);
	assert_int_equal(options_set(options, "log_output", "stdout", "here"), 0);
	assert_string_equal(options->log_output, "stdout");
	assert_int_equal(options_set(options, "log_output", "/var/log/meantime.log", "here"), 0);
	assert_string_equal(options->log_output, "/var/log/meantime.log");
	assert_int_equal(options_set(options, "log_output", "./meantime.log", "here"), 0);
	assert_string_equal(mode_name(MODE_SYNC), "sync");
	assert_string_equal(mode_name(MODE_THREADS), "threads");
	assert_string_equal(mode_name(MODE_ASYNC), "async");
}

static void wrong_values_are_refused(void **state)
{
	static const char *const not_numbers[] = {
	    "", "+1", "-1", " 1", "1 ", "1.0", "0x1", "a", "99999999999999999999999"};
	struct options *options = *state;
	char long_text[300], expected[256];

	for (size_t i = 0; i < ARRAY_LENGTH(not_numbers); i++) {
		snprintf(expected, sizeof(expected), "here: loops must be an integer from 1 to 256, not \"%s\"",
			 not_numbers[i]);
		refuse(options, "loops", not_numbers[i], expected);
	}
	refuse(options, "drain_delay_ms", "", "here: drain_delay_ms must be an integer from 0 to 60000, not \"\"");
	assert_int_equal(options_set(options, "db_pooler", "transaction", "here"), 0);
	assert_int_equal(options->db_pooler, POOLER_TRANSACTION);
	assert_int_equal(options_set(options, "db_pooler", "session", "here"), 0);
	assert_int_equal(options->db_pooler, POOLER_SESSION);
	refuse(options, "db_pooler", "statement",
	       "here: db_pooler must be none, session or transaction, not \"statement\"");
	refuse(options, "mode", "pool", "here: mode must be sync, threads or async, not \"pool\"");
	refuse(options, "log_output", "syslog",
	       "here: log_output must be stderr, stdout or a path with a \"/\" in it, not \"syslog\"");
	refuse(options, "log_level", "Info", "here: log_level must be debug, info, warning or error, not \"Info\"");
	refuse(options, "listen", "", "here: listen must be a string of 1 to 255 bytes, not of 0");
	memset(long_text, 'x', 256);
	long_text[256] = '\0';
	refuse(options, "listen", long_text, "here: listen must be a string of 1 to 255 bytes, not of 256");
	assert_int_equal(options->loops, 1);
	assert_string_equal(options_origin(options, "loops"), "default");
}

static void unknown_names_are_refused_with_the_nearest(void **state)
{
	struct options *options = *state;

	refuse(options, "looops", "1", "here: no option is called \"looops\"; did you mean loops?");
	refuse(options, "mdoe", "sync", "here: no option is called \"mdoe\"; did you mean mode?");
	refuse(options, "connections", "1", "here: no option is called \"connections\"; did you mean db_connections?");
	refuse(options, "xyzzy", "1", "here: no option is called \"xyzzy\"; meantime serve --help lists them");
	refuse(options, "", "1", "here: no option is called \"\"; meantime serve --help lists them");
	refuse_arguments(options, ARGUMENTS("--db_connections", "4"),
			 "command line: no option is called \"--db_connections\"; did you mean --db-connections?");
	refuse_arguments(options, ARGUMENTS("--confg=x"),
			 "command line: no option is called \"--confg\"; did you mean --config?");
	refuse_arguments(options, ARGUMENTS("--foo", "1"),
			 "command line: no option is called \"--foo\"; meantime serve --help lists them");
	assert_true(options->is_usage_error);
}

static void the_file_is_read(void **state)
{
	struct options *options = *state;

	write_file("{\"loops\": 2, \"mode\": \"sync\", \"database\": \"\", \"endpoints\": \"/\\u00e5\"}");
	assert_int_equal(options_load_file(options, file_name), 0);
	assert_int_equal(options->loops, 2);
	assert_int_equal(options->mode, MODE_SYNC);
	assert_string_equal(options->endpoints, "/\xc3\xa5");
	assert_string_equal(options_origin(options, "loops"), file_name);
	assert_string_equal(options_origin(options, "threads"), "default");
	write_file("{}");
	assert_int_equal(options_load_file(options, file_name), 0);
}

static void mistakes_in_the_file_are_named_with_their_line(void **state)
{
	struct options *options = *state;

	refuse_file(options, "{\n\"loops\": 2,\n\n \"mode\" : \"pool\"}",
		    ":4: mode must be sync, threads or async, not \"pool\"");
	refuse_file(options, "{\n\"endpoints\": \"loops\", \n\"loops\"\n:0}",
		    ":3: loops must be an integer from 1 to 256, not \"0\"");
	refuse_file(options, "{\"loops\": -5}", ":1: loops must be an integer from 1 to 256, not \"-5\"");
	refuse_file(options, "{\"loops\": \"2\"}", ":1: loops must be an integer from 1 to 256, not a string");
	refuse_file(options, "{\"loops\": 2.0}", ":1: loops must be an integer from 1 to 256, not a fraction");
	refuse_file(options, "{\"loops\": null}", ":1: loops must be an integer from 1 to 256, not null");
	refuse_file(options, "{\"loops\": [2]}", ":1: loops must be an integer from 1 to 256, not an array");
	refuse_file(options, "{\"listen\": 8080}", ":1: listen must be a string of 1 to 255 bytes, not a number");
	refuse_file(options, "{\"mode\": {}}", ":1: mode must be sync, threads or async, not an object");
	refuse_file(options, "{\n\n\"lopps\": 1}", ":3: no option is called \"lopps\"; did you mean loops?");
	refuse_file(options, "{\"db-connections\": 4}",
		    ":1: no option is called \"db-connections\"; did you mean db_connections?");
	refuse_file(options, "{\"l\\u006fops\": 0}", ": loops must be an integer from 1 to 256, not \"0\"");
	refuse_file(options, "[]", ":1: an object of options, {\"loops\": 1}, was expected, not an array");
	assert_false(options->is_usage_error);
}

static void broken_files_are_refused(void **state)
{
	struct options *options = *state;
	char *large = malloc(70000);

	refuse_file(options, "{\n\"loops\": 2,\n}", ":3:1: string or '}' expected near '}'");
	refuse_file(options, "{\"loops\": 2 \"secret\"}", ":1:20: '}' expected");
	refuse_file(options, "", ":1:0: unexpected token near end of file");
	write_file("{\"loops\": 2,\n \"loops\": 3}");
	assert_int_equal(options_load_file(options, file_name), -1);
	assert_non_null(strstr(options->error, ":2:"));
	assert_non_null(strstr(options->error, "duplicate"));
	assert_non_null(large);
	memset(large, ' ', 70000);
	large[69999] = '\0';
	refuse_file(options, large, ": is larger than 65536 bytes, the limit of a configuration file");
	free(large);
	assert_int_equal(options_load_file(options, "/no/such.json"), -1);
	assert_error(options, "/no/such.json: cannot be opened: No such file or directory");
	assert_int_equal(options_load_file(options, "/tmp"), -1);
	assert_error(options, "/tmp: cannot be read: Is a directory");
}

static void the_sample_file_holds_defaults(void **state)
{
	struct options *options = *state, defaults;
	unsigned from_file = 0;

	assert_int_equal(options_load_file(options, SOURCE_FOLDER "/config/meantime.json"), 0);
	options_init(&defaults);
#define COMPARE_string(field)                         assert_string_equal(options->field, defaults.field)
#define COMPARE_uint(field)                           assert_int_equal(options->field, defaults.field)
#define COMPARE_mode(field)                           assert_int_equal(options->field, defaults.field)
#define COMPARE_pooler(field)                         assert_int_equal(options->field, defaults.field)
#define COMPARE_switch(field)                         assert_int_equal(options->field, defaults.field)
#define COMPARE_level(field)                          assert_int_equal(options->field, defaults.field)
#define COMPARE_output(field)                         assert_string_equal(options->field, defaults.field)
#define OPTION(field, type, standard, min, max, help) COMPARE_##type(field);
#include "config/options.def"
#undef OPTION
	for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
		from_file += strcmp(options->origins[i], "default") != 0;
	assert_true(from_file >= 3);
	options_cleanup(&defaults);
}

static void the_environment_is_read(void **state)
{
	struct options *options = *state;
	char *const environment[] = {"HOME=/root", "MEANTIME_DB_CONNECTIONS=7", "MEANTIME_CONFIG=/not/read/here",
				     "MEANTIME_ENDPOINTS=a=b", NULL};

	assert_int_equal(options_load_environment(options, environment), 0);
	assert_int_equal(options->db_connections, 7);
	assert_string_equal(options->endpoints, "a=b");
	assert_string_equal(options_origin(options, "db_connections"), "MEANTIME_DB_CONNECTIONS");
}

static void mistakes_in_the_environment_are_named(void **state)
{
	struct options *options = *state;

	assert_int_equal(options_load_environment(options, ARGUMENTS("MEANTIME_LOPS=2")), -1);
	assert_error(options, "environment: no option is called \"MEANTIME_LOPS\"; did you mean MEANTIME_LOOPS?");
	assert_int_equal(options_load_environment(options, ARGUMENTS("MEANTIME_ZZZ=2")), -1);
	assert_error(options, "environment: no option is called \"MEANTIME_ZZZ\"; meantime serve --help lists them");
	assert_int_equal(options_load_environment(options, ARGUMENTS("MEANTIME_loops=2")), -1);
	assert_int_equal(options_load_environment(options, ARGUMENTS("MEANTIME_LOOPS=0")), -1);
	assert_error(options, "MEANTIME_LOOPS: loops must be an integer from 1 to 256, not \"0\"");
	assert_false(options->is_usage_error);
}

/* What Kubernetes sets for the Services meantime, meantime-postgresql and meantime-2. */
static void service_links_are_passed_over(void **state)
{
	struct options *options = *state;
	char *const links[] = {"MEANTIME_SERVICE_HOST=10.0.171.239",
			       "MEANTIME_SERVICE_PORT=8080",
			       "MEANTIME_SERVICE_PORT_HTTP=8080",
			       "MEANTIME_SERVICE_PORT_HTTP_ADMIN=8081",
			       "MEANTIME_PORT=tcp://10.0.171.239:8080",
			       "MEANTIME_PORT_8080_TCP=tcp://10.0.171.239:8080",
			       "MEANTIME_PORT_8080_TCP_PROTO=tcp",
			       "MEANTIME_PORT_8080_TCP_PORT=8080",
			       "MEANTIME_PORT_8080_TCP_ADDR=10.0.171.239",
			       "MEANTIME_PORT_53_UDP=udp://[fd00::1]:53",
			       "MEANTIME_PORT_53_UDP_PROTO=udp",
			       "MEANTIME_PORT_53_UDP_ADDR=fd00:10:96::1",
			       "MEANTIME_PORT_9_SCTP_PROTO=sctp",
			       "MEANTIME_PORT_9_SCTP=sctp://10.0.171.239:9",
			       "MEANTIME_POSTGRESQL_SERVICE_HOST=10.0.0.11",
			       "MEANTIME_POSTGRESQL_SERVICE_PORT_TCP_POSTGRESQL=5432",
			       "MEANTIME_POSTGRESQL_PORT=tcp://10.0.0.11:5432",
			       "MEANTIME_POSTGRESQL_PORT_5432_TCP_ADDR=10.0.0.11",
			       "MEANTIME_2_SERVICE_HOST=10.0.0.12",
			       "MEANTIME_2_PORT_80_TCP=tcp://10.0.0.12:80",
			       "MEANTIME_PORT_PORT=tcp://10.0.0.13:80",
			       "MEANTIME_SERVICE_SERVICE_HOST=10.0.0.14",
			       "MEANTIME_LOOPS=3",
			       NULL};

	assert_int_equal(options_load_environment(options, links), 0);
	assert_int_equal(options->loops, 3);
	assert_int_equal(options->service_links, ARRAY_LENGTH(links) - 2);
	assert_string_equal(options->service_link, "MEANTIME_SERVICE_HOST");
}

static void what_only_resembles_a_service_link_is_a_mistake(void **state)
{
	static char *const mistakes[] = {
	    "MEANTIME_PORT=8080",
	    "MEANTIME_PORT=",
	    "MEANTIME_PORT=http://10.0.0.1:80",
	    "MEANTIME_PORT=tcp:/10.0.0.1:80",
	    "MEANTIME_PORT=://10.0.0.1:80",
	    "MEANTIME_PORT_80_=tcp://10.0.0.1:80",
	    "MEANTIME_PORTS=tcp://10.0.0.1:80",
	    "MEANTIME_HOST=10.0.0.1",
	    "MEANTIME_SERVICE=meantime",
	    "MEANTIME_SERVICE_HOST=db.example.org",
	    "MEANTIME_SERVICE_HOST=",
	    "MEANTIME_SERVICE_HOSTS=10.0.0.1",
	    "MEANTIME_SERVICE_PORT=http",
	    "MEANTIME_SERVICE_PORT_=80",
	    "MEANTIME_SERVICE_PORTS=80",
	    "MEANTIME_PORT_TCP=tcp://10.0.0.1:80",
	    "MEANTIME_PORT_X_TCP=tcp://10.0.0.1:80",
	    "MEANTIME_PORT_80TCP=tcp://10.0.0.1:80",
	    "MEANTIME_PORT_80_TCP=80",
	    "MEANTIME_PORT_80_ICMP=icmp://10.0.0.1",
	    "MEANTIME_PORT_80_TCP_PROTO=http",
	    "MEANTIME_PORT_80_TCP_PROTO=tcp4",
	    "MEANTIME_PORT_80_TCP_PORT=http",
	    "MEANTIME_PORT_80_TCP_ADDR=localhost",
	    "MEANTIME_PORT_80_TCP_NAME=10",
	    "MEANTIME_PORT_80_tcp=tcp://10.0.0.1:80",
	    "MEANTIME_LISTEN_ADDR=10.0.0.1",
	    "MEANTIMESERVICE_HOST",
	    "MEANTIME_SERVICE_HOST",
	};
	struct options *options = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(mistakes); i++) {
		bool is_read = strncmp(mistakes[i], "MEANTIME_", 9) == 0;

		if (options_load_environment(options, ARGUMENTS(mistakes[i])) != (is_read ? -1 : 0))
			fail_msg("%s: %s", mistakes[i], is_read ? "taken" : options->error);
	}
	assert_int_equal(options->service_links, 0);
}

static void an_installed_program_finds_its_endpoints(void **state)
{
	char prefix[] = "/tmp/meantime-prefix-XXXXXX", program[64], path[64], before[4096];
	struct options *options = *state;

	assert_non_null(getcwd(before, sizeof(before)));
	assert_non_null(mkdtemp(prefix));
	assert_int_equal(chdir(prefix), 0); /* where config/endpoints is not */
	snprintf(program, sizeof(program), "%s/bin/meantime", prefix);
	options_find_folders(options, program);
	assert_string_equal(options->endpoints, "config/endpoints");

	assert_int_equal(mkdir("bin", 0700) | mkdir("share", 0700) | mkdir("share/meantime", 0700), 0);
	assert_int_equal(mkdir("share/meantime/endpoints", 0700), 0);
	options_find_folders(options, program);
	snprintf(path, sizeof(path), "%s/bin/../share/meantime/endpoints", prefix);
	assert_string_equal(options->endpoints, path);

	options->endpoints = "config/endpoints";
	assert_int_equal(mkdir("config", 0700) | mkdir("config/endpoints", 0700), 0);
	options_find_folders(options, program);
	assert_string_equal(options->endpoints, "config/endpoints");

	assert_int_equal(rmdir("config/endpoints"), 0);
	assert_int_equal(options_set(options, "endpoints", "given", "--endpoints"), 0);
	options_find_folders(options, program);
	assert_string_equal(options->endpoints, "given");
	assert_int_equal(rmdir("share/meantime/endpoints") | rmdir("share/meantime") | rmdir("share") | rmdir("bin"),
			 0);
	assert_int_equal(rmdir("config") | chdir(before) | rmdir(prefix), 0);
}

static void database_url_ranks_between_file_and_environment(void **state)
{
	struct options *options = *state;

	write_file("{\"database\": \"file\"}");
	assert_int_equal(options_load_file(options, file_name), 0);
	assert_int_equal(options_load_environment(options, ARGUMENTS("DATABASE_URL=")), 0);
	assert_string_equal(options->database, "file");
	assert_int_equal(options_load_environment(options, ARGUMENTS("DATABASE_URL=url")), 0);
	assert_string_equal(options->database, "url");
	assert_string_equal(options_origin(options, "database"), "DATABASE_URL");
	assert_int_equal(options_load_environment(options, ARGUMENTS("MEANTIME_DATABASE=", "MEANTIME_MODE=")), 0);
	assert_string_equal(options->database, "url");
	assert_string_equal(options_origin(options, "database"), "DATABASE_URL");
	assert_string_equal(options_origin(options, "mode"), "default");
	assert_int_equal(options_load_environment(options, ARGUMENTS("MEANTIME_DATABASE=own", "DATABASE_URL=url")), 0);
	assert_string_equal(options->database, "own");
	assert_string_equal(options_origin(options, "database"), "MEANTIME_DATABASE");
}

static void the_command_line_is_read(void **state)
{
	struct options *options = *state;

	assert_int_equal(load(options, no_environment, ARGUMENTS("--loops", "2", "--mode=sync", "--db-connections=9")),
			 0);
	assert_int_equal(options->loops, 2);
	assert_int_equal(options->mode, MODE_SYNC);
	assert_int_equal(options->db_connections, 9);
	assert_string_equal(options_origin(options, "loops"), "--loops");
	assert_string_equal(options_origin(options, "db_connections"), "--db-connections");
	assert_int_equal(load(options, no_environment, ARGUMENTS("--loops=2", "--loops=3", "--admin=")), 0);
	assert_int_equal(options->loops, 3);
	assert_string_equal(options->admin, "");
	assert_string_equal(options_origin(options, "admin"), "--admin");
	assert_int_equal(load(options, no_environment, ARGUMENTS("--database=--odd=", "--endpoints", "-x")), 0);
	assert_string_equal(options->database, "--odd=");
	assert_string_equal(options->endpoints, "-x");
}

static void mistakes_on_the_command_line_are_named(void **state)
{
	struct options *options = *state;

	refuse_arguments(options, ARGUMENTS("--loops", "0"),
			 "--loops: loops must be an integer from 1 to 256, not \"0\"");
	assert_false(options->is_usage_error);
	refuse_arguments(options, ARGUMENTS("--loops"),
			 "--loops: a value is missing; --loops VALUE or --loops=VALUE was expected");
	assert_true(options->is_usage_error);
	refuse_arguments(options, ARGUMENTS("--database", "--mode", "sync"),
			 "--database: a value is missing; --database VALUE or --database=VALUE was expected");
	refuse_arguments(options, ARGUMENTS("--loops", "2", "more"),
			 "\"more\" was not expected; options are --name VALUE or --name=VALUE");
	refuse_arguments(options, ARGUMENTS("postgresql://app:secret@db/mine"),
			 "a value without an option was not expected; options are --name VALUE or --name=VALUE, as "
			 "--database URL");
	refuse_arguments(options, ARGUMENTS("password=secret"),
			 "a value without an option was not expected; options are --name VALUE or --name=VALUE, as "
			 "--database URL");
	refuse_arguments(options, ARGUMENTS("--"), "\"--\" was not expected; options are --name VALUE or --name=VALUE");
	refuse_arguments(options, ARGUMENTS("-l", "2"),
			 "\"-l\" was not expected; options are --name VALUE or --name=VALUE");
	assert_true(options->is_usage_error);
	refuse(options, "loops", "0", "here: loops must be an integer from 1 to 256, not \"0\"");
	assert_false(options->is_usage_error);
}

static void later_origins_win(void **state)
{
	struct options *options = *state;
	char file_flag[64], file_variable[64];
	char *const other_file[] = {"MEANTIME_CONFIG=/no/such.json", NULL};

	snprintf(file_flag, sizeof(file_flag), "--config=%s", file_name);
	snprintf(file_variable, sizeof(file_variable), "MEANTIME_CONFIG=%s", file_name);
	write_file("{\"loops\": 2, \"threads\": 2, \"db_connections\": 2}");
	assert_int_equal(load(options, ARGUMENTS("MEANTIME_THREADS=3", "MEANTIME_DB_CONNECTIONS=3"),
			      ARGUMENTS("--db-connections=4", file_flag)),
			 0);
	assert_int_equal(options->loops, 2);
	assert_int_equal(options->threads, 3);
	assert_int_equal(options->db_connections, 4);
	assert_int_equal(load(options, ARGUMENTS(file_variable), ARGUMENTS("--threads=5")), 0);
	assert_int_equal(options->loops, 2);
	assert_int_equal(options->threads, 5);
	assert_int_equal(load(options, other_file, ARGUMENTS(file_flag)), 0);
	assert_int_equal(load(options, other_file, ARGUMENTS("--loops=2")), -1);
	assert_error(options, "/no/such.json: cannot be opened: No such file or directory");
}

/* "db_connections" as "--db-connections" or "MEANTIME_DB_CONNECTIONS". */
static void spell(char *spelled, size_t size, const char *prefix, const char *field, bool is_variable)
{
	size_t length = (size_t)snprintf(spelled, size, "%s%s", prefix, field);

	for (size_t i = strlen(prefix); i < length; i++) {
		if (is_variable)
			spelled[i] = (char)toupper((unsigned char)spelled[i]);
		else if (spelled[i] == '_')
			spelled[i] = '-';
	}
}

static void assert_narrow_and_aligned(const char *help)
{
	while (*help != '\0') {
		size_t length = strcspn(help, "\n");

		if (length > 100 || length <= 31 || help[30] != ' ' || help[31] == ' ' || help[length - 1] == ' ')
			fail_msg("line of %zu: %.*s", length, (int)length, help);
		help += length + 1;
	}
}

static void help_has_every_option(void **state)
{
	char *help = NULL, flag[64], variable[64];
	size_t size = 0;
	FILE *out = open_memstream(&help, &size);

	(void)state;
	assert_non_null(out);
	options_print_help(out);
	assert_int_equal(fclose(out), 0);
	for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
		spell(flag, sizeof(flag), "\n  --", known[i].field, false);
		spell(variable, sizeof(variable), "MEANTIME_", known[i].field, true);
		if (strstr(help, flag) == NULL || strstr(help, variable) == NULL)
			fail_msg("no %s or %s in the help", flag, variable);
	}
	assert_non_null(strstr(help, "  --config FILE"));
	assert_non_null(strstr(help, "(100 to 600000; default 5000; MEANTIME_READ_TIMEOUT_MS)"));
	assert_non_null(strstr(help, "default async; MEANTIME_MODE)"));
	assert_narrow_and_aligned(help);
	free(help);
}

/* Runs options_log() with stderr in a file, and returns what it wrote. */
static const char *captured_log(const struct options *options)
{
	static char text[16384];
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	size_t length;

	assert_non_null(file);
	dup2(fileno(file), STDERR_FILENO);
	options_log(options);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	fclose(file);
	return text;
}

static void the_log_names_what_was_set(void **state)
{
	struct options *options = *state;
	const char *log;

	assert_string_equal(captured_log(options), "");
	assert_int_equal(load(options, ARGUMENTS("MEANTIME_LOOPS=2"), ARGUMENTS("--mode=sync", "--log-level=error")),
			 0);
	log = captured_log(options);
	assert_non_null(strstr(log, "loops is 2 (from MEANTIME_LOOPS)\n"));
	assert_non_null(strstr(log, "mode is sync (from --mode)\n"));
	assert_non_null(strstr(log, "log_level is error (from --log-level)\n"));
	assert_null(strstr(log, "threads"));
}

/* The passwords here all contain "s3" and "cret", with what may break them in between. */
static void the_log_hides_passwords(void **state)
{
	static const struct {
		const char *database, *shown;
	} samples[] = {
	    {"postgres://user:s3cret@host/db", "postgres://user:***@host/db"},
	    {"postgresql://user:s3@cret@host:5432/db?sslmode=require",
	     "postgresql://user:***@host:5432/db?sslmode=require"},
	    {"postgres://user:s3/cret@host/db", "postgres://user:***@host/db"},
	    {"postgres://user:s3?cret@host/db", "postgres://user:***@host/db"},
	    {"postgres://user@host/db?password=s3cret&a=b", "postgres://user@host/db?password=***&a=b"},
	    {"postgres://host:5432/db?password=s3@cret", "postgres://host:***"},
	    {"https://host/keys?a=s3cret&b=s3cret", "https://host/keys?***"},
	    {"https://host/keys?", "https://host/keys?"},
	    {"postgres://user:s3password=cret@host/db", "postgres://user:***"},
	    {"host=h password=s3cret dbname=d", "host=h password=*** dbname=d"},
	    {"password = 's3 \\' cret' dbname=d", "password = *** dbname=d"},
	    {"password=s3\\ cret dbname=d", "password=*** dbname=d"},
	    {"password=s3&cret", "password=***"},
	    {"application_name=a://b password=s3&cret", "application_name=a://b password=***"},
	    {"user:s3cret@host", "user:***@host"},
	    {"password='s3cret", "password=***"},
	    {"sslpassword=s3cret password=s3cret", "sslpassword=*** password=***"},
	    {"password=", "password="},
	    {"postgres://user@host/db?options=-c%20app.key%3Ds3cret&a=b", "postgres://user@host/db?options=***&a=b"},
	    {"host=h options='-c app.key=s3cret' dbname=d", "host=h options=*** dbname=d"},
	    {"host=/run passfile=/root/.pgpass", "host=/run passfile=/root/.pgpass"},
	    {"postgres://host:5432/db", "postgres://host:5432/db"},
	    {"postgres://user@host:5432/db", "postgres://user@host:5432/db"},
	    {"application_name='my passwords' dbname=d", "application_name='my passwords' dbname=d"},
	};
	struct options *options = *state;
	char expected[256];

	for (size_t i = 0; i < ARRAY_LENGTH(samples); i++) {
		const char *log;

		assert_int_equal(options_set(options, "database", samples[i].database, "here"), 0);
		log = captured_log(options);
		snprintf(expected, sizeof(expected), "database is %s (from here)\n", samples[i].shown);
		if (strstr(log, expected) == NULL || strstr(log, "s3") != NULL || strstr(log, "cret") != NULL)
			fail_msg("%s is shown as: %s", samples[i].database, log);
	}
}

static void the_longest_database_is_shown(void **state)
{
	struct options *options = *state;
	char database[4098];

	memset(database, 'x', sizeof(database));
	memcpy(database, "password=", 9);
	database[4097] = '\0';
	assert_int_equal(options_set(options, "database", database, "here"), -1);
	database[4096] = '\0';
	assert_int_equal(options_set(options, "database", database, "here"), 0);
	assert_non_null(strstr(captured_log(options), "database is password=*** (from here)\n"));
}

/* The rows of the page's table begin like this; a missing one is printed as it has to be. */
static void the_page_lists_every_option(void **state)
{
	static char page[256 * 1024];
	FILE *file = fopen(SOURCE_FOLDER "/docs/configuration.md", "rb");
	char flag[64], row[512];
	size_t length;

	(void)state;
	if (file == NULL)
		skip();
	length = fread(page, 1, sizeof(page) - 1, file);
	page[length] = '\0';
	fclose(file);
	for (size_t i = 0; i < ARRAY_LENGTH(known); i++) {
		spell(flag, sizeof(flag), "--", known[i].field, false);
		snprintf(row, sizeof(row), "| `%s` | %s |", flag, known[i].help);
		if (strstr(page, row) == NULL)
			fail_msg("docs/configuration.md has no row that begins\n%s", row);
	}
}

#define OPTIONS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    OPTIONS_TEST(defaults_are_the_table),
	    OPTIONS_TEST(ranges_are_the_table),
	    OPTIONS_TEST(values_are_stored),
	    OPTIONS_TEST(wrong_values_are_refused),
	    OPTIONS_TEST(unknown_names_are_refused_with_the_nearest),
	    OPTIONS_TEST(the_file_is_read),
	    OPTIONS_TEST(mistakes_in_the_file_are_named_with_their_line),
	    OPTIONS_TEST(broken_files_are_refused),
	    OPTIONS_TEST(the_sample_file_holds_defaults),
	    OPTIONS_TEST(the_environment_is_read),
	    OPTIONS_TEST(mistakes_in_the_environment_are_named),
	    OPTIONS_TEST(service_links_are_passed_over),
	    OPTIONS_TEST(what_only_resembles_a_service_link_is_a_mistake),
	    OPTIONS_TEST(an_installed_program_finds_its_endpoints),
	    OPTIONS_TEST(database_url_ranks_between_file_and_environment),
	    OPTIONS_TEST(the_command_line_is_read),
	    OPTIONS_TEST(mistakes_on_the_command_line_are_named),
	    OPTIONS_TEST(later_origins_win),
	    OPTIONS_TEST(help_has_every_option),
	    OPTIONS_TEST(the_log_names_what_was_set),
	    OPTIONS_TEST(the_log_hides_passwords),
	    OPTIONS_TEST(the_longest_database_is_shown),
	    OPTIONS_TEST(the_page_lists_every_option),
	};
	int file = mkstemp(file_name), failed;

	if (file < 0)
		return 1;
	close(file);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(file_name);
	return failed;
}
