/* Any bytes as a chunked body, cut at any places. An obvious reader, which has the whole text and POSIX's regular
 * expressions, must find the same body in it; and the pieces must make no difference. */
#include "server/http/chunked.h"

#include "base/require.h"

#include <regex.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { MAX_BODY_BYTES = 300 };

#define NAME   "[[:alnum:]!#$%&'*+.^_`|~-]+"
#define QUOTED "\"([^\"\\\\]|\\\\.)*\""
#define EXT    ";[ \t]*" NAME "([ \t]*=[ \t]*(" NAME "|" QUOTED "))?"

struct decoded {
	struct http_guard_verdict verdict;
	size_t length, used;
	char body[MAX_BODY_BYTES];
};

static regex_t size_line, trailer;

/* Now and then afresh: glibc's grow as they are used. */
static void compile_patterns(void)
{
	static unsigned count;

	if (count > 0 && count % 1000 == 0) {
		regfree(&size_line);
		regfree(&trailer);
	}
	if (count++ % 1000 != 0)
		return;
	REQUIRE(regcomp(&size_line, "^[0-9A-Fa-f]{1,16}(" EXT "([ \t]*" EXT ")*)?$", REG_EXTENDED | REG_NOSUB) == 0);
	REQUIRE(regcomp(&trailer, "^(" NAME ":.*)?$", REG_EXTENDED | REG_NOSUB) == 0);
}

/* One line up to CR LF, without control bytes but tabs, that is what `pattern` says. NULL: it is not, or not yet. */
static const char *read_line(const char *at, const char *end, const regex_t *pattern, char *line)
{
	const char *stop = memmem(at, (size_t)(end - at), "\r\n", 2);

	if (stop == NULL)
		return NULL;
	for (const char *c = at; c < stop; c++)
		if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
			return NULL;
	memcpy(line, at, (size_t)(stop - at));
	line[stop - at] = '\0';
	return regexec(pattern, line, 0, NULL, 0) == 0 ? stop + 2 : NULL;
}

static const char *read_trailers(const char *at, const char *end, char *line, size_t *extra)
{
	while (at != NULL) {
		const char *next = read_line(at, end, &trailer, line);

		*extra += next != NULL ? strlen(line) : 0;
		if (next == at + 2)
			return next;
		at = next;
	}
	return NULL;
}

/* Whether a whole body stands at the beginning; it is short, so that the framing's debt does not matter. */
static bool read_whole(const char *raw, size_t length, struct decoded *decoded)
{
	const char *at = raw, *end = raw + length;
	char *line = malloc(length + 1);
	size_t extra = 0, size = 1;

	compile_patterns();
	decoded->length = 0;
	while (at != NULL && size > 0) {
		at = read_line(at, end, &size_line, line);
		if (at == NULL)
			break;
		extra += strlen(line) - strspn(line, "0123456789abcdefABCDEF");
		size = strtoull(line, NULL, 16);
		if (size > MAX_BODY_BYTES - decoded->length || size + 2 > (size_t)(end - at)) {
			at = size == 0 ? at : NULL;
			break;
		}
		if (size == 0)
			break;
		memcpy(decoded->body + decoded->length, at, size);
		decoded->length += size;
		at = memcmp(at + size, "\r\n", 2) == 0 ? at + size + 2 : NULL;
	}
	at = read_trailers(at, end, line, &extra);
	free(line);
	decoded->used = at != NULL ? (size_t)(at - raw) : 0;
	return at != NULL && extra <= HTTP_CHUNK_EXTRA_BYTES_MAX;
}

static void decode(const char *raw, size_t length, size_t step, struct decoded *decoded)
{
	struct http_chunked chunked = {.libh2os = 1};

	*decoded = (struct decoded){.verdict = {.is_incomplete = true}};
	while (decoded->used < length && decoded->verdict.is_incomplete) {
		size_t most = length - decoded->used < step ? length - decoded->used : step, used, written;
		char *piece = malloc(most);

		memcpy(piece, raw + decoded->used, most);
		decoded->verdict = http_chunked_decode(&chunked, piece, most, MAX_BODY_BYTES, &used, &written);
		REQUIRE(used <= most && written <= used && decoded->length + written <= MAX_BODY_BYTES);
		REQUIRE(used == most || !decoded->verdict.is_incomplete);
		memcpy(decoded->body + decoded->length, piece, written);
		decoded->length += written;
		decoded->used += used;
		free(piece);
	}
	REQUIRE((decoded->verdict.error == ERROR_NONE) == (decoded->verdict.detail == NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct decoded whole, pieces, expected;
	const char *raw = (const char *)bytes;
	bool is_complete;

	if (length < 2 || length > 2 * HTTP_CHUNK_EXTRA_BYTES_MAX)
		return 0;
	decode(raw + 1, length - 1, length, &whole);
	decode(raw + 1, length - 1, 1 + bytes[0] % 16, &pieces);
	REQUIRE(whole.verdict.detail == pieces.verdict.detail && whole.used == pieces.used);
	REQUIRE(whole.verdict.is_incomplete == pieces.verdict.is_incomplete);
	REQUIRE(whole.length == pieces.length && memcmp(whole.body, pieces.body, whole.length) == 0);
	is_complete = read_whole(raw + 1, length - 1, &expected);
	REQUIRE(is_complete == (!whole.verdict.is_incomplete && whole.verdict.error == ERROR_NONE));
	if (is_complete) {
		REQUIRE(whole.used == expected.used && whole.length == expected.length);
		REQUIRE(memcmp(whole.body, expected.body, whole.length) == 0);
	}
	return 0;
}
