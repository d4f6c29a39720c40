#include "parameter_fixture.h"

/* What is no integer of any size, as text. */
#define NO_INTEGERS                                                                                                    \
	"", " ", "+", "-", " 1", "1 ", "1\n", "--1", "+-1", "1e5", "1.0", "1.", "0x1", "1_000", "1,000", "a", "1a",    \
	    "\xd9\xa1", "null", "99999999999999999999", "-99999999999999999999"

static void integers_from_text(void **state)
{
	(void)state;
	expect_text(DB_TYPE_INT2, LIST("0", "-0", "+5", "007", "32767", "-32768", "+32767"),
		    LIST(NO_INTEGERS, "32768", "-32769", "+32768"));
	expect_text(DB_TYPE_INT4, LIST("0", "-0", "+5", "2147483647", "-2147483648"),
		    LIST(NO_INTEGERS, "2147483648", "-2147483649"));
	expect_text(DB_TYPE_INT8,
		    LIST("0", "-0", "+5", "9223372036854775807", "-9223372036854775808", "0000000000000000000000001"),
		    LIST(NO_INTEGERS, "9223372036854775808", "-9223372036854775809", "+9223372036854775808"));
}

static void integers_from_json(void **state)
{
	static const enum db_type_kind kinds[] = {DB_TYPE_INT2, DB_TYPE_INT4, DB_TYPE_INT8};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
		expect_json(kinds[i], LIST("0", "-0", "12", "-32768", "32767"),
			    LIST("", "+5", "007", "1.0", "1e2", "1E0", "\"1\"", "true", "[1]", "{}", "nul", "NaN", " 1",
				 "99999999999999999999"));
	expect_json(DB_TYPE_INT2, LIST("1"), LIST("32768", "-32769"));
	expect_json(DB_TYPE_INT4, LIST("2147483647", "-2147483648"), LIST("2147483648", "-2147483649"));
	expect_json(DB_TYPE_INT8, LIST("9223372036854775807", "-9223372036854775808"),
		    LIST("9223372036854775808", "-9223372036854775809"));
}

#define NO_DECIMALS                                                                                                    \
	"", " ", "-", "+", ".", "1.", ".5", "-.5", "1e", "1.e5", "1.-5", "1e+", "1e5.0", "e5", "1.5.5", " 1", "1 ",    \
	    "0x1p3", "1f", "1,5", "1e 5", "--1", "nan", "NAN", "inf", "infinity", "+Infinity", "+NaN", "-NaN",         \
	    "Infinity ", "a"

static void floats_from_text(void **state)
{
	(void)state;
	expect_text(
	    DB_TYPE_FLOAT8,
	    LIST("0", "-0", "+5", "007.50", "1.5", "1e5", "1E-5", "1.5e+300", "NaN", "Infinity", "-Infinity",
		 "1.7976931348623157e308", "-1.7976931348623157e308", "2.5e-324", "1e-310", "0e999999999999", "0e-400"),
	    LIST(NO_DECIMALS, "1.7976931348623159e308", "1e309", "-1e309", "2.4e-324", "1e-400", "1e99999999999"));
	expect_text(DB_TYPE_FLOAT4,
		    LIST("0", "1.5", "3.4028235e38", "3.40282356e38", "7.1e-46", "1e-42", "NaN", "-Infinity"),
		    LIST(NO_DECIMALS, "3.4028236e38", "3.5e38", "-3.5e38", "6e-46", "1e-50", "1e309"));
}

static void floats_from_json(void **state)
{
	(void)state;
	expect_json(DB_TYPE_FLOAT8, LIST("0", "-0", "1.5", "1e5", "-1.5E-300", "12345678901234567890"),
		    LIST("", "+5", "01.5", ".5", "1.", "\"1.5\"", "NaN", "\"nan\"", "Infinity", "1e309", "1e-400",
			 "true", "[]"));
	expect(parameter_from_json, one(DB_TYPE_FLOAT8), "\"-Infinity\"", "-Infinity");
	expect(parameter_from_json, one(DB_TYPE_FLOAT4), "\"NaN\"", "NaN");
	expect_json(DB_TYPE_FLOAT4, LIST("3.4028235e38", "1e-42"), LIST("3.5e38", "1e-50", "\"infinity\""));
}

