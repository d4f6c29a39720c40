#include "queue/values/queue_name.h"

const char queue_name_expected[] =
    "1 to 64 of the letters a to z and A to Z, digits, `-`, `_` and `.`, the first a letter "
    "or digit";

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool queue_name_is_valid(struct text name)
{
	if (name.length == 0 || name.length > QUEUE_NAME_BYTES_MAX || !is_alphanumeric(name.at[0]))
		return false;
	for (size_t i = 1; i < name.length; i++)
		if (!is_alphanumeric(name.at[i]) && name.at[i] != '-' && name.at[i] != '_' && name.at[i] != '.')
			return false;
	return true;
}
