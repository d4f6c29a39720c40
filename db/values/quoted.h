/* quoted.h - a text in double quotes, with a backslash before each quote and backslash: so in arrays, records and hstore.
 *
 * Thread:  any.
 */
#pragma once

#include "base/buffer.h"

/* Quotes it, needed or not: then "NULL", "" and white space need no thought. */
void quoted_add(struct buffer *out, const char *value);
