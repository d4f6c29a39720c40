/* json_reader.h - the values of a JSON file that may hold anything: each is looked at before it is used.
 *
 * Owner:   strings are copied into the arena.
 * Errors:  -1 and `why` names the file, the place within it, and what was expected:
 *          "A.json: loads[3].response.count: expected a whole number from 0 to 9".
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/arena.h"

struct json_reader {
	struct arena *arena;
	const char *file;
	char place[160]; /* where the reader is; a longer one is cut */
	char *why;
	size_t why_size;
};

/* `key` may be empty: the place itself is wrong. Returns -1. */
int json_reader_fail(struct json_reader *reader, const char *key, const char *expected);
/* Goes down to `key`, or to its element `index` when that is not negative. Returns what json_reader_leave() needs. */
size_t json_reader_enter(struct json_reader *reader, const char *key, long index);
void json_reader_leave(struct json_reader *reader, size_t back);

int json_reader_number(struct json_reader *reader, json_t *object, const char *key, double *number);
/* null is NAN, as the writer writes it. */
int json_reader_maybe_number(struct json_reader *reader, json_t *object, const char *key, double *number);
/* Not negative. */
int json_reader_amount(struct json_reader *reader, json_t *object, const char *key, double *number);
int json_reader_count(struct json_reader *reader, json_t *object, const char *key, uint64_t most, uint64_t *count);
int json_reader_unsigned(struct json_reader *reader, json_t *object, const char *key, unsigned most, unsigned *number);
int json_reader_bool(struct json_reader *reader, json_t *object, const char *key, bool *is_true);
int json_reader_string(struct json_reader *reader, json_t *object, const char *key, const char **string);
/* null, or nothing: NULL. */
int json_reader_maybe_string(struct json_reader *reader, json_t *object, const char *key, const char **string);
const char *json_reader_copy(struct json_reader *reader, json_t *string);
int json_reader_object(struct json_reader *reader, json_t *object, const char *key, json_t **value);
int json_reader_array(struct json_reader *reader, json_t *object, const char *key, size_t most, json_t **value);

typedef int json_reader_element_fn(struct json_reader *reader, json_t *object, unsigned index, void *data);
/* Calls `read` for each element of an array of objects, until one fails. */
int json_reader_elements(struct json_reader *reader, json_t *object, const char *key, size_t most,
			 json_reader_element_fn *read, void *data);