/* A 1 (or `first`) and zeros up to `length` digits. */
static const char *digits(char first, unsigned length)
{
	char *number = arena_alloc(&arena, length + 1);

	memset(number, '0', length);
	number[0] = first;
	number[length] = '\0';
	return number;
}

static void numerics_from_text(void **state)
{
	(void)state;
	expect_text(DB_TYPE_NUMERIC,
		    LIST("0", "-0", "+007.50", "12345678901234567890.1234567890", "1.5e3", "NaN", "Infinity",
			 "-Infinity", "1e131071", "1e+131071", "-1e131071", "10e131070", "0.001e131074", "0e200000",
			 "0e1000000", "1e-16383", "0.1e-16382", "1.50e-16381"),
		    LIST(NO_DECIMALS, "1e131072", "10e131071", "0.001e131075", "1e-16384", "1.0e-16383", "10e-16384",
			 "0e-20000", "0e1000001", "0e10000000", "1e99999999999999999999", "1e-99999999999999999999"));
	expect(parameter_from_text, one(DB_TYPE_NUMERIC), digits('1', 131072), digits('1', 131072));
	expect(parameter_from_text, one(DB_TYPE_NUMERIC), digits('1', 131073), REFUSED);
	expect(parameter_from_text, one(DB_TYPE_NUMERIC), digits('0', 131073), digits('0', 131073));
	expect(parameter_from_text, one(DB_TYPE_NUMERIC), arena_printf(&arena, "0.%s", digits('1', 16383)),
	       arena_printf(&arena, "0.%s", digits('1', 16383)));
	expect(parameter_from_text, one(DB_TYPE_NUMERIC), arena_printf(&arena, "0.%s", digits('1', 16384)), REFUSED);
}

static void numerics_from_json(void **state)
{
	(void)state;
	expect_json(DB_TYPE_NUMERIC, LIST("0", "12.50", "-1e3", "12345678901234567890.1234567890"),
		    LIST("", "+1", "01", "1e131072", "true", "\"\"", "\" 1\"", "\"nan\"", "\"+Infinity\"", "NaN",
			 "\"1e131072\""));
	expect(parameter_from_json, one(DB_TYPE_NUMERIC), "\"12.50\"", "12.50");
	expect(parameter_from_json, one(DB_TYPE_NUMERIC), "\"\\u0031\"", "1");
	expect(parameter_from_json, one(DB_TYPE_NUMERIC), "\"Infinity\"", "Infinity");
}

