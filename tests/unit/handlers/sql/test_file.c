#include "unit/handlers/sql/file_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

static void everything_about_an_endpoint_is_read(void **state)
{
	const struct endpoint *endpoint = only("\n-- Notes of the clients.\n"
					       "-- name: add_note2 :one\n"
					       "-- route: POST /countries/{country}/notes\n"
					       "-- summary:  Adds a note.  \n"
					       "-- status: 201\n"
					       "-- timeout: 500ms\n"
					       "-- isolated\n"
					       "-- param: body = 'it''s'  the text\n"
					       "-- note that this is a comment\n"
					       "\n"
					       "INSERT INTO note (country, body)\n"
					       "VALUES (:country, :body) RETURNING id;\n");
	const struct db_statement *statement = &endpoint->statement;

	(void)state;
	assert_string_equal(endpoint->file, "notes.sql");
	assert_int_equal(endpoint->line, 3);
	assert_int_equal(endpoint->route_line, 4);
	assert_int_equal(endpoint->sql_line, 12);
	assert_string_equal(endpoint->name, "add_note2");
	assert_int_equal(endpoint->shape, ENDPOINT_ONE);
	assert_int_equal(endpoint->method, HTTP_POST);
	assert_string_equal(endpoint->path, "/countries/{country}/notes");
	assert_string_equal(endpoint->summary, "Adds a note.");
	assert_int_equal(endpoint->status, 201);
	assert_int_equal(endpoint->timeout_ms, 500);
	assert_true(endpoint->is_isolated);
	assert_false(endpoint->is_stream);
	assert_string_equal(statement->name, "add_note2");
	assert_string_equal(statement->sql, "INSERT INTO note (country, body)\nVALUES ($1, $2) RETURNING id");
	assert_int_equal(statement->index, 0);
	assert_int_equal(statement->timeout_ms, 500);
	assert_true(statement->is_isolated);
	assert_false(statement->is_read_only);
	assert_int_equal(statement->row_limit, 0);
	assert_int_equal(statement->parameter_count, 2);
	expect_parameter(endpoint, 0, "country", 13);
	assert_false(statement->parameters[0].has_default);
	assert_string_equal(statement->parameters[0].description, "");
	expect_parameter(endpoint, 1, "body", 9);
	assert_true(statement->parameters[1].has_default);
	assert_string_equal(statement->parameters[1].default_text, "it's");
	assert_string_equal(statement->parameters[1].description, "the text");
}

