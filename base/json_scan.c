#include "base/json_scan.h"

#include "base/hex.h"
#include "base/run.h"

#include <stdint.h>

static bool scan_value(struct json_scan *scan, unsigned depth_left);

/* The first fault counts. */
static bool fail(struct json_scan *scan, const char *at, const char *wrong)
{
	if (scan->wrong == NULL) {
		scan->wrong = wrong;
		scan->wrong_at = at;
	}
	return false;
}

static void skip_space(struct json_scan *scan)
{
	while (scan->at < scan->end &&
	       (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t'))
		scan->at++;
}

static bool next_is(const struct json_scan *scan, char c)
{
	return scan->at < scan->end && *scan->at == c;
}

static bool take(struct json_scan *scan, char c)
{
	if (!next_is(scan, c))
		return false;
	scan->at++;
	return true;
}

static bool expect(struct json_scan *scan, char c, const char *wrong)
{
	return take(scan, c) || fail(scan, scan->at, wrong);
}

static bool scan_word(struct json_scan *scan, struct text word)
{
	if ((size_t)(scan->end - scan->at) < word.length || memcmp(scan->at, word.at, word.length) != 0)
		return fail(scan, scan->at, "a value was expected");
	scan->at += word.length;
	return true;
}

static bool scan_digits(struct json_scan *scan)
{
	const char *first = scan->at;

	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
		scan->at++;
	return scan->at > first || fail(scan, scan->at, "a digit was expected");
}

/* The four digits after \u. */
static bool scan_code_unit(struct json_scan *scan, uint32_t *unit)
{
	*unit = 0;
	for (unsigned i = 0; i < 4; i++) {
		int digit = scan->at < scan->end ? hex_value(*scan->at) : -1;

		if (digit < 0)
			return fail(scan, scan->at, "four hexadecimal digits were expected after \\u");
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
	if (*point <= 0xdbff && take(scan, '\\') && take(scan, 'u') && !scan_code_unit(scan, &low))
		return false;
	if (low < 0xdc00 || low > 0xdfff)
		return fail(scan, escape, "an escape is half a surrogate pair");
	*point = 0x10000 + ((*point - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

/* The escape whose backslash was just read. */
static bool scan_escape(struct json_scan *scan)
{
	uint32_t point;

	if (take(scan, 'u'))
		return scan_code_point(scan, &point);
	if (scan->at == scan->end || memchr("\"\\/bfnrt", *scan->at, 8) == NULL)
		return fail(scan, scan->at - 1, "an escape is one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
	scan->at++;
	return true;
}

static bool scan_string(struct json_scan *scan)
{
	if (!take(scan, '"'))
		return false;
	for (;;) {
		scan->at += run_json_length((struct text){scan->at, (size_t)(scan->end - scan->at)});
		if (scan->at == scan->end)
			return fail(scan, scan->at, "the closing quote of a string was expected");
		if (take(scan, '"'))
			return true;
		if (!take(scan, '\\'))
			return fail(scan, scan->at, "a control character in a string must be escaped");
		if (!scan_escape(scan))
			return false;
	}
}

static bool scan_number(struct json_scan *scan, bool *is_integer)
{
	*is_integer = true;
	take(scan, '-');
	if (!take(scan, '0') && !scan_digits(scan))
		return false;
	if (take(scan, '.')) {
		*is_integer = false;
		if (!scan_digits(scan))
			return false;
	}
	if (take(scan, 'e') || take(scan, 'E')) {
		*is_integer = false;
		if (!take(scan, '+'))
			take(scan, '-');
		return scan_digits(scan);
	}
	return true;
}

/* Takes the bracket, and the space behind it. */
static bool open_bracket(struct json_scan *scan, unsigned depth_left)
{
	if (depth_left == 0) {
		scan->is_too_deep = true;
		return fail(scan, scan->at, "it is nested too deep");
	}
	scan->at++;
	skip_space(scan);
	return true;
}

static bool scan_array(struct json_scan *scan, unsigned depth_left)
{
	if (!open_bracket(scan, depth_left))
		return false;
	if (take(scan, ']'))
		return true;
	do {
		if (!scan_value(scan, depth_left - 1))
			return false;
		skip_space(scan);
	} while (take(scan, ','));
	return expect(scan, ']', "\",\" or \"]\" was expected");
}

/* A name, its colon and its value, and the space behind them. */
static bool scan_member(struct json_scan *scan, unsigned depth_left, struct text *name, struct text *value)
{
	skip_space(scan);
	name->at = scan->at;
	if (!scan_string(scan))
		return fail(scan, scan->at, "a name in double quotes was expected");
	name->length = (size_t)(scan->at - name->at);
	if (scan->names != NULL)
		json_names_add(scan->names, *name);
	skip_space(scan);
	if (!expect(scan, ':', "\":\" was expected"))
		return false;
	skip_space(scan);
	value->at = scan->at;
	if (!scan_value(scan, depth_left - 1))
		return false;
	value->length = (size_t)(scan->at - value->at);
	skip_space(scan);
	return true;
}

/* Takes the end of an object, whose names begin at `first_name`. */
static bool close_object(struct json_scan *scan, size_t first_name)
{
	const char *twice;

	if (!expect(scan, '}', "\",\" or \"}\" was expected"))
		return false;
	twice = scan->names != NULL ? json_names_close(scan->names, first_name) : NULL;
	scan->is_duplicate = twice != NULL;
	return twice == NULL || fail(scan, twice, "a duplicate name");
}

static bool scan_object(struct json_scan *scan, unsigned depth_left)
{
	size_t first_name = scan->names != NULL ? scan->names->count : 0;
	struct text name, value;

	if (!open_bracket(scan, depth_left))
		return false;
	if (take(scan, '}'))
		return true;
	do {
		if (!scan_member(scan, depth_left, &name, &value))
			return false;
	} while (take(scan, ','));
	return close_object(scan, first_name);
}

static bool scan_value(struct json_scan *scan, unsigned depth_left)
{
	bool is_integer;

	skip_space(scan);
	if (scan->at == scan->end)
		return fail(scan, scan->at, "a value was expected");
	switch (*scan->at) {
	case '{':
		return scan_object(scan, depth_left);
	case '[':
		return scan_array(scan, depth_left);
	case '"':
		return scan_string(scan);
	case 't':
		return scan_word(scan, TEXT("true"));
	case 'f':
		return scan_word(scan, TEXT("false"));
	case 'n':
		return scan_word(scan, TEXT("null"));
	default:
		if (*scan->at != '-' && (*scan->at < '0' || *scan->at > '9'))
			return fail(scan, scan->at, "a value was expected");
		return scan_number(scan, &is_integer);
	}
}

static struct json_scan scan_of(struct text text)
{
	const char *at = text.length > 0 ? text.at : "";

	return (struct json_scan){.at = at, .end = at + text.length};
}

size_t json_scan_space(struct text text, size_t at)
{
	struct json_scan scan = scan_of((struct text){text.at + at, text.length - at});

	skip_space(&scan);
	return text.length - (size_t)(scan.end - scan.at);
}

bool json_scan_value(struct text text, unsigned max_depth, size_t *end)
{
	struct json_scan scan = scan_of(text);

	if (!scan_value(&scan, max_depth))
		return false;
	*end = text.length - (size_t)(scan.end - scan.at);
	return true;
}

bool json_scan_number(struct text raw, bool *is_integer)
{
	struct json_scan scan = scan_of(raw);
	bool has_no_fraction;

	if (!scan_number(&scan, &has_no_fraction) || scan.at != scan.end)
		return false;
	*is_integer = has_no_fraction;
	return true;
}

bool json_scan_whole(struct json_scan *scan, struct text text, unsigned max_depth, struct arena *scratch)
{
	struct json_names names = {.arena = scratch};
	bool is_whole;

	*scan = scan_of(text);
	scan->names = &names;
	is_whole = scan_value(scan, max_depth);
	scan->names = NULL;
	if (!is_whole)
		return false;
	skip_space(scan);
	return scan->at == scan->end || fail(scan, scan->at, "nothing was expected behind the value");
}

void json_members_begin(struct json_members *members, struct text text, unsigned max_depth, struct arena *scratch)
{
	*members = (struct json_members){.scan = scan_of(text), .names = {.arena = scratch}, .depth_left = max_depth};
	members->scan.names = &members->names;
}

/* The object is closed: the text must be over. */
static bool end_members(struct json_members *members)
{
	struct json_scan *scan = &members->scan;

	members->name.length = 0;
	skip_space(scan);
	if (scan->at < scan->end)
		fail(scan, scan->at, "nothing was expected behind the object");
	return false;
}

bool json_members_next(struct json_members *members)
{
	struct json_scan *scan = &members->scan;
	bool is_first = !members->is_begun;

	members->is_begun = true;
	if (is_first) {
		if (!open_bracket(scan, members->depth_left))
			return false;
		if (take(scan, '}'))
			return end_members(members);
	} else if (!take(scan, ',')) {
		return close_object(scan, 0) && end_members(members);
	}
	members->name.length = members->value.length = 0;
	return scan_member(scan, members->depth_left, &members->name, &members->value);
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
		if (!take(&scan, '\\'))
			break;
		if (take(&scan, 'u') && scan_code_point(&scan, &point))
			out = put_utf8(out, point);
		else
			*out++ = unescaped(*scan.at++);
	}
	*out = '\0';
	return (struct text){start, (size_t)(out - start)};
}

bool json_scan_string(struct text raw, struct arena *arena, struct text *decoded)
{
	struct json_scan scan = scan_of(raw);
	struct text text;

	if (!scan_string(&scan) || scan.at != scan.end)
		return false;
	text = json_scan_unescape(raw, arena);
	if (memchr(text.at, '\0', text.length) != NULL)
		return false;
	*decoded = text;
	return true;
}
