#include "handlers/queue/fields.h"

#include "base/json_scan.h"
#include "base/percent.h"
#include "handlers/queue/duration.h"
#include "queue/values/order.h"

#include <errno.h>
#include <stdlib.h>

enum { NUMBER_LENGTH_MAX = 20 };

bool field_read_integer(struct text raw, int64_t min, int64_t max, int64_t *number)
{
	bool is_integer;
	char digits[NUMBER_LENGTH_MAX + 1];

	if (raw.length > NUMBER_LENGTH_MAX || !json_scan_number(raw, &is_integer) || !is_integer)
		return false;
	memcpy(digits, raw.at, raw.length);
	digits[raw.length] = '\0';
	errno = 0;
	*number = strtoll(digits, NULL, 10);
	return errno == 0 && *number >= min && *number <= max;
}

bool field_read_string(struct text raw, struct arena *arena, size_t bytes_max, struct text *text)
{
	return raw.at[0] == '"' && json_scan_string(raw, arena, text) && text->length <= bytes_max;
}

bool field_read_duration(struct text raw, struct arena *arena, uint64_t *ns)
{
	struct text text;

	return field_read_string(raw, arena, NUMBER_LENGTH_MAX, &text) && duration_read(text, ns);
}

/* One object */

static int index_of(const struct fields *fields, struct text name)
{
	for (unsigned i = 0; i < fields->count; i++)
		if (text_equal(name, text_of(fields->fields[i].name)))
			return (int)i;
	return -1;
}

static const char *read_member(const struct fields *fields, const struct json_members *members, struct arena *arena,
			       void *item, unsigned *seen)
{
	struct text name = json_scan_unescape(members->name, arena);
	int index = index_of(fields, name);

	if (index < 0)
		return arena_printf(arena, "field \"%.60s\" is not known", name.at);
	if (!fields->fields[index].read(members->value, arena, item))
		return arena_printf(arena, "field \"%s\" must be %s", fields->fields[index].name,
				    fields->fields[index].expected);
	*seen |= 1U << index;
	return NULL;
}

static const char *read_object(const struct fields *fields, struct text object, unsigned max_depth, struct arena *arena,
			       void *item)
{
	struct json_members members;
	const char *problem = NULL;
	unsigned seen = 0;

	if (object.at[0] != '{')
		return "an object was expected";
	fields->init(item);
	json_members_begin(&members, object, max_depth, arena);
	while (problem == NULL && json_members_next(&members))
		problem = read_member(fields, &members, arena, item, &seen);
	for (unsigned i = 0; problem == NULL && i < fields->count; i++)
		if (fields->fields[i].is_required && (seen >> i & 1) == 0)
			problem = arena_printf(arena, "field \"%s\" is missing; it must be %s", fields->fields[i].name,
					       fields->fields[i].expected);
	return problem;
}

/* The body */

static struct text value_at(struct text body, size_t *at, unsigned max_depth)
{
	struct text rest;
	size_t length;

	*at = json_scan_space(body, *at);
	rest = (struct text){body.at + *at, body.length - *at};
	if (!json_scan_value(rest, max_depth, &length))
		length = 0; /* the body is well-formed: it does not happen */
	*at = json_scan_space(body, *at + length);
	return (struct text){rest.at, length};
}

static const char *read_array(const struct fields *fields, struct text body, unsigned max_depth, struct arena *arena,
			      struct fields_read *read)
{
	const char *problem = NULL;
	size_t at = 1;

	read->items = arena_alloc_zeroed(arena, ORDER_PARTS_MAX * fields->item_bytes);
	at = json_scan_space(body, at);
	while (problem == NULL && body.at[at] != ']') {
		if (read->count == ORDER_PARTS_MAX)
			return arena_printf(arena, "the array has more than %d elements", ORDER_PARTS_MAX);
		problem = read_object(fields, value_at(body, &at, max_depth), max_depth, arena,
				      (char *)read->items + read->count * fields->item_bytes);
		if (problem != NULL)
			return arena_printf(arena, "element %u: %s", read->count + 1, problem);
		read->count++;
		at += body.at[at] == ',';
	}
	return read->count == 0 ? "the array is empty" : NULL;
}

static const char *check_json(struct text body, unsigned max_depth, struct arena *arena)
{
	struct json_scan scan;

	if (!utf8_is_valid(body))
		return "the body is not UTF-8";
	if (json_scan_whole(&scan, body, max_depth, arena))
		return NULL;
	if (scan.is_duplicate)
		return "the body is no JSON that can be read: a name stands twice in an object";
	return arena_printf(arena, "the body is no JSON: %s at byte %zu", scan.wrong,
			    (size_t)(scan.wrong_at - body.at) + 1);
}

const char *fields_read_body(const struct fields *fields, struct text body, unsigned max_depth, struct arena *arena,
			     struct fields_read *read)
{
	const char *problem = check_json(body, max_depth, arena);
	size_t at = 0;

	*read = (struct fields_read){.items = NULL};
	if (problem != NULL)
		return problem;
	body = value_at(body, &at, max_depth);
	read->is_array = body.at[0] == '[';
	if (read->is_array)
		return read_array(fields, body, max_depth, arena, read);
	read->items = arena_alloc_zeroed(arena, fields->item_bytes);
	read->count = 1;
	return read_object(fields, body, max_depth, arena, read->items);
}

static const char *read_line(const struct fields *fields, struct text line, unsigned max_depth, struct arena *arena,
			     struct fields_read *read)
{
	const char *problem = check_json(line, max_depth, arena);
	size_t at = 0;

	if (problem != NULL)
		return problem;
	if (read->count == ORDER_PARTS_MAX)
		return arena_printf(arena, "more than %d lines are not taken at once", ORDER_PARTS_MAX);
	return read_object(fields, value_at(line, &at, max_depth), max_depth, arena,
			   (char *)read->items + read->count++ * fields->item_bytes);
}

const char *fields_read_lines(const struct fields *fields, struct text lines, unsigned max_depth, struct arena *arena,
			      struct fields_read *read)
{
	*read = (struct fields_read){
	    .items = arena_alloc_zeroed(arena, ORDER_PARTS_MAX * fields->item_bytes),
	    .is_array = true,
	};
	for (unsigned number = 1; lines.length > 0; number++) {
		struct text line = text_cut_at(&lines, '\n');
		const char *problem;

		if (json_scan_space(line, 0) == line.length)
			continue;
		problem = read_line(fields, line, max_depth, arena, read);
		if (problem != NULL)
			return arena_printf(arena, "line %u: %s", number, problem);
	}
	return read->count == 0 ? "no line has a job" : NULL;
}
