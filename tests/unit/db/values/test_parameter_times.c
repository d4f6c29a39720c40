#include "parameter_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(dates),
	    TEST(times),
	    TEST(timestamps),
	    TEST(timestamps_with_offset),
	    TEST(intervals_and_others_are_left_to_postgresql),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