/* boolin() of src/backend/utils/adt/bool.c */
static void booleans(void **state)
{
	static const char *const trues[] = {"true", "t",  "tr", "tru",   "True",  "TRUE",
					    "tRuE", "y",  "ye", "yes",   "Y",     "on",
					    "ON",   "oN", "1",  " true", "true ", "\t\n\v\f\r 1 \r",
					    "  y  "};
	static const char *const falses[] = {"false", "f",  "fa",  "fal", "fals", "FALSE", "F",  "n",
					     "no",    "NO", "off", "of",  "OFF",  "0",     " 0", "no\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(trues); i++)
		expect(parameter_from_text, one(DB_TYPE_BOOL), trues[i], "true");
	for (size_t i = 0; i < ARRAY_LENGTH(falses); i++)
		expect(parameter_from_text, one(DB_TYPE_BOOL), falses[i], "false");
	expect_text(DB_TYPE_BOOL, LIST("true", "false"),
		    LIST("", " ", "o", "O", "truee", "trux", "t rue", "yess", "yep", "onn", "o n", "10", "01", "00",
			 "2", "-1", "+1", "offf", "nope", "falsch", "null", "\xc2\xa0true", "t\xc3\xa4", "'t'",
			 "\"true\""));
	expect_json(DB_TYPE_BOOL, LIST("true", "false"),
		    LIST("", "1", "0", "\"true\"", "\"t\"", "TRUE", "True", "t", "yes", "on", "[]", "nulls"));
}

static void uuids(void **state)
{
	static const char uuid[] = "123e4567-EABF-12d3-a456-42661417400f";

	(void)state;
	expect_text(DB_TYPE_UUID, LIST(uuid, "00000000-0000-0000-0000-000000000000"),
		    LIST("", "123e4567e89b12d3a45642661417400f", "{123e4567-e89b-12d3-a456-42661417400f}",
			 "123e4567-e89b-12d3-a456-42661417400", "123e4567-e89b-12d3-a456-42661417400f0",
			 "123e4567-e89b-12d3-a456-42661417400g", "123e456-7e89b-12d3-a456-42661417400f",
			 "123e4567+e89b-12d3-a456-42661417400f"));
	expect(parameter_from_json, one(DB_TYPE_UUID), "\"123e4567-EABF-12d3-a456-42661417400f\"", uuid);
	expect_json(DB_TYPE_UUID, LIST(NULL), LIST(uuid, "\"\"", "1", "\"123e4567\""));
}

static void void_takes_nothing(void **state)
{
	(void)state;
	expect_text(DB_TYPE_VOID, LIST(NULL), LIST("", "1"));
	expect_json(DB_TYPE_VOID, LIST(NULL), LIST("\"\"", "1"));
}

static const char *nested(unsigned depth)
{
	char *json = arena_alloc(&arena, 2 * (size_t)depth + 1);

	memset(json, '[', depth);
	memset(json + depth, ']', depth);
	json[2 * depth] = '\0';
	return json;
}

static void json_passes_byte_for_byte(void **state)
{
	static const char odd[] = "{ \"b\":1.00, \"a\":[1E2,\"\\u00e4\\/\"],\n\"a\":null}";

	(void)state;
	expect_text(DB_TYPE_JSON, LIST(odd, "1", "\"a\"", "null", "true", " [ ] ", nested(64)),
		    LIST("", " ", "a", "'a'", "{a:1}", "[1,]", "1 2", "[]]", "\"\n\"", "+1", "NaN", nested(65)));
	assert_ptr_equal(taken(parameter_from_text, one(DB_TYPE_JSON), TEXT("1\0")), REFUSED);
	expect_json(DB_TYPE_JSON, LIST(odd, "1", "\"a\"", "true", "[null]", nested(512)),
		    LIST("", "a", "[1,", "1 2", "nul", nested(513)));
}

static void bytea_is_base64(void **state)
{
	static const struct {
		const char *base64, *hex;
	} good[] = {
	    {"", "\\x"},           {"Zg==", "\\x66"},           {"Zm8=", "\\x666f"},
	    {"Zm9v", "\\x666f6f"}, {"Zm9vYg==", "\\x666f6f62"}, {"AP+r/w==", "\\x00ffabff"},
	};
	static const char *const bad[] = {
	    "Z", "Zg", "Zg=", "Zg===", "Zm9vYg", "Zg==Zg==", "Zm 8", "Zm8=\n", "_-_-", "====", "Zh==", "\\x66"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		expect(parameter_from_text, one(DB_TYPE_BYTEA), good[i].base64, good[i].hex);
		expect(parameter_from_json, one(DB_TYPE_BYTEA), arena_printf(&arena, "\"%s\"", good[i].base64),
		       good[i].hex);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		expect(parameter_from_text, one(DB_TYPE_BYTEA), bad[i], REFUSED);
	expect(parameter_from_json, one(DB_TYPE_BYTEA), "\"Zg\\u003d\\u003d\"", "\\x66");
	expect_json(DB_TYPE_BYTEA, LIST(NULL), LIST("Zg==", "1", "\"Zg\"", "[102]"));
}

/* What a client reads it can send back, and PostgreSQL is given what it gave: its text -> JSON -> the same text. */
static void what_is_read_can_be_written(void **state)
{
	static const struct {
		struct db_type type;
		const char *value;
	} cases[] = {
	    {{.kind = DB_TYPE_INT8}, "-9223372036854775808"},
	    {{.kind = DB_TYPE_FLOAT8}, "1.5e-07"},
	    {{.kind = DB_TYPE_NUMERIC}, "12345678901234567890.1200"},
	    {{.kind = DB_TYPE_OTHER}, "a \"b\"\\\n\x01\x1f\x7f\xc3\xa4\xf0\x9f\x98\x80/"},
	    {{.kind = DB_TYPE_JSON}, "{\"a\": [1.0, null]}"},
	    {{.kind = DB_TYPE_UUID}, "123e4567-e89b-12d3-a456-426614174000"},
	    {{.kind = DB_TYPE_BYTEA}, "\\x00ff10"},
	    {{.kind = DB_TYPE_BYTEA}, "\\x"},
	    {{.kind = DB_TYPE_DATE}, "2026-11-22"},
	    {{.kind = DB_TYPE_TIME}, "10:00:00.5"},
	    {{.kind = DB_TYPE_INTERVAL}, "P1Y2M3DT4H5M6.7S"},
	    {{DB_TYPE_OTHER, true, ',', "text[]", NULL, NULL, NULL}, "{\"a\",\"\\\"\\\\\",NULL,\"NULL\",\"\",\"{,}\"}"},
	    {{DB_TYPE_INT4, true, ',', "integer[]", NULL, NULL, NULL}, "{{\"1\",NULL},{\"-3\",\"4\"}}"},
	    {{DB_TYPE_BYTEA, true, ',', "bytea[]", NULL, NULL, NULL}, "{\"\\\\x00ff\"}"},
	    {{DB_TYPE_JSON, true, ',', "jsonb[]", NULL, NULL, NULL}, "{\"{\\\"a\\\": \\\"\\\\\\\"\\\"}\",\"1\"}"},
	    {{DB_TYPE_OTHER, true, ';', "box[]", NULL, NULL, NULL}, "{\"(1,1),(0,0)\";\"(2,2),(1,1)\"}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct buffer json = buffer_in(&arena);

		row_json_add_value(&json, &cases[i].type, text_of(cases[i].value));
		buffer_add_char(&json, '\0');
		expect(parameter_from_json, cases[i].type, json.bytes, cases[i].value);
	}
}

/* Timestamps come back as they were read: in ISO 8601, which PostgreSQL takes too. */
static void read_timestamps_can_be_written(void **state)
{
	static const struct {
		enum db_type_kind kind;
		const char *value, *bound;
	} cases[] = {
	    {DB_TYPE_TIMESTAMP, "2026-11-22 10:00:00.123456", "2026-11-22T10:00:00.123456"},
	    {DB_TYPE_TIMESTAMPTZ, "2026-11-22 10:00:00.5+02", "2026-11-22T10:00:00.5+02:00"},
	    {DB_TYPE_TIMESTAMPTZ, "2026-11-22 10:00:00-05:30", "2026-11-22T10:00:00-05:30"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct db_type type = one(cases[i].kind);
		struct buffer json = buffer_in(&arena);

		row_json_add_value(&json, &type, text_of(cases[i].value));
		buffer_add_char(&json, '\0');
		expect(parameter_from_json, type, json.bytes, cases[i].bound);
	}
}

/* The bound text is the request's own, not a view of input that may go first. */
static void what_is_bound_is_a_copy(void **state)
{
	char text[] = "abcd", json[] = "\"abcd\"", number[] = "1234";
	const char *from_text = taken(parameter_from_text, one(DB_TYPE_OTHER), (struct text){text, 3});
	const char *from_json = taken(parameter_from_json, one(DB_TYPE_OTHER), text_of(json));
	const char *integer = taken(parameter_from_json, one(DB_TYPE_INT4), (struct text){number, 3});

	(void)state;
	memset(text, '#', 4);
	memset(json, '#', 6);
	memset(number, '#', 4);
	assert_string_equal(from_text, "abc");
	assert_string_equal(from_json, "abcd");
	assert_string_equal(integer, "123");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(integers_from_text),
	    TEST(integers_from_json),
	    TEST(floats_from_text),
	    TEST(floats_from_json),
	    TEST(numerics_from_text),
	    TEST(numerics_from_json),
	    TEST(booleans),
	    TEST(uuids),
	    TEST(void_takes_nothing),
	    TEST(json_passes_byte_for_byte),
	    TEST(bytea_is_base64),
	    TEST(what_is_read_can_be_written),
	    TEST(read_timestamps_can_be_written),
	    TEST(what_is_bound_is_a_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
