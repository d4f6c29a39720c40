#include "db/values/record.h"

#include "base/buffer.h"
#include "base/json_scan.h"
#include "db/values/quoted.h"

enum { SHOWN_BYTES_MAX = 60 };

/* A value that is being read; `text` is what PostgreSQL reads, NULL for null. */
struct record {
	struct arena *arena;
	const char *problem;
};

static const char *value_from_json(struct record *record, const struct db_type *type, struct text raw,
				   const char *place, unsigned depth);

static const char *fail(struct record *record, const char *place, const char *what, struct text shown)
{
	if (record->problem == NULL)
		record->problem =
		    arena_printf(record->arena, "%s%s%s%s %.*s", *place != '\0' ? "is wrong: its field \"" : "", place,
				 *place != '\0' ? "\" " : "", what, TEXT_ARGS(text_cut_to(shown, SHOWN_BYTES_MAX)));
	return NULL;
}

static const char *finish(struct buffer *out)
{
	buffer_add_char(out, '\0');
	return out->bytes;
}

static const struct db_attribute *find_attribute(const struct db_composite *composite, struct text name, unsigned *at)
{
	for (*at = 0; *at < composite->count; (*at)++)
		if (text_equal(text_of(composite->attributes[*at].name), name))
			return &composite->attributes[*at];
	return NULL;
}

static const char *place_of(struct record *record, const char *place, const char *name)
{
	return *place == '\0' ? name : arena_printf(record->arena, "%s.%s", place, name);
}

/* Returns the values of the object's members in the order of the type's attributes, with "" in place of null. */
static struct text *read_members(struct record *record, const struct db_composite *composite, struct text raw,
				 const char *place)
{
	struct text *values = arena_alloc_zeroed(record->arena, composite->count * sizeof(*values));
	struct json_members members;
	struct text name;
	unsigned at;

	json_members_begin(&members, raw, RECORD_DEPTH_MAX, record->arena);
	while (json_members_next(&members)) {
		if (!json_scan_string(members.name, record->arena, &name) ||
		    find_attribute(composite, name, &at) == NULL) {
			fail(record, place, "must have no field", members.name);
			return NULL;
		}
		values[at] = members.value;
	}
	if (members.scan.wrong != NULL)
		fail(record, place, "must be an object nested at most 64 deep, got", raw);
	return values;
}

/* (1,"a",) */
static const char *composite_from_json(struct record *record, const struct db_composite *composite, struct text raw,
				       const char *place, unsigned depth)
{
	struct text *values = read_members(record, composite, raw, place);
	struct buffer out = buffer_in(record->arena);

	for (unsigned i = 0; i < composite->count && record->problem == NULL; i++) {
		const struct db_attribute *attribute = &composite->attributes[i];
		const char *text;

		buffer_add_char(&out, i == 0 ? '(' : ',');
		if (values[i].length == 0)
			return fail(record, place, "must have the field", text_of(attribute->name));
		if (text_equal(values[i], TEXT("null")))
			continue;
		text = value_from_json(record, &attribute->type, values[i], place_of(record, place, attribute->name),
				       depth + 1);
		if (text != NULL)
			quoted_add(&out, text);
	}
	buffer_add(&out, composite->count == 0 ? TEXT("()") : TEXT(")"));
	return finish(&out);
}

/* "a"=>"1", "b"=>NULL */
static const char *hstore_from_json(struct record *record, struct text raw, const char *place)
{
	struct buffer out = buffer_in(record->arena);
	struct json_members members;
	struct text name, value;

	json_members_begin(&members, raw, RECORD_DEPTH_MAX, record->arena);
	while (json_members_next(&members)) {
		bool is_null = text_equal(members.value, TEXT("null"));

		if (!json_scan_string(members.name, record->arena, &name) ||
		    (!is_null && !json_scan_string(members.value, record->arena, &value)))
			return fail(record, place, "must be an object of strings and nulls, got", raw);
		if (out.length > 0)
			buffer_add_char(&out, ',');
		quoted_add(&out, name.at);
		buffer_add(&out, TEXT("=>"));
		if (is_null)
			buffer_add(&out, TEXT("NULL"));
		else
			quoted_add(&out, value.at);
	}
	if (members.scan.wrong != NULL)
		return fail(record, place, "must be an object of strings and nulls, got", raw);
	return finish(&out);
}

