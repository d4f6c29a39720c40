#include "loadgen/engine/request.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include <jansson.h>

#include "base/buffer.h"
#include "base/decimal.h"
#include "base/memory.h"
#include "loadgen/engine/random.h"
#include "loadgen/engine/target.h"

enum { WEIGHT_MAX = 1000000, FILE_BYTES_MAX = 64 * 1024 * 1024 };

/* Where something is written, for messages. */
struct place {
	const char *name; /* a URL, or a file */
	size_t line;      /* 0: no line */
	char *why;
	size_t why_size;
};

static int PRINTF_LIKE(2, 3) fail(const struct place *place, const char *format, ...)
{
	size_t used;
	va_list values;

	if (place->line > 0)
		snprintf(place->why, place->why_size, "%s:%zu: ", place->name, place->line);
	else
		snprintf(place->why, place->why_size, "%s: ", place->name);
	used = strlen(place->why);
	va_start(values, format);
	vsnprintf(place->why + used, place->why_size - used, format, values);
	va_end(values);
	return -1;
}

void request_set_init(struct request_set *set, const struct request_options *options)
{
	*set = (struct request_set){.next_number = 1, .random = options->seed, .is_keep_alive = options->is_keep_alive};
	arena_init(&set->arena, NULL, 0);
}

void request_set_cleanup(struct request_set *set)
{
	free(set->bytes);
	arena_cleanup(&set->arena);
}

/* Pieces */

static int add_piece(struct request *request, struct request_piece piece, const struct place *place)
{
	if (piece.kind == PIECE_TEXT && piece.text.length == 0)
		return 0;
	if (request->piece_count == REQUEST_PIECES_MAX)
		return fail(place, "more than %d pieces between {n} and {random:a-b}", REQUEST_PIECES_MAX);
	request->pieces[request->piece_count++] = piece;
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

static bool begins_with(struct text text, struct text start)
{
	return text.length >= start.length && memcmp(text.at, start.at, start.length) == 0;
}

/* Of what stands between braces, for a message. */
static size_t excerpt_length(struct text text)
{
	size_t length = 0;

	while (length < text.length && length < 40 && text.at[length] > ' ' && text.at[length] != '}')
		length++;
	return length < text.length && text.at[length] == '}' ? length + 1 : length;
}

/* A brace that begins neither is itself in a body, which may be JSON, and wrong elsewhere. */
static int add_template(struct request *request, struct text text, bool is_body, const struct place *place)
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
		if (begins_with(rest, TEXT("{random:"))) {
			piece.kind = PIECE_RANDOM;
			if (!read_range((struct text){rest.at + 8, rest.length - 8}, &piece.from, &piece.to, &length))
				return fail(place, "%.*s: expected {random:a-b}, two numbers and the first not above",
					    (int)excerpt_length(rest), rest.at);
			length += 8;
		} else if (!begins_with(rest, TEXT("{n}"))) {
			if (!is_body)
				return fail(place, "%.*s: expected {n} or {random:a-b}; a brace itself is %%7B",
					    (int)excerpt_length(rest), rest.at);
			at++;
			continue;
		}
		if (add_piece(request, (struct request_piece){.text = {text.at + from, at - from}}, place) != 0 ||
		    add_piece(request, piece, place) != 0)
			return -1;
		from = at += length;
	}
	return add_piece(request, (struct request_piece){.text = {text.at + from, text.length - from}}, place);
}

/* Bytes */

static void reserve(struct request_set *set, size_t more)
{
	size_t needed = set->bytes_length + more;
	char *larger;

	if (needed <= set->bytes_capacity)
		return;
	larger = memory_alloc(set->bytes_capacity = 2 * needed);
	if (set->bytes_length > 0)
		memcpy(larger, set->bytes, set->bytes_length);
	free(set->bytes);
	set->bytes = larger;
}

static void add_bytes(struct request_set *set, struct text text)
{
	reserve(set, text.length);
	memcpy(set->bytes + set->bytes_length, text.at, text.length);
	set->bytes_length += text.length;
}

static void add_number(struct request_set *set, uint64_t number)
{
	char digits[DECIMAL_BYTES];

	add_bytes(set, (struct text){digits, (size_t)(decimal_write(digits, number) - digits)});
}

static void add_pieces(struct request_set *set, const struct request *request, unsigned from, unsigned to,
		       uint64_t number, uint64_t body_length)
{
	for (unsigned i = from; i < to; i++) {
		const struct request_piece *piece = &request->pieces[i];

		if (piece->kind == PIECE_TEXT)
			add_bytes(set, piece->text);
		else if (piece->kind == PIECE_NUMBER)
			add_number(set, number);
		else if (piece->kind == PIECE_LENGTH)
			add_number(set, body_length);
		else
			add_number(set, piece->from + random_below(&set->random, piece->to - piece->from + 1));
	}
}

