#include "handlers/sql/openapi.h"

#include "exchange/exchange.h"
#include "server/edition/edition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

static const char SOURCE[] = "-- name: note :one\n"
			     "-- route: GET /notes/{id}\n"
			     "-- summary: One \"note\".\n"
			     "-- param: id  its number\n"
			     "SELECT * FROM note WHERE id = :id;\n"
			     "-- name: notes :many\n"
			     "-- route: GET /notes\n"
			     "-- param: least = 10  the smallest\n"
			     "-- param: tag = null\n"
			     "SELECT 1 WHERE :word AND :least AND :tag AND :tiny;\n"
			     "-- name: change :exec\n"
			     "-- route: PUT /notes/{number}\n"
			     "-- param: body = none\n"
			     "-- param: price = null  in euro\n"
			     "UPDATE note SET body = :body, price = :price, extra = :extra WHERE id = :number;\n"
			     "-- name: add :one\n"
			     "-- route: POST /notes\n"
			     "-- status: 201\n"
			     "-- param: body = x\n"
			     "INSERT INTO note VALUES (:body) RETURNING *;\n"
			     "-- name: drop :exec\n"
			     "-- route: DELETE /notes/{id}\n"
			     "DELETE FROM note WHERE id = :id;\n"
			     "-- name: renew :exec\n"
			     "-- route: POST /renew\n"
			     "-- errors: BK001 = 402, 40P01 = 429, 23505 = 402\n"
			     "SELECT renew();\n"
			     "-- name: defaults :exec\n"
			     "-- route: PATCH /defaults\n"
			     "-- param: t = 17\n"
			     "-- param: f = NaN\n"
			     "-- param: b = true\n"
			     "-- param: j = \'{\"a\": 1.50}\'\n"
			     "-- param: n = 1.50\n"
			     "-- param: x = AQID\n"
			     "SELECT :t, :f, :b, :j, :n, :x;\n"
			     "-- name: watch :many\n"
			     "-- route: GET /watch\n"
			     "-- stream\n"
			     "SELECT 1 AS n;\n";

static const struct db_type text_type = {DB_TYPE_OTHER, false, ',', "text", NULL, NULL, NULL};

static const struct openapi_info info = {
    .title = "Notes",
    .version = "2.1",
    .server = "https://notes.example/v2",
    .license = "Apache-2.0",
    .contact = "https://notes.example/help",
};
static struct endpoint_set set;
static struct text written;
static json_t *document;

static struct endpoint *endpoint_named(const char *name)
{
	for (unsigned i = 0; i < set.count; i++)
		if (strcmp(set.endpoints[i].name, name) == 0)
			return &set.endpoints[i];
	fail_msg("no endpoint %s", name);
	return NULL;
}

static void set_type(const char *endpoint, const char *parameter, enum db_type_kind kind, bool is_array)
{
	struct db_statement *statement = &endpoint_named(endpoint)->statement;
	unsigned index = 0;

	while (strcmp(statement->parameters[index].name, parameter) != 0)
		assert_true(++index < statement->parameter_count);
	statement->parameters[index].type = (struct db_type){kind, is_array, ',', "?", NULL, NULL, NULL};
}

/* A column of every kind, named by its number, and an array. */
static void set_columns(const char *endpoint)
{
	static const char *const names[DB_TYPE_KIND_COUNT] = {"c0",  "c1",  "c2",  "c3",  "c4",  "c5",  "c6",
							      "c7",  "c8",  "c9",  "c10", "c11", "c12", "c13",
							      "c14", "c15", "c16", "c17", "c18"};
	static struct db_attribute attribute = {"x", {.kind = DB_TYPE_BYTEA}};
	static const struct db_composite point = {1, &attribute};
	static struct db_column columns[DB_TYPE_KIND_COUNT + 1];
	struct db_statement *statement = &endpoint_named(endpoint)->statement;

	for (unsigned kind = 0; kind < DB_TYPE_KIND_COUNT; kind++)
		columns[kind] =
		    (struct db_column){.name = names[kind], .type = {kind, false, ',', "?", NULL, NULL, NULL}};
	columns[DB_TYPE_COMPOSITE].type.composite = &point;
	columns[DB_TYPE_KIND_COUNT] =
	    (struct db_column){.name = "list", .type = {DB_TYPE_INT4, true, ',', "integer[]", NULL, NULL, NULL}};
	statement->signature.columns = columns;
	statement->signature.column_count = DB_TYPE_KIND_COUNT + 1;
}

