/* json_scan.h - where a JSON value ends, and what a JSON string says: for texts that are kept as they are.
 *
 * Strict RFC 8259 grammar; bytes above 0x7f pass unlooked at, whoever reads the text from outside checks its UTF-8.
 *
 * Thread:  any.
 * Limits:  nesting as given; the stack grows with it (about 100 bytes a level).
 * Errors:  false, and nothing is written.
 */
#pragma once

#include "base/arena.h"

/* Returns the first place at or after `at` that is not white space. */
size_t json_scan_space(struct text text, size_t at);

/* Is there a JSON value at the beginning of `text`, white space before it allowed? *end is the place behind it.
 * A number or string has depth 0, [] depth 1. */
bool json_scan_value(struct text text, unsigned max_depth, size_t *end);

/* `raw` is a whole JSON string with its quotes. *decoded is a NUL-terminated copy in `arena`.
 * Refused are \u0000, which no C string and no PostgreSQL text holds, and half a surrogate pair. */
bool json_scan_string(struct text raw, struct arena *arena, struct text *decoded);

/* Is `raw` a whole JSON number? *is_integer: it has neither fraction nor exponent. */
bool json_scan_number(struct text raw, bool *is_integer);
