#include "exchange_fixture.h"

static void assert_text(struct text text, const char *expected)
{
	assert_int_equal(text.length, strlen(expected));
	assert_memory_equal(text.at, expected, text.length);
}

static void assert_response(unsigned status, const char *content_type, const char *body)
{
	assert_int_equal(x.response.status, status);
	if (content_type == NULL)
		assert_null(x.response.content_type);
	else
		assert_string_equal(x.response.content_type, content_type);
	assert_text(x.response.body, body);
	assert_false(x.response.is_streamed);
	assert_false(x.response.is_broken_off);
}

static void assert_header(unsigned index, const char *name, const char *value)
{
	assert_true(index < x.response.header_count);
	assert_string_equal(x.response.headers[index].name, name);
	assert_text(x.response.headers[index].value, value);
}

/* Responses */

static void empty_has_neither_body_nor_type(void **state)
{
	(void)state;
	assert_int_equal(respond_empty(&x, 204), STEP_RESPOND);
	assert_response(204, NULL, "");
}

static void json_and_text_are_what_was_given(void **state)
{
	(void)state;
	assert_int_equal(respond_json(&x, 201, TEXT("[1]")), STEP_RESPOND);
	assert_response(201, "application/json", "[1]");
	assert_int_equal(respond_text(&x, 200, "text/plain; version=0.0.4", TEXT("a 1\n")), STEP_RESPOND);
	assert_response(200, "text/plain; version=0.0.4", "a 1\n");
}

static void a_row_is_an_object(void **state)
{
	struct db_result *rows = FAKE_RESULT(2, {"1", "a"}, {"2", "b\"\n"}, {"3", NULL});

	(void)state;
	assert_int_equal(respond_row(&x, 200, &statement.signature, rows, 1), STEP_RESPOND);
	assert_response(200, "application/json", "{\"id\":2,\"name\":\"b\\\"\\n\"}");
	respond_row(&x, 201, &statement.signature, rows, 2);
	assert_response(201, "application/json", "{\"id\":3,\"name\":null}");
}

static void rows_are_an_array(void **state)
{
	struct db_result *rows = FAKE_RESULT(2, {"1", "a"}, {"2", "b"});

	(void)state;
	assert_int_equal(respond_rows(&x, 200, &statement.signature, rows, 2), STEP_RESPOND);
	assert_response(200, "application/json", "[{\"id\":1,\"name\":\"a\"},{\"id\":2,\"name\":\"b\"}]");
	assert_int_equal(x.response.header_count, 0);
	respond_rows(&x, 200, &statement.signature, FAKE_EMPTY(2), 2);
	assert_response(200, "application/json", "[]");
	assert_int_equal(x.response.header_count, 0);
}

static void rows_beyond_the_limit_are_cut_and_the_header_says_so(void **state)
{
	struct db_result *rows = FAKE_RESULT(2, {"1", "a"}, {"2", "b"}, {"3", "c"});

	(void)state;
	respond_rows(&x, 200, &statement.signature, rows, 2);
	assert_response(200, "application/json", "[{\"id\":1,\"name\":\"a\"},{\"id\":2,\"name\":\"b\"}]");
	assert_int_equal(x.response.header_count, 1);
	assert_header(0, "meantime-truncated", "max-rows=2");
}

static void a_problem_is_what_rfc_9457_says(void **state)
{
	(void)state;
	assert_int_equal(respond_problem(&x, ERROR_BAD_INPUT, "\"%s\" is no %s", "a\tb", "integer"), STEP_RESPOND);
	assert_response(400, "application/problem+json",
			"{\"type\":\"urn:meantime:problem:bad-input\",\"title\":\"bad input\",\"status\":400,"
			"\"detail\":\"\\\"a\\tb\\\" is no integer\"}");
	assert_int_equal(x.response.header_count, 0);
}