static struct text write_document(void)
{
	struct buffer out = buffer_in(&set.arena);

	openapi_write(&out, &set, &info);
	return buffer_text(&out);
}

static void read_document(void)
{
	json_error_t error;

	json_decref(document);
	written = write_document();
	document = json_loadb(written.at, written.length, JSON_REJECT_DUPLICATES, &error);
	if (document == NULL)
		fail_msg("no JSON: line %d: %s", error.line, error.text);
}

static int set_up(void **state)
{
	(void)state;
	endpoint_set_init(&set);
	if (sql_file_parse(&set, "test.sql", text_of(SOURCE)) != 0)
		diagnostics_print(&set.diagnostics, stderr);
	assert_int_equal(set.diagnostics.count, 0);
	for (unsigned i = 0; i < set.count; i++)
		for (unsigned j = 0; j < set.endpoints[i].statement.parameter_count; j++)
			set.endpoints[i].statement.parameters[j].type = text_type;
	set_type("note", "id", DB_TYPE_INT8, false);
	set_type("notes", "least", DB_TYPE_INT4, false);
	set_type("notes", "tag", DB_TYPE_UUID, true);
	set_type("notes", "tiny", DB_TYPE_INT2, false);
	set_type("change", "price", DB_TYPE_NUMERIC, false);
	set_type("change", "extra", DB_TYPE_JSON, false);
	set_type("defaults", "f", DB_TYPE_FLOAT8, false);
	set_type("defaults", "b", DB_TYPE_BOOL, false);
	set_type("defaults", "j", DB_TYPE_JSON, false);
	set_type("defaults", "n", DB_TYPE_NUMERIC, false);
	set_type("defaults", "x", DB_TYPE_BYTEA, false);
	set_columns("note");
	set_columns("add");
	set_columns("notes");
	set_columns("watch");
	document = NULL;
	read_document();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	json_decref(document);
	endpoint_set_cleanup(&set);
	return 0;
}

/* Steps down by keys that are separated by spaces: paths hold slashes and dots. */
static json_t *at(const char *keys)
{
	json_t *place = document;
	char copy[256], *rest = copy, *key;

	snprintf(copy, sizeof(copy), "%s", keys);
	while (place != NULL && (key = strsep(&rest, " ")) != NULL)
		place = json_is_array(place) ? json_array_get(place, (size_t)atoi(key)) : json_object_get(place, key);
	return place;
}

