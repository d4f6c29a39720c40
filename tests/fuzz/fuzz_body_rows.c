/* Any text as NDJSON, as CSV and as one JSON value. Whatever is taken makes an array of objects that jansson reads, too,
 * and no more of it than is promised. Of CSV every value is a string. */
#include "handlers/sql/body.h"
#include "handlers/sql/body_rows.h"

#include "base/percent.h"
#include "base/require.h"

#include <jansson.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { DEPTH = 32 };

static bool is_beyond_jansson(const json_error_t *error)
{
	return json_error_code(error) == json_error_numeric_overflow ||
	       json_error_code(error) == json_error_null_byte_in_key ||
	       json_error_code(error) == json_error_stack_overflow;
}

static void check_array(struct text json, bool is_csv)
{
	json_error_t error;
	json_t *array = json_loadb(json.at, json.length,
				   JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &error),
	       *row, *value;
	const char *name;
	size_t index;

	REQUIRE(json_is_array(array) || is_beyond_jansson(&error));
	json_array_foreach(array, index, row)
	{
		REQUIRE(json_is_object(row));
		json_object_foreach(row, name, value) REQUIRE(!is_csv || json_is_string(value));
	}
	json_decref(array);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct text text = {(const char *)bytes, length};
	struct buffer lines, csv;
	bool is_too_large;
	struct arena arena;

	/* the caller has looked at this */
	if (length == 0 || !utf8_is_valid(text) || memchr(bytes, '\0', length) != NULL)
		return 0;
	arena_init(&arena, NULL, 0);
	lines = csv = buffer_in(&arena);
	if (body_rows_from_lines(text, DEPTH, &lines) == NULL)
		check_array(buffer_text(&lines), false);
	if (body_rows_from_csv(text, &csv, &is_too_large) == NULL)
		check_array(buffer_text(&csv), true);
	REQUIRE(csv.length <= body_rows_most(length) + 16 * length + BODY_COLUMNS_MAX * 400);
	if (body_check(text, DEPTH, &arena) == NULL) {
		json_error_t error;
		json_t *value = json_loadb(
		    text.at, length,
		    JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);

		REQUIRE(value != NULL || is_beyond_jansson(&error));
		json_decref(value);
	}
	arena_cleanup(&arena);
	return 0;
}
