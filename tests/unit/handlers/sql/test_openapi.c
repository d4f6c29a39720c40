#include "openapi_fixture.h"

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
	    TEST(responses_are_those_of_the_shape),
	    TEST(what_can_go_wrong_is_told_with_the_statuses_that_an_author_chose),
	    TEST(references_lead_somewhere),
	    TEST(document_is_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