static void expect(const char *keys, const char *expected)
{
	json_t *found = at(keys);
	char *dumped = found != NULL ? json_dumps(found, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

	if (dumped == NULL || strcmp(dumped, expected) != 0)
		fail_msg("%s is %s, expected %s", keys, dumped != NULL ? dumped : "nowhere", expected);
	free(dumped);
}

static void expect_nothing_at(const char *keys)
{
	if (at(keys) != NULL)
		fail_msg("%s is there", keys);
}

static void document_is_openapi_3_1(void **state)
{
	(void)state;
	expect("openapi", "\"3.1.0\"");
	assert_true(json_is_object(at("paths")));
	assert_int_equal(json_object_size(document), 7);
	expect("security", "[]");
}

static void the_operator_says_what_the_api_is(void **state)
{
	(void)state;
	expect("info title", "\"Notes\"");
	expect("info version", "\"2.1\"");
	expect("info license", "{\"name\":\"Apache-2.0\",\"identifier\":\"Apache-2.0\"}");
	expect("info contact", "{\"name\":\"contact\",\"url\":\"https://notes.example/help\"}");
	expect("servers", "[{\"url\":\"https://notes.example/v2\"}]");
}

static void what_the_operator_does_not_say_is_not_made_up(void **state)
{
	struct buffer out = buffer_in(&set.arena);

	(void)state;
	json_decref(document);
	openapi_write(
	    &out, &set,
	    &(struct openapi_info){.title = "A", .version = "1", .server = "/", .license = "", .contact = ""});
	document = json_loadb(buffer_text(&out).at, buffer_text(&out).length, 0, NULL);
	expect("info license", "{\"name\":\"not stated\",\"identifier\":\"LicenseRef-not-stated\"}");
	expect("info contact", "{\"name\":\"the operator of this service\"}");
}

static void write_with_identities(bool takes_tokens, bool takes_api_keys)
{
	struct buffer out = buffer_in(&set.arena);
	struct openapi_info with = info;

	with.takes_tokens = takes_tokens;
	with.takes_api_keys = takes_api_keys;
	json_decref(document);
	openapi_write(&out, &set, &with);
	document = json_loadb(buffer_text(&out).at, buffer_text(&out).length, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(document);
}

static void operations_say_who_may_call_them(void **state)
{
	static const struct text roles[] = {{"editor", 6}, {"admin", 5}};

	(void)state;
	assert_null(strstr(written.at, "Problem401"));
	assert_null(strstr(written.at, "securitySchemes"));
	endpoint_named("notes")->access = (struct access){false, roles, 2};
	endpoint_named("watch")->access = (struct access){true, NULL, 0};
	write_with_identities(true, false);
	expect("components securitySchemes token scheme", "\"bearer\"");
	expect("security", "[]");
	expect("paths /notes get security", "[{\"token\":[\"editor\"]},{\"token\":[\"admin\"]}]");
	expect("paths /notes get responses 401", "{\"$ref\":\"#/components/responses/Problem401\"}");
	expect("paths /notes get description", "\"Answers at most 1000 rows. For these roles: editor, admin.\"");
	expect("paths /watch get security", "[{},{\"token\":[]}]");
	expect("paths /watch get description", "\"Answers all rows, as they come. Any client may call it.\"");
	expect("components responses Problem401 content application/problem+json schema allOf 1 properties type enum",
	       "[\"urn:meantime:problem:unauthorized\"]");
	write_with_identities(true, true);
	expect("components securitySchemes apiKey name", "\"X-API-Key\"");
	expect("paths /watch get security", "[{},{\"token\":[]},{\"apiKey\":[]}]");
	write_with_identities(false, true);
	expect("paths /watch get security", "[{},{\"apiKey\":[]}]");
}

static void what_the_client_does_not_give_is_not_shown(void **state)
{
	struct endpoint *endpoint = endpoint_named("notes");
	unsigned count = endpoint->statement.parameter_count;
	struct source *sources = arena_alloc_zeroed(&set.arena, (count + 1) * sizeof(*sources));

	(void)state;
	for (unsigned i = 0; i < count; i++)
		sources[i].kind = SOURCE_ADDRESS;
	endpoint->sources = sources;
	write_with_identities(false, false);
	assert_null(json_object_get(
	    json_object_get(json_object_get(json_object_get(document, "paths"), "/notes"), "get"), "parameters"));
}

static void operations_have_the_tag_of_their_file(void **state)
{
	(void)state;
	expect("paths /notes get tags", "[\"test\"]");
	expect("paths /notes post tags", "[\"test\"]");
	expect("paths /openapi.json get tags", "[\"openapi\"]");
	expect("tags", "[{\"name\":\"test\",\"description\":\"The endpoints of test.sql.\"},"
		       "{\"name\":\"openapi\",\"description\":\"What the service says of itself: openapi.json.\"}]");
}

static void operations_say_what_they_answer(void **state)
{
	(void)state;
	expect("paths /notes/{id} get description", "\"Answers one row.\"");
	expect("paths /notes get description", "\"Answers at most 1000 rows.\"");
	expect("paths /watch get description", "\"Answers all rows, as they come.\"");
	expect("paths /notes/{id} delete description", "\"Answers nothing but that it is done.\"");
}

static void each_status_names_its_problems(void **state)
{
	(void)state;
	expect("components responses Problem409 description", "\"conflict\"");
	expect("components responses Problem400 content application/problem+json schema allOf 1 properties type enum",
	       "[\"urn:meantime:problem:bad-input\",\"urn:meantime:problem:rejected\"]");
	expect("components responses Problem503 content application/problem+json schema allOf 1 properties type enum 4",
	       "\"urn:meantime:problem:outcome-unknown\"");
	/* an author may choose a status for any error */
	expect("paths /renew post responses 402", "{\"$ref\":\"#/components/responses/Problem\"}");
	expect("paths /renew post responses 409", "{\"$ref\":\"#/components/responses/Problem409\"}");
}

static void document_is_deterministic(void **state)
{
	struct text again = write_document();

	(void)state;
	assert_int_equal(again.length, written.length);
	assert_memory_equal(again.at, written.at, written.length);
}

static void document_is_indented(void **state)
{
	static const char start[] = "{\n  \"openapi\": \"3.1.0\",\n  \"info\": {\n    \"title\": ";

	(void)state;
	assert_memory_equal(written.at, start, strlen(start));
	assert_memory_equal(written.at + written.length - 3, "\n}\n", 3);
}

static void every_endpoint_is_at_its_path_and_no_other(void **state)
{
	(void)state;
	assert_int_equal(json_object_size(at("paths")), 6);
	assert_int_equal(json_object_size(at("paths /notes")), 2);
	assert_int_equal(json_object_size(at("paths /notes/{id}")), 3);
	assert_int_equal(json_object_size(at("paths /renew")), 1);
	assert_int_equal(json_object_size(at("paths /watch")), 1);
	assert_int_equal(json_object_size(at("paths /openapi.json")), 1);
	expect("paths /notes get operationId", "\"notes\"");
	expect("paths /notes post operationId", "\"add\"");
	expect("paths /notes/{id} delete operationId", "\"drop\"");
	expect("paths /openapi.json get operationId", "\"openapiDocument\"");
	expect("paths /notes/{id} get summary", "\"One \\\"note\\\".\"");
	expect("paths /notes get summary", "\"notes\"");
}

static void path_parameters_have_one_name_a_place(void **state)
{
	(void)state;
	expect("paths /notes/{id} get parameters",
	       "[{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"description\":\"its number\","
	       "\"schema\":{\"type\":\"integer\",\"format\":\"int64\"}}]");
	expect("paths /notes/{id} put parameters",
	       "[{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}}]");
}

static void query_parameters_have_types_and_defaults(void **state)
{
	(void)state;
	expect("paths /notes get parameters 1",
	       "{\"name\":\"least\",\"in\":\"query\",\"required\":false,\"description\":\"the smallest\","
	       "\"schema\":{\"type\":\"integer\",\"format\":\"int32\",\"default\":10}}");
	expect("paths /notes get parameters 2",
	       "{\"name\":\"tag\",\"in\":\"query\",\"required\":false,\"schema\":{\"type\":\"array\",\"items\":"
	       "{\"type\":[\"string\",\"null\"],\"format\":\"uuid\"}}}");
	expect("paths /notes get parameters 0",
	       "{\"name\":\"word\",\"in\":\"query\",\"required\":true,\"schema\":{\"type\":\"string\"}}");
	expect("paths /notes get parameters 3 schema",
	       "{\"type\":\"integer\",\"format\":\"int32\",\"minimum\":-32768,\"maximum\":32767}");
	assert_int_equal(json_array_size(at("paths /notes get parameters")), 4);
	expect_nothing_at("paths /notes get requestBody");
}

static void body_has_what_the_path_has_not(void **state)
{
	(void)state;
	expect("paths /notes/{id} put requestBody content",
	       "{\"application/json\":{\"schema\":{\"type\":\"object\",\"properties\":{"
	       "\"body\":{\"type\":[\"string\",\"null\"],\"default\":\"none\"},"
	       "\"price\":{\"type\":[\"number\",\"string\",\"null\"],\"description\":\"in euro\",\"default\":null},"
	       "\"extra\":{}},\"required\":[\"extra\"],\"additionalProperties\":false}}}");
	expect("paths /notes/{id} put requestBody required", "true");
	expect("paths /notes post requestBody required", "false");
	expect("paths /notes post requestBody content application/json schema required", "[]");
	expect_nothing_at("paths /notes/{id} delete requestBody");
	expect_nothing_at("paths /renew post requestBody");
	expect_nothing_at("paths /renew post parameters");
}

static void defaults_are_values_of_their_type(void **state)
{
	static const char raw[] = "\"default\": 1.50\n";

	(void)state;
	expect("paths /defaults patch requestBody content application/json schema properties",
	       "{\"t\":{\"type\":[\"string\",\"null\"],\"default\":\"17\"},"
	       "\"f\":{\"type\":[\"number\",\"string\",\"null\"],\"format\":\"double\",\"default\":\"NaN\"},"
	       "\"b\":{\"type\":[\"boolean\",\"null\"],\"default\":true},"
	       "\"j\":{\"default\":{\"a\":1.5}},"
	       "\"n\":{\"type\":[\"number\",\"string\",\"null\"],\"default\":1.5},"
	       "\"x\":{\"type\":[\"string\",\"null\"],\"format\":\"byte\",\"contentEncoding\":\"base64\"}}");
	/* digit for digit */
	assert_non_null(memmem(written.at, written.length, raw, strlen(raw)));
}

static void columns_have_the_schema_of_their_type(void **state)
{
	static const char *const schemas[DB_TYPE_KIND_COUNT] = {
	    [DB_TYPE_OTHER] = "{\"type\":[\"string\",\"null\"]}",
	    [DB_TYPE_BOOL] = "{\"type\":[\"boolean\",\"null\"]}",
	    [DB_TYPE_INT2] =
		"{\"type\":[\"integer\",\"null\"],\"format\":\"int32\",\"minimum\":-32768,\"maximum\":32767}",
	    [DB_TYPE_INT4] = "{\"type\":[\"integer\",\"null\"],\"format\":\"int32\"}",
	    [DB_TYPE_INT8] = "{\"type\":[\"integer\",\"null\"],\"format\":\"int64\"}",
	    [DB_TYPE_FLOAT4] = "{\"type\":[\"number\",\"string\",\"null\"],\"format\":\"float\"}",
	    [DB_TYPE_FLOAT8] = "{\"type\":[\"number\",\"string\",\"null\"],\"format\":\"double\"}",
	    [DB_TYPE_NUMERIC] = "{\"type\":[\"number\",\"string\",\"null\"]}",
	    [DB_TYPE_JSON] = "{}",
	    [DB_TYPE_UUID] = "{\"type\":[\"string\",\"null\"],\"format\":\"uuid\"}",
	    [DB_TYPE_BYTEA] = "{\"type\":[\"string\",\"null\"],\"format\":\"byte\",\"contentEncoding\":\"base64\"}",
	    [DB_TYPE_DATE] = "{\"type\":[\"string\",\"null\"],\"format\":\"date\"}",
	    [DB_TYPE_TIME] = "{\"type\":[\"string\",\"null\"],\"format\":\"time-local\"}",
	    [DB_TYPE_TIMESTAMP] = "{\"type\":[\"string\",\"null\"],\"format\":\"date-time-local\"}",
	    [DB_TYPE_TIMESTAMPTZ] = "{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}",
	    [DB_TYPE_INTERVAL] = "{\"type\":[\"string\",\"null\"],\"description\":\"an ISO 8601 duration\"}",
	    [DB_TYPE_VOID] = "{\"type\":\"null\"}",
	    [DB_TYPE_COMPOSITE] = "{\"type\":[\"object\",\"null\"],\"properties\":{\"x\":{\"type\":[\"string\","
				  "\"null\"]}},\"required\":[\"x\"]}",
	    [DB_TYPE_HSTORE] = "{\"type\":[\"object\",\"null\"],\"additionalProperties\":{\"type\":[\"string\","
			       "\"null\"]}}",
	};
	static const char row[] = "paths /notes/{id} get responses 200 content application/json schema";
	char place[256];

	(void)state;
	for (unsigned kind = 0; kind < DB_TYPE_KIND_COUNT; kind++) {
		snprintf(place, sizeof(place), "%s properties c%u", row, kind);
		expect(place, schemas[kind]);
	}
	snprintf(place, sizeof(place), "%s properties list", row);
	expect(place,
	       "{\"type\":[\"array\",\"null\"],\"items\":{\"type\":[\"integer\",\"null\"],\"format\":\"int32\"}}");
	snprintf(place, sizeof(place), "%s required", row);
	assert_int_equal(json_array_size(at(place)), DB_TYPE_KIND_COUNT + 1);
}

static void enums_name_their_labels(void **state)
{
	struct db_type mood = {DB_TYPE_OTHER, false, ',', "mood", "[\"sad\", \"happy\"]", NULL, NULL};
	static const char row[] = "paths /notes/{id} get responses 200 content application/json schema properties";
	char place[256];

	(void)state;
	endpoint_named("notes")->statement.parameters[0].type = mood;
	endpoint_named("note")->statement.signature.columns[0].type = mood;
	mood.is_array = true;
	endpoint_named("note")->statement.signature.columns[1].type = mood;
	read_document();
	expect("paths /notes get parameters 0 schema", "{\"type\":\"string\",\"enum\":[\"sad\",\"happy\"]}");
	snprintf(place, sizeof(place), "%s c0", row);
	expect(place, "{\"type\":[\"string\",\"null\"],\"enum\":[\"sad\",\"happy\",null]}");
	snprintf(place, sizeof(place), "%s c1 items", row);
	expect(place, "{\"type\":[\"string\",\"null\"],\"enum\":[\"sad\",\"happy\",null]}");
}

static void responses_are_those_of_the_shape(void **state)
{
	static const char problem[] = "{\"$ref\":\"#/components/responses/Problem\"}";
	static const char not_found[] = "{\"$ref\":\"#/components/responses/Problem404\"}";

	(void)state;
	expect("paths /notes/{id} get responses 404", not_found);
	expect("paths /notes/{id} get responses default", problem);
	expect("paths /notes/{id} get responses 200 content application/json schema type", "\"object\"");
	expect("paths /notes post responses 201 content application/json schema type", "\"object\"");
	expect_nothing_at("paths /notes post responses 200");
	expect("paths /notes get responses 200 content application/json schema type", "\"array\"");
	expect("paths /notes get responses 200 content application/json schema items type", "\"object\"");
	expect("paths /notes get responses 200 headers Meantime-Truncated schema type", "\"string\"");
	expect_nothing_at("paths /notes get responses 404");
	expect("paths /notes/{id} put responses 204", "{\"description\":\"It is done.\"}");
	expect("paths /notes/{id} put responses 404", not_found);
	expect_nothing_at("paths /renew post responses 404");
	expect("paths /renew post responses default", problem);
	expect("paths /watch get responses 200 content application/x-ndjson", "{}");
	expect("paths /watch get responses 200 content application/json schema type", "\"array\"");
	expect_nothing_at("paths /watch get responses 200 headers");
	expect("paths /watch get responses 200 content text/csv", "{}");
	expect("paths /notes get responses 200 content application/x-ndjson", "{}");
	expect("paths /notes get responses 200 content text/csv", "{}");
	expect("paths /notes/{id} get responses 406", "{\"$ref\":\"#/components/responses/Problem406\"}");
	expect_nothing_at("paths /notes/{id} put responses 406");
}

static void what_can_go_wrong_is_told_with_the_statuses_that_an_author_chose(void **state)
{
	static const struct {
		const char *place, *statuses;
	} expected[] = {
	    {"paths /renew post responses", "204 400 402 403 409 413 414 415 417 429 431 500 501 503 504 default"},
	    {"paths /notes/{id} put responses", "204 400 403 404 409 413 414 415 417 431 500 501 503 504 default"},
	    {"paths /notes/{id} get responses", "200 400 403 404 405 406 413 414 417 431 500 501 503 504 default"},
	    {"paths /watch get responses", "200 400 403 405 406 413 414 417 431 500 501 503 504 default"},
	    {"paths /openapi.json get responses", "200 400 413 414 417 431 500 501 default"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		char found[256] = "";
		const char *status;
		json_t *response;

		json_object_foreach(at(expected[i].place), status, response) snprintf(
		    found + strlen(found), sizeof(found) - strlen(found), "%s%s", found[0] != '\0' ? " " : "", status);
		assert_string_equal(found, expected[i].statuses);
	}
}

static void expect_references_to_lead_somewhere(json_t *place)
{
	const char *key;
	json_t *value;
	size_t index;

	json_object_foreach(place, key, value)
	{
		if (strcmp(key, "$ref") == 0) {
			char keys[128];

			snprintf(keys, sizeof(keys), "%s", json_string_value(value) + strlen("#/"));
			for (char *slash = keys; (slash = strchr(slash, '/')) != NULL;)
				*slash = ' ';
			assert_non_null(at(keys));
		}
		expect_references_to_lead_somewhere(value);
	}
	json_array_foreach(place, index, value) expect_references_to_lead_somewhere(value);
}

static void references_lead_somewhere(void **state)
{
	(void)state;
	expect_references_to_lead_somewhere(document);
	expect("components responses Problem content application/problem+json schema",
	       "{\"$ref\":\"#/components/schemas/Problem\"}");
	expect("components schemas Problem required", "[\"type\",\"title\",\"status\",\"detail\"]");
	assert_int_equal(json_object_size(at("components schemas Problem properties")), 6);
}

static void document_is_served(void **state)
{
	static const struct exchange_settings settings;
	const struct route route = {.data = &written};
	static struct exchange x;

	(void)state;
	exchange_begin(&x, &settings, 1);
	x.request.match.route = &route;
	assert_int_equal(openapi_get(&x), STEP_RESPOND);
	assert_int_equal(x.response.status, 200);
	assert_string_equal(x.response.content_type, "application/json");
	assert_ptr_equal(x.response.body.at, written.at);
	assert_int_equal(x.response.body.length, written.length);
	exchange_recycle(&x);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(document_is_openapi_3_1),
	    TEST(the_operator_says_what_the_api_is),
	    TEST(what_the_operator_does_not_say_is_not_made_up),
	    TEST(operations_have_the_tag_of_their_file),
	    TEST(what_the_client_does_not_give_is_not_shown),
	    TEST(operations_say_who_may_call_them),
	    TEST(operations_say_what_they_answer),
	    TEST(each_status_names_its_problems),
	    TEST(document_is_deterministic),
	    TEST(document_is_indented),
	    TEST(every_endpoint_is_at_its_path_and_no_other),
	    TEST(path_parameters_have_one_name_a_place),
	    TEST(query_parameters_have_types_and_defaults),
	    TEST(body_has_what_the_path_has_not),
	    TEST(defaults_are_values_of_their_type),
	    TEST(columns_have_the_schema_of_their_type),
	    TEST(enums_name_their_labels),
	    TEST(responses_are_those_of_the_shape),
	    TEST(what_can_go_wrong_is_told_with_the_statuses_that_an_author_chose),
	    TEST(references_lead_somewhere),
	    TEST(document_is_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
