#include "loadgen/engine/request_template.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

int request_template_add_piece(struct request_template *template, struct request_piece piece,
			       const struct request_place *place)
{
	if (piece.kind == PIECE_TEXT && piece.text.length == 0)
		return 0;
	if (template->count == REQUEST_PIECES_MAX)
		return request_place_fail(place, "more than %d pieces between {n} and {random:a-b}",
					  REQUEST_PIECES_MAX);
	template->pieces[template->count++] = piece;
	return 0;
}

/* "12-40}": both bounds, and how long it is. */
static bool read_range(struct text text, uint64_t *from, uint64_t *to, size_t *length)
{
	char copy[48], *end;

	*length = 0;
	while (*length < text.length && text.at[*length] != '}')
		(*length)++;
	if (*length == text.length || *length >= sizeof(copy))
		return false;
	memcpy(copy, text.at, *length);
	copy[*length] = '\0';
	if (!isdigit((unsigned char)copy[0]))
		return false;
	errno = 0;
	*from = strtoull(copy, &end, 10);
	if (errno != 0 || *end != '-' || !isdigit((unsigned char)end[1]))
		return false;
	*to = strtoull(end + 1, &end, 10);
	(*length)++;
	return errno == 0 && *end == '\0' && *from <= *to && *to - *from < UINT64_MAX;
}

/* Of what stands between braces, for a message. */
static size_t excerpt_length(struct text text)
{
	size_t length = 0;

	while (length < text.length && length < 40 && text.at[length] > ' ' && text.at[length] != '}')
		length++;
	return length < text.length && text.at[length] == '}' ? length + 1 : length;
}

int request_template_add(struct request_template *template, struct text text, bool is_body,
			 const struct request_place *place)
{
	size_t from = 0, at = 0;

	while (at < text.length) {
		struct text rest = {text.at + at, text.length - at};
		struct request_piece piece = {.kind = PIECE_NUMBER};
		size_t length = 3;

		if (text.at[at] != '{') {
			at++;
			continue;
		}
		if (text_begins_with(rest, TEXT("{random:"))) {
			piece.kind = PIECE_RANDOM;
			if (!read_range((struct text){rest.at + 8, rest.length - 8}, &piece.from, &piece.to, &length))
				return request_place_fail(
				    place, "%.*s: expected {random:a-b}, two numbers and the first not above",
				    (int)excerpt_length(rest), rest.at);
			length += 8;
		} else if (!text_begins_with(rest, TEXT("{n}"))) {
			if (!is_body)
				return request_place_fail(place,
							  "%.*s: expected {n} or {random:a-b}; a brace itself is %%7B",
							  (int)excerpt_length(rest), rest.at);
			at++;
			continue;
		}
		if (request_template_add_piece(template, (struct request_piece){.text = {text.at + from, at - from}},
					       place) != 0 ||
		    request_template_add_piece(template, piece, place) != 0)
			return -1;
		from = at += length;
	}
	return request_template_add_piece(template,
					  (struct request_piece){.text = {text.at + from, text.length - from}}, place);
}

bool request_template_varies(const struct request_template *template)
{
	for (unsigned i = 0; i < template->count; i++)
		if (template->pieces[i].kind == PIECE_NUMBER || template->pieces[i].kind == PIECE_RANDOM)
			return true;
	return false;
}
