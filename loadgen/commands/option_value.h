/* option_value.h - the value of an option, read as its row of the table asks.
 *
 * Owner:   strings are views of `text`.
 */
#pragma once

#include "loadgen/commands/option_table.h"

/* False: it is none of option_value_expected(). Not for flags, which have no value. */
bool option_value_set(struct load_options *options, const struct option_row *row, const char *text);
/* Writes what the row takes, for a message. Returns `text`. */
const char *option_value_expected(const struct option_row *row, char *text, size_t size);
