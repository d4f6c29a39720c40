/* openapi_schema.h - JSON Schemas of PostgreSQL's types, as the program writes and takes them.
 *
 * Thread:  start-up.
 */
#pragma once

#include "base/json_out.h"
#include "handlers/sql/file.h"

/* The members of the type's schema, into the object that is open. */
void openapi_add_type(struct json_out *document, const struct db_type *type, bool or_null);
/* Nothing where the parameter has none that can be shown. */
void openapi_add_default(struct json_out *document, const struct db_parameter *parameter);
/* The object that one row is, without the columns that go elsewhere. */
void openapi_write_row(struct json_out *document, const char *key, const struct endpoint *endpoint);
/* A header line of a response, into its `headers`. */
void openapi_write_header(struct json_out *document, const char *name, const char *description);
