#include "server/http/chunked.h"

#include "base/hex.h"
#include "base/http_token.h"

enum byte_class { CONTROL, HEX, TOKEN, BLANK, CR, LF, SEMICOLON, EQUALS, COLON, QUOTE, BACKSLASH, OTHER, CLASS_COUNT };

/* What is being read. A body begins in the first, and no byte alone leads back there: in the table it means that a byte
 * is wrong. */
enum state {
	SIZE_BEGIN,
	SIZE,
	EXTENSION_BEGIN,
	EXTENSION_NAME,
	EXTENSION_NAME_GAP, /* blanks behind it */
	EXTENSION_EQUALS,
	EXTENSION_VALUE,
	EXTENSION_QUOTED,
	EXTENSION_ESCAPED,
	EXTENSION_QUOTED_END,
	EXTENSION_GAP, /* blanks behind a value */
	SIZE_CR,
	SIZE_CR_LF,
	DATA,
	DATA_END,
	DATA_CR,
	DATA_CR_LF,
	TRAILER_BEGIN,
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_CR,
	LAST_CR,
	LAST_CR_LF,
	STATE_COUNT,
};

#define TOKENS(next) [HEX] = (next), [TOKEN] = (next)
#define VISIBLE(next)                                                                                                  \
	TOKENS(next), [BLANK] = (next), [SEMICOLON] = (next), [EQUALS] = (next), [COLON] = (next), [OTHER] = (next)

/* clang-format off */
static const uint8_t next_states[STATE_COUNT][CLASS_COUNT] = {
	[SIZE_BEGIN]           = {[HEX] = SIZE},
	[SIZE]                 = {[HEX] = SIZE, [SEMICOLON] = EXTENSION_BEGIN, [CR] = SIZE_CR},
	[EXTENSION_BEGIN]      = {TOKENS(EXTENSION_NAME), [BLANK] = EXTENSION_BEGIN},
	[EXTENSION_NAME]       = {TOKENS(EXTENSION_NAME), [BLANK] = EXTENSION_NAME_GAP, [EQUALS] = EXTENSION_EQUALS,
				  [SEMICOLON] = EXTENSION_BEGIN, [CR] = SIZE_CR},
	[EXTENSION_NAME_GAP]   = {[BLANK] = EXTENSION_NAME_GAP, [EQUALS] = EXTENSION_EQUALS,
				  [SEMICOLON] = EXTENSION_BEGIN},
	[EXTENSION_EQUALS]     = {TOKENS(EXTENSION_VALUE), [BLANK] = EXTENSION_EQUALS, [QUOTE] = EXTENSION_QUOTED},
	[EXTENSION_VALUE]      = {TOKENS(EXTENSION_VALUE), [BLANK] = EXTENSION_GAP, [SEMICOLON] = EXTENSION_BEGIN,
				  [CR] = SIZE_CR},
	[EXTENSION_QUOTED]     = {VISIBLE(EXTENSION_QUOTED), [QUOTE] = EXTENSION_QUOTED_END,
				  [BACKSLASH] = EXTENSION_ESCAPED},
	[EXTENSION_ESCAPED]    = {VISIBLE(EXTENSION_QUOTED), [QUOTE] = EXTENSION_QUOTED,
				  [BACKSLASH] = EXTENSION_QUOTED},
	[EXTENSION_QUOTED_END] = {[BLANK] = EXTENSION_GAP, [SEMICOLON] = EXTENSION_BEGIN, [CR] = SIZE_CR},
	[EXTENSION_GAP]        = {[BLANK] = EXTENSION_GAP, [SEMICOLON] = EXTENSION_BEGIN},
	[SIZE_CR]              = {[LF] = SIZE_CR_LF},
	[DATA_END]             = {[CR] = DATA_CR},
	[DATA_CR]              = {[LF] = DATA_CR_LF},
	[TRAILER_BEGIN]        = {TOKENS(TRAILER_NAME), [CR] = LAST_CR},
	[TRAILER_NAME]         = {TOKENS(TRAILER_NAME), [COLON] = TRAILER_VALUE},
	[TRAILER_VALUE]        = {VISIBLE(TRAILER_VALUE), [QUOTE] = TRAILER_VALUE, [BACKSLASH] = TRAILER_VALUE,
				  [CR] = TRAILER_CR},
	[TRAILER_CR]           = {[LF] = TRAILER_BEGIN},
	[LAST_CR]              = {[LF] = LAST_CR_LF},
};
/* clang-format on */

static enum byte_class class_of(char c)
{
	static const char special[] = " \t\r\n;=:\"\\";
	static const uint8_t classes[] = {BLANK, BLANK, CR, LF, SEMICOLON, EQUALS, COLON, QUOTE, BACKSLASH};
	const char *found;

	if (hex_value(c) >= 0)
		return HEX;
	if (http_token_char(c) != ' ')
		return TOKEN;
	found = memchr(special, c, sizeof(special) - 1);
	if (found != NULL)
		return classes[found - special];
	return (unsigned char)c < 0x20 || c == 0x7f ? CONTROL : OTHER;
}

