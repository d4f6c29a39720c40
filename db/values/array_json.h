/* array_json.h - an array of PostgreSQL's text form as JSON: {1,NULL,"a \"b\""}. Nested braces are more dimensions;
 * [0:1]= stands before an array that does not count from 1.
 *
 * Life:    array_json_begin() -> array_json_go_on()*, until it is true.
 * Owner:   the caller; the text is borrowed.
 * Thread:  any.
 * Errors:  a text that ends too early: what is cut off is not there.
 */
#pragma once

#include "db/values/value_json.h"

struct array_json {
	/* private */
	const char *at, *end;
	enum db_type_kind kind; /* of the elements */
	char delimiter;
	bool is_in_element; /* a large one, which is written in chunks */
	bool is_quoted;     /* that one */
	struct value_chunks chunks;
};

/* False: it is no array's text; int2vector and oidvector have elements, too, but a text form of their own. */
bool array_json_begin(struct array_json *array, const struct db_type *type, struct text value);
/* Goes on until all is written, which it returns, or until `out` is longer than `until`, by one chunk at most. */
bool array_json_go_on(struct array_json *array, struct buffer *out, size_t until);
