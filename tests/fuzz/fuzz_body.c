/* Any bytes as a JSON body. jansson must be of the same opinion, but for what it cannot say: numbers beyond double
 * precision, and names with U+0000. A NUL byte behind a number it passes over. Values must be found where they stand. */
#include "handlers/sql/body.h"

#include "base/json_scan.h"
#include "base/require.h"

#include <jansson.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { DEPTH = 32 };

static unsigned larger(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

static unsigned depth_of(const json_t *value)
{
	unsigned deepest = 0;
	const char *name;
	size_t index;
	json_t *inner;

	if (!json_is_array(value) && !json_is_object(value))
		return 0;
	json_array_foreach(value, index, inner) deepest = larger(deepest, depth_of(inner));
	json_object_foreach((json_t *)(uintptr_t)value, name, inner) deepest = larger(deepest, depth_of(inner));
	return deepest + 1;
}

/* jansson keeps the order of the members. */
static void compare_fields(const json_t *object, const struct body *body)
{
	unsigned index = 0;
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		const struct body_field *field = &body->fields[index++];
		size_t end;

		REQUIRE(text_equal(field->name, text_of(name)) && field->name.at[field->name.length] == '\0');
		REQUIRE(json_scan_value(field->raw, DEPTH, &end) && end == field->raw.length);
		REQUIRE((field->raw.at[0] == '"') == json_is_string(value));
		REQUIRE((field->raw.at[0] == '{') == json_is_object(value));
		REQUIRE((field->raw.at[0] == '[') == json_is_array(value));
		if (json_is_real(value) && field->raw.length < 300)
			REQUIRE(strtod(field->raw.at, NULL) == json_real_value(value));
	}
	REQUIRE(index == body->count);
}

static bool is_beyond_jansson(const json_error_t *error)
{
	return json_error_code(error) == json_error_numeric_overflow ||
	       json_error_code(error) == json_error_null_byte_in_key ||
	       json_error_code(error) == json_error_stack_overflow;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct body body;
	struct text json = {(const char *)bytes, length};
	struct arena arena;
	json_error_t error;
	json_t *object =
	    json_loadb(json.at, length, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &error);
	const char *problem;

	arena_init(&arena, NULL, 0);
	problem = body_parse(json, DEPTH, &arena, &body);
	if (length > 0 && memchr(json.at, '\0', length) != NULL) {
		REQUIRE(problem != NULL);
	} else if (json_is_object(object) && json_object_size(object) <= BODY_FIELDS_MAX && depth_of(object) <= DEPTH) {
		REQUIRE(problem == NULL);
		compare_fields(object, &body);
	} else if (object != NULL || !is_beyond_jansson(&error)) {
		REQUIRE((problem == NULL) == (length == 0));
	}
	json_decref(object);
	arena_cleanup(&arena);
	return 0;
}
