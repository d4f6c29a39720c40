#include "coding/coder_parts.h"

#include "base/memory.h"
#include "base/require.h"

#include <stdint.h>
#include <stdlib.h>

#define ZLIB_CONST /* what is read is not written to */
#include <zlib.h>

enum {
	/* The least work, as nginx and libh2o have it: level 4 takes 1.4 times as many instructions to save an eighth
	 * (docs/decisions/0068-compression.md). */
	LEVEL = 1,
	GZIP_FORMAT = 16,      /* added to the window's bits: zlib.h, deflateInit2() */
	WINDOW_BITS_MOST = 15, /* of the format (RFC 1951) */
	MEMORY_MOST = 8,       /* zlib's default, for the largest window: zlib.h, deflateInit2() */
};

struct gzip_coder {
	struct coder coder;
	z_stream stream;
};

static z_stream *stream_of(struct coder *coder)
{
	return &CONTAINER_OF(coder, struct gzip_coder, coder)->stream;
}

static void *allocate(void *data, unsigned count, unsigned bytes)
{
	(void)data;
	return memory_alloc((size_t)count * bytes);
}

static void release(void *data, void *memory)
{
	(void)data;
	free(memory);
}

/* As much memory less for a smaller window as zlib's default has for the largest one. */
static int memory_level(unsigned window_bits)
{
	unsigned less = WINDOW_BITS_MOST - window_bits;

	return less < MEMORY_MOST - 1 ? (int)(MEMORY_MOST - less) : 1;
}

static void begin(struct coder *coder, unsigned window_bits)
{
	z_stream *stream = stream_of(coder);
	unsigned bits = window_bits < WINDOW_BITS_MOST ? window_bits : WINDOW_BITS_MOST;

	stream->zalloc = allocate;
	stream->zfree = release;
	REQUIRE(deflateInit2(stream, LEVEL, Z_DEFLATED, (int)bits + GZIP_FORMAT, memory_level(bits),
			     Z_DEFAULT_STRATEGY) == Z_OK);
}

static unsigned at_most(size_t bytes)
{
	return bytes < UINT32_MAX ? (unsigned)bytes : UINT32_MAX;
}

static bool step(struct coder *coder, struct text *in, enum coder_end end, char **room, size_t *room_bytes)
{
	static const int flushes[] = {
	    [CODER_GOES_ON] = Z_NO_FLUSH, [CODER_FLUSHES] = Z_SYNC_FLUSH, [CODER_ENDS] = Z_FINISH};
	z_stream *stream = stream_of(coder);
	unsigned in_bytes = at_most(in->length), out_bytes = at_most(*room_bytes);
	bool is_all = in_bytes == in->length, has_room;

	stream->next_in = (const unsigned char *)in->at;
	stream->avail_in = in_bytes;
	stream->next_out = (unsigned char *)*room;
	stream->avail_out = out_bytes;
	/* Z_BUF_ERROR: there was nothing left to do */
	REQUIRE(deflate(stream, is_all ? flushes[end] : Z_NO_FLUSH) != Z_STREAM_ERROR);
	in_bytes -= stream->avail_in;
	*in = (struct text){in->at + in_bytes, in->length - in_bytes};
	*room = (char *)stream->next_out;
	*room_bytes -= out_bytes - stream->avail_out;
	/* room that is left says that all of it is written */
	has_room = stream->avail_out > 0;
	return !has_room || in->length > 0;
}

static void finish(struct coder *coder)
{
	deflateEnd(stream_of(coder));
}

const struct coder_class coder_gzip = {sizeof(struct gzip_coder), begin, step, finish};
