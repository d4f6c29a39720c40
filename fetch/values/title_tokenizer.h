/* title_tokenizer.h - where the title of an HTML page begins and ends.
 *
 * A tokenizer of what stands before a title and nothing more: comments, declarations, tags with their attributes. It
 * knows the elements whose content is text only (script, style, noscript, iframe, xmp, noembed, noframes, textarea).
 * It knows svg, math and template, whose titles are not the page's. No tree is built: where a title stands otherwise
 * does not matter.
 *
 * Life:    title_tokenizer_init() -> title_tokenizer_add()*, until is_found.
 * Owner:   the caller's memory.
 * Thread:  one at a time.
 * Limits:  TITLE_BYTES_MAX of what stands in the title are kept; beyond, is_cut. TITLE_FOREIGN_MAX of svg and math within
 *          each other are told apart.
 */
#pragma once

#include "fetch/values/text_only.h"
#include "fetch/values/title_text.h"

enum { TITLE_FOREIGN_MAX = 32 };

/* What is kept of the title, as it came but for white space. */
struct title_raw {
	size_t length;
	bool has_space; /* white space that nothing has followed yet */
	bool is_cut;
};

struct title_tokenizer {
	/* read-only */
	bool is_found;
	bool is_ascii; /* what was kept, so far: any encoding means the same by it */
	struct title_raw raw;
	char bytes[TITLE_BYTES_MAX];
	/* private */
	unsigned state;
	struct html_name name;
	bool is_end_tag, is_self_closing, is_reading;
	char quote;
	struct text_only text;
	unsigned template_depth, foreign_depth;
	bool foreign_is_math[TITLE_FOREIGN_MAX];
	struct title_raw before_end_tag;
};

void title_tokenizer_init(struct title_tokenizer *tokenizer);
/* The next bytes of the page, in an encoding that ASCII is a part of. */
void title_tokenizer_add(struct title_tokenizer *tokenizer, struct text bytes);
