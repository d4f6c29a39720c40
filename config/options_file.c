#include "config/options_parts.h"

#include <errno.h>
#include <string.h>

#include <jansson.h>

enum { FILE_BYTES_MAX = 64 * 1024 }; /* the whole table with every help text is a tenth of it */

/* Returns the file as a string in the arena, or NULL and an error. */
static const char *read_file(struct options *options, const char *file, size_t *length)
{
	FILE *stream = fopen(file, "rb");
	char *bytes;
	int error;

	if (stream == NULL) {
		option_fail(options, "%s: cannot be opened: %s", file, strerror(errno));
		return NULL;
	}
	bytes = arena_alloc(&options->arena, FILE_BYTES_MAX + 1);
	errno = 0;
	*length = fread(bytes, 1, FILE_BYTES_MAX + 1, stream);
	error = ferror(stream) ? errno : 0;
	fclose(stream);
	if (error != 0) {
		option_fail(options, "%s: cannot be read: %s", file, strerror(error));
		return NULL;
	}
	if (*length > FILE_BYTES_MAX) {
		option_fail(options, "%s: is larger than %d bytes, the limit of a configuration file", file,
			    FILE_BYTES_MAX);
		return NULL;
	}
	bytes[*length] = '\0';
	return bytes;
}

/* jansson does not say where a key stands: it is looked for in the text, with its quotes and its colon. Returns 0 when
 * it is not there as it is spelled, but with escapes. */
static unsigned line_of_key(const char *text, const char *key)
{
	size_t length = strlen(key);
	unsigned line = 1;

	for (const char *at = text; *at != '\0'; at++) {
		line += *at == '\n';
		if (*at != '"' || strncmp(at + 1, key, length) != 0 || at[1 + length] != '"')
			continue;
		if (at[2 + length + strspn(at + 2 + length, " \t\r\n")] == ':')
			return line;
	}
	return 0;
}

static const char *json_type_name(const json_t *value)
{
	static const char *const names[] = {
	    [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",  [JSON_STRING] = "a string",
	    [JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
	    [JSON_FALSE] = "false",      [JSON_NULL] = "null",
	};

	return names[json_typeof(value)];
}

static int set_from_json(struct options *options, const char *key, const json_t *value, const char *file,
			 const char *place)
{
	const struct option_row *row = option_find(text_of(key), SPELLED_AS_KEY);
	char number[32], expected[128];

	if (row == NULL)
		return option_fail_unknown(options, place, text_of(key), SPELLED_AS_KEY);
	if (row->type == TYPE_uint && json_is_integer(value)) {
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return option_set_row(options, row, number, file, place);
	}
	if (row->type != TYPE_uint && json_is_string(value))
		return option_set_row(options, row, json_string_value(value), file, place);
	option_expectation(row, expected);
	return option_fail(options, "%s: %s must be %s, not %s", place, row->field, expected, json_type_name(value));
}

static int set_all_from_json(struct options *options, json_t *root, const char *text, const char *file)
{
	const char *key;
	json_t *value;

	json_object_foreach(root, key, value)
	{
		unsigned line = line_of_key(text, key);
		const char *place = line > 0 ? arena_printf(&options->arena, "%s:%u", file, line) : file;

		if (set_from_json(options, key, value, file, place) < 0)
			return -1;
	}
	return 0;
}

/* Where jansson repeats more than a character or two of the file, that may be a password. */
static int shown_length(const char *said)
{
	static const char mark[] = " near '";
	const char *near = strstr(said, mark);
	bool is_long = near != NULL && strlen(near) > strlen(mark) + strlen("xx'");

	return (int)(is_long ? (size_t)(near - said) : strlen(said));
}

int options_load_file(struct options *options, const char *file)
{
	json_error_t error;
	size_t length;
	const char *text = read_file(options, file, &length);
	json_t *root;
	int result;

	if (text == NULL)
		return -1;
	root = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (root == NULL)
		return option_fail(options, "%s:%d:%d: %.*s", file, error.line, error.column, shown_length(error.text),
				   error.text);
	if (json_is_object(root))
		result = set_all_from_json(options, root, text, file);
	else
		result = option_fail(options, "%s:1: an object of options, {\"loops\": 1}, was expected, not %s", file,
				     json_type_name(root));
	json_decref(root);
	return result;
}
