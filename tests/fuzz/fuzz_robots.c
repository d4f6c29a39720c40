/* Any bytes as a robots.txt, with the first line as the target: a rule never closes /robots.txt, what a file says is
 * the same behind a byte order mark and in another spelling of the target, and a plain matcher says the same. */
#include "fetch/values/robots.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* One pattern in a file of its own. A line's blanks, ends, comments and NULs are not of the pattern. */
static bool is_plain(const char *pattern, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (pattern[i] <= ' ' || pattern[i] == '#' || pattern[i] == '%')
			return false;
	return length > 0 && length < 64;
}

/* The obvious way, a set of positions: for what fits in 64 bits. */
static bool plain_match(struct text pattern, struct text target)
{
	uint64_t places = 1, all = target.length == 63 ? UINT64_MAX : (UINT64_C(1) << (target.length + 1)) - 1;
	bool is_anchored = pattern.at[pattern.length - 1] == '$';

	for (size_t i = 0; i < pattern.length - is_anchored; i++) {
		uint64_t next = 0;

		for (size_t at = 0; at <= target.length; at++) {
			if ((places >> at & 1) == 0)
				continue;
			if (pattern.at[i] == '*')
				next |= all & ~((UINT64_C(1) << at) - 1);
			else if (at < target.length && target.at[at] == pattern.at[i])
				next |= UINT64_C(1) << (at + 1);
		}
		places = next;
	}
	return is_anchored ? (places >> target.length & 1) == 1 : places != 0;
}

static void check_pattern(struct text pattern, struct text target)
{
	struct arena arena = {0};
	char file[128];
	int length;
	const struct robots *robots;

	if (!is_plain(pattern.at, pattern.length) || !is_plain(target.at, target.length) ||
	    text_equal(target, TEXT("/robots.txt")))
		return;
	length = snprintf(file, sizeof(file), "User-agent: *\nDisallow: %.*s", TEXT_ARGS(pattern));
	robots = robots_parse(&arena, (struct text){file, (size_t)length}, "meantime");
	REQUIRE(robots_allow(robots, target) == !plain_match(pattern, target));
	arena_cleanup(&arena);
}

/* Every octet as its escape is the same target. */
static struct text escaped(struct arena *arena, struct text target)
{
	char *out = arena_alloc(arena, 3 * target.length + 1);
	size_t length = 0;

	for (size_t i = 0; i < target.length; i++)
		length += (size_t)sprintf(out + length, "%%%02X", (unsigned char)target.at[i]);
	return (struct text){out, length};
}

static void check_file(struct text file, struct text target)
{
	struct arena arena = {0};
	const struct robots *robots = robots_parse(&arena, file, "meantime");
	bool is_allowed = robots_allow(robots, target);

	REQUIRE(robots_allow(robots, TEXT("/robots.txt")));
	if (file.length < ROBOTS_BYTES_MAX - 3 && (file.length < 3 || memcmp(file.at, "\xef\xbb\xbf", 3) != 0)) {
		char *marked = arena_copy(&arena, (struct text){file.at, file.length});

		marked = arena_printf(&arena, "\xef\xbb\xbf%s", marked);
		if (memchr(file.at, '\0', file.length) == NULL)
			REQUIRE(robots_allow(robots_parse(&arena, text_of(marked), "meantime"), target) == is_allowed);
	}
	if (memchr(target.at, '%', target.length) == NULL && memchr(target.at, '\0', target.length) == NULL &&
	    !text_equal(target, TEXT("/robots.txt")))
		REQUIRE(robots_allow(robots, escaped(&arena, target)) == is_allowed);
	arena_cleanup(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const char *text = (const char *)bytes;
	const char *line_end = length > 0 ? memchr(text, '\n', length) : NULL;
	struct text target, file;
	size_t pattern;

	if (line_end == NULL)
		return 0;
	target = (struct text){text, (size_t)(line_end - text)};
	file = (struct text){line_end + 1, length - target.length - 1};
	check_file(file, target);
	for (pattern = 0; pattern < file.length && file.at[pattern] != '\n'; pattern++)
		continue;
	check_pattern((struct text){file.at, pattern}, target);
	return 0;
}
