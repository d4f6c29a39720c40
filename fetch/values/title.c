#include "fetch/values/title.h"

static void decode(struct title *title, struct text bytes)
{
	char utf8[2 * CHARSET_POINT_BYTES_MAX];

	if (!title->is_utf16) {
		title_tokenizer_add(&title->tokenizer, bytes);
		return;
	}
	for (size_t i = 0; i < bytes.length && !title->tokenizer.is_found; i++) {
		size_t length = charset_add_utf16(&title->utf16, (uint8_t)bytes.at[i], utf8);

		if (length > 0)
			title_tokenizer_add(&title->tokenizer, (struct text){utf8, length});
	}
}

/* A byte order mark goes before what the header says. */
static void start(struct title *title)
{
	const struct charset *charset = charset_of_bom((struct text){title->prefix, title->prefix_length});

	title->has_started = true;
	if (charset != NULL)
		title->charset = charset;
	if (title->charset == NULL)
		return;
	title->is_utf16 = title->charset->kind == CHARSET_UTF_16LE || title->charset->kind == CHARSET_UTF_16BE;
	if (title->is_utf16) {
		title->utf16.is_big_endian = title->charset->kind == CHARSET_UTF_16BE;
		title->charset = charset_of_kind(CHARSET_UTF_8); /* what the tokenizer gets */
	}
}

static struct text add_to_prefix(struct title *title, struct text bytes, size_t length_max)
{
	size_t room = length_max - title->prefix_length, length = bytes.length < room ? bytes.length : room;

	memcpy(title->prefix + title->prefix_length, bytes.at, length);
	title->prefix_length += length;
	return (struct text){bytes.at + length, bytes.length - length};
}

/* Whether the title is there, and its encoding. ASCII is the same in all of them but UTF-16, which is told by now. */
static bool is_done(const struct title *title)
{
	if (!title->tokenizer.is_found)
		return false;
	return title->charset != NULL || title->tokenizer.is_ascii || title->prefix_length == PRESCAN_BYTES ||
	       prescan_prefix((struct text){title->prefix, title->prefix_length}, false) != NULL;
}

void title_init(struct title *title, struct text content_type)
{
	*title = (struct title){.charset = prescan_content_type(content_type)};
	title_tokenizer_init(&title->tokenizer);
}

bool title_add(struct title *title, const char *bytes, size_t length)
{
	struct text text = {bytes, length};

	if (length == 0)
		return !is_done(title);
	if (!title->has_started) {
		text = add_to_prefix(title, text, CHARSET_BOM_BYTES);
		if (title->prefix_length < CHARSET_BOM_BYTES)
			return true;
		start(title);
		decode(title, (struct text){title->prefix, title->prefix_length});
	}
	if (text.length > 0 && title->charset == NULL)
		add_to_prefix(title, text, PRESCAN_BYTES);
	if (text.length > 0)
		decode(title, text);
	return !is_done(title);
}

bool title_write(struct title *title, struct buffer *out)
{
	char utf8[TITLE_BYTES_MAX * CHARSET_GROWTH_MAX];
	const struct title_tokenizer *tokenizer = &title->tokenizer;
	const struct charset *charset = title->charset;
	struct text raw = {tokenizer->bytes, tokenizer->raw.length};
	size_t length;

	if (!tokenizer->is_found)
		return false;
	if (charset == NULL)
		charset = prescan_prefix((struct text){title->prefix, title->prefix_length}, true);
	if (charset == NULL)
		charset = charset_of_kind(CHARSET_WINDOWS_1252);
	length = charset_to_utf8(charset, raw, tokenizer->raw.is_cut, utf8);
	out->length +=
	    title_text_write((struct text){utf8, length}, tokenizer->raw.is_cut, buffer_reserve(out, TITLE_BYTES_MAX));
	return true;
}
