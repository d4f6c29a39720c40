/* An edition from endpoint files in a folder of its own; what PostgreSQL says of them is the test's. */
#include "server/edition/edition.h"

#include "server/edition/describe.h"
#include "db/pipeline.h"
#include "handlers/sql/work.h"
#include "server/state/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], file[128];
static struct options options;
static const struct db_settings settings = {.start_wait_ms = 7000};
static struct edition *edition;
static const char *why;

/* PostgreSQL */

static unsigned described, start_wait_ms;
static const char *no_answer;

/* What a work takes and gives, as its SQL would say. */
static void describe_work(struct endpoint *endpoint, const struct work *work, struct arena *arena)
{
	struct db_statement *statement = &endpoint->statement;
	struct db_column *columns = arena_alloc_zeroed(arena, WORK_VALUES_MAX * sizeof(*columns));
	unsigned count = 0;

	for (unsigned i = 0; i < statement->parameter_count; i++)
		statement->parameters[i].type =
		    (struct db_type){.kind = work->takes[i].kind, .is_array = i == 0 && work->takes_array};
	for (; count < WORK_VALUES_MAX && work->gives[count].name != NULL; count++)
		columns[count] =
		    (struct db_column){.name = work->gives[count].name, .type = {.kind = work->gives[count].kind}};
	statement->signature.columns = columns;
	statement->signature.column_count = count;
}

int db_describe(struct endpoint_set *set, const struct db_settings *with, const char **why_not)
{
	described++;
	start_wait_ms = with->start_wait_ms;
	*why_not = no_answer;
	for (unsigned i = 0; i < set->count; i++) {
		struct db_statement *statement = &set->endpoints[i].statement;

		if (set->endpoints[i].work != NULL && work_find(set->endpoints[i].work) != NULL)
			describe_work(&set->endpoints[i], work_find(set->endpoints[i].work), &set->arena);
		statement->signature.parameters = statement->parameters;
	}
	return no_answer != NULL || set->diagnostics.count > 0 ? -1 : 0;
}

static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/test_edition_XXXXXX");
	snprintf(file, sizeof(file), "%s/some.sql", mkdtemp(folder));
	options.endpoints = folder;
	options.openapi_title = "Some";
	options.openapi_version = "1";
	options.openapi_server = "/";
	options.rate = options.jwt_keys = options.jwt_audience = options.jwt_issuer = options.api_keys = "";
	options.jwt_role_claim = "role";
	options.files = "";
	options.files_cache_control = "no-cache";
	options.files_policy = "default-src 'self'";
	options.max_files = 5;
	options.openapi_license = options.openapi_contact = "";
	for (size_t i = 0; i < ARRAY_LENGTH(options.origins); i++)
		options.origins[i] = "the command line";
	described = 0;
	no_answer = NULL;
	edition = edition_create(7);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(file);
	rmdir(folder);
	edition_destroy(edition);
	return 0;
}

static int load(const char *source)
{
	if (source != NULL) {
		FILE *out = fopen(file, "w");

		fputs(source, out);
		fclose(out);
	}
	why = "not asked";
	return edition_load(edition, &options, &settings, &why);
}

static void assert_diagnostics(unsigned count, const char *last)
{
	const struct diagnostics *diagnostics = &edition->endpoints.diagnostics;

	assert_int_equal(diagnostics->count, count);
	if (strstr(diagnostics->items[count - 1].message, last) == NULL)
		fail_msg("%s, not %s", diagnostics->items[count - 1].message, last);
}

#define A "-- name: a :one\n-- route: GET /a\nSELECT 1 AS one;\n"
#define B "-- name: b :one\n-- route: GET /b\n-- timeout: 3s\nSELECT 2 AS two;\n"
#define C "-- name: c :one\n-- route: GET /c\n-- timeout: 1s\nSELECT 3 AS three;\n"

static void assert_route(const char *path, const char *name)
{
	struct route_match match = {0};

	router_match(&edition->router, HTTP_GET, text_of(path), &edition->endpoints.arena, &match);
	assert_non_null(match.route);
	assert_string_equal(match.route->name, name);
	assert_non_null(match.route->first);
}

