/* whole_body.h - `-- body: json | rows | raw`: the request's body is one value, the parameter :body.
 *
 * json: any JSON value. rows: a JSON array, NDJSON or CSV, by the Content-Type; always a JSON array to the SQL. raw: the
 * bytes, whatever they are.
 *
 * Owner:   the exchange's arena.
 * Thread:  any.
 * Limits:  those of the request; body_rows.h.
 * Errors:  an error and a sentence for the client, with the line where there is one.
 */
#pragma once

#include "base/diagnostics.h"
#include "base/error.h"
#include "base/text.h"

struct db_parameter;
struct endpoint;
struct exchange;

enum body_kind {
	BODY_FIELDS, /* an object, whose fields are parameters */
	BODY_JSON,
	BODY_ROWS,
	BODY_RAW,
	BODY_KIND_COUNT
};

/* "json", "rows", "raw"; NULL of BODY_FIELDS. */
const char *whole_body_word(enum body_kind kind);
/* application/json, or anything +json (RFC 6839), whatever its parameters. */
bool whole_body_is_json(struct text content_type);
/* NDJSON by one of its names. */
bool whole_body_is_lines(struct text content_type);
/* The media types that it may have, in words. */
const char *whole_body_types(enum body_kind kind);
/* Whether a body of this Content-Type is one of them. */
bool whole_body_takes(enum body_kind kind, struct text content_type);
/* Writes the body, which has a type that is taken, as the value to bind. */
enum error whole_body_bind(struct exchange *x, enum body_kind kind, const struct db_parameter *parameter,
			   const char **value, const char **problem);
/* Complains where the type of :body cannot take it. */
void whole_body_check(const struct endpoint *endpoint, struct diagnostics *diagnostics);
