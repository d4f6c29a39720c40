#include "options_fixture.h"

static char *const no_environment[] = {NULL};

static void refuse(struct options *options, const char *field, const char *value, const char *expected)
{
	options->error[0] = '\0';
	if (options_set(options, field, value, "here") != -1)
		fail_msg("%s = %s was accepted", field, value);
	assert_error(options, expected);
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
	    OPTIONS_TEST(an_installed_program_finds_its_endpoints),
	    OPTIONS_TEST(the_command_line_is_read),
	    OPTIONS_TEST(mistakes_on_the_command_line_are_named),
	};
	int file = mkstemp(file_name), failed;

	if (file < 0)
		return 1;
	close(file);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(file_name);
	return failed;
}
