#include "handlers/sql/body.h"

#include "base/json_scan.h"
#include "base/percent.h"

enum {
	SCRATCH_BYTES = 4096, /* enough for the names of most bodies */
	SHOWN_BYTES_MAX = 60,
};

static const char *wrong_at(struct text json, const char *at, const char *in_field, struct arena *arena,
			    const char *what)
{
	unsigned line = 1, column = 1;

	for (const char *c = json.at; c < at; c++) {
		bool is_inside_character = ((unsigned char)*c & 0xc0) == 0x80;

		if (*c == '\n') {
			line++;
			column = 1;
		} else if (!is_inside_character) {
			column++;
		}
	}
	return arena_printf(arena, "line %u, column %u%s: %s%s", line, column, in_field,
			    at == json.at + json.length ? "it ends too early; " : "", what);
}

/* Returns the JSON string at `at`, short enough for a message. */
static const char *shown_name(const char *at, const char *end, struct arena *arena)
{
	struct text name = {at, (size_t)(end - at)}, shown;

	if (!json_scan_value(name, 0, &name.length))
		name.length = 0;
	shown = text_cut_to(name, SHOWN_BYTES_MAX);
	return arena_printf(arena, "%.*s%s", TEXT_ARGS(shown), shown.length < name.length ? "..." : "");
}

static const char *wrong_member(const struct json_members *members, struct text json, unsigned max_depth,
				struct arena *arena)
{
	const struct json_scan *scan = &members->scan;
	const char *what = scan->wrong, *in_field = "";

	if (scan->is_too_deep)
		what = arena_printf(arena, "nested deeper than %u levels", max_depth);
	if (scan->is_duplicate)
		what = arena_printf(arena, "duplicate name %s", shown_name(scan->wrong_at, scan->end, arena));
	if (members->name.length > 0 && scan->wrong_at > members->name.at)
		in_field = arena_printf(arena, ", in field %s", shown_name(members->name.at, scan->end, arena));
	return wrong_at(json, scan->wrong_at, in_field, arena, what);
}

static const char *read_object(struct text json, unsigned max_depth, struct arena *scratch, struct arena *arena,
			       struct body *body)
{
	struct text start = {json.at, json.length};
	struct json_members members;
	unsigned count = 0;

	start.at += json_scan_space(json, 0);
	start.length -= (size_t)(start.at - json.at);
	if (start.length >= 3 && memcmp(start.at, "\xEF\xBB\xBF", 3) == 0)
		return wrong_at(json, start.at, "", arena,
				"the body must begin with \"{\", not with a byte order mark");
	if (start.length == 0 || *start.at != '{')
		return wrong_at(json, start.at, "", arena, "the body must be a JSON object");
	json_members_begin(&members, start, max_depth, scratch);
	while (json_members_next(&members)) {
		struct text name = members.names.entries[members.names.count - 1].text;

		if (memchr(name.at, '\0', name.length) != NULL)
			return wrong_at(json, members.name.at, "", arena, "a field's name contains U+0000");
		if (count++ < BODY_FIELDS_MAX)
			body->fields[body->count++] =
			    (struct body_field){{arena_copy(arena, name), name.length}, members.value};
	}
	if (members.scan.wrong != NULL)
		return wrong_member(&members, json, max_depth, arena);
	if (count > BODY_FIELDS_MAX)
		return arena_printf(arena, "it has %u fields; at most %d are taken", count, BODY_FIELDS_MAX);
	return NULL;
}

const char *body_parse(struct text json, unsigned max_depth, struct arena *arena, struct body *body)
{
	size_t valid_bytes = utf8_valid_length(json);
	char first_bytes[SCRATCH_BYTES];
	struct arena scratch;
	const char *problem;

	body->count = 0;
	if (json.length == 0)
		return NULL;
	if (valid_bytes < json.length)
		return wrong_at(json, json.at + valid_bytes, "", arena, "a byte that is not UTF-8");
	/* the names take more than their text, and the request may have to wait */
	arena_init(&scratch, first_bytes, sizeof(first_bytes));
	problem = read_object(json, max_depth, &scratch, arena, body);
	arena_cleanup(&scratch);
	return problem;
}

size_t body_blank_length(struct text json)
{
	return json_scan_space(json, 0);
}

static const char *check_part(struct text json, struct text part, unsigned max_depth, struct arena *arena)
{
	char first_bytes[SCRATCH_BYTES];
	const char *problem = NULL;
	struct arena scratch;
	struct json_scan scan;

	arena_init(&scratch, first_bytes, sizeof(first_bytes));
	if (!json_scan_whole(&scan, part, max_depth, &scratch)) {
		/* of a fault, a field's name is not known */
		const struct json_members at_fault = {.scan = scan};

		problem = wrong_member(&at_fault, json, max_depth, arena);
	}
	arena_cleanup(&scratch);
	return problem;
}

const char *body_check_text(struct text text, struct arena *arena)
{
	size_t valid_bytes = utf8_valid_length(text);
	const char *nul = memchr(text.at, '\0', text.length);

	if (valid_bytes < text.length)
		return wrong_at(text, text.at + valid_bytes, "", arena, "a byte that is not UTF-8");
	return nul != NULL ? wrong_at(text, nul, "", arena, "the character U+0000") : NULL;
}

const char *body_check(struct text json, unsigned max_depth, struct arena *arena)
{
	const char *problem = body_check_text(json, arena);

	return problem != NULL ? problem : check_part(json, json, max_depth, arena);
}

const char *body_check_object(struct text json, struct text part, unsigned max_depth, struct arena *arena)
{
	if (part.length == 0 || part.at[0] != '{')
		return wrong_at(json, part.at, "", arena, "a JSON object was expected");
	return check_part(json, part, max_depth, arena);
}
