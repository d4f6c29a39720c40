/* option_name.h - which option is meant by a name, and which one may have been.
 */
#pragma once

#include "loadgen/commands/option_table.h"

/* `name` is "--connections" or "-c". NULL: the command has no such option. */
const struct option_row *option_name_find(const char *name, enum command_name command);
/* Writes why there is no such option, with the one that is nearest. `name` has at most OPTION_NAME_MAX characters.
 * Returns -1. */
int option_name_refuse(const char *name, enum command_name command, char *why, size_t why_size);
