/* title.h - the title of an HTML page, found while the page arrives.
 *
 * A tokenizer of what stands before a title and nothing more: comments, declarations, tags with their attributes. It
 * knows the elements whose content is text only (script, style, noscript, iframe, xmp, noembed, noframes, textarea).
 * It knows svg, math and template, whose titles are not the page's. No tree is built: where a title stands otherwise
 * does not matter. Character references are decoded, white space is stripped and collapsed as document.title does, a
 * control character becomes U+FFFD. The encoding: byte order mark, then the charset of the Content-Type, then <meta>
 * within the first 1,024 bytes, then windows-1252. See
 * (https://html.spec.whatwg.org/multipage/parsing.html#determining-the-character-encoding).
 *
 * Life:    title_init() -> title_add()* until it is false -> title_write() -> title_cleanup().
 * Owner:   the caller's memory.
 * Thread:  one at a time.
 * Limits:  TITLE_BYTES_MAX of a title are kept; what is longer is cut, at a whole character.
 */
#pragma once

#include "base/buffer.h"
#include "fetch/values/charset.h"

enum { TITLE_BYTES_MAX = 2048, TITLE_NAME_BYTES_MAX = 15, TITLE_FOREIGN_MAX = 32 };

/* What is kept of the title's text, as it came but for white space. */
struct title_raw {
	size_t length;
	bool has_space; /* white space that nothing has followed yet */
	bool is_cut;
};

/* private, all of it */
struct title {
	/* the encoding */
	const struct charset *charset; /* NULL: the prefix decides */
	bool is_utf16, has_started;    /* started: enough is there to know whether there is a byte order mark */
	struct charset_utf16 utf16;
	size_t prefix_length;
	char prefix[CHARSET_PREFIX_BYTES];
	/* the tokenizer */
	unsigned state;
	unsigned name_length; /* TITLE_NAME_BYTES_MAX + 1: a name that is none we know */
	char name[TITLE_NAME_BYTES_MAX + 1];
	bool is_end_tag, is_self_closing;
	char quote;
	struct text text_element; /* the element whose text is being read */
	unsigned escape, dashes;  /* within a script: how deep in "<!--" and "<script", and how many dashes just now */
	unsigned template_depth, foreign_depth;
	bool foreign_is_math[TITLE_FOREIGN_MAX];
	/* the title */
	bool is_reading, is_found;
	bool is_ascii; /* so far: any encoding means the same by it */
	struct title_raw raw, before_end_tag;
	char bytes[TITLE_BYTES_MAX];
};

/* `content_type` is the header's value, or empty. */
void title_init(struct title *title, struct text content_type);
/* The next bytes of the page. False: nothing more is needed, the title is there, and so is what tells its encoding. */
bool title_add(struct title *title, const char *bytes, size_t length);
/* Adds the title in UTF-8 to `out`, with U+FFFD for what is malformed. False: the page has none. The page may end
 * anywhere: a title without its end is none. */
bool title_write(struct title *title, struct buffer *out);
void title_cleanup(struct title *title);
