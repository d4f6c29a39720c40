/* entity_tag.h - entity tags (RFC 9110, section 8.8.3), as If-Match and If-None-Match list them.
 *
 * A representation in a content coding is another one, with a tag of its own: "5" is "5-gzip" or "5-br" there. So is one in
 * another media type: "5-csv" or "5-ndjson".
 *
 * Owner:   texts are views of the list.
 * Thread:  any.
 */
#pragma once

#include "base/text.h"
#include "exchange/media.h"

struct entity_tag {
	struct text opaque; /* what stands between the quotes */
	bool is_weak;
};

enum entity_tag_verdict { ENTITY_TAG_TAKEN, ENTITY_TAG_NONE, ENTITY_TAG_MALFORMED };

/* Takes the next tag off a list. */
enum entity_tag_verdict entity_tag_take(struct text *list, struct entity_tag *tag);
/* Returns the tag of the representation without a coding. `coding` is the name that was cut off; empty: none. */
struct text entity_tag_without_coding(struct text opaque, struct text *coding);
/* The same for what a media type has put behind it. */
struct text entity_tag_without_media(struct text opaque);
/* What that is; empty for JSON. */
struct text entity_tag_media(enum media media);