/* The body first, since its length stands before it; then the head, then the body behind it. */
void request_set_bytes(struct request_set *set, unsigned index, struct text *bytes)
{
	const struct request *request = set->requests[index];
	uint64_t number = set->next_number++;
	size_t body_length;

	if (request->fixed.length > 0) {
		*bytes = request->fixed;
		return;
	}
	set->bytes_length = 0;
	add_pieces(set, request, request->body_from, request->piece_count, number, 0);
	body_length = set->bytes_length;
	add_pieces(set, request, 0, request->body_from, number, body_length);
	reserve(set, body_length);
	memcpy(set->bytes + set->bytes_length, set->bytes, body_length);
	set->bytes_length += body_length;
	*bytes = (struct text){set->bytes + body_length, set->bytes_length - body_length};
}

/* Redirects */

bool request_set_turns_to_get(const struct request_set *set, unsigned index, unsigned status)
{
	const char *method = set->requests[index]->method;

	if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		return false;
	return status == 303 || ((status == 301 || status == 302) && strcmp(method, "POST") == 0);
}

void request_set_redirect(struct request_set *set, unsigned index, bool is_get, struct text target, struct text *bytes)
{
	const struct request *request = set->requests[index];
	uint64_t number = set->next_number;
	size_t body_length;

	set->bytes_length = 0;
	if (!is_get)
		add_pieces(set, request, request->body_from, request->piece_count, number, 0);
	body_length = set->bytes_length;
	add_bytes(set, is_get ? TEXT("GET") : text_of(request->method));
	add_bytes(set, TEXT(" "));
	add_bytes(set, target);
	add_bytes(set, TEXT(" HTTP/1.1\r\n"));
	add_pieces(set, request, request->headers_from, is_get ? request->content_from : request->body_from, number,
		   body_length);
	if (is_get)
		add_bytes(set, TEXT("\r\n"));
	reserve(set, body_length);
	memcpy(set->bytes + set->bytes_length, set->bytes, body_length);
	set->bytes_length += body_length;
	*bytes = (struct text){set->bytes + body_length, set->bytes_length - body_length};
}

static bool is_same_host(struct text host, const char *ours)
{
	struct text rest = text_of(ours);

	if (text_equal_nocase(host, rest))
		return true;
	/* port 80 may be said or not */
	if (host.length > rest.length)
		return begins_with((struct text){host.at + rest.length, host.length - rest.length}, TEXT(":80")) &&
		       host.length == rest.length + 3 && text_equal_nocase((struct text){host.at, rest.length}, rest);
	return rest.length == host.length + 3 && strcmp(ours + host.length, ":80") == 0 &&
	       text_equal_nocase(host, (struct text){ours, host.length});
}

bool request_set_may_follow(const struct request_set *set, unsigned index, struct text location, struct text *target)
{
	struct text host;
	size_t length = 0;

	if (location.length >= 5 && strncasecmp(location.at, "http:", 5) == 0)
		location = (struct text){location.at + 5, location.length - 5};
	if (begins_with(location, TEXT("//"))) {
		location = (struct text){location.at + 2, location.length - 2};
		while (length < location.length && location.at[length] != '/')
			length++;
		host = (struct text){location.at, length};
		if (!is_same_host(host, set->target.authority) && !is_same_host(host, set->requests[index]->host))
			return false;
		location = (struct text){location.at + length, location.length - length};
	}
	if (location.length == 0 || location.at[0] != '/')
		return false;
	for (length = 0; length < location.length && location.at[length] != '#'; length++)
		if (location.at[length] <= ' ' || location.at[length] > '~')
			return false;
	*target = (struct text){location.at, length};
	return true;
}

unsigned request_set_next(struct request_set *set, struct text *bytes)
{
	unsigned index = 0;

	if (set->count > 1) {
		uint64_t at = random_below(&set->random, set->weight_sum);

		while (at >= set->requests[index]->weight)
			at -= set->requests[index++]->weight;
	}
	request_set_bytes(set, index, bytes);
	return index;
}

/* Making requests */

struct draft {
	const char *method, *path;
	struct text body;
	unsigned weight;
	struct {
		const char *lines[256];
		unsigned count;
	} headers;
};

