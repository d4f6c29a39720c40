#include "exchange/entity_tag.h"

#include "base/compiler.h"

static struct text behind(struct text text, size_t length)
{
	return (struct text){text.at + length, text.length - length};
}

static struct text without_separators(struct text list)
{
	while (list.length > 0 && (list.at[0] == ' ' || list.at[0] == '\t' || list.at[0] == ','))
		list = behind(list, 1);
	return list;
}

/* etagc: no blank, no quote, no control character. Beyond ASCII all may be. */
static bool may_be_in_tag(char c)
{
	unsigned char byte = (unsigned char)c;

	return byte > ' ' && byte != '"' && byte != 0x7f;
}

enum entity_tag_verdict entity_tag_take(struct text *list, struct entity_tag *tag)
{
	struct text rest = without_separators(*list);

	*list = rest;
	if (rest.length == 0)
		return ENTITY_TAG_NONE;
	tag->is_weak = rest.length > 2 && rest.at[0] == 'W' && rest.at[1] == '/';
	if (tag->is_weak)
		rest = behind(rest, 2);
	if (rest.at[0] != '"')
		return ENTITY_TAG_MALFORMED;
	rest = behind(rest, 1);
	tag->opaque = (struct text){rest.at, 0};
	while (tag->opaque.length < rest.length && may_be_in_tag(rest.at[tag->opaque.length]))
		tag->opaque.length++;
	if (tag->opaque.length == rest.length || rest.at[tag->opaque.length] != '"')
		return ENTITY_TAG_MALFORMED;
	rest = text_trimmed(behind(rest, tag->opaque.length + 1));
	if (rest.length > 0 && rest.at[0] != ',')
		return ENTITY_TAG_MALFORMED;
	*list = rest;
	return ENTITY_TAG_TAKEN;
}

/* And is more than that. */
static bool ends_with(struct text opaque, struct text end)
{
	return opaque.length > end.length && text_equal(behind(opaque, opaque.length - end.length), end);
}

struct text entity_tag_without_coding(struct text opaque, struct text *coding)
{
	static const struct text codings[] = {TEXT_INIT("-gzip"), TEXT_INIT("-br")};

	for (unsigned i = 0; i < ARRAY_LENGTH(codings); i++) {
		if (!ends_with(opaque, codings[i]))
			continue;
		*coding = behind(codings[i], 1);
		return (struct text){opaque.at, opaque.length - codings[i].length};
	}
	*coding = TEXT("");
	return opaque;
}

struct text entity_tag_media(enum media media)
{
	static const struct text behind_it[MEDIA_COUNT] = {
	    [MEDIA_JSON] = TEXT_INIT(""), [MEDIA_NDJSON] = TEXT_INIT("-ndjson"), [MEDIA_CSV] = TEXT_INIT("-csv")};

	return behind_it[media];
}

struct text entity_tag_without_media(struct text opaque)
{
	for (enum media media = MEDIA_JSON + 1; media < MEDIA_COUNT; media++)
		if (ends_with(opaque, entity_tag_media(media)))
			return (struct text){opaque.at, opaque.length - entity_tag_media(media).length};
	return opaque;
}
