#include "base/json_parts.h"

static bool scan_value(struct json_scan *scan, unsigned depth_left);

static bool scan_word(struct json_scan *scan, struct text word)
{
	if ((size_t)(scan->end - scan->at) < word.length || memcmp(scan->at, word.at, word.length) != 0)
		return json_fail(scan, scan->at, "a value was expected");
	scan->at += word.length;
	return true;
}

static bool scan_digits(struct json_scan *scan)
{
	const char *first = scan->at;

	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
		scan->at++;
	return scan->at > first || json_fail(scan, scan->at, "a digit was expected");
}

static bool scan_number(struct json_scan *scan, bool *is_integer)
{
	*is_integer = true;
	json_take(scan, '-');
	if (!json_take(scan, '0') && !scan_digits(scan))
		return false;
	if (json_take(scan, '.')) {
		*is_integer = false;
		if (!scan_digits(scan))
			return false;
	}
	if (json_take(scan, 'e') || json_take(scan, 'E')) {
		*is_integer = false;
		if (!json_take(scan, '+'))
			json_take(scan, '-');
		return scan_digits(scan);
	}
	return true;
}

/* Takes the bracket, and the space behind it. */
static bool open_bracket(struct json_scan *scan, unsigned depth_left)
{
	if (depth_left == 0) {
		scan->is_too_deep = true;
		return json_fail(scan, scan->at, "it is nested too deep");
	}
	scan->at++;
	json_skip_space(scan);
	return true;
}

static bool scan_array(struct json_scan *scan, unsigned depth_left)
{
	if (!open_bracket(scan, depth_left))
		return false;
	if (json_take(scan, ']'))
		return true;
	do {
		if (!scan_value(scan, depth_left - 1))
			return false;
		json_skip_space(scan);
	} while (json_take(scan, ','));
	return json_expect(scan, ']', "\",\" or \"]\" was expected");
}

/* A name, its colon and its value, and the space behind them. */
static bool scan_member(struct json_scan *scan, unsigned depth_left, struct text *name, struct text *value)
{
	json_skip_space(scan);
	name->at = scan->at;
	if (!json_take_string(scan))
		return json_fail(scan, scan->at, "a name in double quotes was expected");
	name->length = (size_t)(scan->at - name->at);
	if (scan->names != NULL)
		json_names_add(scan->names, *name);
	json_skip_space(scan);
	if (!json_expect(scan, ':', "\":\" was expected"))
		return false;
	json_skip_space(scan);
	value->at = scan->at;
	if (!scan_value(scan, depth_left - 1))
		return false;
	value->length = (size_t)(scan->at - value->at);
	json_skip_space(scan);
	return true;
}

/* Takes the end of an object, whose names begin at `first_name`. */
static bool close_object(struct json_scan *scan, size_t first_name)
{
	const char *twice;

	if (!json_expect(scan, '}', "\",\" or \"}\" was expected"))
		return false;
	twice = scan->names != NULL ? json_names_close(scan->names, first_name) : NULL;
	scan->is_duplicate = twice != NULL;
	return twice == NULL || json_fail(scan, twice, "a duplicate name");
}

static bool scan_object(struct json_scan *scan, unsigned depth_left)
{
	size_t first_name = scan->names != NULL ? scan->names->count : 0;
	struct text name, value;

	if (!open_bracket(scan, depth_left))
		return false;
	if (json_take(scan, '}'))
		return true;
	do {
		if (!scan_member(scan, depth_left, &name, &value))
			return false;
	} while (json_take(scan, ','));
	return close_object(scan, first_name);
}

static bool scan_value(struct json_scan *scan, unsigned depth_left)
{
	bool is_integer;

	json_skip_space(scan);
	if (scan->at == scan->end)
		return json_fail(scan, scan->at, "a value was expected");
	switch (*scan->at) {
	case '{':
		return scan_object(scan, depth_left);
	case '[':
		return scan_array(scan, depth_left);
	case '"':
		return json_take_string(scan);
	case 't':
		return scan_word(scan, TEXT("true"));
	case 'f':
		return scan_word(scan, TEXT("false"));
	case 'n':
		return scan_word(scan, TEXT("null"));
	default:
		if (*scan->at != '-' && (*scan->at < '0' || *scan->at > '9'))
			return json_fail(scan, scan->at, "a value was expected");
		return scan_number(scan, &is_integer);
	}
}

size_t json_scan_space(struct text text, size_t at)
{
	struct json_scan scan = json_scan_of((struct text){text.at + at, text.length - at});

	json_skip_space(&scan);
	return text.length - (size_t)(scan.end - scan.at);
}

bool json_scan_value(struct text text, unsigned max_depth, size_t *end)
{
	struct json_scan scan = json_scan_of(text);

	if (!scan_value(&scan, max_depth))
		return false;
	*end = text.length - (size_t)(scan.end - scan.at);
	return true;
}

bool json_scan_number(struct text raw, bool *is_integer)
{
	struct json_scan scan = json_scan_of(raw);
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

	*scan = json_scan_of(text);
	scan->names = &names;
	is_whole = scan_value(scan, max_depth);
	scan->names = NULL;
	if (!is_whole)
		return false;
	json_skip_space(scan);
	return scan->at == scan->end || json_fail(scan, scan->at, "nothing was expected behind the value");
}

void json_members_begin(struct json_members *members, struct text text, unsigned max_depth, struct arena *scratch)
{
	*members =
	    (struct json_members){.scan = json_scan_of(text), .names = {.arena = scratch}, .depth_left = max_depth};
	members->scan.names = &members->names;
}

/* The object is closed: the text must be over. */
static bool end_members(struct json_members *members)
{
	struct json_scan *scan = &members->scan;

	members->name.length = 0;
	json_skip_space(scan);
	if (scan->at < scan->end)
		json_fail(scan, scan->at, "nothing was expected behind the object");
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
		if (json_take(scan, '}'))
			return end_members(members);
	} else if (!json_take(scan, ',')) {
		return close_object(scan, 0) && end_members(members);
	}
	members->name.length = members->value.length = 0;
	return scan_member(scan, members->depth_left, &members->name, &members->value);
}
