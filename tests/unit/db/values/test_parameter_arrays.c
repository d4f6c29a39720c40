#include "parameter_fixture.h"

static struct db_type array_of(enum db_type_kind kind)
{
	return (struct db_type){.kind = kind, .is_array = true, .delimiter = ','};
}

static const char *from_texts(struct db_type type, const struct text *inputs, unsigned count)
{
	const char *bound = NULL;

	return parameter_from_texts(&type, inputs, count, &arena, &bound) ? bound : REFUSED;
}

static void arrays_from_texts(void **state)
{
	static const struct text tags[] = {TEXT_INIT("a"),       TEXT_INIT(""),      TEXT_INIT("NULL"),
					   TEXT_INIT("x\"y\\z"), TEXT_INIT("{a,b}"), TEXT_INIT(" ")};
	static const struct text numbers[] = {TEXT_INIT("1"), TEXT_INIT("-2"), TEXT_INIT("1.5")};
	static const struct text bytes[] = {TEXT_INIT("Zg==")};
	static const struct text documents[] = {TEXT_INIT("{\"a\":\"\\\"\"}"), TEXT_INIT("null")};
	struct db_type box = {.kind = DB_TYPE_OTHER, .is_array = true, .delimiter = ';'};

	(void)state;
	assert_string_equal(from_texts(array_of(DB_TYPE_OTHER), tags, 6),
			    "{\"a\",\"\",\"NULL\",\"x\\\"y\\\\z\",\"{a,b}\",\" \"}");
	assert_string_equal(from_texts(array_of(DB_TYPE_OTHER), tags, 0), "{}");
	assert_string_equal(from_texts(box, tags, 2), "{\"a\";\"\"}");
	assert_string_equal(from_texts(array_of(DB_TYPE_INT4), numbers, 2), "{\"1\",\"-2\"}");
	assert_ptr_equal(from_texts(array_of(DB_TYPE_INT4), numbers, 3), REFUSED);
	assert_string_equal(from_texts(array_of(DB_TYPE_BYTEA), bytes, 1), "{\"\\\\x66\"}");
	assert_string_equal(from_texts(array_of(DB_TYPE_JSON), documents, 2),
			    "{\"{\\\"a\\\":\\\"\\\\\\\"\\\"}\",\"null\"}");
	assert_ptr_equal(from_texts(one(DB_TYPE_INT4), numbers, 1), REFUSED);
	/* an array's literal is no element, and no array */
	expect(parameter_from_text, array_of(DB_TYPE_INT4), "{1,2}", REFUSED);
	expect(parameter_from_text, array_of(DB_TYPE_INT4), "1", REFUSED);
	expect(parameter_from_text, array_of(DB_TYPE_OTHER), "{}", REFUSED);
}

