#include "loadgen/engine/response.h"

#include <string.h>

enum part {
	PART_STATUS,
	PART_HEADER,
	PART_BODY,
	PART_BODY_TO_CLOSE,
	PART_CHUNK_SIZE,
	PART_CHUNK,
	PART_CHUNK_END,
	PART_TRAILER,
	PART_OVER,
};

enum { LENGTH_DIGITS_MAX = 18, CHUNK_DIGITS_MAX = 15 }; /* what fits 63 bits */

void response_init(struct response *response, bool is_head_request)
{
	response->bytes = 0;
	response->what = NULL;
	server_timing_init(&response->timing);
	response->status = 0;
	response->is_head_over = response->is_keep_alive = false;
	response->is_head_request = is_head_request;
	response->is_chunked = response->has_length = response->is_line_cut = response->is_cr_last = false;
	response->part = PART_STATUS;
	response->line_length = 0;
	response->head_bytes = 0;
	response->left = 0;
	response->room = NULL;
}

void response_want_location(struct response *response, struct response_room *room)
{
	response->room = room;
	if (room != NULL)
		room->value = (struct text){room->location, 0};
}

/* Lines */

static char *line_of(struct response *response)
{
	return response->room != NULL ? response->room->line : response->line;
}

static size_t line_max(const struct response *response)
{
	return response->room != NULL ? sizeof(response->room->line) : sizeof(response->line);
}

enum line_state { LINE_CUT, LINE_WHOLE, LINE_BAD };

/* Moves `bytes` from the front of *input. */
static void take(struct response *response, struct text *input, size_t bytes)
{
	input->at += bytes;
	input->length -= bytes;
	response->bytes += bytes;
}

/* Adds a piece of a line to what is kept of it. A CR may only be the last byte before the LF. */
static bool keep_piece(struct response *response, struct text piece)
{
	const char *cr = piece.length == 0 ? NULL : memchr(piece.at, '\r', piece.length);
	size_t room = line_max(response) - response->line_length;

	if (piece.length == 0)
		return true;
	if (response->line_length == 0)
		response->is_line_cut = false; /* a new line; the last one may have been too long */
	if (response->is_cr_last || (cr != NULL && cr != piece.at + piece.length - 1))
		return false;
	if (cr != NULL) {
		response->is_cr_last = true;
		piece.length--;
	}
	if (piece.length > room) {
		piece.length = room;
		response->is_line_cut = true;
	}
	memcpy(line_of(response) + response->line_length, piece.at, piece.length);
	response->line_length = (uint16_t)(response->line_length + piece.length);
	return true;
}

/* The usual case: the whole line is in the input, and is read where it stands. */
static bool line_in_place(struct response *response, struct text piece, struct text *line)
{
	const char *cr;

	if (piece.length > 0 && piece.at[piece.length - 1] == '\r')
		piece.length--;
	cr = piece.length == 0 ? NULL : memchr(piece.at, '\r', piece.length);
	if (cr != NULL)
		return false;
	response->is_line_cut = piece.length > line_max(response);
	if (response->is_line_cut)
		piece.length = line_max(response);
	*line = piece;
	return true;
}

/* The next line without its end; it is valid until the next call. */
static enum line_state take_line(struct response *response, struct text *input, struct text *line)
{
	const char *end = input->length == 0 ? NULL : memchr(input->at, '\n', input->length);
	struct text piece = {input->at, end == NULL ? input->length : (size_t)(end - input->at)};
	bool is_good;

	if (RESPONSE_HEAD_MAX - response->head_bytes < piece.length + 1) {
		response->what = "more than 64 KiB of head";
		return LINE_BAD;
	}
	response->head_bytes += (uint32_t)(piece.length + (end != NULL));
	if (end != NULL && response->line_length == 0 && !response->is_cr_last) {
		is_good = line_in_place(response, piece, line);
	} else {
		is_good = keep_piece(response, piece);
		*line = (struct text){line_of(response), response->line_length};
	}
	take(response, input, piece.length + (end != NULL));
	if (!is_good) {
		response->what = "a CR within a line";
		return LINE_BAD;
	}
	if (end == NULL)
		return LINE_CUT;
	response->line_length = 0;
	response->is_cr_last = false;
	return LINE_WHOLE;
}

/* Words */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void read_connection(struct response *response, struct text value)
{
	while (value.length > 0) {
		struct text token = text_trimmed(text_cut_at(&value, ','));

		if (text_equal_nocase(token, TEXT("close")))
			response->is_keep_alive = false;
		else if (text_equal_nocase(token, TEXT("keep-alive")))
			response->is_keep_alive = true;
	}
}

static void read_location(struct response *response, struct text value)
{
	struct response_room *room = response->room;

	if (room == NULL)
		return;
	if (!response->is_line_cut && value.length > 0)
		memcpy(room->location, value.at, value.length);
	room->value.length = response->is_line_cut ? 0 : value.length;
}

static const char *read_length(struct response *response, struct text value)
{
	uint64_t length = 0;

	if (response->is_line_cut || value.length == 0 || value.length > LENGTH_DIGITS_MAX)
		return "a Content-Length that is no number";
	for (size_t i = 0; i < value.length; i++) {
		if (!is_digit(value.at[i]))
			return "a Content-Length that is no number";
		length = length * 10 + (uint64_t)(value.at[i] - '0');
	}
	if (response->has_length && response->left != length)
		return "two different Content-Lengths";
	response->has_length = true;
	response->left = length;
	return NULL;
}

/* The parts of the grammar. Each returns NULL, or what is wrong. */

