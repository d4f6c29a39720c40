/* title.h - the title of an HTML page, found while the page arrives.
 *
 * The encoding: byte order mark, else the charset of the Content-Type, else <meta> or <?xml?> in the first PRESCAN_BYTES,
 * else windows-1252. It follows https://html.spec.whatwg.org/multipage/parsing.html#determining-the-character-encoding.
 *
 * Life:    title_init() -> title_add()* until it is false -> title_write().
 * Owner:   the caller's memory.
 * Thread:  one at a time.
 * Limits:  TITLE_BYTES_MAX of a title are kept; what is longer is cut, at a whole character.
 */
#pragma once

#include "base/buffer.h"
#include "fetch/values/charset.h"
#include "fetch/values/prescan.h"
#include "fetch/values/title_tokenizer.h"

/* private, all of it */
struct title {
	const struct charset *charset; /* NULL: the prefix decides */
	bool is_utf16, has_started;    /* started: enough is there to know whether there is a byte order mark */
	struct charset_utf16 utf16;
	size_t prefix_length;
	char prefix[PRESCAN_BYTES];
	struct title_tokenizer tokenizer;
};

/* `content_type` is the header's value, or empty. */
void title_init(struct title *title, struct text content_type);
/* The next bytes of the page. False: nothing more is needed, the title is there, and so is what tells its encoding. */
bool title_add(struct title *title, const char *bytes, size_t length);
/* Adds the title in UTF-8 to `out`, with U+FFFD for what is malformed. False: the page has none. The page may end
 * anywhere: a title without its end is none. */
bool title_write(struct title *title, struct buffer *out);
