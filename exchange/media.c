#include "exchange/media.h"

#include "base/compiler.h"
#include "exchange/media_type.h"

static const struct {
	const char *name, *content_type;
} types[MEDIA_COUNT] = {
    [MEDIA_JSON] = {"application/json", "application/json"},
    [MEDIA_NDJSON] = {"application/x-ndjson", "application/x-ndjson"},
    [MEDIA_CSV] = {"text/csv", "text/csv; charset=utf-8; header=present"},
};

const char *media_name(enum media media)
{
	return types[media].name;
}

const char *media_content_type(enum media media)
{
	return types[media].content_type;
}

/* A larger one is liked better; 0: it is not taken. */
static unsigned rank(struct accept_verdict verdict, enum media media, enum media usual)
{
	unsigned among_equals = media == usual ? MEDIA_COUNT : MEDIA_COUNT - 1 - media;

	if (verdict.quality == 0)
		return 0;
	if (verdict.is_named)
		among_equals = MEDIA_COUNT + 1 + media;
	return verdict.quality * (2 * MEDIA_COUNT + 1) + among_equals;
}

enum media media_choose(struct text accept, unsigned offered, enum media usual)
{
	enum media best = MEDIA_COUNT;
	unsigned best_rank = 0;

	/* what most clients send that say nothing */
	if (LIKELY(accept.length == 0 || text_equal(accept, TEXT("*/*"))))
		return usual;
	for (enum media media = 0; media < MEDIA_COUNT; media++) {
		unsigned own;

		if ((offered >> media & 1) == 0)
			continue;
		own = rank(accept_quality(accept, text_of(types[media].name)), media, usual);
		if (own > best_rank) {
			best_rank = own;
			best = media;
		}
	}
	return best;
}
