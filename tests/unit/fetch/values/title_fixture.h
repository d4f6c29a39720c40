/* title_fixture.h - pages, and the titles that are found in them. */
#pragma once

#include "fetch/values/title.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/percent.h"
#include "fetch/values/entity.h"

/* bytes written as they are, NUL among them */
#define BYTES(literal) TEXT_INIT(literal)
#define REPLACEMENT    "\xef\xbf\xbd"

struct page {
	const char *content_type;
	struct text bytes;
	const char *title; /* NULL: it has none */
};

/* Feeds pieces of `step` bytes, each in memory of its own size, so that a read beyond it is seen. NULL: no title. */
static inline const char *title_of(struct arena *arena, const char *content_type, struct text page, size_t step)
{
	struct buffer out = buffer_in(arena);
	struct title title;
	bool is_wanted = true, is_found;

	title_init(&title, text_of(content_type));
	for (size_t at = 0; at < page.length && is_wanted; at += step) {
		size_t length = page.length - at < step ? page.length - at : step;
		char *copy = malloc(length);

		memcpy(copy, page.at + at, length);
		is_wanted = title_add(&title, copy, length);
		free(copy);
	}
	is_found = title_write(&title, &out);
	if (!is_wanted)
		assert_true(is_found);
	if (is_found)
		assert_true(out.length <= TITLE_BYTES_MAX && utf8_is_valid(buffer_text(&out)));
	return is_found ? arena_copy(arena, buffer_text(&out)) : NULL;
}

static inline void check(const struct page *page)
{
	static const size_t steps[] = {SIZE_MAX / 2, 1, 2, 3, 7};
	struct arena arena;

	arena_init(&arena, NULL, 0);
	for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
		const char *title = title_of(&arena, page->content_type, page->bytes, steps[i]);

		if ((title == NULL) != (page->title == NULL) || (title != NULL && strcmp(title, page->title) != 0))
			fail_msg("%.*s in steps of %zu: expected \"%s\", got \"%s\"", TEXT_ARGS(page->bytes), steps[i],
				 page->title != NULL ? page->title : "(none)", title != NULL ? title : "(none)");
	}
	arena_cleanup(&arena);
}

static inline void check_all(const struct page *pages, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(&pages[i]);
}
