/* csv.h - reads CSV (RFC 4180), a field at a time.
 *
 * Lines end with CR LF or LF, and within quotes they do not end. A quote within quotes stands twice. Stricter than some
 * readers: nothing stands behind a closing quote, and no quote in a field without them.
 *
 * Life:    csv_begin() -> csv_next()*.
 * Owner:   a field is a view of the text, or in the arena where it had doubled quotes.
 * Thread:  any.
 * Errors:  `wrong` and its line; no more fields come.
 */
#pragma once

#include "base/arena.h"

struct csv_reader {
	const char *at, *end; /* private: what is still to be read */
	struct arena *arena;
	bool is_in_record; /* private: another field follows */
	unsigned line;     /* of the next field, from 1 */
	const char *wrong; /* NULL, or what is wrong: constant, no sentence of its own */
	unsigned wrong_line;
};

struct csv_field {
	struct text text;
	bool is_quoted;
	bool is_last; /* of its record */
	unsigned line;
};

void csv_begin(struct csv_reader *reader, struct text text, struct arena *arena);
/* False: the text is over, or wrong. An empty line is a record of one empty field; none is behind the last line end. */
bool csv_next(struct csv_reader *reader, struct csv_field *field);
