#include "base/json_parts.h"

#include "base/hex.h"
#include "base/run.h"

#include <stdint.h>

/* The four digits after \u. */
static bool scan_code_unit(struct json_scan *scan, uint32_t *unit)
{
	*unit = 0;
	for (unsigned i = 0; i < 4; i++) {
		int digit = scan->at < scan->end ? hex_value(*scan->at) : -1;

		if (digit < 0)
			return json_fail(scan, scan->at, "four hexadecimal digits were expected after \\u");
		*unit = *unit << 4 | (uint32_t)digit;
		scan->at++;
	}
	return true;
}

/* The code point of the \u escape whose 'u' was just read, its second half included. */
static bool scan_code_point(struct json_scan *scan, uint32_t *point)
{
	const char *escape = scan->at - 2;
	uint32_t low = 0;

	if (!scan_code_unit(scan, point))
		return false;
	if (*point < 0xd800 || *point > 0xdfff)
		return true;
	if (*point <= 0xdbff && json_take(scan, '\\') && json_take(scan, 'u') && !scan_code_unit(scan, &low))
		return false;
	if (low < 0xdc00 || low > 0xdfff)
		return json_fail(scan, escape, "an escape is half a surrogate pair");
	*point = 0x10000 + ((*point - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

/* The escape whose backslash was just read. */
static bool scan_escape(struct json_scan *scan)
{
	uint32_t point;

	if (json_take(scan, 'u'))
		return scan_code_point(scan, &point);
	if (scan->at == scan->end || memchr("\"\\/bfnrt", *scan->at, 8) == NULL)
		return json_fail(scan, scan->at - 1, "an escape is one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
	scan->at++;
	return true;
}

bool json_take_string(struct json_scan *scan)
{
	if (!json_take(scan, '"'))
		return false;
	for (;;) {
		scan->at += run_json_length((struct text){scan->at, (size_t)(scan->end - scan->at)});
		if (scan->at == scan->end)
			return json_fail(scan, scan->at, "the closing quote of a string was expected");
		if (json_take(scan, '"'))
			return true;
		if (!json_take(scan, '\\'))
			return json_fail(scan, scan->at, "a control character in a string must be escaped");
		if (!scan_escape(scan))
			return false;
	}
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

struct text json_scan_unescape(struct text raw, struct arena *arena)
{
	const struct run_end backslash = {.one = '\\', .other = '\\'};
	/* no escape is shorter than what it stands for */
	char *start = arena_alloc(arena, raw.length), *out = start;
	struct json_scan scan = {.at = raw.at + 1, .end = raw.at + raw.length - 1};
	uint32_t point = 0;

	while (scan.at < scan.end) {
		size_t plain = run_copy(out, (struct text){scan.at, (size_t)(scan.end - scan.at)}, backslash);

		out += plain;
		scan.at += plain;
		if (!json_take(&scan, '\\'))
			break;
		if (json_take(&scan, 'u') && scan_code_point(&scan, &point))
			out = put_utf8(out, point);
		else
			*out++ = unescaped(*scan.at++);
	}
	*out = '\0';
	return (struct text){start, (size_t)(out - start)};
}

bool json_scan_string(struct text raw, struct arena *arena, struct text *decoded)
{
	struct json_scan scan = json_scan_of(raw);
	struct text text;

	if (!json_take_string(&scan) || scan.at != scan.end)
		return false;
	text = json_scan_unescape(raw, arena);
	if (memchr(text.at, '\0', text.length) != NULL)
		return false;
	*decoded = text;
	return true;
}