static const char *what_is_wrong(enum state state, enum byte_class byte)
{
	if (state == SIZE_CR || state == DATA_CR || state == TRAILER_CR || state == LAST_CR)
		return "the framing of the chunked body has a CR that is not followed by LF";
	if (byte == LF)
		return "a line of the chunked body's framing ends with LF alone; it must end with CR LF";
	if (state == DATA_END)
		return "a chunk is longer than its size says";
	if (byte == CONTROL)
		return "the framing of the chunked body contains a control byte";
	if (state <= SIZE)
		return "the size of a chunk must be hexadecimal digits alone, and one at least";
	if (state <= EXTENSION_GAP)
		return "a chunk extension is malformed; ;name, ;name=value or ;name=\"value\" was expected";
	return "a trailer line is malformed; \"Name: value\" was expected";
}

static struct http_guard_verdict refuse(enum error error, const char *detail)
{
	return (struct http_guard_verdict){.error = error, .detail = detail};
}

/* Returns ERROR_NONE, or what the size has come to. */
static struct http_guard_verdict add_digit(struct http_chunked *chunked, char digit, uint32_t max_body_bytes)
{
	uint64_t size = (uint64_t)chunked->bytes_left * 16 + (uint64_t)hex_value(digit);

	if (++chunked->digit_count > HTTP_CHUNK_SIZE_DIGITS_MAX)
		return refuse(ERROR_BAD_INPUT, "the size of a chunk has more than 16 digits");
	if (size > max_body_bytes - chunked->total_bytes)
		return refuse(ERROR_TOO_LARGE, "the body is too large");
	chunked->bytes_left = (uint32_t)size;
	return refuse(ERROR_NONE, NULL);
}

static struct http_guard_verdict count_framing(struct http_chunked *chunked)
{
	bool is_extra = (chunked->state >= EXTENSION_BEGIN && chunked->state <= EXTENSION_GAP) ||
			chunked->state == TRAILER_NAME || chunked->state == TRAILER_VALUE;

	if (is_extra && ++chunked->extra_bytes > HTTP_CHUNK_EXTRA_BYTES_MAX)
		return refuse(ERROR_BAD_INPUT, "chunk extensions and trailers have more than 4096 bytes");
	if (++chunked->debt_bytes > HTTP_CHUNK_DEBT_MAX)
		return refuse(ERROR_BAD_INPUT, "the chunks are too small: the framing is much larger than the body");
	return refuse(ERROR_NONE, NULL);
}

/* Reads one byte of the framing. */
static struct http_guard_verdict read_framing(struct http_chunked *chunked, char c, uint32_t max_body_bytes)
{
	enum byte_class byte = class_of(c);
	enum state state = next_states[chunked->state][byte];

	if (state == SIZE_BEGIN)
		return refuse(ERROR_BAD_INPUT, what_is_wrong(chunked->state, byte));
	chunked->state = (uint8_t)state;
	if (state == SIZE) {
		struct http_guard_verdict verdict = add_digit(chunked, c, max_body_bytes);

		if (verdict.error != ERROR_NONE)
			return verdict;
	}
	if (state == SIZE_CR_LF) {
		chunked->digit_count = 0;
		chunked->state = chunked->bytes_left > 0 ? DATA : TRAILER_BEGIN;
	}
	if (state == DATA_CR_LF)
		chunked->state = SIZE_BEGIN;
	return count_framing(chunked);
}

/* Returns how many of the bytes are the chunk's. */
static size_t take_data(struct http_chunked *chunked, size_t available)
{
	size_t taken = available < chunked->bytes_left ? available : chunked->bytes_left;

	chunked->bytes_left -= (uint32_t)taken;
	chunked->total_bytes += (uint32_t)taken;
	chunked->debt_bytes = chunked->debt_bytes > 3 * taken ? (uint16_t)(chunked->debt_bytes - 3 * taken) : 0;
	if (chunked->bytes_left == 0)
		chunked->state = DATA_END;
	return taken;
}

struct http_guard_verdict http_chunked_decode(struct http_chunked *chunked, char *bytes, size_t length,
					      uint32_t max_body_bytes, size_t *used, size_t *decoded)
{
	size_t at = 0, out = 0;
	struct http_guard_verdict verdict = {.error = ERROR_NONE};

	while (at < length && chunked->state != LAST_CR_LF && verdict.error == ERROR_NONE) {
		if (chunked->state == DATA) {
			size_t taken = take_data(chunked, length - at);

			memmove(bytes + out, bytes + at, taken);
			at += taken;
			out += taken;
		} else {
			verdict = read_framing(chunked, bytes[at++], max_body_bytes);
		}
	}
	verdict.is_incomplete = verdict.error == ERROR_NONE && chunked->state != LAST_CR_LF;
	*used = at;
	*decoded = out;
	return verdict;
}