static void defaults_follow_from_shape_and_method(void **state)
{
	static const struct {
		const char *source;
		unsigned status, max_rows, row_limit;
		bool is_read_only;
	} cases[] = {
	    {"-- name: a :one\n-- route: GET /a\nSELECT 1", 200, 0, 0, true},
	    {"-- name: a :many\n-- route: GET /a\nSELECT 1", 200, 1000, 1000, true},
	    {"-- name: a :many\n-- route: GET /a\n-- max-rows: 5\nSELECT 1", 200, 5, 5, true},
	    {"-- name: a :many\n-- route: GET /a\n-- stream\nSELECT 1", 200, 0, 0, true},
	    {"-- name: a :exec\n-- route: GET /a\nSELECT 1", 204, 0, 0, true},
	    {"-- name: a :one\n-- route: POST /a\nSELECT 1", 200, 0, 0, false},
	    {"-- name: a :many\n-- route: PUT /a\nSELECT 1", 200, 1000, 0, false},
	    {"-- name: a :many\n-- route: PATCH /a\n-- max-rows: 7\nSELECT 1", 200, 7, 0, false},
	    {"-- name: a :exec\n-- route: DELETE /a\nSELECT 1", 204, 0, 0, false},
	    {"-- name: a :exec\n-- route: DELETE /a\n-- status: 202\nSELECT 1", 202, 0, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const struct endpoint *endpoint = only(cases[i].source);

		assert_int_equal(endpoint->status, cases[i].status);
		assert_int_equal(endpoint->max_rows, cases[i].max_rows);
		assert_int_equal(endpoint->statement.row_limit, cases[i].row_limit);
		assert_int_equal(endpoint->statement.is_read_only, cases[i].is_read_only);
		assert_int_equal(endpoint->timeout_ms, 0);
		assert_int_equal(endpoint->statement.timeout_ms, 0);
		assert_false(endpoint->is_isolated);
		assert_string_equal(endpoint->summary, "");
	}
}

static void many_endpoints_in_a_file(void **state)
{
	(void)state;
	assert_int_equal(parse("-- name: a :one\n-- route: GET /a\nSELECT 1;\n\n"
			       "-- between them, a comment\n/* and\nanother */ ;\n"
			       "-- name: b :many\n-- route: GET /b\nSELECT :x\n-- at the end: none\n"
			       "-- name: c :exec\n-- route: PUT /c\nSELECT :y -- name: d :one\n"),
			 0);
	assert_int_equal(set.count, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(set.endpoints[i].statement.index, i);
	assert_string_equal(set.endpoints[1].name, "b");
	assert_int_equal(set.endpoints[1].line, 8);
	assert_string_equal(set.endpoints[1].statement.sql, "SELECT $1");
	assert_string_equal(set.endpoints[2].name, "c");
	assert_int_equal(set.endpoints[2].line, 12);
	assert_int_equal(set.endpoints[2].sql_line, 14);
	assert_string_equal(set.endpoints[2].statement.parameters[0].name, "y");
}

static void a_set_grows_over_files_and_keeps_what_it_has(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		char source[100], file[20];

		snprintf(source, sizeof(source), "-- name: a%u :one\n-- route: GET /a%u\nSELECT :p%u", i, i, i);
		snprintf(file, sizeof(file), "file%u.sql", i);
		assert_int_equal(sql_file_parse(&set, file, text_of(source)), 0);
		/* Everything has been copied. */
		memset(source, 'x', sizeof(source));
		memset(file, 'x', sizeof(file));
	}
	assert_int_equal(set.count, 100);
	for (unsigned i = 0; i < 100; i++) {
		char expected[20];

		snprintf(expected, sizeof(expected), "a%u", i);
		assert_string_equal(set.endpoints[i].name, expected);
		assert_string_equal(set.endpoints[i].statement.name, expected);
		snprintf(expected, sizeof(expected), "/a%u", i);
		assert_string_equal(set.endpoints[i].path, expected);
		snprintf(expected, sizeof(expected), "file%u.sql", i);
		assert_string_equal(set.endpoints[i].file, expected);
		snprintf(expected, sizeof(expected), "p%u", i);
		assert_string_equal(set.endpoints[i].statement.parameters[0].name, expected);
		assert_int_equal(set.endpoints[i].statement.index, i);
	}
}

static void the_set_is_bounded(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= ENDPOINTS_MAX; i++) {
		char source[100];

		snprintf(source, sizeof(source), "\n-- name: a%u :one\n-- route: GET /a\nSELECT 1", i);
		assert_int_equal(parse(source), i == ENDPOINTS_MAX);
	}
	assert_int_equal(set.count, ENDPOINTS_MAX);
	expect_diagnostic(0, 2, "the most is 4096");
}

static void parsing_goes_on_with_the_next_endpoint(void **state)
{
	(void)state;
	assert_int_equal(parse("SELECT 0;\n"
			       "-- name: a :one\n-- route: GET /{x}\n-- param: y = 1\nSELECT 'open;\n"
			       "-- name: b :one\n-- route: GET /b\nSELECT 2; SELECT 3;\n\n"
			       "-- name: c :one\n-- rout: GET /c\n"
			       "-- name: d :one\n-- route: GET /d\nSELECT 4;\n"
			       "/* no end\n"
			       "-- name: e :one\n-- route: GET /e\nSELECT 5;\n"),
			 7);
	expect_diagnostic(0, 1, "SQL before the first endpoint");
	expect_diagnostic(1, 5, "string literal");
	expect_diagnostic(2, 8, "a second statement after the `;`: the endpoint that begins on line 6");
	expect_diagnostic(3, 11, "unknown annotation \"rout\"");
	expect_diagnostic(4, 10, "no SQL");
	expect_diagnostic(5, 10, "no route");
	expect_diagnostic(6, 15, "comment (/*)");
	assert_int_equal(set.count, 3);
	assert_string_equal(set.endpoints[1].name, "d");
	assert_string_equal(set.endpoints[2].name, "e");
	assert_int_equal(set.endpoints[2].line, 16);
}