/* The next element of an array that is known to be well-formed; false: there is none. */
static bool next_element(struct text raw, size_t *at, struct text *element)
{
	size_t end;

	*at = json_scan_space(raw, *at + 1);
	if (raw.at[*at] == ']')
		return false;
	*element = (struct text){raw.at + *at, raw.length - *at};
	if (!json_scan_value(*element, RECORD_DEPTH_MAX, &end))
		return false;
	element->length = end;
	*at = json_scan_space(raw, *at + end);
	return true;
}

/* {"a",NULL}, {{1,2},{3,4}}: whether it is even, PostgreSQL sees. */
static const char *array_from_json(struct record *record, const struct db_type *type, struct text raw,
				   const char *place, unsigned depth)
{
	struct buffer out = buffer_in(record->arena);
	struct db_type element_type = *type;
	struct text element;
	size_t at = 0;

	element_type.is_array = false;
	while (record->problem == NULL && next_element(raw, &at, &element)) {
		bool is_nested = *element.at == '[' && type->kind != DB_TYPE_JSON;
		const char *text = NULL;

		buffer_add_char(&out, out.length == 0 ? '{' : type->delimiter);
		if (!text_equal(element, TEXT("null")))
			text = value_from_json(record, is_nested ? type : &element_type, element, place, depth + 1);
		if (is_nested && text != NULL)
			buffer_add(&out, text_of(text));
		else if (text != NULL)
			quoted_add(&out, text);
		else
			buffer_add(&out, TEXT("NULL"));
	}
	buffer_add(&out, out.length == 0 ? TEXT("{}") : TEXT("}"));
	return finish(&out);
}

/* Neither an object nor an array, or of json. */
static const char *scalar_from_json(struct record *record, const struct db_type *type, struct text raw,
				    const char *place)
{
	struct text string;

	if (type->kind == DB_TYPE_JSON && !type->is_array)
		return arena_copy(record->arena, raw);
	if (*raw.at == '"')
		return json_scan_string(raw, record->arena, &string)
			   ? string.at
			   : fail(record, place, "must hold no character U+0000, got", raw);
	if (*raw.at == '{' || *raw.at == '[' || record_is_made(type) || type->is_array)
		return fail(record, place, arena_printf(record->arena, "must be %s, got", db_type_expectation(type)),
			    raw);
	return arena_copy(record->arena, raw);
}

static const char *value_from_json(struct record *record, const struct db_type *type, struct text raw,
				   const char *place, unsigned depth)
{
	size_t end;

	if (depth > RECORD_DEPTH_MAX || !json_scan_value(raw, RECORD_DEPTH_MAX, &end))
		return fail(record, place, "must be nested at most 64 deep, got", raw);
	if (type->is_array && *raw.at == '[')
		return array_from_json(record, type, raw, place, depth);
	if (!type->is_array && type->kind == DB_TYPE_COMPOSITE && *raw.at == '{')
		return composite_from_json(record, type->composite, raw, place, depth);
	if (!type->is_array && type->kind == DB_TYPE_HSTORE && *raw.at == '{')
		return hstore_from_json(record, raw, place);
	return scalar_from_json(record, type, raw, place);
}

const char *record_from_json(const struct db_type *type, struct text raw, struct arena *arena, const char **bound)
{
	struct record record = {.arena = arena};
	const char *text = value_from_json(&record, type, raw, "", 1);

	if (record.problem == NULL)
		*bound = text;
	return record.problem;
}
