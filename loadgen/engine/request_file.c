#include "loadgen/engine/request_file.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "loadgen/engine/request_draft.h"

enum { WEIGHT_MAX = 1000000, FILE_BYTES_MAX = 64 * 1024 * 1024 };

static int read_text(json_t *value, const char *key, const char **text, const struct request_place *place)
{
	if (!json_is_string(value))
		return request_place_fail(place, "\"%s\" is no text", key);
	*text = json_string_value(value);
	return 0;
}

static int read_headers(struct request_set *set, json_t *headers, struct request_draft *draft,
			const struct request_place *place)
{
	const char *name;
	json_t *value;

	if (!json_is_object(headers))
		return request_place_fail(place, "\"headers\" is no object of names and texts");
	json_object_foreach(headers, name, value)
	{
		if (!json_is_string(value))
			return request_place_fail(place, "the header \"%s\" is no text", name);
		if (request_draft_add_header(draft, arena_printf(&set->arena, "%s: %s", name, json_string_value(value)),
					     place) != 0)
			return -1;
	}
	return 0;
}

static void read_body(struct request_set *set, json_t *value, struct request_draft *draft)
{
	char *dumped;

	if (json_is_string(value)) {
		struct text text = {json_string_value(value), json_string_length(value)};

		draft->body = (struct text){arena_copy(&set->arena, text), text.length};
		return;
	}
	dumped = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	draft->body = text_of(arena_copy(&set->arena, text_of(dumped)));
	free(dumped);
}

static int read_weight(json_t *value, struct request_draft *draft, const struct request_place *place)
{
	if (!json_is_integer(value) || json_integer_value(value) < 1 || json_integer_value(value) > WEIGHT_MAX)
		return request_place_fail(place, "\"weight\" is no integer from 1 to %d", WEIGHT_MAX);
	draft->weight = (unsigned)json_integer_value(value);
	return 0;
}

static int read_request(struct request_set *set, json_t *object, const struct request_options *options,
			const struct request_place *place)
{
	struct request_draft draft = {.body = options->body, .weight = 1};
	const char *key;
	json_t *value;
	int result = 0;

	if (!json_is_object(object))
		return request_place_fail(place, "expected an object like {\"method\":\"GET\",\"path\":\"/\"}");
	if (request_draft_add_headers(&draft, options, place) != 0)
		return -1;
	json_object_foreach(object, key, value)
	{
		if (strcmp(key, "method") == 0)
			result = read_text(value, key, &draft.method, place);
		else if (strcmp(key, "path") == 0)
			result = read_text(value, key, &draft.path, place);
		else if (strcmp(key, "headers") == 0)
			result = read_headers(set, value, &draft, place);
		else if (strcmp(key, "body") == 0)
			read_body(set, value, &draft);
		else if (strcmp(key, "weight") == 0)
			result = read_weight(value, &draft, place);
		else
			result = request_place_fail(
			    place, "\"%s\" is unknown; expected method, path, headers, body, weight", key);
		if (result != 0)
			return -1;
	}
	if (draft.path == NULL)
		return request_place_fail(place, "\"path\" is missing");
	draft.path = arena_copy(&set->arena, text_of(draft.path));
	draft.method = draft.method == NULL ? request_draft_method(options, draft.body)
					    : arena_copy(&set->arena, text_of(draft.method));
	return request_set_add(set, &draft, place);
}

static int read_array(struct request_set *set, const char *text, const struct request_options *options,
		      struct request_place *place)
{
	json_error_t error;
	json_t *array = json_loads(text, JSON_REJECT_DUPLICATES, &error), *value;
	size_t index;
	int result = 0;

	if (array == NULL) {
		place->line = error.line > 0 ? (size_t)error.line : 1;
		return request_place_fail(place, "%s", error.text);
	}
	json_array_foreach(array, index, value)
	{
		char why[256];
		struct request_place entry = {.name = "entry", .line = index + 1, .why = why, .why_size = sizeof(why)};

		if (result == 0 && read_request(set, value, options, &entry) != 0)
			result = request_place_fail(place, "%s", why);
	}
	json_decref(array);
	return result;
}

static int read_lines(struct request_set *set, char *text, const struct request_options *options,
		      struct request_place *place)
{
	for (char *line = text, *next; line != NULL; line = next) {
		json_error_t error;
		json_t *object;
		int result;

		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		place->line++;
		if (line[strspn(line, " \t\r")] == '\0')
			continue;
		object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
		if (object == NULL)
			return request_place_fail(place, "%s", error.text);
		result = read_request(set, object, options, place);
		json_decref(object);
		if (result != 0)
			return -1;
	}
	return 0;
}

static char *read_file(const char *name, const struct request_place *place)
{
	FILE *file = fopen(name, "re");
	char *text = NULL;
	size_t length = 0;

	if (file == NULL) {
		request_place_fail(place, "%s", strerror(errno));
		return NULL;
	}
	text = memory_alloc(FILE_BYTES_MAX + 1);
	length = fread(text, 1, FILE_BYTES_MAX + 1, file);
	if (ferror(file) || length > FILE_BYTES_MAX || memchr(text, '\0', length) != NULL) {
		request_place_fail(place, "it cannot be read, is longer than %d MiB, or has a NUL byte",
				   FILE_BYTES_MAX >> 20);
		free(text);
		text = NULL;
	} else {
		text[length] = '\0';
	}
	fclose(file);
	return text;
}

int request_file_load(struct request_set *set, const char *base_url, const char *file,
		      const struct request_options *options, char *why, size_t why_size)
{
	struct request_place place = {.name = file, .why = why, .why_size = why_size};
	const char *path;
	char *text;
	int result;

	if (request_set_aim(set, base_url, &path, why, why_size) != 0)
		return -1;
	text = read_file(file, &place);
	if (text == NULL)
		return -1;
	result = text[strspn(text, " \t\r\n")] == '[' ? read_array(set, text, options, &place)
						      : read_lines(set, text, options, &place);
	free(text);
	if (result == 0 && set->count == 0) {
		place.line = 0;
		return request_place_fail(&place, "there is no request in it");
	}
	return result;
}
