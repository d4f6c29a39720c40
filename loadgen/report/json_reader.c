#include "loadgen/report/json_reader.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

int json_reader_fail(struct json_reader *reader, const char *key, const char *expected)
{
	bool has_place = reader->place[0] != '\0';

	snprintf(reader->why, reader->why_size, "%s: %s%s%s: expected %s", reader->file, reader->place,
		 has_place && key[0] != '\0' && key[0] != '[' ? "." : "", key, expected);
	return -1;
}

size_t json_reader_enter(struct json_reader *reader, const char *key, long index)
{
	size_t length = strlen(reader->place);
	char *at = reader->place + length;
	size_t left = sizeof(reader->place) - length;

	if (index < 0)
		snprintf(at, left, "%s%s", length > 0 ? "." : "", key);
	else
		snprintf(at, left, "%s%s[%ld]", length > 0 ? "." : "", key, index);
	return length;
}

void json_reader_leave(struct json_reader *reader, size_t length)
{
	reader->place[length] = '\0';
}

int json_reader_number(struct json_reader *reader, json_t *object, const char *key, double *number)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_number(value))
		return json_reader_fail(reader, key, "a number");
	*number = json_number_value(value);
	return 0;
}

int json_reader_maybe_number(struct json_reader *reader, json_t *object, const char *key, double *number)
{
	*number = NAN;
	if (json_is_null(json_object_get(object, key)))
		return 0;
	return json_reader_number(reader, object, key, number);
}

int json_reader_amount(struct json_reader *reader, json_t *object, const char *key, double *number)
{
	if (json_reader_number(reader, object, key, number) < 0)
		return -1;
	return *number >= 0 ? 0 : json_reader_fail(reader, key, "a number that is not negative");
}

int json_reader_count(struct json_reader *reader, json_t *object, const char *key, uint64_t most, uint64_t *count)
{
	json_t *value = json_object_get(object, key);
	char expected[64];

	snprintf(expected, sizeof(expected), "a whole number from 0 to %" PRIu64, most);
	if (!json_is_integer(value) || json_integer_value(value) < 0 || (uint64_t)json_integer_value(value) > most)
		return json_reader_fail(reader, key, expected);
	*count = (uint64_t)json_integer_value(value);
	return 0;
}

int json_reader_unsigned(struct json_reader *reader, json_t *object, const char *key, unsigned most, unsigned *number)
{
	uint64_t count = 0;

	if (json_reader_count(reader, object, key, most, &count) < 0)
		return -1;
	*number = (unsigned)count;
	return 0;
}

int json_reader_bool(struct json_reader *reader, json_t *object, const char *key, bool *is_true)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_boolean(value))
		return json_reader_fail(reader, key, "true or false");
	*is_true = json_is_true(value);
	return 0;
}

const char *json_reader_copy(struct json_reader *reader, json_t *value)
{
	return arena_copy(reader->arena, (struct text){json_string_value(value), json_string_length(value)});
}

int json_reader_string(struct json_reader *reader, json_t *object, const char *key, const char **string)
{
	json_t *value = json_object_get(object, key);

	if (!json_is_string(value))
		return json_reader_fail(reader, key, "text");
	*string = json_reader_copy(reader, value);
	return 0;
}

int json_reader_maybe_string(struct json_reader *reader, json_t *object, const char *key, const char **string)
{
	*string = NULL;
	if (json_is_null(json_object_get(object, key)))
		return 0;
	return json_reader_string(reader, object, key, string);
}

int json_reader_object(struct json_reader *reader, json_t *object, const char *key, json_t **value)
{
	*value = json_object_get(object, key);
	return json_is_object(*value) ? 0 : json_reader_fail(reader, key, "an object");
}

int json_reader_array(struct json_reader *reader, json_t *object, const char *key, size_t most, json_t **value)
{
	char expected[64];

	*value = json_object_get(object, key);
	snprintf(expected, sizeof(expected), "an array of at most %zu", most);
	return json_is_array(*value) && json_array_size(*value) <= most ? 0 : json_reader_fail(reader, key, expected);
}

int json_reader_elements(struct json_reader *reader, json_t *object, const char *key, size_t most,
			 json_reader_element_fn *read, void *data)
{
	json_t *array, *element;
	size_t i;

	if (json_reader_array(reader, object, key, most, &array) < 0)
		return -1;
	json_array_foreach(array, i, element)
	{
		size_t back = json_reader_enter(reader, key, (long)i);

		if (!json_is_object(element))
			return json_reader_fail(reader, "", "an object");
		if (read(reader, element, (unsigned)i, data) < 0)
			return -1;
		json_reader_leave(reader, back);
	}
	return 0;
}
