/* text_only.h - the content of an HTML element that has text and no elements, such as <title> and <script>: where it ends.
 *
 * It ends with the end tag of its own name. Within a <script> a "<!--" with another "<script" behind it hides that.
 *
 * Life:    text_only_start() -> text_only_take() until it is true.
 * Owner:   the caller's memory; `element` is borrowed.
 * Thread:  one at a time.
 */
#pragma once

#include "fetch/values/html.h"

struct text_only {
	struct text element; /* its name, in small letters */
	/* private */
	unsigned state;
	unsigned escape, dashes; /* within a script: how deep in "<!--" and "<script", and how many dashes just now */
	struct html_name name;
};

void text_only_start(struct text_only *text, struct text element);
/* True: the name of the end tag is over, and `c` is the first byte behind it. */
bool text_only_take(struct text_only *text, char c);
/* Was the last byte a '<' that may begin the end tag? */
bool text_only_may_end(const struct text_only *text);
/* Does no byte but '<' matter to what comes next? */
bool text_only_is_plain(const struct text_only *text);
