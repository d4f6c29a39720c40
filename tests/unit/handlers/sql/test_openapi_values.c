#include "openapi_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(path_parameters_have_one_name_a_place), TEST(query_parameters_have_types_and_defaults),
	    TEST(body_has_what_the_path_has_not),        TEST(defaults_are_values_of_their_type),
	    TEST(columns_have_the_schema_of_their_type), TEST(enums_name_their_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