static void only_what_passes_by_itself_says_when_to_try_again(void **state)
{
	(void)state;
	for (enum error error = ERROR_NONE + 1; error < ERROR_COUNT; error++) {
		exchange_recycle(&x);
		exchange_begin(&x, &settings, 1);
		respond_problem(&x, error, "why");
		assert_int_equal(x.response.status, error_status(error));
		assert_int_equal(x.response.header_count, error_status(error) == 503 || error_status(error) == 429 ||
							      error_status(error) == 401);
		if (error_status(error) == 401)
			assert_header(0, "www-authenticate", "Bearer");
		if (error_status(error) == 503)
			assert_header(0, "retry-after", "1");
	}
}

static void a_problem_of_the_database_has_its_sqlstate(void **state)
{
	(void)state;
	strcpy(x.batch.sqlstate, "23505");
	db_batch_fail(&x.batch, ERROR_CONFLICT, "duplicate key \"k\"");
	assert_int_equal(respond_db_problem(&x), STEP_RESPOND);
	assert_response(409, "application/problem+json",
			"{\"type\":\"urn:meantime:problem:conflict\",\"title\":\"conflict\",\"status\":409,"
			"\"detail\":\"duplicate key \\\"k\\\"\",\"sqlstate\":\"23505\"}");
	x.batch.detail = "Key (id)=(1) already exists.";
	respond_db_problem(&x);
	assert_response(
	    409, "application/problem+json",
	    "{\"type\":\"urn:meantime:problem:conflict\",\"title\":\"conflict\",\"status\":409,"
	    "\"detail\":\"duplicate key \\\"k\\\" (Key (id)=(1) already exists.)\",\"sqlstate\":\"23505\"}");
}

static void a_problem_of_the_database_may_have_a_hint_and_a_status_of_its_own(void **state)
{
	(void)state;
	strcpy(x.batch.sqlstate, "BK001");
	db_batch_fail(&x.batch, ERROR_REJECTED, "sold out");
	x.batch.hint = "try \"tomorrow\"";
	x.batch.status = 402;
	respond_db_problem(&x);
	assert_response(
	    402, "application/problem+json",
	    "{\"type\":\"urn:meantime:problem:rejected\",\"title\":\"rejected by the database\",\"status\":402,"
	    "\"detail\":\"sold out\",\"hint\":\"try \\\"tomorrow\\\"\",\"sqlstate\":\"BK001\"}");
	assert_int_equal(x.response.header_count, 0);
}

/* RFC 9110: what has to come with them. */
static void add_route(struct router *router, enum http_method method, const char *pattern)
{
	const struct route *taken_by;

	assert_int_equal(router_add(router, &(struct route){.method = method, .pattern = pattern}, &taken_by),
			 ROUTER_ADDED);
}

static void statuses_that_want_a_header_have_it(void **state)
{
	static const struct {
		unsigned status;
		const char *name, *value;
	} wanted[] = {
	    {401, "www-authenticate", "Bearer"}, {503, "retry-after", "1"}, {405, "allow", "POST, DELETE, OPTIONS"}};
	struct router router;

	(void)state;
	router_init(&router);
	/* what another pattern of the path has counts, too */
	add_route(&router, HTTP_GET, "/a");
	add_route(&router, HTTP_POST, "/a");
	add_route(&router, HTTP_DELETE, "/{b}");
	for (unsigned i = 0; i < 3; i++) {
		exchange_recycle(&x);
		exchange_begin(&x, &settings, 1);
		x.request.method = HTTP_GET;
		x.request.path = TEXT("/a");
		router_match(&router, HTTP_GET, x.request.path, &x.arena, &x.request.match);
		db_batch_fail(&x.batch, ERROR_REJECTED, "no");
		x.batch.status = wanted[i].status;
		respond_db_problem(&x);
		assert_int_equal(x.response.header_count, 1);
		assert_header(0, wanted[i].name, wanted[i].value);
	}
	router_cleanup(&router);
}

