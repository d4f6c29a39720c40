#include "options_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    OPTIONS_TEST(help_has_every_option),       OPTIONS_TEST(the_log_names_what_was_set),
	    OPTIONS_TEST(the_log_hides_passwords),     OPTIONS_TEST(the_longest_database_is_shown),
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
