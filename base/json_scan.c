#include "base/json_scan.h"

#include "base/hex.h"

#include <stdint.h>

struct scan {
	const char *at, *end;
};

static bool scan_value(struct scan *scan, unsigned depth_left);

static void skip_space(struct scan *scan)
{
	while (scan->at < scan->end &&
	       (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t'))
		scan->at++;
}

static bool next_is(const struct scan *scan, char c)
{
	return scan->at < scan->end && *scan->at == c;
}

static bool take(struct scan *scan, char c)
{
	if (!next_is(scan, c))
		return false;
	scan->at++;
	return true;
}

static bool take_word(struct scan *scan, struct text word)
{
	if ((size_t)(scan->end - scan->at) < word.length || memcmp(scan->at, word.at, word.length) != 0)
		return false;
	scan->at += word.length;
	return true;
}

static bool take_digits(struct scan *scan)
{
	const char *first = scan->at;

	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
		scan->at++;
	return scan->at > first;
}

/* The four digits after \u. */
static bool take_code_unit(struct scan *scan, uint32_t *unit)
{
	*unit = 0;
	for (unsigned i = 0; i < 4; i++) {
		int digit = scan->at < scan->end ? hex_value(*scan->at) : -1;

		if (digit < 0)
			return false;
		*unit = *unit << 4 | (uint32_t)digit;
		scan->at++;
	}
	return true;
}

static bool scan_string(struct scan *scan)
{
	uint32_t unit;

	if (!take(scan, '"'))
		return false;
	while (scan->at < scan->end) {
		unsigned char c = (unsigned char)*scan->at++;

		if (c == '"')
			return true;
		if (c < 0x20)
			return false;
		if (c != '\\')
			continue;
		if (take(scan, 'u')) {
			if (!take_code_unit(scan, &unit))
				return false;
		} else if (scan->at == scan->end || memchr("\"\\/bfnrt", *scan->at++, 8) == NULL) {
			return false;
		}
	}
	return false;
}

static bool scan_number(struct scan *scan, bool *is_integer)
{
	*is_integer = true;
	take(scan, '-');
	if (!take(scan, '0') && !take_digits(scan))
		return false;
	if (take(scan, '.')) {
		*is_integer = false;
		if (!take_digits(scan))
			return false;
	}
	if (take(scan, 'e') || take(scan, 'E')) {
		*is_integer = false;
		if (!take(scan, '+'))
			take(scan, '-');
		return take_digits(scan);
	}
	return true;
}

static bool scan_array(struct scan *scan, unsigned depth_left)
{
	if (depth_left == 0 || !take(scan, '['))
		return false;
	skip_space(scan);
	if (take(scan, ']'))
		return true;
	do {
		if (!scan_value(scan, depth_left - 1))
			return false;
		skip_space(scan);
	} while (take(scan, ','));
	return take(scan, ']');
}

static bool scan_object(struct scan *scan, unsigned depth_left)
{
	if (depth_left == 0 || !take(scan, '{'))
		return false;
	skip_space(scan);
	if (take(scan, '}'))
		return true;
	do {
		skip_space(scan);
		if (!scan_string(scan))
			return false;
		skip_space(scan);
		if (!take(scan, ':') || !scan_value(scan, depth_left - 1))
			return false;
		skip_space(scan);
	} while (take(scan, ','));
	return take(scan, '}');
}

static bool scan_value(struct scan *scan, unsigned depth_left)
{
	bool is_integer;

	skip_space(scan);
	if (scan->at == scan->end)
		return false;
	switch (*scan->at) {
	case '{':
		return scan_object(scan, depth_left);
	case '[':
		return scan_array(scan, depth_left);
	case '"':
		return scan_string(scan);
	case 't':
		return take_word(scan, TEXT("true"));
	case 'f':
		return take_word(scan, TEXT("false"));
	case 'n':
		return take_word(scan, TEXT("null"));
	default:
		return scan_number(scan, &is_integer);
	}
}

static struct scan scan_of(struct text text)
{
	const char *at = text.length > 0 ? text.at : "";

	return (struct scan){at, at + text.length};
}

size_t json_scan_space(struct text text, size_t at)
{
	struct scan scan = scan_of((struct text){text.at + at, text.length - at});

	skip_space(&scan);
	return text.length - (size_t)(scan.end - scan.at);
}

bool json_scan_value(struct text text, unsigned max_depth, size_t *end)
{
	struct scan scan = scan_of(text);

	if (!scan_value(&scan, max_depth))
		return false;
	*end = text.length - (size_t)(scan.end - scan.at);
	return true;
}

bool json_scan_number(struct text raw, bool *is_integer)
{
	struct scan scan = scan_of(raw);
	bool has_no_fraction;

	if (!scan_number(&scan, &has_no_fraction) || scan.at != scan.end)
		return false;
	*is_integer = has_no_fraction;
	return true;
}

/* Adds a code point as UTF-8. */
static char *put_utf8(char *out, uint32_t point)
{
	if (point < 0x80) {
		*out++ = (char)point;
		return out;
	}
	if (point < 0x800) {
		*out++ = (char)(0xc0 | point >> 6);
	} else {
		if (point < 0x10000) {
			*out++ = (char)(0xe0 | point >> 12);
		} else {
			*out++ = (char)(0xf0 | point >> 18);
			*out++ = (char)(0x80 | (point >> 12 & 0x3f));
		}
		*out++ = (char)(0x80 | (point >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (point & 0x3f));
	return out;
}

/* The code point of the \u escape whose 'u' was just read, its second half included. */
static bool take_code_point(struct scan *scan, uint32_t *point)
{
	uint32_t low;

	if (!take_code_unit(scan, point) || *point == 0)
		return false;
	if (*point < 0xd800 || *point > 0xdfff)
		return true;
	if (*point > 0xdbff || !take_word(scan, TEXT("\\u")) || !take_code_unit(scan, &low))
		return false;
	if (low < 0xdc00 || low > 0xdfff)
		return false;
	*point = 0x10000 + ((*point - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

/* What a letter after the backslash stands for; the string is known to be well-formed. */
static char unescaped(char letter)
{
	switch (letter) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return letter;
	}
}

bool json_scan_string(struct text raw, struct arena *arena, struct text *decoded)
{
	struct scan scan = scan_of(raw);
	char *start, *out;
	uint32_t point;

	if (!scan_string(&scan) || scan.at != scan.end)
		return false;
	/* no escape is shorter than what it stands for */
	out = start = arena_alloc(arena, raw.length);
	scan = (struct scan){raw.at + 1, raw.at + raw.length - 1};
	while (scan.at < scan.end) {
		const char *escape = memchr(scan.at, '\\', (size_t)(scan.end - scan.at));
		size_t plain = (size_t)((escape != NULL ? escape : scan.end) - scan.at);

		memcpy(out, scan.at, plain);
		out += plain;
		scan.at += plain;
		if (!take(&scan, '\\'))
			break;
		if (!take(&scan, 'u')) {
			*out++ = unescaped(*scan.at++);
			continue;
		}
		if (!take_code_point(&scan, &point))
			return false;
		out = put_utf8(out, point);
	}
	*out = '\0';
	*decoded = (struct text){start, (size_t)(out - start)};
	return true;
}
