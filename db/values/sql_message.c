#include "db/values/sql_message.h"

#include "db/values/sql_token.h"

#include <stdio.h>
#include <stdlib.h>

/* Whether "$n", at `at`, is a parameter of the statement; then `end` is behind it. */
static const struct db_parameter *parameter_at(const struct db_statement *statement, const char *message,
					       const char *at, char **end)
{
	unsigned long number;

	if (*at != '$' || !sql_is_digit(at[1]) || (at > message && sql_continues_word(at[-1])))
		return NULL;
	number = strtoul(at + 1, end, 10);
	return number >= 1 && number <= statement->parameter_count && statement->parameters != NULL
		   ? &statement->parameters[number - 1]
		   : NULL;
}

void sql_message_named(const struct db_statement *statement, const char *message, char *out, size_t bytes)
{
	size_t used = 0;

	for (const char *at = message; *at != '\0' && used + 1 < bytes;) {
		char *end;
		const struct db_parameter *parameter = parameter_at(statement, message, at, &end);

		if (parameter == NULL) {
			out[used++] = *at++;
			continue;
		}
		used += (size_t)snprintf(out + used, bytes - used, ":%s", parameter->name);
		at = end;
	}
	out[used < bytes ? used : bytes - 1] = '\0';
}
