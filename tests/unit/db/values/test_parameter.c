#include "db/values/parameter.h"

#include "base/buffer.h"
#include "db/values/row_json.h"
#include "lib/arena_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define REFUSED ((const char *)-1)

typedef bool take_fn(const struct db_type *type, struct text input, struct arena *arena, const char **bound);

/* Returns what was bound, or REFUSED. */
static const char *taken(take_fn *take, struct db_type type, struct text input)
{
	static const char untouched[] = "untouched";
	const char *bound = untouched;

	if (take(&type, input, &arena, &bound)) {
		assert_ptr_not_equal(bound, untouched);
		return bound;
	}
	assert_ptr_equal(bound, untouched);
	return REFUSED;
}

static const char *shown(const char *bound)
{
	return bound == REFUSED ? "(refused)" : bound == NULL ? "(NULL)" : bound;
}

static void expect(take_fn *take, struct db_type type, const char *input, const char *expected)
{
	const char *bound = taken(take, type, text_of(input));
	bool is_same = bound == expected || (bound != REFUSED && expected != REFUSED && bound != NULL &&
					     expected != NULL && strcmp(bound, expected) == 0);

	if (!is_same)
		fail_msg("kind %d%s, %s: expected %s, got %s", (int)type.kind, type.is_array ? "[]" : "", input,
			 shown(expected), shown(bound));
}

static struct db_type one(enum db_type_kind kind)
{
	return (struct db_type){.kind = kind, .delimiter = ','};
}

static struct db_type array_of(enum db_type_kind kind)
{
	return (struct db_type){.kind = kind, .is_array = true, .delimiter = ','};
}

/* A NULL ends each list. */
static void expect_text(enum db_type_kind kind, const char *const *good, const char *const *bad)
{
	for (; *good != NULL; good++)
		expect(parameter_from_text, one(kind), *good, *good);
	for (; *bad != NULL; bad++)
		expect(parameter_from_text, one(kind), *bad, REFUSED);
}

