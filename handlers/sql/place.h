/* place.h - a place in the SQL that PostgreSQL was sent, found again in the author's file.
 *
 * PostgreSQL counts characters of the text in which parameters are $1, $2...; the author wrote :name, which is longer or
 * shorter.
 *
 * Owner:  views of the endpoint's texts.
 * Thread: any.
 */
#pragma once

#include "base/buffer.h"
#include "handlers/sql/file.h"

struct sql_place {
	unsigned line;    /* of the file */
	struct text text; /* that line, whole */
	size_t at;        /* the byte of it; its length: behind its end */
};

/* Of the character at `position`, counted from 1 in statement.sql as it was parsed; beyond its end: its end. */
struct sql_place sql_place_of(const struct endpoint *endpoint, unsigned long position);
/* The position of the first $number at or behind `position`; of the first of all, where `number` is 0. 0: there is none.
 * `found` is its number. */
unsigned long sql_place_of_parameter(const struct db_statement *statement, unsigned number, unsigned long position,
				     unsigned *found);
/* Writes two lines without a line break at the end. They are the place's line, or the part of it around the place, and
 * a caret under the place. */
void sql_place_show(const struct sql_place *place, struct buffer *out);
