/* charset.h - the encodings of pages: their labels, and text of theirs in UTF-8.
 *
 * Labels are those of https://encoding.spec.whatwg.org/#names-and-labels; the decoders are iconv's, but for UTF-8,
 * UTF-16 and windows-1252. An encoding that iconv does not have here (glibc keeps them in files) is read as
 * windows-1252.
 *
 * Thread:  any.
 * Errors:  what is malformed becomes U+FFFD, byte by byte.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

enum {
	CHARSET_BOM_BYTES = 3,
	CHARSET_GROWTH_MAX = 3, /* a byte of any encoding is at most so many of UTF-8 */
	CHARSET_POINT_BYTES_MAX = 4,
};

enum charset_kind { CHARSET_BY_ICONV, CHARSET_UTF_8, CHARSET_UTF_16LE, CHARSET_UTF_16BE, CHARSET_WINDOWS_1252 };

struct charset {
	enum charset_kind kind;
	const char *iconv_name; /* or NULL */
	const char *labels;     /* in small letters, a space between */
};

const struct charset *charset_of_kind(enum charset_kind kind);

/* NULL, both: nothing is said there, or nothing that is known. */
const struct charset *charset_of_label(struct text label);
const struct charset *charset_of_bom(struct text page);

/* Returns how many bytes it wrote, at most text.length * CHARSET_GROWTH_MAX. `is_cut`: the text goes on, a character
 * that is not there as a whole is left out. Not for UTF-16. */
size_t charset_to_utf8(const struct charset *charset, struct text text, bool is_cut, char *out);

/* Returns the bytes of a code point. */
size_t charset_put_utf8(uint32_t point, char out[CHARSET_POINT_BYTES_MAX]);

/* UTF-16 as it arrives. All zero, but for is_big_endian, is the beginning. */
struct charset_utf16 {
	bool is_big_endian, has_first;
	uint8_t first;
	uint16_t high; /* the surrogate that waits for its other half, or 0 */
};

/* Returns how many bytes of UTF-8 this byte completes: one code point, or U+FFFD and one, or none. */
size_t charset_add_utf16(struct charset_utf16 *utf16, uint8_t byte, char out[2 * CHARSET_POINT_BYTES_MAX]);
