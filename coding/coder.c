#include "coding/coder_parts.h"

#include "base/memory.h"
#include "base/require.h"

#include <stdlib.h>

enum {
	/* What a stream and a large body are looked back in. More saves 2 % of JSON rows, and is memory that a client
	 * has to have (docs/decisions/0068-compression.md). */
	WINDOW_BITS_MAX = 18,
	WINDOW_BITS_MIN = 10, /* the least that brotli knows; zlib knows 9 */
	ROOM_BYTES = 4096,    /* that a step has at least */
};

static unsigned window_bits_of(size_t bytes)
{
	unsigned bits = WINDOW_BITS_MIN;

	if (bytes == 0)
		return WINDOW_BITS_MAX;
	while (bits < WINDOW_BITS_MAX && (size_t)1 << bits < bytes)
		bits++;
	return bits;
}

struct coder *coder_create(enum coding coding, size_t bytes)
{
	const struct coder_class *class = coding == CODING_BROTLI ? &coder_brotli : &coder_gzip;
	struct coder *coder = memory_alloc_zeroed(1, class->bytes);

	REQUIRE(coding != CODING_IDENTITY);
	coder->class = class;
	class->begin(coder, window_bits_of(bytes));
	return coder;
}

void coder_add(struct coder *coder, struct text part, enum coder_end end, struct buffer *out)
{
	bool has_more;

	do {
		char *begin = buffer_reserve(out, ROOM_BYTES), *room = begin;
		size_t room_bytes = out->capacity - out->length;

		has_more = coder->class->step(coder, &part, end, &room, &room_bytes);
		out->length += (size_t)(room - begin);
	} while (has_more);
}

void coder_destroy(struct coder *coder)
{
	if (coder == NULL)
		return;
	coder->class->end(coder);
	free(coder);
}
