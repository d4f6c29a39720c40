/* Chunked bodies and what they are decoded to, in one piece, cut at every place, and byte by byte. */
#include "server/http/chunked.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#define NEXT "GET /next HTTP/1.1\r\n"

enum { MAX_BODY_BYTES = 1000 };

struct sample {
	struct text raw;
	const char *body; /* NULL: it is refused */
	const char *says; /* a part of the detail */
};

#define DECODED(raw, body)                                                                                             \
	{                                                                                                              \
		TEXT_INIT(raw), (body), NULL                                                                           \
	}
#define REFUSED(raw, says)                                                                                             \
	{                                                                                                              \
		TEXT_INIT(raw), NULL, (says)                                                                           \
	}

struct outcome {
	struct http_guard_verdict verdict;
	char *body; /* to be freed */
	size_t length, used;
};

/* Feeds the pieces as libh2o does: each behind what was decoded before it, in memory of exactly its size. */
static void feed(struct http_chunked *chunked, struct text piece, struct outcome *outcome)
{
	char *bytes = malloc(piece.length + (piece.length == 0));
	size_t used, decoded;

	assert_non_null(bytes);
	memcpy(bytes, piece.at, piece.length);
	outcome->verdict = http_chunked_decode(chunked, bytes, piece.length, MAX_BODY_BYTES, &used, &decoded);
	assert_true(used <= piece.length && decoded <= used);
	if (outcome->verdict.is_incomplete)
		assert_int_equal(used, piece.length);
	assert_true((outcome->verdict.error == ERROR_NONE) == (outcome->verdict.detail == NULL));
	outcome->body = realloc(outcome->body, outcome->length + decoded + 1);
	memcpy(outcome->body + outcome->length, bytes, decoded);
	outcome->length += decoded;
	outcome->used += used;
	free(bytes);
}

/* The first piece has `first` bytes, the others `others`. */
static struct outcome decode(struct text raw, size_t first, size_t others)
{
	/* libh2o clears all of it and sets its flag */
	struct http_chunked chunked = {.libh2os = 1};
	struct outcome outcome = {.verdict = {.is_incomplete = true}};

	for (size_t at = 0, size = first; at < raw.length && outcome.verdict.is_incomplete; at += size, size = others) {
		if (size > raw.length - at)
			size = raw.length - at;
		feed(&chunked, (struct text){raw.at + at, size}, &outcome);
	}
	assert_int_equal(chunked.libh2os, 1);
	return outcome;
}

static void check(const struct sample *sample, size_t first, size_t others)
{
	struct outcome outcome = decode(sample->raw, first, others);
	struct http_guard_verdict verdict = outcome.verdict;

	if (verdict.is_incomplete)
		fail_msg("%s: incomplete", sample->raw.at);
	if (sample->body == NULL) {
		if (verdict.error == ERROR_NONE || strstr(verdict.detail, sample->says) == NULL)
			fail_msg("%s: \"%s\"; expected \"%s\"", sample->raw.at, verdict.detail, sample->says);
	} else if (verdict.error != ERROR_NONE || outcome.length != strlen(sample->body) ||
		   memcmp(outcome.body, sample->body, outcome.length) != 0) {
		fail_msg("%s: %s, %.*s", sample->raw.at, verdict.detail, (int)outcome.length, outcome.body);
	}
	free(outcome.body);
}

static void check_all(const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		check(&samples[i], samples[i].raw.length, 1);
		check(&samples[i], 1, 1);
		for (size_t first = 1; first < samples[i].raw.length; first++)
			check(&samples[i], first, samples[i].raw.length);
	}
}