static const char *read_status_line(struct response *response, struct text line)
{
	if (line.length < 12 || memcmp(line.at, "HTTP/1.", 7) != 0 || (line.at[7] != '0' && line.at[7] != '1') ||
	    line.at[8] != ' ' || !is_digit(line.at[9]) || !is_digit(line.at[10]) || !is_digit(line.at[11]) ||
	    (line.length > 12 && line.at[12] != ' '))
		return "no status line of HTTP/1.1";
	response->status = (uint16_t)((line.at[9] - '0') * 100 + (line.at[10] - '0') * 10 + (line.at[11] - '0'));
	if (response->status < 100 || response->status > 599 || response->status == 101)
		return "a status that was not asked for";
	response->is_keep_alive = line.at[7] == '1';
	response->part = PART_HEADER;
	return NULL;
}

static const char *read_header(struct response *response, struct text line)
{
	struct text value = line, name;

	if (line.at[0] == ' ' || line.at[0] == '\t')
		return "a folded header line";
	name = text_cut_at(&value, ':');
	if (name.length == 0 || (name.length == line.length && !response->is_line_cut) ||
	    memchr(name.at, ' ', name.length) != NULL || memchr(name.at, '\t', name.length) != NULL)
		return "a header line without a name and a colon";
	value = text_trimmed(value);
	switch (name.length) {
	case 8:
		if (text_equal_nocase(name, TEXT("location")))
			read_location(response, value);
		return NULL;
	case 10:
		if (text_equal_nocase(name, TEXT("connection")))
			read_connection(response, value);
		return NULL;
	case 13:
		if (text_equal_nocase(name, TEXT("server-timing")))
			server_timing_read(&response->timing, value);
		return NULL;
	case 14:
		return text_equal_nocase(name, TEXT("content-length")) ? read_length(response, value) : NULL;
	case 17:
		if (!text_equal_nocase(name, TEXT("transfer-encoding")))
			return NULL;
		if (!text_equal_nocase(value, TEXT("chunked")) || response->is_chunked)
			return "a Transfer-Encoding that is not chunked";
		response->is_chunked = true;
		return NULL;
	default:
		return NULL;
	}
}

static const char *end_head(struct response *response)
{
	if (response->is_chunked && response->has_length)
		return "Content-Length and chunked together";
	if (response->status < 200) { /* an interim response: the real one follows */
		response->part = PART_STATUS;
		response->is_chunked = response->has_length = false;
		response->left = 0;
		return NULL;
	}
	response->is_head_over = true;
	response->head_bytes = 0; /* the trailer's limit is its own */
	if (response->is_head_request || response->status == 204 || response->status == 304)
		response->part = PART_OVER;
	else if (response->is_chunked)
		response->part = PART_CHUNK_SIZE;
	else if (response->has_length)
		response->part = response->left == 0 ? PART_OVER : PART_BODY;
	else {
		response->part = PART_BODY_TO_CLOSE;
		response->is_keep_alive = false;
	}
	return NULL;
}

static int hex_of(char c)
{
	if (is_digit(c))
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

static const char *read_chunk_size(struct response *response, struct text line)
{
	struct text rest = line, digits = text_trimmed(text_cut_at(&rest, ';'));

	response->left = 0;
	if (digits.length == 0 || digits.length > CHUNK_DIGITS_MAX)
		return "a chunk without a size";
	for (size_t i = 0; i < digits.length; i++) {
		int hex = hex_of(digits.at[i]);

		if (hex < 0)
			return "a chunk without a size";
		response->left = response->left * 16 + (uint64_t)hex;
	}
	response->head_bytes = 0;
	response->part = response->left == 0 ? PART_TRAILER : PART_CHUNK;
	return NULL;
}

static const char *read_line(struct response *response, struct text line)
{
	switch ((enum part)response->part) {
	case PART_STATUS:
		return read_status_line(response, line);
	case PART_HEADER:
		return line.length > 0 ? read_header(response, line) : end_head(response);
	case PART_CHUNK_SIZE:
		return read_chunk_size(response, line);
	case PART_CHUNK_END:
		response->part = PART_CHUNK_SIZE;
		return line.length > 0 ? "a chunk longer than its size" : NULL;
	case PART_TRAILER:
		if (line.length == 0)
			response->part = PART_OVER;
		return NULL;
	default:
		return NULL;
	}
}

static void skip_body(struct response *response, struct text *input)
{
	size_t bytes = input->length;

	if (response->part == PART_BODY_TO_CLOSE) {
		take(response, input, bytes);
		return;
	}
	if (bytes > response->left)
		bytes = (size_t)response->left;
	take(response, input, bytes);
	response->left -= bytes;
	if (response->left == 0)
		response->part = response->part == PART_CHUNK ? PART_CHUNK_END : PART_OVER;
}

enum response_state response_feed(struct response *response, struct text *input)
{
	struct text line;

	while (response->part != PART_OVER) {
		if (input->length == 0)
			return RESPONSE_INCOMPLETE;
		if (response->part == PART_BODY || response->part == PART_CHUNK ||
		    response->part == PART_BODY_TO_CLOSE) {
			skip_body(response, input);
			continue;
		}
		switch (take_line(response, input, &line)) {
		case LINE_CUT:
			return RESPONSE_INCOMPLETE;
		case LINE_BAD:
			return RESPONSE_MALFORMED;
		case LINE_WHOLE:
			break;
		}
		response->what = read_line(response, line);
		if (response->what != NULL)
			return RESPONSE_MALFORMED;
	}
	return RESPONSE_WHOLE;
}

enum response_state response_close(struct response *response)
{
	if (response->part == PART_BODY_TO_CLOSE)
		response->part = PART_OVER;
	return response->part == PART_OVER ? RESPONSE_WHOLE : RESPONSE_INCOMPLETE;
}
