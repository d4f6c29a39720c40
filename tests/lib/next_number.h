/* next_number.h - the numbers of an array in PostgreSQL's text form. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* An array's next number; its values may stand in quotes. False: there is none. */
static inline bool next_number(const char **array, int64_t *value)
{
	char *end;

	*array += strspn(*array, "{,\"");
	if (**array == '}' || **array == '\0')
		return false;
	*value = strtoll(*array, &end, 10);
	*array = end + strspn(end, "\"");
	return true;
}