static void a_good_one_has_all_that_is_served(void **state)
{
	(void)state;
	assert_int_equal(load(A B C), 0);
	assert_null(why);
	assert_int_equal(described, 1);
	assert_int_equal(start_wait_ms, 7000);
	assert_int_equal(edition->catalog.edition, 7);
	assert_int_equal(edition->catalog.statement_count, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(edition->endpoints.endpoints[i].statement.edition, 7);
	assert_route("/a", "a");
	assert_route("/c", "c");
	assert_route("/openapi.json", "openapi");
	assert_non_null(memmem(edition->openapi.at, edition->openapi.length, "\"/b\"", 4));
	assert_false(edition->fetches_pages);
	assert_int_equal(edition_longest_timeout_ms(edition), 3000);
}

static void some_work_fetches_pages(void **state)
{
	(void)state;
	assert_int_equal(load(A
			      "-- name: delay :one\n-- route: GET /delay/{ms}\n-- work: delay\nSELECT :ms::int AS ms;\n"
			      "-- name: titles :many\n-- route: POST /titles\n-- stream\n-- work: titles\n"
			      "SELECT :urls, :concurrency, :rate, :sequential;\n"),
			 0);
	assert_true(edition->fetches_pages);
}

static void other_work_does_not(void **state)
{
	(void)state;
	assert_int_equal(
	    load("-- name: delay :one\n-- route: GET /delay/{ms}\n-- work: delay\nSELECT :ms::int AS ms;\n"), 0);
	assert_false(edition->fetches_pages);
}

/* What is wrong is said in one run; but a database that is away is not waited for then. */
static void what_is_wrong_hides_nothing_of_the_rest(void **state)
{
	(void)state;
	assert_int_equal(load(A "-- name: b :one\n-- route: GET b\nSELECT 2 AS two;\n"), -1);
	assert_int_equal(edition->endpoints.diagnostics.count, 1);
	assert_null(why);
	assert_int_equal(described, 1);
	assert_int_equal(start_wait_ms, 0);
}

static void two_of_one_route_are_wrong(void **state)
{
	(void)state;
	assert_int_equal(load(A "-- name: b :one\n-- route: GET /a\nSELECT 2 AS two;\n"), -1);
	assert_int_equal(edition->endpoints.diagnostics.count, 1);
	assert_int_equal(start_wait_ms, 0);
}

static void the_route_of_the_document_is_taken(void **state)
{
	(void)state;
	assert_int_equal(load("-- name: b :one\n-- route: GET /openapi.json\nSELECT 2 AS two;\n"), -1);
	assert_int_equal(edition->endpoints.diagnostics.count, 1);
}

static void a_work_that_does_not_exist_is_wrong(void **state)
{
	(void)state;
	assert_int_equal(load(A "-- name: b :one\n-- route: GET /b\n-- work: magic\nSELECT 2 AS two;\n"), -1);
	assert_diagnostics(1, "magic");
}

static void a_database_that_is_away_says_why(void **state)
{
	(void)state;
	no_answer = "connection refused";
	assert_int_equal(load(A), -1);
	assert_string_equal(why, "connection refused");
	assert_int_equal(edition->catalog.statement_count, 0);
}

/* Where its name came from helps only when it is the folder that is wrong. */
static void a_folder_that_cannot_be_read_is_said_with_its_option(void **state)
{
	(void)state;
	options.endpoints = "/nowhere/at/all";
	assert_int_equal(load(NULL), -1);
	assert_diagnostics(2, "endpoints: names the folder \"/nowhere/at/all\"");
	assert_int_equal(described, 0);
	edition_destroy(edition);
	edition = edition_create(8);
	options.endpoints = folder;
	assert_int_equal(load("-- name: b :one\n-- route: GET b\nSELECT 2 AS two;\n"), -1);
	assert_int_equal(edition->endpoints.diagnostics.count, 1);
}

/* The folder of files takes the rest, and is opened anew for each edition. */
static void files_are_served_where_no_endpoint_is(void **state)
{
	(void)state;
	options.files = folder;
	assert_int_equal(load(A), 0);
	assert_non_null(edition->site.folder);
	assert_route("/a", "a");
	assert_route("/", "files");
	assert_route("/b/c", "files");
	assert_ptr_equal(edition->router.rest->data, &edition->site);
	assert_false(edition->site_access.is_public);
	assert_string_equal(edition->site.cache_control.at, "no-cache");
	assert_string_equal(edition->site.policy.at, "default-src 'self'");
	assert_null(memmem(edition->openapi.at, edition->openapi.length, "\"/*\"", 4));
}

static void files_may_be_public(void **state)
{
	(void)state;
	options.files = folder;
	options.files_public = SWITCH_ON;
	assert_int_equal(load(A), 0);
	options.files_public = SWITCH_OFF;
	assert_true(edition->site_access.is_public);
	assert_ptr_equal(edition->router.rest->access, &edition->site_access);
}

static void a_folder_of_files_that_is_none_is_said_with_its_option(void **state)
{
	(void)state;
	options.files = file;
	assert_int_equal(load(A), -1);
	assert_diagnostics(1, "files: the folder \"");
	assert_string_equal(edition->endpoints.diagnostics.items[0].file, "the command line");
	assert_null(edition->site.folder);
	assert_null(edition->router.rest);
}

static void with_a_wrong_option_postgresql_is_not_asked(void **state)
{
	(void)state;
	diagnostics_add(&edition->endpoints.diagnostics, "the command line", 0, "listen: is wrong");
	assert_int_equal(load(A), -1);
	assert_int_equal(described, 0);
	assert_int_equal(edition->endpoints.diagnostics.count, 1);
	assert_null(why);
}

static enum step answer(struct exchange *x)
{
	(void)x;
	return STEP_RESPOND;
}

static void the_program_has_routes_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(edition_add_own_route(edition, "/livez", "livez", answer, &folder), 0);
	assert_int_equal(edition->router.count, 1);
	assert_route("/livez", "livez");
	assert_ptr_equal(edition->router.routes[0]->data, &folder);
	assert_ptr_equal(edition->router.routes[0]->first, answer);
	assert_int_equal(edition_longest_timeout_ms(edition), 0);
	assert_int_equal(edition_add_own_route(edition, "/livez", "again", answer, NULL), -1);
	assert_diagnostics(1, "this route is the service's own");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_good_one_has_all_that_is_served),
	    TEST(some_work_fetches_pages),
	    TEST(other_work_does_not),
	    TEST(what_is_wrong_hides_nothing_of_the_rest),
	    TEST(two_of_one_route_are_wrong),
	    TEST(the_route_of_the_document_is_taken),
	    TEST(a_work_that_does_not_exist_is_wrong),
	    TEST(a_database_that_is_away_says_why),
	    TEST(a_folder_that_cannot_be_read_is_said_with_its_option),
	    TEST(files_are_served_where_no_endpoint_is),
	    TEST(files_may_be_public),
	    TEST(a_folder_of_files_that_is_none_is_said_with_its_option),
	    TEST(with_a_wrong_option_postgresql_is_not_asked),
	    TEST(the_program_has_routes_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
