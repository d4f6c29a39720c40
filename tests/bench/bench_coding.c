/* Codes JSON rows in a content coding, and says how many bytes come of it. How many instructions a byte takes is
 * callgrind's to say, of two runs that differ in TIMES. Arguments: gzip or br, BYTES, TIMES. */
#include "coding/coder.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const words[] = {"the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "and"};

static void fill(struct buffer *rows, size_t bytes)
{
	unsigned seed = 1;

	for (unsigned id = 1; rows->length < bytes; id++) {
		buffer_printf(rows, "{\"id\":%u,\"amount\":%u.%02u,\"body\":\"", id, seed >> 22, seed % 100);
		for (unsigned word = 0; word < 12; word++) {
			seed = seed * 1103515245 + 12345;
			buffer_printf(rows, "%s ", words[(seed >> 16) % ARRAY_LENGTH(words)]);
		}
		buffer_printf(rows, "\",\"created_at\":\"2026-01-%02uT%02u:%02u:00+00:00\"},", seed % 28 + 1,
			      (seed >> 8) % 24, (seed >> 16) % 60);
	}
	rows->length = bytes;
}

int main(int argc, char **argv)
{
	enum coding coding = argc > 1 && strcmp(argv[1], "br") == 0 ? CODING_BROTLI : CODING_GZIP;
	size_t bytes = argc > 2 ? strtoul(argv[2], NULL, 10) : 65536;
	unsigned long times = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
	struct arena arena;
	struct buffer rows, coded;

	arena_init(&arena, NULL, 0);
	rows = buffer_in(&arena);
	coded = buffer_in(&arena);
	fill(&rows, bytes);
	for (unsigned long i = 0; i < times; i++) {
		struct coder *coder = coder_create(coding, bytes);

		coded.length = 0;
		coder_add(coder, buffer_text(&rows), CODER_ENDS, &coded);
		coder_destroy(coder);
	}
	printf("%s: %zu bytes become %zu\n", coding_name(coding), bytes, coded.length);
	arena_cleanup(&arena);
	return 0;
}
