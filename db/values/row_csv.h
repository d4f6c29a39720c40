/* row_csv.h - rows as CSV (RFC 4180): lines that end with CR LF, the first with the names of the columns.
 *
 * A field is the value as text (value_text.h), and quoted only where it must be. NULL is an empty field, and an empty
 * text is "", as PostgreSQL's COPY writes them. So a row whose only column is NULL is an empty line.
 *
 * Thread:  any.
 */
#pragma once

#include "base/buffer.h"
#include "db/values/result.h"
#include "db/values/signature.h"

/* `is_left_out`: columns by their number that are not written; NULL: all are. */
void row_csv_add_header(struct buffer *out, const struct db_signature *signature, const bool *is_left_out);
void row_csv_add(struct buffer *out, const struct db_signature *signature, const struct db_result *rows, unsigned row,
		 const bool *is_left_out);