static void a_problem_on_the_way_to_the_database_has_none(void **state)
{
	(void)state;
	db_batch_fail(&x.batch, ERROR_BUSY, "too many");
	respond_db_problem(&x);
	assert_response(503, "application/problem+json",
			"{\"type\":\"urn:meantime:problem:busy\",\"title\":\"too busy\",\"status\":503,"
			"\"detail\":\"too many\"}");
	assert_header(0, "retry-after", "1");
}

static char said[1024];

/* The log goes to stderr, which is a file meanwhile. */
static void respond_logged(void)
{
	FILE *file = tmpfile();
	int kept = dup(STDERR_FILENO);

	assert_non_null(file);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	respond_db_problem(&x);
	assert_true(dup2(kept, STDERR_FILENO) >= 0);
	close(kept);
	rewind(file);
	said[fread(said, 1, sizeof(said) - 1, file)] = '\0';
	fclose(file);
}

static void assert_logged(const char *words)
{
	if (strstr(said, words) == NULL)
		fail_msg("expected ...%s... in %s", words, said);
}

/* A client reads the message; the operator also what the client must not read. */
static void what_postgresql_said_is_logged(void **state)
{
	static const struct route route = {.name = "things"};

	(void)state;
	log_set_level(LOG_INFO);
	db_batch_fail(&x.batch, ERROR_DATABASE_ERROR, "it failed inside");
	respond_logged();
	assert_string_equal(said, "");
	strcpy(x.batch.sqlstate, "XX000");
	x.batch.said = "process 17 is odd";
	respond_logged();
	assert_logged(" error   db: a request fails: process 17 is odd | SQLSTATE XX000\n");
	assert_null(memmem(x.response.body.at, x.response.body.length, "17", 2));
	x.request.match.route = &route;
	x.batch.status = 499;
	x.batch.sqlstate[0] = '\0';
	respond_logged();
	assert_logged(" info    db: things fails: process 17 is odd\n");
	x.batch.status = 500;
	respond_logged();
	assert_logged(" error   db: things fails");
}

static void a_write_that_is_refused_to_a_get_is_logged(void **state)
{
	struct router router;

	(void)state;
	log_set_level(LOG_INFO);
	router_init(&router);
	x.request.path = TEXT("/a");
	router_match(&router, HTTP_GET, x.request.path, &x.arena, &x.request.match);
	db_batch_fail(&x.batch, ERROR_READ_ONLY, "it would write");
	respond_logged();
	assert_logged(" info    db: a request fails: it would write\n");
	router_cleanup(&router);
}

/* Streams */

static void the_first_part_decides_status_and_type(void **state)
{
	(void)state;
	assert_int_equal(respond_part(&x, 200, "application/json", TEXT("[1"), end), STEP_STREAM);
	assert_int_equal(x.response.status, 200);
	assert_true(x.response.is_streamed);
	assert_int_equal(x.response.part_count, 1);
	assert_ptr_equal(x.next, end);
	assert_int_equal(respond_part(&x, 500, "text/plain", TEXT(",2"), ask), STEP_STREAM);
	assert_int_equal(x.response.status, 200);
	assert_string_equal(x.response.content_type, "application/json");
	assert_text(x.response.body, ",2");
	assert_ptr_equal(x.next, ask);
	assert_int_equal(respond_last_part(&x, 500, "text/plain", TEXT("]")), STEP_RESPOND);
	assert_int_equal(x.response.part_count, 3);
	assert_int_equal(x.response.status, 200);
	assert_text(x.response.body, "]");
}

static void a_stream_may_break_off_after_its_first_part(void **state)
{
	(void)state;
	respond_part(&x, 200, "application/json", TEXT("["), end);
	assert_int_equal(respond_broken_off(&x), STEP_RESPOND);
	assert_true(x.response.is_broken_off);
	assert_text(x.response.body, "");
	assert_int_equal(x.response.status, 200);
}