static void arrays_from_json(void **state)
{
	static const struct {
		enum db_type_kind kind;
		const char *json, *bound;
	} cases[] = {
	    {DB_TYPE_INT4, "[]", "{}"},
	    {DB_TYPE_INT4, "[ ]", "{}"},
	    {DB_TYPE_INT4, "null", NULL},
	    {DB_TYPE_INT4, "[1]", "{\"1\"}"},
	    {DB_TYPE_INT4, "[ 1 ,\n-2,null ]", "{\"1\",\"-2\",NULL}"},
	    {DB_TYPE_INT4, "[[1,2],[3,null]]", "{{\"1\",\"2\"},{\"3\",NULL}}"},
	    {DB_TYPE_INT4, "[[[[[[1]]]]]]", "{{{{{{\"1\"}}}}}}"},
	    {DB_TYPE_OTHER, "[\"a\",\"\",\"NULL\",null,\"x\\\"y\\\\z\",\"{a,b}\",\"[\"]",
	     "{\"a\",\"\",\"NULL\",NULL,\"x\\\"y\\\\z\",\"{a,b}\",\"[\"}"},
	    {DB_TYPE_BOOL, "[true,false]", "{\"true\",\"false\"}"},
	    {DB_TYPE_FLOAT8, "[1.5,-1e3]", "{\"1.5\",\"-1e3\"}"},
	    {DB_TYPE_NUMERIC, "[1.50,\"2.50\"]", "{\"1.50\",\"2.50\"}"},
	    {DB_TYPE_BYTEA, "[\"Zg==\",\"\"]", "{\"\\\\x66\",\"\\\\x\"}"},
	    {DB_TYPE_DATE, "[\"2026-11-22\"]", "{\"2026-11-22\"}"},
	    {DB_TYPE_JSON, "[1,[2,[]],{\"a\": \"b\\\"\"},null,\"x\"]",
	     "{\"1\",\"[2,[]]\",\"{\\\"a\\\": \\\"b\\\\\\\"\\\"}\",NULL,\"\\\"x\\\"\"}"},
	    {DB_TYPE_INT4, "", REFUSED},
	    {DB_TYPE_INT4, "1", REFUSED},
	    {DB_TYPE_INT4, "\"{1}\"", REFUSED},
	    {DB_TYPE_INT4, "{}", REFUSED},
	    {DB_TYPE_INT4, "[1.5]", REFUSED},
	    {DB_TYPE_INT4, "[1,\"2\"]", REFUSED},
	    {DB_TYPE_INT4, "[1,{}]", REFUSED},
	    {DB_TYPE_INT4, "[2147483648]", REFUSED},
	    {DB_TYPE_INT4, "[1", REFUSED},
	    {DB_TYPE_INT4, "[1,]", REFUSED},
	    {DB_TYPE_INT4, "[1 2]", REFUSED},
	    {DB_TYPE_INT4, "[1]x", REFUSED},
	    /* what PostgreSQL calls a malformed array */
	    {DB_TYPE_INT4, "[[]]", REFUSED},
	    {DB_TYPE_INT4, "[[],[]]", REFUSED},
	    {DB_TYPE_INT4, "[[1,2],[3]]", REFUSED},
	    {DB_TYPE_INT4, "[[1],[2,3]]", REFUSED},
	    {DB_TYPE_INT4, "[[[1],[2]],[[3]]]", REFUSED},
	    {DB_TYPE_INT4, "[1,[2]]", REFUSED},
	    {DB_TYPE_INT4, "[[1],2]", REFUSED},
	    {DB_TYPE_INT4, "[[1],null]", REFUSED},
	    {DB_TYPE_INT4, "[null,[1]]", REFUSED},
	    {DB_TYPE_INT4, "[[1],[]]", REFUSED},
	    {DB_TYPE_INT4, "[[[[[[[1]]]]]]]", REFUSED},
	    {DB_TYPE_OTHER, "[1]", REFUSED},
	    {DB_TYPE_OTHER, "[\"\\u0000\"]", REFUSED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		expect(parameter_from_json, array_of(cases[i].kind), cases[i].json, cases[i].bound);
}

/* [0,0,...] or, nested, [[0,0,...],[0,0,...]] of `rows` rows. */
static struct text zeros(unsigned rows, unsigned count)
{
	struct buffer json = buffer_in(&arena);

	buffer_add(&json, rows > 1 ? TEXT("[[") : TEXT("["));
	for (unsigned row = 0; row < rows; row++)
		for (unsigned i = 0; i < count; i++)
			buffer_add(&json, i + 1 < count ? TEXT("0,") : row + 1 < rows ? TEXT("0],[") : TEXT("0"));
	buffer_add(&json, rows > 1 ? TEXT("]]") : TEXT("]"));
	return buffer_text(&json);
}

static void arrays_are_as_long_as_what_holds_them(void **state)
{
	enum { COUNT = 100000 };
	static struct text inputs[COUNT];
	const char *bound;

	(void)state;
	bound = taken(parameter_from_json, array_of(DB_TYPE_INT4), zeros(1, COUNT));
	assert_ptr_not_equal(bound, REFUSED);
	assert_int_equal(strlen(bound), 2 + COUNT * 4 - 1);
	assert_ptr_not_equal(taken(parameter_from_json, array_of(DB_TYPE_INT4), zeros(2, COUNT / 2)), REFUSED);
	for (unsigned i = 0; i < COUNT; i++)
		inputs[i] = TEXT("0");
	assert_string_equal(from_texts(array_of(DB_TYPE_INT4), inputs, COUNT), bound);
}

static void two_forms_of_a_value_may_be_the_same(void **state)
{
	static const struct {
		enum db_type_kind kind;
		const char *a, *b;
		bool is_same;
	} pairs[] = {
	    {DB_TYPE_INT4, "5", "5", true},
	    {DB_TYPE_INT4, "+5", "005", true},
	    {DB_TYPE_INT4, "-0", "0", true},
	    {DB_TYPE_INT4, "5", "6", false},
	    {DB_TYPE_INT8, "9223372036854775807", "9223372036854775806", false},
	    {DB_TYPE_INT2, "-1", "1", false},
	    {DB_TYPE_OTHER, "05", "5", false},
	    {DB_TYPE_OTHER, "a", "a", true},
	    {DB_TYPE_OTHER, "a", "A", false},
	    {DB_TYPE_OTHER, "", NULL, false},
	    {DB_TYPE_OTHER, NULL, "", false},
	    {DB_TYPE_INT4, NULL, NULL, true},
	    {DB_TYPE_UUID, "123E4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000", true},
	    {DB_TYPE_UUID, "123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174001", false},
	};
	const struct db_type integers = {.kind = DB_TYPE_INT4, .is_array = true};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(pairs); i++) {
		const struct db_type type = {.kind = pairs[i].kind};

		if (parameter_is_same(&type, pairs[i].a, pairs[i].b) != pairs[i].is_same)
			fail_msg("%zu: %s and %s", i, pairs[i].a, pairs[i].b);
	}
	assert_true(parameter_is_same(&integers, "{\"1\"}", "{\"1\"}"));
	assert_false(parameter_is_same(&integers, "{\"1\"}", "{\"2\"}"));
}

/* All of it to be escaped, and just not fitting beside its quotes into 32 KiB: a function that reserves too little writes
 * behind the end of a block, which ASan and malloc see. */
static void a_long_element_fits(void **state)
{
	enum { LENGTH = 16383 };
	static char quotes[LENGTH];
	const char *bound;

	(void)state;
	memset(quotes, '"', LENGTH);
	bound = from_texts(array_of(DB_TYPE_OTHER), &(struct text){quotes, LENGTH}, 1);
	assert_ptr_not_equal(bound, REFUSED);
	assert_int_equal(strlen(bound), 2 * LENGTH + 4);
	assert_memory_equal(bound, "{\"\\\"\\\"", 6);
	assert_memory_equal(bound + 2 * LENGTH, "\\\"\"}", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(arrays_from_texts),
	    TEST(arrays_from_json),
	    TEST(arrays_are_as_long_as_what_holds_them),
	    TEST(two_forms_of_a_value_may_be_the_same),
	    TEST(a_long_element_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