static bool is_token(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text[i]) && strchr("!#$%&'*+-.^_`|~", text[i]) == NULL)
			return false;
	return length > 0;
}

static int check_draft(const struct draft *draft, const struct place *place)
{
	if (!is_token(draft->method, strlen(draft->method)))
		return fail(place, "the method '%s' is no HTTP method", draft->method);
	if (strcmp(draft->method, "CONNECT") == 0)
		return fail(place, "CONNECT turns a connection into a tunnel, which cannot be measured");
	if (draft->path[0] != '/')
		return fail(place, "the path '%s' does not begin with /", draft->path);
	for (const char *c = draft->path; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || *c == '#')
			return fail(place,
				    "the path '%s' has a space, a control character, a # or a byte that is not "
				    "ASCII; write it as %%XX",
				    draft->path);
	return 0;
}

static int check_header(const char *line, const struct place *place)
{
	static const char *const ours[] = {"connection", "content-length", "transfer-encoding", "expect", "upgrade"};
	size_t name = strcspn(line, ":");

	if (line[name] == '\0' || !is_token(line, name))
		return fail(place, "the header '%s' is not of the form 'Name: value'", line);
	for (const char *c = line; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' && *c != '\t')
			return fail(place, "the header '%.*s' has a control character", (int)name, line);
	for (size_t i = 0; i < ARRAY_LENGTH(ours); i++)
		if (strncasecmp(line, ours[i], name) == 0 && strlen(ours[i]) == name)
			return fail(place, "the header %.*s is written by meantime-load itself", (int)name, line);
	return 0;
}

/* The value of a header; NULL when it is not given. */
static const char *header_of(const struct draft *draft, const char *name)
{
	size_t length = strlen(name);

	for (unsigned i = 0; i < draft->headers.count; i++) {
		const char *line = draft->headers.lines[i];

		if (strncasecmp(line, name, length) == 0 && line[length] == ':')
			return line + length + 1 + strspn(line + length + 1, " \t");
	}
	return NULL;
}

static unsigned count_headers(const struct draft *draft, const char *name)
{
	unsigned count = 0;

	for (unsigned i = 0; i < draft->headers.count; i++)
		count += strncasecmp(draft->headers.lines[i], name, strlen(name)) == 0 &&
			 draft->headers.lines[i][strlen(name)] == ':';
	return count;
}

static int add_line(struct request_set *set, struct request *request, const char *text, const struct place *place)
{
	return add_template(request, (struct text){arena_printf(&set->arena, "%s\r\n", text), strlen(text) + 2}, false,
			    place);
}

/* A server may refuse one of these without a length, though it has no body (RFC 9110, section 8.6). */
static bool needs_length(const char *method)
{
	return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
}

static int add_content_headers(struct request_set *set, struct request *request, const struct draft *draft,
			       const struct place *place)
{
	request->content_from = request->piece_count;
	if (draft->body.at == NULL && needs_length(draft->method))
		return add_line(set, request, "Content-Length: 0\r\n", place);
	if (draft->body.at == NULL)
		return add_line(set, request, "", place);
	if (header_of(draft, "Content-Type") == NULL &&
	    add_line(set, request, "Content-Type: application/json", place) != 0)
		return -1;
	if (add_piece(request, (struct request_piece){.text = TEXT("Content-Length: ")}, place) != 0 ||
	    add_piece(request, (struct request_piece){.kind = PIECE_LENGTH}, place) != 0)
		return -1;
	return add_piece(request, (struct request_piece){.text = TEXT("\r\n\r\n")}, place);
}

static int add_head(struct request_set *set, struct request *request, const struct draft *draft,
		    const struct place *place)
{
	const char *line = arena_printf(&set->arena, "%s %s HTTP/1.1", draft->method, draft->path);

	if (add_line(set, request, line, place) != 0)
		return -1;
	request->headers_from = request->piece_count;
	if (count_headers(draft, "Host") > 1)
		return fail(place, "the header Host is given twice");
	request->host = header_of(draft, "Host") != NULL ? header_of(draft, "Host") : set->target.authority;
	if (header_of(draft, "Host") == NULL &&
	    add_line(set, request, arena_printf(&set->arena, "Host: %s", set->target.authority), place) != 0)
		return -1;
	if (header_of(draft, "User-Agent") == NULL &&
	    add_line(set, request, "User-Agent: meantime-load/" MEANTIME_VERSION, place) != 0)
		return -1;
	if (!set->is_keep_alive && add_line(set, request, "Connection: close", place) != 0)
		return -1;
	for (unsigned i = 0; i < draft->headers.count; i++)
		if (check_header(draft->headers.lines[i], place) != 0 ||
		    add_line(set, request, draft->headers.lines[i], place) != 0)
			return -1;
	return add_content_headers(set, request, draft, place);
}

static bool varies(const struct request *request)
{
	for (unsigned i = 0; i < request->piece_count; i++)
		if (request->pieces[i].kind == PIECE_NUMBER || request->pieces[i].kind == PIECE_RANDOM)
			return true;
	return false;
}

static int add_request(struct request_set *set, const struct draft *draft, const struct place *place)
{
	struct request *request = arena_alloc_zeroed(&set->arena, sizeof(*request));
	struct text bytes;

	if (set->count == REQUESTS_MAX)
		return fail(place, "more than %d requests", REQUESTS_MAX);
	if (draft->body.length > REQUEST_BYTES_MAX)
		return fail(place, "a body of %zu bytes; at most %d", draft->body.length, REQUEST_BYTES_MAX);
	if (check_draft(draft, place) != 0 || add_head(set, request, draft, place) != 0)
		return -1;
	request->body_from = request->piece_count;
	if (draft->body.at != NULL && add_template(request, draft->body, true, place) != 0)
		return -1;
	request->label = arena_printf(&set->arena, "%s %s", draft->method, draft->path);
	request->method = draft->method;
	request->weight = draft->weight;
	set->requests[set->count++] = request;
	set->weight_sum += draft->weight;
	if (!varies(request)) {
		request_set_bytes(set, set->count - 1, &bytes);
		request->fixed = (struct text){arena_copy(&set->arena, bytes), bytes.length};
		set->next_number--;
	}
	return 0;
}

static int add_headers(struct draft *draft, const struct request_options *options, const struct place *place)
{
	for (unsigned i = 0; i < options->header_count; i++) {
		if (draft->headers.count == ARRAY_LENGTH(draft->headers.lines))
			return fail(place, "more than %zu headers", ARRAY_LENGTH(draft->headers.lines));
		draft->headers.lines[draft->headers.count++] = options->headers[i];
	}
	return 0;
}

static const char *method_of(const struct request_options *options, struct text body)
{
	return options->method != NULL ? options->method : body.at != NULL ? "POST" : "GET";
}

static int set_target(struct request_set *set, const char *url, const char **path, char *why, size_t why_size)
{
	struct target target = {0};

	if (target_parse(&target, url, &set->arena, path, why, why_size) != 0)
		return -1;
	if (set->target.authority != NULL && strcasecmp(set->target.authority, target.authority) != 0) {
		snprintf(why, why_size, "%s: all URLs must have the same host and port; the first has %s", url,
			 set->target.authority);
		return -1;
	}
	if (set->target.authority == NULL)
		set->target = target;
	return 0;
}

int request_set_add_url(struct request_set *set, const char *url, const struct request_options *options, char *why,
			size_t why_size)
{
	struct place place = {.name = url, .why = why, .why_size = why_size};
	struct draft draft = {.method = method_of(options, options->body), .body = options->body, .weight = 1};

	if (set_target(set, url, &draft.path, why, why_size) != 0 || add_headers(&draft, options, &place) != 0)
		return -1;
	return add_request(set, &draft, &place);
}

/* The file of requests */

static int read_text(json_t *value, const char *key, const char **text, const struct place *place)
{
	if (!json_is_string(value))
		return fail(place, "\"%s\" is no text", key);
	*text = json_string_value(value);
	return 0;
}

static int read_headers(struct request_set *set, json_t *headers, struct draft *draft, const struct place *place)
{
	const char *name;
	json_t *value;

	if (!json_is_object(headers))
		return fail(place, "\"headers\" is no object of names and texts");
	json_object_foreach(headers, name, value)
	{
		if (!json_is_string(value))
			return fail(place, "the header \"%s\" is no text", name);
		if (draft->headers.count == ARRAY_LENGTH(draft->headers.lines))
			return fail(place, "more than %zu headers", ARRAY_LENGTH(draft->headers.lines));
		draft->headers.lines[draft->headers.count++] =
		    arena_printf(&set->arena, "%s: %s", name, json_string_value(value));
	}
	return 0;
}

static void read_body(struct request_set *set, json_t *value, struct draft *draft)
{
	char *dumped;

	if (json_is_string(value)) {
		struct text text = {json_string_value(value), json_string_length(value)};

		draft->body = (struct text){arena_copy(&set->arena, text), text.length};
		return;
	}
	dumped = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	draft->body = text_of(arena_copy(&set->arena, text_of(dumped)));
	free(dumped);
}

static int read_weight(json_t *value, struct draft *draft, const struct place *place)
{
	if (!json_is_integer(value) || json_integer_value(value) < 1 || json_integer_value(value) > WEIGHT_MAX)
		return fail(place, "\"weight\" is no integer from 1 to %d", WEIGHT_MAX);
	draft->weight = (unsigned)json_integer_value(value);
	return 0;
}

static int read_request(struct request_set *set, json_t *object, const struct request_options *options,
			const struct place *place)
{
	struct draft draft = {.body = options->body, .weight = 1};
	const char *key;
	json_t *value;
	int result = 0;

	if (!json_is_object(object))
		return fail(place, "expected an object like {\"method\":\"GET\",\"path\":\"/\"}");
	if (add_headers(&draft, options, place) != 0)
		return -1;
	json_object_foreach(object, key, value)
	{
		if (strcmp(key, "method") == 0)
			result = read_text(value, key, &draft.method, place);
		else if (strcmp(key, "path") == 0)
			result = read_text(value, key, &draft.path, place);
		else if (strcmp(key, "headers") == 0)
			result = read_headers(set, value, &draft, place);
		else if (strcmp(key, "body") == 0)
			read_body(set, value, &draft);
		else if (strcmp(key, "weight") == 0)
			result = read_weight(value, &draft, place);
		else
			result = fail(place, "\"%s\" is unknown; expected method, path, headers, body, weight", key);
		if (result != 0)
			return -1;
	}
	if (draft.path == NULL)
		return fail(place, "\"path\" is missing");
	draft.path = arena_copy(&set->arena, text_of(draft.path));
	draft.method =
	    draft.method == NULL ? method_of(options, draft.body) : arena_copy(&set->arena, text_of(draft.method));
	return add_request(set, &draft, place);
}

static int read_array(struct request_set *set, const char *text, const struct request_options *options,
		      struct place *place)
{
	json_error_t error;
	json_t *array = json_loads(text, JSON_REJECT_DUPLICATES, &error), *value;
	size_t index;
	int result = 0;

	if (array == NULL) {
		place->line = error.line > 0 ? (size_t)error.line : 1;
		return fail(place, "%s", error.text);
	}
	json_array_foreach(array, index, value)
	{
		char why[256];
		struct place entry = {.name = "entry", .line = index + 1, .why = why, .why_size = sizeof(why)};

		if (result == 0 && read_request(set, value, options, &entry) != 0)
			result = fail(place, "%s", why);
	}
	json_decref(array);
	return result;
}

static int read_lines(struct request_set *set, char *text, const struct request_options *options, struct place *place)
{
	for (char *line = text, *next; line != NULL; line = next) {
		json_error_t error;
		json_t *object;
		int result;

		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		place->line++;
		if (line[strspn(line, " \t\r")] == '\0')
			continue;
		object = json_loads(line, JSON_REJECT_DUPLICATES, &error);
		if (object == NULL)
			return fail(place, "%s", error.text);
		result = read_request(set, object, options, place);
		json_decref(object);
		if (result != 0)
			return -1;
	}
	return 0;
}

static char *read_file(const char *name, const struct place *place)
{
	FILE *file = fopen(name, "re");
	char *text = NULL;
	size_t length = 0;

	if (file == NULL) {
		fail(place, "%s", strerror(errno));
		return NULL;
	}
	text = memory_alloc(FILE_BYTES_MAX + 1);
	length = fread(text, 1, FILE_BYTES_MAX + 1, file);
	if (ferror(file) || length > FILE_BYTES_MAX || memchr(text, '\0', length) != NULL) {
		fail(place, "it cannot be read, is longer than %d MiB, or has a NUL byte", FILE_BYTES_MAX >> 20);
		free(text);
		text = NULL;
	} else {
		text[length] = '\0';
	}
	fclose(file);
	return text;
}

int request_set_load_file(struct request_set *set, const char *base_url, const char *file,
			  const struct request_options *options, char *why, size_t why_size)
{
	struct place place = {.name = file, .why = why, .why_size = why_size};
	const char *path;
	char *text;
	int result;

	if (set_target(set, base_url, &path, why, why_size) != 0)
		return -1;
	text = read_file(file, &place);
	if (text == NULL)
		return -1;
	result = text[strspn(text, " \t\r\n")] == '[' ? read_array(set, text, options, &place)
						      : read_lines(set, text, options, &place);
	free(text);
	if (result == 0 && set->count == 0) {
		place.line = 0;
		return fail(&place, "there is no request in it");
	}
	return result;
}
