#include "loadgen/engine/request_place.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int request_place_fail(const struct request_place *place, const char *format, ...)
{
	size_t used;
	va_list values;

	if (place->line > 0)
		snprintf(place->why, place->why_size, "%s:%zu: ", place->name, place->line);
	else
		snprintf(place->why, place->why_size, "%s: ", place->name);
	used = strlen(place->why);
	va_start(values, format);
	vsnprintf(place->why + used, place->why_size - used, format, values);
	va_end(values);
	return -1;
}