static void names_are_unique_in_the_set(void **state)
{
	(void)state;
	assert_int_equal(sql_file_parse(&set, "first.sql", text_of("\n\n" ONE "SELECT 1")), 0);
	assert_int_equal(parse(ONE "SELECT 2;\n-- name: aa :one\n-- route: GET /b\nSELECT 3"), 1);
	expect_diagnostic(0, 1, "the name a is taken: the first is at first.sql:3");
	assert_int_equal(set.count, 2);
	assert_string_equal(set.endpoints[1].name, "aa");
}

static void line_ends_of_windows(void **state)
{
	const struct endpoint *endpoint =
	    only("\xEF\xBB\xBF-- name: a :many\r\n-- route: GET /a\r\n-- isolated\r\n-- max-rows: 5\r\n\r\n"
		 "-- param: x = 'y'\r\n-- summary: A.\r\nSELECT :x, -- one\r\n :z;\r\n");

	(void)state;
	assert_int_equal(endpoint->line, 1);
	assert_string_equal(endpoint->path, "/a");
	assert_string_equal(endpoint->summary, "A.");
	assert_int_equal(endpoint->max_rows, 5);
	assert_true(endpoint->is_isolated);
	assert_int_equal(endpoint->sql_line, 8);
	assert_string_equal(endpoint->statement.sql, "SELECT $1, -- one\r\n $2");
	expect_parameter(endpoint, 0, "x", 6);
	expect_parameter(endpoint, 1, "z", 9);
}

static void only_text_is_read(void **state)
{
	char *large = malloc(SQL_FILE_BYTES_MAX + 1);

	(void)state;
	wrong_text(TEXT(ONE "SELECT 1\0"), 3, "a NUL byte");
	wrong(ONE "\n\nSELECT '\xff'", 5, "invalid UTF-8");
	wrong(ONE "SELECT '\xc3", 3, "invalid UTF-8");
	memset(large, '\n', SQL_FILE_BYTES_MAX + 1);
	memcpy(large, ONE "SELECT 1", strlen(ONE "SELECT 1"));
	start_again();
	assert_int_equal(sql_file_parse(&set, "notes.sql", (struct text){large, SQL_FILE_BYTES_MAX}), 0);
	wrong_text((struct text){large, SQL_FILE_BYTES_MAX + 1}, 0, "the most is 1048576 bytes");
	free(large);
	start_again();
	assert_int_equal(parse(""), 0);
	assert_int_equal(parse("\xEF\xBB\xBF"), 0);
	assert_int_equal(parse("\n-- nothing yet\n"), 0);
	assert_int_equal(set.count, 0);
}

/* A folder of files that lives as long as a test. */
static char folder[] = "/tmp/test_sql_file.XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[100];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void make_subfolder(const char *name)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void make_link(const char *to, const char *name)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(symlink(to, path), 0);
}

static int make_folder(void **state)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	return mkdtemp(folder) == NULL || set_up(state) != 0;
}

static int remove_folder(void **state)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command) != 0 || tear_down(state) != 0;
}

