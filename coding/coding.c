#include "coding/coding.h"

#include "base/compiler.h"
#include "base/text.h"

const char *coding_name(enum coding coding)
{
	static const char *const names[CODING_COUNT] = {
	    [CODING_IDENTITY] = "identity", [CODING_GZIP] = "gzip", [CODING_BROTLI] = "br"};

	return names[coding];
}

static bool ends_with(struct text text, struct text end)
{
	return text.length > end.length &&
	       text_equal_nocase((struct text){text.at + text.length - end.length, end.length}, end);
}

static bool begins_with(struct text text, struct text begin)
{
	return text.length > begin.length && text_equal_nocase((struct text){text.at, begin.length}, begin);
}

/* As far as it is known to be text. An unknown type is left alone: it may be an archive or a picture. */
bool coding_suits(const char *content_type)
{
	static const struct text types[] = {
	    TEXT_INIT("application/json"),
	    TEXT_INIT("application/x-ndjson"),
	    TEXT_INIT("application/xml"),
	    TEXT_INIT("application/javascript"),
	};
	struct text parameters, type;

	if (content_type == NULL)
		return false;
	parameters = text_of(content_type);
	type = text_trimmed(text_cut_at(&parameters, ';'));
	for (unsigned i = 0; i < ARRAY_LENGTH(types); i++)
		if (text_equal_nocase(type, types[i]))
			return true;
	/* problems and GeoJSON; SVG */
	return begins_with(type, TEXT("text/")) || ends_with(type, TEXT("+json")) || ends_with(type, TEXT("+xml"));
}
