#include "coding/coder_parts.h"

#include "base/memory.h"
#include "base/require.h"

#include <stdlib.h>

#include <brotli/encode.h>

enum {
	/* As libh2o has it: it takes half of what gzip does, and its result is smaller. Quality 3 takes 2.5 times as many
	 * instructions to save 7 % (docs/decisions/0068-compression.md). */
	QUALITY = 1,
};

struct brotli_coder {
	struct coder coder;
	BrotliEncoderState *state;
};

static BrotliEncoderState *state_of(struct coder *coder)
{
	return CONTAINER_OF(coder, struct brotli_coder, coder)->state;
}

static void *allocate(void *data, size_t bytes)
{
	(void)data;
	return memory_alloc(bytes);
}

static void release(void *data, void *memory)
{
	(void)data;
	free(memory);
}

static void begin(struct coder *coder, unsigned window_bits)
{
	struct brotli_coder *self = CONTAINER_OF(coder, struct brotli_coder, coder);

	self->state = BrotliEncoderCreateInstance(allocate, release, NULL);
	REQUIRE(self->state != NULL);
	REQUIRE(BrotliEncoderSetParameter(self->state, BROTLI_PARAM_QUALITY, QUALITY) &&
		BrotliEncoderSetParameter(self->state, BROTLI_PARAM_LGWIN, window_bits));
}

static bool step(struct coder *coder, struct text *in, enum coder_end end, char **room, size_t *room_bytes)
{
	static const BrotliEncoderOperation operations[] = {[CODER_GOES_ON] = BROTLI_OPERATION_PROCESS,
							    [CODER_FLUSHES] = BROTLI_OPERATION_FLUSH,
							    [CODER_ENDS] = BROTLI_OPERATION_FINISH};
	BrotliEncoderState *state = state_of(coder);
	const uint8_t *next_in = (const uint8_t *)in->at;
	uint8_t *next_out = (uint8_t *)*room;
	size_t in_bytes = in->length;

	REQUIRE(BrotliEncoderCompressStream(state, operations[end], &in_bytes, &next_in, room_bytes, &next_out, NULL));
	*in = (struct text){(const char *)next_in, in_bytes};
	*room = (char *)next_out;
	return in_bytes > 0 || BrotliEncoderHasMoreOutput(state);
}

static void finish(struct coder *coder)
{
	BrotliEncoderDestroyInstance(state_of(coder));
}

const struct coder_class coder_brotli = {sizeof(struct brotli_coder), begin, step, finish};
