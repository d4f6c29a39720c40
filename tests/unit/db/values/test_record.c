#include "db/values/record.h"

#include "lib/arena_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct db_attribute point_attributes[] = {
    {"x", {.kind = DB_TYPE_INT4, .delimiter = ','}},
    {"label", {.kind = DB_TYPE_OTHER, .delimiter = ','}},
};
static const struct db_composite point = {2, point_attributes};
static struct db_attribute shape_attributes[] = {
    {"at", {.kind = DB_TYPE_COMPOSITE, .delimiter = ',', .composite = &point}},
    {"points", {.kind = DB_TYPE_COMPOSITE, .is_array = true, .delimiter = ',', .composite = &point}},
    {"facts", {.kind = DB_TYPE_JSON, .delimiter = ','}},
    {"extra", {.kind = DB_TYPE_HSTORE, .delimiter = ','}},
};
static const struct db_composite shape = {4, shape_attributes};
static const struct db_composite nothing = {0, NULL};

static const struct db_type point_type = {.kind = DB_TYPE_COMPOSITE, .delimiter = ',', .composite = &point};
static const struct db_type points_type = {
    .kind = DB_TYPE_COMPOSITE, .is_array = true, .delimiter = ',', .composite = &point};
static const struct db_type shape_type = {.kind = DB_TYPE_COMPOSITE, .delimiter = ',', .composite = &shape};
static const struct db_type nothing_type = {.kind = DB_TYPE_COMPOSITE, .delimiter = ',', .composite = &nothing};
static const struct db_type hstore_type = {.kind = DB_TYPE_HSTORE, .delimiter = ','};

static void values_become_postgresql_s_text(void **state)
{
	static const struct {
		const struct db_type *type;
		const char *json, *bound;
	} cases[] = {
	    {&point_type, "{\"x\":1,\"label\":\"a\"}", "(\"1\",\"a\")"},
	    {&point_type, " {\"label\" : null , \"x\" : -2 }", "(\"-2\",)"},
	    {&point_type, "{\"x\":null,\"label\":\"\"}", "(,\"\")"},
	    {&point_type, "{\"x\":1,\"l\\u0061bel\":\"q\\\"b\\\\,()\"}", "(\"1\",\"q\\\"b\\\\,()\")"},
	    {&point_type, "{\"x\":\"7\",\"label\":true}", "(\"7\",\"true\")"},
	    {&point_type, "\"(1,\\\"a b\\\")\"", "(1,\"a b\")"},
	    {&points_type, "[]", "{}"},
	    {&points_type, "[null,{\"x\":1,\"label\":\"a\"}]", "{NULL,\"(\\\"1\\\",\\\"a\\\")\"}"},
	    {&points_type, "[[\"(1,)\"],[\"(2,)\"]]", "{{\"(1,)\"},{\"(2,)\"}}"},
	    {&shape_type,
	     "{\"at\":{\"x\":1,\"label\":\"a\"},\"points\":[{\"x\":2,\"label\":null}],\"facts\":[1, \"a\"],"
	     "\"extra\":{\"k\":\"v\"}}",
	     "(\"(\\\"1\\\",\\\"a\\\")\",\"{\\\"(\\\\\\\"2\\\\\\\",)\\\"}\",\"[1, "
	     "\\\"a\\\"]\",\"\\\"k\\\"=>\\\"v\\\"\")"},
	    {&nothing_type, "{}", "()"},
	    {&hstore_type, "{}", ""},
	    {&hstore_type, "{\"a\":\"1\",\"q\\\"\":null}", "\"a\"=>\"1\",\"q\\\"\"=>NULL"},
	    {&hstore_type, "\"a=>1\"", "a=>1"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		const char *bound = NULL, *json = cases[i].json + (*cases[i].json == ' ');

		assert_null(record_from_json(cases[i].type, text_of(json), &arena, &bound));
		assert_string_equal(bound, cases[i].bound);
	}
}

static void what_is_wrong_is_named_by_its_place(void **state)
{
	static const struct {
		const struct db_type *type;
		const char *json, *problem;
	} cases[] = {
	    {&point_type, "{\"x\":1}", "must have the field label"},
	    {&point_type, "{\"x\":1,\"label\":\"a\",\"y\":2}", "must have no field \"y\""},
	    {&point_type, "{\"x\":1,\"x\":2,\"label\":\"a\"}",
	     "must be an object nested at most 64 deep, got {\"x\":1,\"x\":2,\"label\":\"a\"}"},
	    {&point_type, "7", "must be an object with the fields of its type, got 7"},
	    {&point_type, "[]", "must be an object with the fields of its type, got []"},
	    {&points_type, "{}", "must be an array of objects with the fields of their type, got {}"},
	    {&point_type, "{\"x\":{},\"label\":\"a\"}",
	     "is wrong: its field \"x\" must be an integer from -2147483648 to 2147483647, got {}"},
	    {&point_type, "{\"x\":1,\"label\":\"a\\u0000\"}",
	     "is wrong: its field \"label\" must hold no character U+0000, got \"a\\u0000\""},
	    {&hstore_type, "{\"a\":1}", "must be an object of strings and nulls, got {\"a\":1}"},
	    {&hstore_type, "[]", "must be an object of strings and nulls, got []"},
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		const char *bound = "untouched";
		const char *problem = record_from_json(cases[i].type, text_of(cases[i].json), &arena, &bound);

		assert_non_null(problem);
		assert_string_equal(problem, cases[i].problem);
		assert_string_equal(bound, "untouched");
	}
}

/* A type may hold arrays of itself; the depth of what comes is bounded. */
static void depth_is_bounded(void **state)
{
	static struct db_attribute attributes[1];
	static const struct db_composite tree = {1, attributes};
	const struct db_type type = {.kind = DB_TYPE_COMPOSITE, .is_array = true, .delimiter = ',', .composite = &tree};
	struct text json = {arena_alloc(&arena, 2000), 0};
	char *out = (char *)(uintptr_t)json.at;
	const char *bound;

	(void)state;
	attributes[0] = (struct db_attribute){"of", type};
	for (int i = 0; i < 40; i++)
		out += sprintf(out, "[{\"of\":");
	out += sprintf(out, "null");
	for (int i = 0; i < 40; i++)
		out += sprintf(out, "}]");
	json.length = (size_t)(out - json.at);
	assert_non_null(strstr(record_from_json(&type, json, &arena, &bound), "at most 64 deep"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(values_become_postgresql_s_text, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_is_wrong_is_named_by_its_place, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(depth_is_bounded, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
