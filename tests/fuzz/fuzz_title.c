/* Any bytes as a page, cut where the first bytes say: however they are cut, the same title is found, and it is UTF-8.
 */
#include "base/percent.h"
#include "base/require.h"
#include "fetch/values/title.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char *const content_types[] = {
    "",
    "text/html; charset=utf-8",
    "text/html; charset=utf-16",
    "text/html; charset=shift_jis",
    "text/html; charset=gbk",
    "text/html; charset=big5",
    "text/html; charset=iso-2022-jp",
    "text/html; charset=euc-kr",
};

/* Feeds all of it in pieces of `step` bytes, each in memory of its own size. */
static bool feed(struct buffer *out, const char *content_type, const uint8_t *bytes, size_t length, size_t step)
{
	struct title title;
	bool is_wanted = true, is_found;

	title_init(&title, text_of(content_type));
	for (size_t at = 0; at < length && is_wanted; at += step) {
		size_t size = length - at < step ? length - at : step;
		char *copy = malloc(size);

		memcpy(copy, bytes + at, size);
		is_wanted = title_add(&title, copy, size);
		free(copy);
	}
	is_found = title_write(&title, out);
	REQUIRE(is_wanted || is_found);
	return is_found;
}

/* As document.title: no white space at the ends, one space between; no control characters either. */
static void check_text(struct text text)
{
	REQUIRE(text.length <= TITLE_BYTES_MAX);
	REQUIRE(utf8_is_valid(text));
	for (size_t i = 0; i < text.length; i++) {
		REQUIRE((unsigned char)text.at[i] >= ' ' && text.at[i] != 0x7f);
		REQUIRE(text.at[i] != ' ' || (i > 0 && i + 1 < text.length && text.at[i - 1] != ' '));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct buffer whole, cut;
	const char *content_type;
	struct arena arena;
	bool is_found;

	if (length < 2)
		return 0;
	content_type = content_types[bytes[1] % ARRAY_LENGTH(content_types)];
	arena_init(&arena, NULL, 0);
	whole = cut = buffer_in(&arena);
	is_found = feed(&whole, content_type, bytes + 2, length - 2, length);
	REQUIRE(feed(&cut, content_type, bytes + 2, length - 2, 1 + bytes[0] % 64) == is_found);
	REQUIRE(text_equal(buffer_text(&whole), buffer_text(&cut)));
	check_text(buffer_text(&whole));
	arena_cleanup(&arena);
	return 0;
}