static void a_folder_is_read_in_the_order_of_names(void **state)
{
	char expected[100];

	(void)state;
	write_file("b.sql", "-- name: b :one\n-- route: GET /b\nSELECT 1");
	write_file("a.sql", ONE "SELECT 1");
	write_file("B.sql", "-- name: c :one\n-- route: GET /c\nSELECT 1");
	write_file("d.SQL", "-- name: d :one\n-- route: GET /d\nSELECT 1");
	make_subfolder("c");
	write_file("c/z.Sql", "-- name: cz :one\n-- route: GET /cz\nSELECT 1");
	make_subfolder("c/a.sql");
	write_file("c/a.sql/b.sql", "-- name: cab :one\n-- route: GET /cab\nSELECT 1");
	make_subfolder(".hidden");
	write_file(".hidden/a.sql", "nonsense");
	make_link("a.sql", "e.sql.link");
	make_link("c", "link");
	make_link(".", "round");
	make_link("/nowhere", "dangling");
	make_link("/nowhere", ".#a.sql");
	write_file("a.sql.orig", "nonsense");
	write_file("a.sql~", "nonsense");
	write_file("xsql", "nonsense");
	write_file(".a.sql", "nonsense");
	write_file(".sql", "nonsense");
	write_file("README", "nonsense");
	assert_int_equal(endpoint_set_load(&set, folder), 0);
	assert_int_equal(set.count, 6);
	assert_string_equal(set.endpoints[0].name, "c");
	assert_string_equal(set.endpoints[1].name, "a");
	assert_string_equal(set.endpoints[2].name, "b");
	assert_string_equal(set.endpoints[3].name, "cab");
	assert_string_equal(set.endpoints[4].name, "cz");
	assert_string_equal(set.endpoints[5].name, "d");
	snprintf(expected, sizeof(expected), "%s/a.sql", folder);
	assert_string_equal(set.endpoints[1].file, expected);
	snprintf(expected, sizeof(expected), "%s/c/a.sql/b.sql", folder);
	assert_string_equal(set.endpoints[3].file, expected);
}

static void expect_load_fails(const char *name, const char *fragment)
{
	char expected[100];

	assert_int_equal(endpoint_set_load(&set, folder), -1);
	assert_int_equal(set.diagnostics.count, 1);
	snprintf(expected, sizeof(expected), "%s%s", folder, name);
	assert_string_equal(set.diagnostics.items[0].file, expected);
	if (strstr(set.diagnostics.items[0].message, fragment) == NULL)
		fail_msg("expected ...%s... but found %s", fragment, set.diagnostics.items[0].message);
	start_again();
}

static void a_folder_that_is_wrong(void **state)
{
	char path[100];

	(void)state;
	expect_load_fails("", "holds no endpoint");
	write_file("empty.sql", "-- nothing yet\n");
	expect_load_fails("", "holds no endpoint");
	write_file("right.sql", ONE "SELECT 1");
	write_file("wrong.sql", "-- name: b :one\nSELECT 1");
	expect_load_fails("/wrong.sql", "no route");
	snprintf(path, sizeof(path), "%s/wrong.sql", folder);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/nowhere", path), 0);
	expect_load_fails("/wrong.sql", "No such file");
	assert_int_equal(unlink(path), 0);
	/* to open one would wait for a writer */
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_load_fails("/wrong.sql", "is no regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	expect_load_fails("/wrong.sql", "is no regular file");
	assert_int_equal(endpoint_set_load(&set, "/nowhere"), -1);
	assert_string_equal(set.diagnostics.items[0].file, "/nowhere");
	assert_non_null(strstr(set.diagnostics.items[0].message, "cannot be read: No such file"));
}

static void a_file_that_is_too_large(void **state)
{
	char *large = malloc(SQL_FILE_BYTES_MAX + 100);

	(void)state;
	memset(large, '\n', SQL_FILE_BYTES_MAX + 100);
	large[SQL_FILE_BYTES_MAX + 99] = '\0';
	memcpy(large, ONE "SELECT 1", strlen(ONE "SELECT 1"));
	write_file("large.sql", large);
	free(large);
	expect_load_fails("/large.sql", "too large");
}

#define parser_test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
#define folder_test(function) cmocka_unit_test_setup_teardown(function, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    parser_test(everything_about_an_endpoint_is_read),
	    parser_test(defaults_follow_from_shape_and_method),
	    parser_test(many_endpoints_in_a_file),
	    parser_test(a_set_grows_over_files_and_keeps_what_it_has),
	    parser_test(the_set_is_bounded),
	    parser_test(parsing_goes_on_with_the_next_endpoint),
	    parser_test(names_are_unique_in_the_set),
	    parser_test(line_ends_of_windows),
	    parser_test(only_text_is_read),
	    folder_test(a_folder_is_read_in_the_order_of_names),
	    folder_test(a_folder_that_is_wrong),
	    folder_test(a_file_that_is_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
