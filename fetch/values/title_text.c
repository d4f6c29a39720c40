#include "fetch/values/title_text.h"

#include "fetch/values/charset.h"
#include "fetch/values/entity.h"
#include "fetch/values/html.h"

struct output {
	char *at;
	size_t length;
	bool has_space, is_full;
};

static bool is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f);
}

static void put(struct output *output, uint32_t point)
{
	char utf8[CHARSET_POINT_BYTES_MAX];
	size_t length;

	if (point < 0x80 && html_is_space((char)point)) {
		output->has_space = output->length > 0;
		return;
	}
	length = charset_put_utf8(is_control(point) ? ENTITY_REPLACEMENT : point, utf8);
	output->is_full = output->length + output->has_space + length > TITLE_BYTES_MAX;
	if (output->is_full)
		return;
	if (output->has_space)
		output->at[output->length++] = ' ';
	output->has_space = false;
	memcpy(output->at + output->length, utf8, length);
	output->length += length;
}

/* The code point at `at`, of text known to be UTF-8. */
static size_t read_point(const char *at, uint32_t *point)
{
	const unsigned char *bytes = (const unsigned char *)at;
	size_t length = bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;

	*point = length == 1 ? bytes[0] : bytes[0] & (0x7fU >> length);
	for (size_t i = 1; i < length; i++)
		*point = *point << 6 | (bytes[i] & 0x3f);
	return length;
}

static void put_all(struct output *output, struct text text)
{
	while (text.length > 0 && !output->is_full) {
		uint32_t point;
		size_t length = *text.at == '&' ? entity_read(text, &point) : 0;

		if (length == 0)
			length = read_point(text.at, &point);
		put(output, point);
		text = (struct text){text.at + length, text.length - length};
	}
}

/* Of a text that has been cut: the reference it was cut within would be read as something else. */
static struct text without_unfinished_reference(struct text text)
{
	size_t at = text.length;

	while (at > 0 && (html_is_letter(text.at[at - 1]) || (text.at[at - 1] >= '0' && text.at[at - 1] <= '9')))
		at--;
	if (at > 0 && text.at[at - 1] == '#')
		at--;
	if (at > 0 && text.at[at - 1] == '&')
		text.length = at - 1;
	return text;
}

size_t title_text_write(struct text raw, bool is_cut, char out[TITLE_BYTES_MAX])
{
	struct output output = {.at = out};

	put_all(&output, is_cut ? without_unfinished_reference(raw) : raw);
	return output.length;
}
