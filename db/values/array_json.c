#include "db/values/array_json.h"

#include "base/run.h"

bool array_json_begin(struct array_json *array, const struct db_type *type, struct text value)
{
	const char *brace = value.length > 0 ? memchr(value.at, '{', value.length) : NULL;

	if (UNLIKELY(brace == NULL || (brace > value.at && *value.at != '[')))
		return false;
	*array = (struct array_json){
	    .at = brace,
	    .end = value.at + value.length,
	    .kind = type->kind,
	    .delimiter = type->delimiter,
	};
	return true;
}

/* The text may end anywhere. */
static void skip(struct array_json *array)
{
	if (array->at < array->end)
		array->at++;
}

static bool ends_plain(const struct array_json *array, char c)
{
	return c == array->delimiter || c == '}';
}

static struct text between(const char *first, const char *last)
{
	return (struct text){first, (size_t)(last - first)};
}

/* Elements that are not large */

/* Where the search for the end of an element stops. */
static const char *search_end(const struct array_json *array)
{
	return array->end - array->at > VALUE_LARGE_BYTES ? array->at + VALUE_LARGE_BYTES : array->end;
}

/* `first` to `last` without the backslashes. */
static struct text unescaped(struct buffer *out, const char *first, const char *last)
{
	const struct run_end backslash = {.one = '\\', .other = '\\'};
	char *room = buffer_scratch(out, VALUE_LARGE_BYTES);
	size_t length = 0;

	while (first < last) {
		size_t run = run_copy(room + length, between(first, last), backslash);

		length += run;
		first += run;
		/* what is behind a backslash is meant as it is */
		if (last - first < 2)
			break;
		room[length++] = first[1];
		first += 2;
	}
	return (struct text){room, length};
}

/* False: it is large. */
static bool add_quoted_element(struct array_json *array, struct buffer *out)
{
	const char *first = array->at + 1, *last, *stop = search_end(array);
	bool has_backslash = false;

	for (last = first; last < stop; last += 2) {
		last += run_length_before(between(last, stop), '"', '\\');
		if (last == stop || *last == '"')
			break;
		has_backslash = true;
	}
	if (last >= stop && stop < array->end)
		return false;
	if (last > array->end)
		last = array->end;
	value_json_add(out, array->kind, has_backslash ? unescaped(out, first, last) : between(first, last));
	array->at = last;
	skip(array);
	return true;
}

/* False: it is large. */
static bool add_plain_element(struct array_json *array, struct buffer *out)
{
	const char *stop = search_end(array);
	const char *last = array->at + run_length_before(between(array->at, stop), array->delimiter, '}');
	struct text element;

	if (last == stop && stop < array->end)
		return false;
	element = between(array->at, last);
	array->at = last;
	if (text_equal(element, TEXT("NULL")))
		buffer_add(out, TEXT("null"));
	else
		value_json_add(out, array->kind, element);
	return true;
}

/* Large elements */

static bool is_element_over(const struct array_json *array)
{
	return array->at == array->end || (array->is_quoted ? *array->at == '"' : ends_plain(array, *array->at));
}

/* The next bytes of the element, at most `most`. */
static struct text take_chunk(struct array_json *array, char *room, size_t most)
{
	struct run_end end = {.one = array->delimiter, .other = '}'};
	size_t length = 0;

	if (array->is_quoted)
		end = (struct run_end){.one = '"', .other = '\\'};
	while (length < most && !is_element_over(array)) {
		struct text left = between(array->at, array->end);
		size_t run;

		left.length = left.length < most - length ? left.length : most - length;
		run = run_copy(room + length, left, end);
		length += run;
		array->at += run;
		if (run == left.length || *array->at != '\\' || !array->is_quoted)
			continue;
		if (++array->at == array->end)
			break;
		room[length++] = *array->at++;
	}
	return (struct text){room, length};
}

static void begin_element(struct array_json *array, struct buffer *out, bool is_quoted)
{
	char room[2];
	const char *first;
	struct text beginning;

	array->is_in_element = true;
	array->is_quoted = is_quoted;
	if (is_quoted)
		array->at++;
	first = array->at;
	beginning = take_chunk(array, room, sizeof(room));
	if (value_chunks_begin(&array->chunks, out, array->kind, beginning) == 0)
		array->at = first;
}

static void add_chunk(struct array_json *array, struct buffer *out)
{
	char room[VALUE_CHUNK_BYTES];

	value_chunks_add(&array->chunks, out, take_chunk(array, room, sizeof(room)));
	if (!is_element_over(array))
		return;
	value_chunks_end(&array->chunks, out);
	if (array->is_quoted)
		skip(array);
	array->is_in_element = false;
}

static void add_element(struct array_json *array, struct buffer *out)
{
	bool is_quoted = *array->at == '"';

	if (!(is_quoted ? add_quoted_element(array, out) : add_plain_element(array, out)))
		begin_element(array, out, is_quoted);
}

bool array_json_go_on(struct array_json *array, struct buffer *out, size_t until)
{
	while (array->at < array->end || array->is_in_element) {
		if (UNLIKELY(out->length >= until))
			return false;
		if (UNLIKELY(array->is_in_element)) {
			add_chunk(array, out);
		} else if (*array->at == '{' || *array->at == '}') {
			buffer_add_char(out, *array->at++ == '{' ? '[' : ']');
		} else if (*array->at == array->delimiter) {
			buffer_add_char(out, ',');
			array->at++;
		} else {
			add_element(array, out);
		}
	}
	return true;
}
