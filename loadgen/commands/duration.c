#include "loadgen/commands/duration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

bool duration_read(const char *text, uint64_t *ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"", 1e9}};
	char *end;
	double value;

	if (text[0] < '0' || text[0] > '9')
		return false;
	value = strtod(text, &end);
	for (size_t i = 0; i < ARRAY_LENGTH(units); i++)
		if (strcmp(end, units[i].unit) == 0 && value * units[i].ns < 1e18) {
			*ns = (uint64_t)llround(value * units[i].ns);
			return true;
		}
	return false;
}

bool duration_has_unit(const char *text)
{
	return text[0] != '\0' && text[strlen(text) - 1] >= 'a';
}
