#include "queue/arrays.h"

#include "base/clock.h"
#include "db/values/quoted.h"

#include <inttypes.h>

static void begin_element(struct buffer *array)
{
	buffer_add_char(array, array->length == 0 ? '{' : ',');
}

void array_add_number(struct buffer *array, int64_t number)
{
	begin_element(array);
	buffer_printf(array, "%" PRId64, number);
}

void array_add_text(struct buffer *array, const char *text)
{
	begin_element(array);
	quoted_add(array, text);
}

void array_add_time(struct buffer *array, uint64_t time_ns)
{
	begin_element(array);
	if (time_ns == 0)
		buffer_add(array, TEXT("NULL"));
	else
		buffer_printf(array, "%" PRIu64, time_ns / NS_PER_US);
}

const char *array_end(struct buffer *array)
{
	if (array->length == 0)
		buffer_add_char(array, '{');
	buffer_add(array, (struct text){"}", 2}); /* and NUL */
	return array->bytes;
}
