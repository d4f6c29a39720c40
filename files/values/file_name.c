#include "files/values/file_name.h"

#include "base/buffer.h"
#include "base/hex.h"
#include "base/percent.h"

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

bool file_name_allows(struct text segment, bool is_at_top)
{
	if (segment.length == 0 || segment.length > FILE_SEGMENT_BYTES_MAX)
		return false;
	if (segment.at[0] == '.')
		return is_at_top && text_equal(segment, TEXT(".well-known"));
	return memchr(segment.at, '/', segment.length) == NULL;
}

const char *file_name_read(struct text path, struct arena *arena)
{
	struct buffer name = buffer_in(arena);
	struct text rest = path, segment;

	if (path.length == 0 || path.at[0] != '/')
		return NULL;
	text_cut_at(&rest, '/');
	while (rest.length > 0) {
		if (percent_decode(text_cut_at(&rest, '/'), false, arena, &segment) != NULL ||
		    !file_name_allows(segment, name.length == 0))
			return NULL;
		if (name.length > 0)
			buffer_add_char(&name, '/');
		buffer_add(&name, segment);
		if (name.length > FILE_NAME_BYTES_MAX)
			return NULL;
	}
	if (path.at[path.length - 1] == '/')
		buffer_add(&name, name.length > 0 ? TEXT("/index.html") : TEXT("index.html"));
	return arena_copy(arena, buffer_text(&name));
}

const char *file_name_with_slash(const char *name, struct arena *arena)
{
	const char *slash = strrchr(name, '/'), *last = slash != NULL ? slash + 1 : name;
	struct buffer out = buffer_in(arena);

	buffer_add(&out, TEXT("./"));
	for (; *last != '\0'; last++) {
		char digits[2];

		if (is_unreserved(*last)) {
			buffer_add_char(&out, *last);
			continue;
		}
		hex_put((uint8_t)*last, digits);
		buffer_printf(&out, "%%%c%c", digits[0], digits[1]);
	}
	buffer_add_char(&out, '/');
	return arena_copy(arena, buffer_text(&out));
}
