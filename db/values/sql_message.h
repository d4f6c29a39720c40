/* sql_message.h - a message of PostgreSQL's in the words of the SQL's author.
 *
 * Thread: any.
 */
#pragma once

#include <stddef.h>

#include "db/values/statement.h"

/* Copies a message of PostgreSQL's with :name for each $n that is a parameter of the statement; cuts it to `bytes`. */
void sql_message_named(const struct db_statement *statement, const char *message, char *out, size_t bytes);
