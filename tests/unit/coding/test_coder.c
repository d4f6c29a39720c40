#include "coding/coder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <brotli/decode.h>
#include <zlib.h>

enum { LARGE = 3 * 1000 * 1000 };

struct fixture {
	struct arena arena;
	struct buffer coded, input;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	arena_init(&fixture->arena, NULL, 0);
	fixture->coded = buffer_in(&fixture->arena);
	fixture->input = buffer_in(&fixture->arena);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	arena_cleanup(&fixture->arena);
	free(fixture);
	return 0;
}

static void fill(struct fixture *fixture, size_t bytes)
{
	unsigned seed = 1;

	while (fixture->input.length < bytes) {
		seed = seed * 1103515245 + 12345;
		buffer_printf(&fixture->input, "{\"id\":%u,\"name\":\"name %u\"},", seed >> 20, seed >> 8 & 255);
	}
	fixture->input.length = bytes;
}

/* Returns how many bytes come of what is there so far; they are those of the input. */
static size_t inflate_gzip(const struct fixture *fixture, bool *is_over)
{
	z_stream stream = {0};
	unsigned char *room = malloc(LARGE + 1);
	int result;

	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	stream.next_in = (unsigned char *)fixture->coded.bytes;
	stream.avail_in = (unsigned)fixture->coded.length;
	stream.next_out = room;
	stream.avail_out = LARGE + 1;
	result = inflate(&stream, Z_SYNC_FLUSH);
	assert_true(result == Z_OK || result == Z_STREAM_END);
	*is_over = result == Z_STREAM_END && stream.avail_in == 0;
	assert_memory_equal(room, fixture->input.bytes, stream.total_out);
	inflateEnd(&stream);
	free(room);
	return stream.total_out;
}

static size_t inflate_brotli(const struct fixture *fixture, bool *is_over)
{
	BrotliDecoderState *decoder = BrotliDecoderCreateInstance(NULL, NULL, NULL);
	const uint8_t *next_in = (const uint8_t *)fixture->coded.bytes;
	size_t in_bytes = fixture->coded.length, room_bytes = LARGE + 1, total = 0;
	uint8_t *room = malloc(room_bytes), *next_out = room;
	BrotliDecoderResult result =
	    BrotliDecoderDecompressStream(decoder, &in_bytes, &next_in, &room_bytes, &next_out, &total);

	assert_true(result == BROTLI_DECODER_RESULT_SUCCESS || result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT);
	*is_over = result == BROTLI_DECODER_RESULT_SUCCESS && in_bytes == 0;
	assert_memory_equal(room, fixture->input.bytes, total);
	BrotliDecoderDestroyInstance(decoder);
	free(room);
	return total;
}

static size_t decode(const struct fixture *fixture, enum coding coding, bool *is_over)
{
	return coding == CODING_GZIP ? inflate_gzip(fixture, is_over) : inflate_brotli(fixture, is_over);
}

static struct text piece(const struct fixture *fixture, size_t from, size_t to)
{
	return (struct text){fixture->input.bytes + from, to - from};
}

static void a_body_at_once(void **state)
{
	static const size_t sizes[] = {1, 2, 100, 1023, 1024, 1025, 4096, 65536, 262144, 262145, LARGE};
	struct fixture *fixture = *state;
	bool is_over;

	for (enum coding coding = CODING_GZIP; coding < CODING_COUNT; coding++)
		for (unsigned i = 0; i < ARRAY_LENGTH(sizes); i++) {
			struct coder *coder = coder_create(coding, sizes[i]);

			fixture->coded.length = fixture->input.length = 0;
			fill(fixture, sizes[i]);
			coder_add(coder, buffer_text(&fixture->input), CODER_ENDS, &fixture->coded);
			coder_destroy(coder);
			assert_int_equal(decode(fixture, coding, &is_over), sizes[i]);
			assert_true(is_over);
			assert_true(sizes[i] < 1024 || fixture->coded.length < sizes[i]);
		}
}