static void well_formed_bodies_are_decoded(void **state)
{
	static const struct sample samples[] = {
	    DECODED("0\r\n\r\n", ""),
	    DECODED("5\r\nhello\r\n0\r\n\r\n", "hello"),
	    DECODED("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world"),
	    DECODED("5\r\nhello\r\n0\r\n\r\n" NEXT, "hello"),
	    DECODED("0\r\n\r\n\r\n" NEXT, ""),
	    DECODED("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
	    DECODED("a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
	    DECODED("0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n", "hello"),
	    DECODED("10\r\n0123456789abcdef\r\n0\r\n\r\n", "0123456789abcdef"),
	    DECODED("4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"),
	    DECODED("5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"),
	    DECODED("5;a\r\nhello\r\n0\r\n\r\n", "hello"),
	    DECODED("5;a=b\r\nhello\r\n0;c=d\r\n\r\n", "hello"),
	    DECODED("5;a=5\r\nhello\r\n0\r\n\r\n", "hello"),
	    DECODED("5;a;b;c=d\r\nhello\r\n0\r\n\r\n", "hello"),
	    DECODED("5; a = b ; c\r\nhello\r\n0\r\n\r\n", "hello"),
	    DECODED("5;a=\"b c\"\r\nhello\r\n0\r\n\r\n", "hello"),
	    DECODED("5;a=\"\";b=\";\\\"=\\\\\t\xff\" ;c\r\nhello\r\n0\r\n\r\n", "hello"),
	    DECODED("5;a\t=\t\"b\"\t;c\r\nhello\r\n0\r\n\r\n", "hello"),
	    DECODED("0\r\nA: b\r\n\r\n", ""),
	    DECODED("5\r\nhello\r\n0\r\nDigest: sha-256=x\r\nEmpty:\r\nX-Latin: caf\xe9 \"\\\" \t;\r\n\r\n" NEXT,
		    "hello"),
	    DECODED("5\r\nhello\r\n0\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" NEXT, "hello"),
	};

	(void)state;
	check_all(samples, ARRAY_LENGTH(samples));
}

static void malformed_sizes_are_refused(void **state)
{
	static const struct sample samples[] = {
	    REFUSED("\r\n", "hexadecimal digits alone, and one at least"),
	    REFUSED("\r\n5\r\nhello\r\n0\r\n\r\n", "hexadecimal digits"),
	    REFUSED("+5\r\nhello\r\n0\r\n\r\n", "hexadecimal digits"),
	    REFUSED("-5\r\nhello\r\n0\r\n\r\n", "hexadecimal digits"),
	    REFUSED(" 5\r\nhello\r\n0\r\n\r\n", "hexadecimal digits"),
	    REFUSED("\t5\r\nhello\r\n0\r\n\r\n", "hexadecimal digits"),
	    REFUSED("5 \r\nhello\r\n0\r\n\r\n", "hexadecimal digits"),
	    REFUSED("5\t\r\nhello\r\n0\r\n\r\n", "hexadecimal digits"),
	    REFUSED("5 ;a\r\nhello\r\n0\r\n\r\n", "hexadecimal digits"),
	    REFUSED("0x5\r\nhello\r\n0\r\n\r\n", "hexadecimal digits"),
	    REFUSED("5h\r\nhello\r\n0\r\n\r\n", "hexadecimal digits"),
	    REFUSED("5_0\r\nhello\r\n0\r\n\r\n", "hexadecimal digits"),
	    REFUSED("5,5\r\nhello\r\n0\r\n\r\n", "hexadecimal digits"),
	    REFUSED("g\r\n", "hexadecimal digits"),
	    REFUSED(";a\r\n", "hexadecimal digits"),
	    REFUSED("\"5\"\r\nhello\r\n0\r\n\r\n", "hexadecimal digits"),
	    REFUSED("\xef\xbc\x95\r\nhello\r\n0\r\n\r\n", "hexadecimal digits"),
	    REFUSED("5\r\nhello\r\n\r\n0\r\n\r\n", "hexadecimal digits"),
	    REFUSED("5\r\nhello\r\n-0\r\n\r\n", "hexadecimal digits"),
	    REFUSED("00000000000000005\r\nhello\r\n0\r\n\r\n", "more than 16 digits"),
	    REFUSED("5\r\nhello\r\n00000000000000000\r\n\r\n", "more than 16 digits"),
	    REFUSED("3e9\r\n", "too large"),
	    REFUSED("fffffffffffffffff\r\n", "too large"),
	    REFUSED("10000000000000005\r\nhello\r\n0\r\n\r\n", "too large"),
	    REFUSED("5\r\nhello\r\n3e4\r\n", "too large"),
	};

	(void)state;
	check_all(samples, ARRAY_LENGTH(samples));
}

static void wrong_lengths_are_refused(void **state)
{
	static const struct sample samples[] = {
	    REFUSED("4\r\nhello\r\n0\r\n\r\n", "longer than its size"),
	    REFUSED("5\r\nhello!\r\n0\r\n\r\n", "longer than its size"),
	    REFUSED("5\r\nhello0\r\n\r\n", "longer than its size"),
	    REFUSED("6\r\nhello\r\n0\r\n\r\n", "LF alone"),
	    REFUSED("7\r\nhello\r\n0\r\n\r\n", "longer than its size"),
	    REFUSED("5\r\nhello 0\r\n\r\n", "longer than its size"),
	    REFUSED("5\r\nhello\0\r\n0\r\n\r\n", "longer than its size"),
	};

	(void)state;
	check_all(samples, ARRAY_LENGTH(samples));
}

static void line_ends_are_cr_lf(void **state)
{
	static const struct sample samples[] = {
	    REFUSED("5\nhello\r\n0\r\n\r\n", "LF alone"),
	    REFUSED("5\r\nhello\n0\r\n\r\n", "LF alone"),
	    REFUSED("5\r\nhello\r\n0\n\r\n", "LF alone"),
	    REFUSED("5\r\nhello\r\n0\r\n\n", "LF alone"),
	    REFUSED("5\r\nhello\r\n0\r\nA: b\n\r\n", "LF alone"),
	    REFUSED("5;a\nhello\r\n0\r\n\r\n", "LF alone"),
	    REFUSED("5;a=\"\n\"\r\nhello\r\n0\r\n\r\n", "LF alone"),
	    REFUSED("5;\nhello\r\n0\r\n\r\n", "LF alone"),
	    REFUSED("\n5\r\nhello\r\n0\r\n\r\n", "LF alone"),
	    REFUSED("5\rhello\r\n0\r\n\r\n", "CR that is not followed"),
	    REFUSED("5\r\r\nhello\r\n0\r\n\r\n", "CR that is not followed"),
	    REFUSED("5\r\nhello\r\r\n0\r\n\r\n", "CR that is not followed"),
	    REFUSED("5\r\nhello\r0\r\n\r\n", "CR that is not followed"),
	    REFUSED("5\r\nhello\r\n0\r\n\r\r\n", "CR that is not followed"),
	    REFUSED("5\r\nhello\r\n0\r\n\rGET", "CR that is not followed"),
	    REFUSED("5\r\nhello\r\n0\r\nA: b\rC: d\r\n\r\n", "CR that is not followed"),
	    REFUSED("5;a\rb\r\nhello\r\n0\r\n\r\n", "CR that is not followed"),
	};

	(void)state;
	check_all(samples, ARRAY_LENGTH(samples));
}

static void malformed_extensions_are_refused(void **state)
{
	static const struct sample samples[] = {
	    REFUSED("5;\r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5;;a\r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5; \r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5;=b\r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5;a=\r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5;a=;b\r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5;a=b=c\r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5;a b\r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5;a \r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5;a=b \r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5;a=b c\r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5;a=\"b\r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5;a=\"b\\\r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5;a=\"b\"c\r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5;a=\"b\" c\r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5;a\"b\"\r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5;a:b\r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5;\xe9\r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5;a=\xe9\r\nhello\r\n0\r\n\r\n", "chunk extension"),
	    REFUSED("5;a\0b\r\nhello\r\n0\r\n\r\n", "control byte"),
	    REFUSED("5;a=\"\x01\"\r\nhello\r\n0\r\n\r\n", "control byte"),
	    REFUSED("5;a=\"\x1f\"\r\nhello\r\n0\r\n\r\n", "control byte"),
	    REFUSED("5;a=\"\\\x7f\"\r\nhello\r\n0\r\n\r\n", "control byte"),
	    REFUSED("5\0\r\nhello\r\n0\r\n\r\n", "control byte"),
	};

	(void)state;
	check_all(samples, ARRAY_LENGTH(samples));
}

static void malformed_trailers_are_refused(void **state)
{
	static const struct sample samples[] = {
	    REFUSED("0\r\n A: b\r\n\r\n", "trailer line"),       REFUSED("0\r\nA: b\r\n c\r\n\r\n", "trailer line"),
	    REFUSED("0\r\nA: b\r\n\tc\r\n\r\n", "trailer line"), REFUSED("0\r\nA : b\r\n\r\n", "trailer line"),
	    REFUSED("0\r\nA\r\n\r\n", "trailer line"),           REFUSED("0\r\n: b\r\n\r\n", "trailer line"),
	    REFUSED("0\r\nA(: b\r\n\r\n", "trailer line"),       REFUSED("0\r\n\xe9: b\r\n\r\n", "trailer line"),
	    REFUSED("0\r\n" NEXT "\r\n", "trailer line"),        REFUSED("0\r\nA: b\0c\r\n\r\n", "control byte"),
	    REFUSED("0\r\nA\x01: b\r\n\r\n", "control byte"),    REFUSED("0\r\nA: \x7f\r\n\r\n", "control byte"),
	};

	(void)state;
	check_all(samples, ARRAY_LENGTH(samples));
}

static void an_unfinished_body_waits_for_more(void **state)
{
	static const char whole[] = "5;a=\"b\\c\";d\r\nhello\r\n0\r\nA: b\r\n\r\n";

	(void)state;
	for (size_t length = 0; length < sizeof(whole) - 1; length++) {
		struct outcome outcome = decode((struct text){whole, length}, length, 1);

		assert_true(outcome.verdict.is_incomplete);
		assert_int_equal(outcome.verdict.error, ERROR_NONE);
		free(outcome.body);
	}
}

static void what_follows_is_left_alone(void **state)
{
	static const char raw[] = "5\r\nhello\r\n0\r\n\r\n" NEXT;
	struct http_chunked chunked = {.libh2os = 1};
	char bytes[sizeof(raw)];
	size_t used, decoded;

	(void)state;
	memcpy(bytes, raw, sizeof(raw));
	http_chunked_decode(&chunked, bytes, sizeof(raw) - 1, MAX_BODY_BYTES, &used, &decoded);
	assert_int_equal(used, sizeof(raw) - sizeof(NEXT));
	assert_int_equal(decoded, 5);
	assert_string_equal(bytes + used, NEXT);
}

/* One chunk of `size` bytes with `extension` behind its size, the end with `trailers`. */
static struct text body_of(size_t size, const char *extension, const char *trailers)
{
	static char raw[20000];
	int length = snprintf(raw, sizeof(raw), "%zx%s\r\n", size, extension);

	memset(raw + length, 'x', size);
	return (struct text){raw,
			     (size_t)length + size + (size_t)sprintf(raw + length + size, "\r\n0\r\n%s\r\n", trailers)};
}

static enum error error_of(struct text raw)
{
	struct outcome outcome = decode(raw, raw.length, 1), again = decode(raw, 1, 1);

	assert_false(outcome.verdict.is_incomplete || again.verdict.is_incomplete);
	assert_ptr_equal(outcome.verdict.detail, again.verdict.detail);
	assert_int_equal(outcome.length, again.length);
	assert_int_equal(outcome.used, again.used);
	free(outcome.body);
	free(again.body);
	return outcome.verdict.error;
}

static void the_body_has_so_many_bytes_and_no_more(void **state)
{
	static const char two[] = "1f4\r\n%0500d\r\n%x\r\n%0*d\r\n0\r\n\r\n";
	char raw[2000];

	(void)state;
	assert_int_equal(error_of(body_of(MAX_BODY_BYTES, "", "")), ERROR_NONE);
	assert_int_equal(error_of(body_of(MAX_BODY_BYTES + 1, "", "")), ERROR_TOO_LARGE);
	snprintf(raw, sizeof(raw), two, 0, 500, 500, 0);
	assert_int_equal(error_of(text_of(raw)), ERROR_NONE);
	snprintf(raw, sizeof(raw), two, 0, 501, 501, 0);
	assert_int_equal(error_of(text_of(raw)), ERROR_TOO_LARGE);
}

static void extensions_and_trailers_have_so_many_bytes_and_no_more(void **state)
{
	char most[HTTP_CHUNK_EXTRA_BYTES_MAX + 1], more[HTTP_CHUNK_EXTRA_BYTES_MAX + 2];
	char half[HTTP_CHUNK_EXTRA_BYTES_MAX / 2 + 1], line[HTTP_CHUNK_EXTRA_BYTES_MAX / 2 + 4];

	(void)state;
	snprintf(most, sizeof(most), ";%0*d", HTTP_CHUNK_EXTRA_BYTES_MAX - 1, 0);
	assert_int_equal(error_of(body_of(1, most, "")), ERROR_NONE);
	snprintf(more, sizeof(more), ";%0*d", HTTP_CHUNK_EXTRA_BYTES_MAX, 0);
	assert_int_equal(error_of(body_of(1, more, "")), ERROR_BAD_INPUT);
	snprintf(most, sizeof(most), ";a=b%*s;c", HTTP_CHUNK_EXTRA_BYTES_MAX - 6, "");
	assert_int_equal(error_of(body_of(1, most, "")), ERROR_NONE);
	snprintf(more, sizeof(more), ";a=b%*s;c", HTTP_CHUNK_EXTRA_BYTES_MAX - 5, "");
	assert_int_equal(error_of(body_of(1, more, "")), ERROR_BAD_INPUT);
	snprintf(half, sizeof(half), ";%0*d", HTTP_CHUNK_EXTRA_BYTES_MAX / 2 - 1, 0);
	snprintf(line, sizeof(line), "A:%0*d\r\n", HTTP_CHUNK_EXTRA_BYTES_MAX / 2 - 2, 0);
	assert_int_equal(error_of(body_of(1, half, line)), ERROR_NONE);
	snprintf(line, sizeof(line), "A:%0*d\r\n", HTTP_CHUNK_EXTRA_BYTES_MAX / 2 - 1, 0);
	assert_int_equal(error_of(body_of(1, half, line)), ERROR_BAD_INPUT);
}

/* `count` chunks of `size` bytes; the decoder gets them in pieces of 4 KiB. */
static struct outcome decode_chunks(unsigned count, unsigned size)
{
	char *raw = malloc((size_t)count * (size + 8) + 8);
	size_t length = 0;
	struct outcome outcome = {.verdict = {.is_incomplete = true}};
	struct http_chunked chunked = {.libh2os = 1};

	assert_non_null(raw);
	for (unsigned i = 0; i < count; i++)
		length += (size_t)sprintf(raw + length, "%x\r\n%0*d\r\n", size, (int)size, 0);
	length += (size_t)sprintf(raw + length, "0\r\n\r\n");
	for (size_t at = 0; at < length && outcome.verdict.is_incomplete; at += 4096) {
		size_t used, decoded;

		outcome.verdict = http_chunked_decode(&chunked, raw + at, length - at < 4096 ? length - at : 4096,
						      UINT32_MAX, &used, &decoded);
		outcome.length += decoded;
	}
	free(raw);
	return outcome;
}

static void framing_may_be_only_so_much_larger_than_the_body(void **state)
{
	struct outcome outcome;

	(void)state;
	/* five bytes of framing each, of which three are paid */
	outcome = decode_chunks(29990, 1);
	assert_int_equal(outcome.verdict.error, ERROR_NONE);
	assert_int_equal(outcome.length, 29990);
	outcome = decode_chunks(30010, 1);
	assert_int_equal(outcome.verdict.error, ERROR_BAD_INPUT);
	assert_non_null(strstr(outcome.verdict.detail, "too small"));
	outcome = decode_chunks(100000, 1);
	assert_int_equal(outcome.verdict.error, ERROR_BAD_INPUT);
	assert_in_range(outcome.length, 29000, 31000);
	outcome = decode_chunks(200000, 2);
	assert_int_equal(outcome.verdict.error, ERROR_NONE);
	assert_int_equal(outcome.length, 400000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(well_formed_bodies_are_decoded),
	    cmocka_unit_test(malformed_sizes_are_refused),
	    cmocka_unit_test(wrong_lengths_are_refused),
	    cmocka_unit_test(line_ends_are_cr_lf),
	    cmocka_unit_test(malformed_extensions_are_refused),
	    cmocka_unit_test(malformed_trailers_are_refused),
	    cmocka_unit_test(an_unfinished_body_waits_for_more),
	    cmocka_unit_test(what_follows_is_left_alone),
	    cmocka_unit_test(the_body_has_so_many_bytes_and_no_more),
	    cmocka_unit_test(extensions_and_trailers_have_so_many_bytes_and_no_more),
	    cmocka_unit_test(framing_may_be_only_so_much_larger_than_the_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
