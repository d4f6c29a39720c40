/* coder_parts.h - the inside of a coder, for coding/ only. */
#pragma once

#include "coding/coder.h"

struct coder_class {
	size_t bytes; /* of the struct that embeds the coder */
	void (*begin)(struct coder *coder, unsigned window_bits);
	/* Takes from `in` and writes to `room`, and moves both on. Returns whether there is more to write. */
	bool (*step)(struct coder *coder, struct text *in, enum coder_end end, char **room, size_t *room_bytes);
	void (*end)(struct coder *coder);
};

struct coder {
	const struct coder_class *class;
};

extern const struct coder_class coder_gzip, coder_brotli;
