/* prescan.h - which encoding a page is said to be in, before any of it is decoded.
 *
 * Read as https://html.spec.whatwg.org/multipage/parsing.html#prescan-a-byte-stream-to-determine-its-encoding asks.
 *
 * Thread:  any.
 */
#pragma once

#include "fetch/values/charset.h"

enum { PRESCAN_BYTES = 1024 }; /* how much of a page may be looked at for its <meta> */

/* NULL, both: nothing is said there, or nothing that is known. */
/* `value` is that of the header Content-Type. */
const struct charset *prescan_content_type(struct text value);
/* From the <meta> in the first bytes of a page, else, if no more of them come, its <?xml?>. So what it says of some
 * bytes it says of more. */
const struct charset *prescan_prefix(struct text prefix, bool is_whole);
