#include "base/json_names.h"

#include "base/json_scan.h"

#include <stdlib.h>

enum { CAPACITY_FIRST = 64 };

static void make_room(struct json_names *names)
{
	size_t capacity = names->capacity > 0 ? 2 * names->capacity : CAPACITY_FIRST;
	struct json_name *moved = arena_alloc(names->arena, capacity * sizeof(*moved));

	if (names->count > 0)
		memcpy(moved, names->entries, names->count * sizeof(*moved));
	names->entries = moved;
	names->capacity = capacity;
}

void json_names_add(struct json_names *names, struct text raw)
{
	struct text text = {raw.at + 1, raw.length - 2};

	if (memchr(text.at, '\\', text.length) != NULL)
		text = json_scan_unescape(raw, names->arena);
	if (names->count == names->capacity)
		make_room(names);
	names->entries[names->count++] = (struct json_name){text, raw.at};
}

/* In any order that puts equal names side by side, as they come in the text. */
static int compare(const void *a, const void *b)
{
	const struct json_name *left = a, *right = b;
	int order;

	if (left->text.length != right->text.length)
		return left->text.length < right->text.length ? -1 : 1;
	order = memcmp(left->text.at, right->text.at, left->text.length);
	return order != 0 ? order : left->at < right->at ? -1 : 1;
}

const char *json_names_close(struct json_names *names, size_t first)
{
	struct json_name *own = names->entries + first;
	size_t count = names->count - first;
	const char *twice = NULL;

	names->count = first;
	if (count < 2)
		return NULL;
	qsort(own, count, sizeof(*own), compare);
	for (size_t i = 1; i < count; i++)
		if (text_equal(own[i - 1].text, own[i].text) && (twice == NULL || own[i].at < twice))
			twice = own[i].at;
	return twice;
}
