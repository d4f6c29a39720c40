/* run.h - how far a text goes on before a byte of some kind, by SSE2 or NEON where there is one, else by words.
 *
 * Thread:  any.
 * Limits:  nothing behind the text is read.
 */
#pragma once

#include "base/text.h"

#include <endian.h>
#include <stdint.h>

#if defined(RUN_BY_WORDS) /* by a test */
#elif defined(__SSE2__)
#include <emmintrin.h>
#define RUN_SSE2 1
#elif defined(__ARM_NEON) && defined(__aarch64__) && __BYTE_ORDER == __LITTLE_ENDIAN
#include <arm_neon.h>
#define RUN_NEON 1
#endif

/* A run ends before a byte that is less than `below`, and before `one` and `other`. */
struct run_end {
	unsigned char below; /* 128 at most; 0: no byte is */
	char one, other;
};

/* What a JSON string wants escaped: control characters, quotes, backslashes. Bytes above 0x7f are UTF-8 and pass. */
static const struct run_end run_json = {0x20, '"', '\\'};

/* Of a number of bytes, each as many bits as the way of looking gives; all of them set where a byte ends a run. */
typedef uint64_t run_ends;

static inline bool run_ends_at(char c, struct run_end end)
{
	return (unsigned char)c < end.below || c == end.one || c == end.other;
}

enum {
	RUN_WORD = sizeof(uint64_t),
	RUN_WORD_BITS_LOG2 = 3,
};

/* Sets the high bit of each byte of `word` that is less than `limit`, which is 128 at most. (After "determine if a word
 * has a byte less than n", Bit Twiddling Hacks, S. E. Anderson, which marks more than those.) */
static inline uint64_t run_less(uint64_t word, unsigned char limit)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);

	/* with its high bit set no byte borrows from the next */
	return ~(((word | highs) - ones * limit) | word) & highs;
}

/* Of RUN_WORD bytes. */
static inline run_ends run_word_ends(const char *at, struct run_end end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word;

	memcpy(&word, at, RUN_WORD);
	word = le64toh(word);
	return (run_less(word, end.below) | run_less(word ^ (ones * (unsigned char)end.one), 1) |
		run_less(word ^ (ones * (unsigned char)end.other), 1)) /
	       128 * 255;
}

/* Of RUN_BLOCK bytes, by what the machine has. */
#if defined(RUN_SSE2)
enum { RUN_BLOCK = 16, RUN_BLOCK_BITS_LOG2 = 0 };

static inline run_ends run_block_ends(const char *at, struct run_end end)
{
	__m128i block = _mm_loadu_si128((const __m128i *)(const void *)at);
	/* 0 where a byte is not below */
	__m128i below = _mm_subs_epu8(_mm_set1_epi8((char)end.below), block);
	__m128i either = _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8(end.one)),
				      _mm_cmpeq_epi8(block, _mm_set1_epi8(end.other)));
	__m128i goes_on = _mm_cmpeq_epi8(_mm_or_si128(below, either), _mm_setzero_si128());

	return (unsigned)_mm_movemask_epi8(goes_on) ^ 0xffffU;
}
#elif defined(RUN_NEON)
enum { RUN_BLOCK = 16, RUN_BLOCK_BITS_LOG2 = 2 };

static inline run_ends run_block_ends(const char *at, struct run_end end)
{
	uint8x16_t block = vld1q_u8((const uint8_t *)at);
	uint8x16_t found =
	    vorrq_u8(vcltq_u8(block, vdupq_n_u8(end.below)), vorrq_u8(vceqq_u8(block, vdupq_n_u8((uint8_t)end.one)),
								      vceqq_u8(block, vdupq_n_u8((uint8_t)end.other))));

	return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(found), 4)), 0);
}
#else
enum { RUN_BLOCK = RUN_WORD, RUN_BLOCK_BITS_LOG2 = RUN_WORD_BITS_LOG2 };

static inline run_ends run_block_ends(const char *at, struct run_end end)
{
	return run_word_ends(at, end);
}
#endif

/* The place of the first byte of a block that ends a run; there is one. */
static inline unsigned run_first(run_ends ends)
{
	return (unsigned)__builtin_ctzll(ends) >> RUN_BLOCK_BITS_LOG2;
}

static inline unsigned run_first_of_word(run_ends ends)
{
	return (unsigned)__builtin_ctzll(ends) >> RUN_WORD_BITS_LOG2;
}

/* Without the first. */
static inline run_ends run_after_first(run_ends ends)
{
	const run_ends one = (UINT64_C(1) << (1 << RUN_BLOCK_BITS_LOG2)) - 1;

	return ends & ~(one << __builtin_ctzll(ends));
}

/* Copies a run, or all of the text. `out` has room for all of it; what is behind the run there may be written over.
 * Returns the length of the run. */
static inline size_t run_copy(char *out, struct text text, struct run_end end)
{
	size_t at = 0;

	for (; text.length - at >= RUN_BLOCK; at += RUN_BLOCK) {
		run_ends ends = run_block_ends(text.at + at, end);

		memcpy(out + at, text.at + at, RUN_BLOCK);
		if (ends != 0)
			return at + run_first(ends);
	}
	if (text.length - at >= RUN_WORD) {
		run_ends ends = run_word_ends(text.at + at, end);

		memcpy(out + at, text.at + at, RUN_WORD);
		if (ends != 0)
			return at + run_first_of_word(ends);
		at += RUN_WORD;
	}
	for (; at < text.length && !run_ends_at(text.at[at], end); at++)
		out[at] = text.at[at];
	return at;
}

/* How long the run at the text's begin is; all of it, where none ends it. */
static inline size_t run_length(struct text text, struct run_end end)
{
	size_t at = 0;

	for (; text.length - at >= RUN_BLOCK; at += RUN_BLOCK) {
		run_ends ends = run_block_ends(text.at + at, end);

		if (ends != 0)
			return at + run_first(ends);
	}
	if (text.length - at >= RUN_WORD) {
		run_ends ends = run_word_ends(text.at + at, end);

		if (ends != 0)
			return at + run_first_of_word(ends);
		at += RUN_WORD;
	}
	while (at < text.length && !run_ends_at(text.at[at], end))
		at++;
	return at;
}

/* How much of a text can stand in a JSON string as it is. */
size_t run_json_length(struct text text);
/* How much of a text is before the first of two bytes, or all of it. */
size_t run_length_before(struct text text, char one, char other);