static void pieces_that_are_kept_back(void **state)
{
	struct fixture *fixture = *state;
	bool is_over;

	fill(fixture, LARGE);
	for (enum coding coding = CODING_GZIP; coding < CODING_COUNT; coding++) {
		struct coder *coder = coder_create(coding, LARGE);

		fixture->coded.length = 0;
		for (size_t at = 0; at < LARGE; at += 50000)
			coder_add(coder, piece(fixture, at, at + 50000), CODER_GOES_ON, &fixture->coded);
		coder_add(coder, TEXT(""), CODER_ENDS, &fixture->coded);
		coder_destroy(coder);
		assert_int_equal(decode(fixture, coding, &is_over), LARGE);
		assert_true(is_over);
	}
}

static void each_flushed_part_can_be_read(void **state)
{
	static const size_t ends[] = {1, 2, 10, 1000, 70000, 70000, 600000, LARGE};
	struct fixture *fixture = *state;
	bool is_over;

	fill(fixture, LARGE);
	for (enum coding coding = CODING_GZIP; coding < CODING_COUNT; coding++) {
		struct coder *coder = coder_create(coding, 0);
		size_t at = 0;

		fixture->coded.length = 0;
		for (unsigned i = 0; i < ARRAY_LENGTH(ends); at = ends[i++]) {
			coder_add(coder, piece(fixture, at, ends[i]), CODER_FLUSHES, &fixture->coded);
			assert_int_equal(decode(fixture, coding, &is_over), ends[i]);
			assert_false(is_over);
		}
		coder_add(coder, TEXT(""), CODER_ENDS, &fixture->coded);
		coder_destroy(coder);
		decode(fixture, coding, &is_over);
		assert_true(is_over);
	}
}

static void what_cannot_become_smaller(void **state)
{
	struct fixture *fixture = *state;
	unsigned seed = 7;
	bool is_over;

	for (unsigned i = 0; i < 100000; i++) {
		seed = seed * 1103515245 + 12345;
		buffer_add_char(&fixture->input, (char)(seed >> 16));
	}
	for (enum coding coding = CODING_GZIP; coding < CODING_COUNT; coding++) {
		struct coder *coder = coder_create(coding, fixture->input.length);

		fixture->coded.length = 0;
		coder_add(coder, buffer_text(&fixture->input), CODER_ENDS, &fixture->coded);
		coder_destroy(coder);
		assert_int_equal(decode(fixture, coding, &is_over), fixture->input.length);
		assert_true(is_over && fixture->coded.length > fixture->input.length);
	}
}

static void the_same_bytes_each_time(void **state)
{
	struct fixture *fixture = *state;

	fill(fixture, 100000);
	for (enum coding coding = CODING_GZIP; coding < CODING_COUNT; coding++) {
		size_t length = 0;

		fixture->coded.length = 0;
		for (unsigned i = 0; i < 2; i++) {
			struct coder *coder = coder_create(coding, fixture->input.length);

			length = fixture->coded.length;
			coder_add(coder, buffer_text(&fixture->input), CODER_ENDS, &fixture->coded);
			coder_destroy(coder);
		}
		assert_int_equal(fixture->coded.length, 2 * length);
		assert_memory_equal(fixture->coded.bytes, fixture->coded.bytes + length, length);
	}
}

static void one_that_is_not_finished(void **state)
{
	struct fixture *fixture = *state;

	fill(fixture, 100000);
	for (enum coding coding = CODING_GZIP; coding < CODING_COUNT; coding++) {
		struct coder *coder = coder_create(coding, 0);

		coder_add(coder, buffer_text(&fixture->input), CODER_FLUSHES, &fixture->coded);
		coder_destroy(coder);
	}
	coder_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_body_at_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(pieces_that_are_kept_back, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(each_flushed_part_can_be_read, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_cannot_become_smaller, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_same_bytes_each_time, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(one_that_is_not_finished, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