static void parts_of_a_length_are_told_apart_by_what_is_next(void **state)
{
	(void)state;
	assert_int_equal(respond_part_of(&x, 206, "text/plain", 5, TEXT("abc"), end), STEP_STREAM);
	assert_int_equal(x.response.status, 206);
	assert_string_equal(x.response.content_type, "text/plain");
	assert_true(x.response.is_streamed);
	assert_int_equal(x.response.length, 5);
	assert_text(x.response.body, "abc");
	assert_ptr_equal(x.next, end);
	assert_int_equal(respond_part_of(&x, 500, "text/html", 5, TEXT("de"), NULL), STEP_RESPOND);
	assert_int_equal(x.response.status, 206);
	assert_int_equal(x.response.part_count, 2);
	assert_text(x.response.body, "de");
	/* the next request knows nothing of it */
	exchange_recycle(&x);
	exchange_begin(&x, &settings, 17);
	assert_int_equal(x.response.length, 0);
	assert_false(x.response.is_streamed);
}

static void a_part_that_follows_has_a_deadline_of_its_own(void **state)
{
	uint64_t now_ns = clock_now_ns();

	(void)state;
	db_stream_rows(&x, &statement, NULL);
	x.deadline_ns = 99;
	assert_int_equal(await_rows(&x, end), STEP_AWAIT);
	assert_ptr_equal(x.awaited.class, &rows_class);
	assert_int_equal(x.batch.deadline_ns, 99);
	respond_part(&x, 200, "application/json", TEXT("["), end);
	x.batch.sent_ns = x.batch.done_ns = 5;
	await_rows(&x, end);
	assert_int_equal(x.batch.sent_ns, 0);
	assert_int_equal(x.batch.done_ns, 0);
	assert_in_range(x.batch.deadline_ns, now_ns + 700 * NS_PER_MS, now_ns + 1700 * NS_PER_MS);
}

static void rows_of_a_part_are_those_of_its_last_query(void **state)
{
	struct db_result *rows = FAKE_RESULT(2, {"1", "a"}), *none = FAKE_EMPTY(2);

	(void)state;
	assert_null(exchange_rows(&x));
	db_query(&x, &statement, NULL);
	db_query(&x, &statement, NULL);
	assert_null(exchange_rows(&x));
	x.batch.queries[0].result = none;
	x.batch.queries[1].result = rows;
	assert_ptr_equal(exchange_rows(&x), rows);
	x.batch.queries[1].result = none;
	assert_null(exchange_rows(&x));
	x.batch.queries[0].result = NULL;
	x.batch.queries[1].result = rows;
	db_batch_fail(&x.batch, ERROR_DEADLINE, "");
	assert_null(exchange_rows(&x));
	x.batch.queries[1].result = NULL; /* it dies with this function */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(empty_has_neither_body_nor_type),
	    TEST(json_and_text_are_what_was_given),
	    TEST(a_row_is_an_object),
	    TEST(rows_are_an_array),
	    TEST(rows_beyond_the_limit_are_cut_and_the_header_says_so),
	    TEST(a_problem_is_what_rfc_9457_says),
	    TEST(only_what_passes_by_itself_says_when_to_try_again),
	    TEST(a_problem_of_the_database_has_its_sqlstate),
	    TEST(a_problem_of_the_database_may_have_a_hint_and_a_status_of_its_own),
	    TEST(statuses_that_want_a_header_have_it),
	    TEST(a_problem_on_the_way_to_the_database_has_none),
	    TEST(what_postgresql_said_is_logged),
	    TEST(a_write_that_is_refused_to_a_get_is_logged),
	    TEST(the_first_part_decides_status_and_type),
	    TEST(a_stream_may_break_off_after_its_first_part),
	    TEST(parts_of_a_length_are_told_apart_by_what_is_next),
	    TEST(a_part_that_follows_has_a_deadline_of_its_own),
	    TEST(rows_of_a_part_are_those_of_its_last_query),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
