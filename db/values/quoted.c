#include "db/values/quoted.h"

#include "base/run.h"

void quoted_add(struct buffer *out, const char *value)
{
	struct text left = text_of(value);
	char *place = buffer_reserve(out, 2 * left.length + 2);

	*place++ = '"';
	for (;;) {
		size_t run = run_copy(place, left, (struct run_end){.one = '"', .other = '\\'});

		place += run;
		if (run == left.length)
			break;
		*place++ = '\\';
		*place++ = left.at[run];
		left = (struct text){left.at + run + 1, left.length - run - 1};
	}
	*place++ = '"';
	out->length = (size_t)(place - out->bytes);
}
