#include "options_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    OPTIONS_TEST(the_environment_is_read),
	    OPTIONS_TEST(mistakes_in_the_environment_are_named),
	    OPTIONS_TEST(service_links_are_passed_over),
	    OPTIONS_TEST(what_only_resembles_a_service_link_is_a_mistake),
	    OPTIONS_TEST(database_url_ranks_between_file_and_environment),
	    OPTIONS_TEST(later_origins_win),
	};
	int file = mkstemp(file_name), failed;

	if (file < 0)
		return 1;
	close(file);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(file_name);
	return failed;
}