static void expect_json(enum db_type_kind kind, const char *const *good, const char *const *bad)
{
	for (; *good != NULL; good++)
		expect(parameter_from_json, one(kind), *good, *good);
	for (; *bad != NULL; bad++)
		expect(parameter_from_json, one(kind), *bad, REFUSED);
	expect(parameter_from_json, one(kind), "null", NULL);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

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

#define NO_DATES                                                                                                       \
	"", "2026", "2026-11", "2026-1-2", "26-01-02", "2026-00-10", "2026-13-10", "2026-11-00", "2026-11-31",         \
	    "2026-04-31", "2026-02-29", "1900-02-29", "2100-02-29", "0000-01-01", "-001-01-01", "02026-01-01",         \
	    "5874898-01-01", "12345678-01-01", "20261122", "2026/11/22", "22.11.2026", "today", "infinityy",           \
	    "+infinity", "-infinity BC", "infinity BC", "2026-11-22BC", "2026-11-22 bc", "2026-11-22 AD",              \
	    "0004-02-29 BC", "0000-01-01 BC", " BC", "2026-11-22 ", " 2026-11-22", "2026-11-2a"

static void dates(void **state)
{
	(void)state;
	expect_text(DB_TYPE_DATE,
		    LIST("2026-11-22", "0001-01-01", "9999-12-31", "2024-02-29", "2000-02-29", "2026-01-31",
			 "2026-06-30", "10000-01-01", "5874897-12-31", "0044-03-15 BC", "0001-02-29 BC",
			 "0005-02-29 BC", "infinity", "-infinity"),
		    LIST(NO_DATES, "2026-11-22T10:00:00"));
	expect(parameter_from_json, one(DB_TYPE_DATE), "\"2024-02-29\"", "2024-02-29");
	expect_json(DB_TYPE_DATE, LIST(NULL), LIST("2026", "\"2026-02-29\"", "\"\"", "2026-11-22"));
}

#define NO_TIMES                                                                                                       \
	"", "10", "1000", "10:0", "1:00", "24:00", "24:00:01", "10:60", "10:00:60", "10:00:", "10:00:0", "10:00:00.",  \
	    "10:00:00.1234567890", "10:00:00,5", "10:00 PM", "10:00:00 ", "10:-1", "now", "T10:00"

static void times(void **state)
{
	(void)state;
	expect_text(DB_TYPE_TIME, LIST("00:00", "23:59:59", "10:00:00.5", "10:00:00.123456789", "24:00:00"),
		    LIST(NO_TIMES, "10:00:00Z", "10:00:00+02"));
	expect(parameter_from_json, one(DB_TYPE_TIME), "\"10:00\"", "10:00");
	expect_json(DB_TYPE_TIME, LIST(NULL), LIST("10", "\"24:00\"", "\"\""));
}

/* Every bad date before a good time, every bad time behind a good date. */
static void expect_timestamps_of_parts(enum db_type_kind kind, const char *offset)
{
	const char *const *bad_dates = LIST(NO_DATES), *const *bad_times = LIST(NO_TIMES);

	expect(parameter_from_text, one(kind), arena_printf(&arena, "2024-02-29T10:00%s", offset),
	       arena_printf(&arena, "2024-02-29T10:00%s", offset));
	for (; *bad_dates != NULL; bad_dates++)
		expect(parameter_from_text, one(kind), arena_printf(&arena, "%sT10:00:00%s", *bad_dates, offset),
		       REFUSED);
	for (; *bad_times != NULL; bad_times++)
		expect(parameter_from_text, one(kind), arena_printf(&arena, "2026-11-22T%s%s", *bad_times, offset),
		       REFUSED);
}

static void timestamps(void **state)
{
	(void)state;
	expect_timestamps_of_parts(DB_TYPE_TIMESTAMP, "");
	expect_text(DB_TYPE_TIMESTAMP,
		    LIST("2026-11-22T10:00:00", "2026-11-22 10:00:00.5", "2026-11-22T23:59", "0001-01-01T00:00:00",
			 "20261-11-22T10:00:00", "0044-03-15 10:00:00 BC", "infinity", "-infinity"),
		    LIST("2026-11-22", "2026-11-22  10:00:00", "2026-11-22t10:00:00", "2026-11-2210:00:00",
			 "2026-11-22_10:00:00", "2026-11-22T10:00:00Z", "2026-11-22T10:00:00+02:00",
			 "2026-11-22T10:00:00-02", "2026-11-22T24:00:00", "infinity BC"));
	expect(parameter_from_json, one(DB_TYPE_TIMESTAMP), "\"2026-11-22T10:00:00\"", "2026-11-22T10:00:00");
	expect_json(DB_TYPE_TIMESTAMP, LIST(NULL), LIST("1795341600", "\"2026-11-22\""));
}

static void timestamps_with_offset(void **state)
{
	(void)state;
	expect_timestamps_of_parts(DB_TYPE_TIMESTAMPTZ, "Z");
	expect_timestamps_of_parts(DB_TYPE_TIMESTAMPTZ, "+02:00");
	expect_text(DB_TYPE_TIMESTAMPTZ,
		    LIST("2026-11-22T10:00:00Z", "2026-11-22 10:00:00.5+02", "2026-11-22T10:00:00-0530",
			 "2026-11-22T10:00:00+05:30", "2026-11-22T10:00:00+15:59", "2026-11-22T10:00:00-15:59",
			 "2026-11-22T10:00-00:00", "1800-01-01T00:53:28+00:53:28", "20261-11-22T10:00:00+00:00",
			 "0044-03-15 10:00:00+00 BC", "infinity", "-infinity"),
		    LIST("2026-11-22T10:00:00", "2026-11-22T10:00:00 +02", "2026-11-22T10:00:00 02:00",
			 "2026-11-22T10:00:00z", "2026-11-22T10:00:00+2",
			 "2026-11-22T10:00:00+02:", "2026-11-22T10:00:00+02:0", "2026-11-22T10:00:00+020",
			 "2026-11-22T10:00:00+02:60", "2026-11-22T10:00:00+16:00", "2026-11-22T10:00:00+02:00:60",
			 "2026-11-22T10:00:00+02:00:00:00", "2026-11-22T10:00:00+0200:00", "2026-11-22T24:00:00Z",
			 "2026-11-22T10:00:00+", "2026-11-22T10:00:00ZZ", "2026-11-22T10:00:00 UTC",
			 "2026-11-22T10:00:00 Europe/Berlin", "2026-11-22Z", "now", "infinityZ", "infinity BC"));
	expect(parameter_from_json, one(DB_TYPE_TIMESTAMPTZ), "\"2026-11-22T10:00:00\\u002b02:00\"",
	       "2026-11-22T10:00:00+02:00");
	expect_json(DB_TYPE_TIMESTAMPTZ, LIST(NULL), LIST("1795341600", "\"2026-11-22T10:00:00\""));
}

static void intervals_and_others_are_left_to_postgresql(void **state)
{
	static const enum db_type_kind kinds[] = {DB_TYPE_OTHER, DB_TYPE_INTERVAL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
		expect_text(kinds[i], LIST("", "PT1H", " a ", "'; DROP TABLE note; --", "\xc3\xa4\n", "null", "{1}"),
			    LIST(NULL));
		assert_ptr_equal(taken(parameter_from_text, one(kinds[i]), TEXT("a\0b")), REFUSED);
		expect(parameter_from_json, one(kinds[i]), "\"\"", "");
		expect(parameter_from_json, one(kinds[i]), "\"P1D \\\"\\u00e4\\ud83d\\ude00\\n\"",
		       "P1D \"\xc3\xa4\xf0\x9f\x98\x80\n");
		expect_json(
		    kinds[i], LIST(NULL),
		    LIST("", "1", "true", "{}", "[]", "[\"a\"]", "a", "\"a", "\"\\u0000\"", "\"\\ud83d\"", "\"a\"b"));
	}
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

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

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
	    TEST(dates),
	    TEST(times),
	    TEST(timestamps),
	    TEST(timestamps_with_offset),
	    TEST(intervals_and_others_are_left_to_postgresql),
	    TEST(void_takes_nothing),
	    TEST(json_passes_byte_for_byte),
	    TEST(bytea_is_base64),
	    TEST(arrays_from_texts),
	    TEST(arrays_from_json),
	    TEST(arrays_are_as_long_as_what_holds_them),
	    TEST(two_forms_of_a_value_may_be_the_same),
	    TEST(a_long_element_fits),
	    TEST(what_is_read_can_be_written),
	    TEST(read_timestamps_can_be_written),
	    TEST(what_is_bound_is_a_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
