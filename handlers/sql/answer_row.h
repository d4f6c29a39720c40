/* answer_row.h - a row becomes a response: some of its columns the status, the headers and the media type (answer.h).
 *
 * Thread:  the exchange's.
 * Errors:  a value that cannot be sent, such as one with a line break, is a 500, and the log names its column. Nothing of
 *          the row is sent.
 */
#pragma once

#include "exchange/exchange.h"
#include "handlers/sql/file.h"

/* Responds with the first row; the endpoint has an answer. False: its single column is NULL, and there is nothing to
 * send. */
MUST_CHECK bool answer_row_respond(struct exchange *x, const struct endpoint *endpoint,
				   const struct db_signature *signature, const struct db_result *rows, enum step *step);
