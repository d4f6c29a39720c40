#include "loadgen/engine/request_draft.h"

#include <string.h>
#include <strings.h>

#include "base/http_token.h"

const char *request_draft_method(const struct request_options *options, struct text body)
{
	return options->method != NULL ? options->method : body.at != NULL ? "POST" : "GET";
}

int request_draft_add_header(struct request_draft *draft, const char *line, const struct request_place *place)
{
	if (draft->headers.count == REQUEST_HEADERS_MAX)
		return request_place_fail(place, "more than %d headers", REQUEST_HEADERS_MAX);
	draft->headers.lines[draft->headers.count++] = line;
	return 0;
}

int request_draft_add_headers(struct request_draft *draft, const struct request_options *options,
			      const struct request_place *place)
{
	for (unsigned i = 0; i < options->header_count; i++)
		if (request_draft_add_header(draft, options->headers[i], place) != 0)
			return -1;
	return 0;
}

static bool is_token(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (http_token_char(text[i]) == ' ')
			return false;
	return length > 0;
}

static int check(const struct request_draft *draft, const struct request_place *place)
{
	if (!is_token(draft->method, strlen(draft->method)))
		return request_place_fail(place, "the method '%s' is no HTTP method", draft->method);
	if (strcmp(draft->method, "CONNECT") == 0)
		return request_place_fail(place, "CONNECT turns a connection into a tunnel, which cannot be measured");
	if (draft->path[0] != '/')
		return request_place_fail(place, "the path '%s' does not begin with /", draft->path);
	for (const char *c = draft->path; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || *c == '#')
			return request_place_fail(
			    place,
			    "the path '%s' has a space, a control character, a # or a byte that is not "
			    "ASCII; write it as %%XX",
			    draft->path);
	return 0;
}

static int check_header(const char *line, const struct request_place *place)
{
	static const char *const ours[] = {"connection", "content-length", "transfer-encoding", "expect", "upgrade"};
	size_t name = strcspn(line, ":");

	if (line[name] == '\0' || !is_token(line, name))
		return request_place_fail(place, "the header '%s' is not of the form 'Name: value'", line);
	for (const char *c = line; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' && *c != '\t')
			return request_place_fail(place, "the header '%.*s' has a control character", (int)name, line);
	for (size_t i = 0; i < ARRAY_LENGTH(ours); i++)
		if (strncasecmp(line, ours[i], name) == 0 && strlen(ours[i]) == name)
			return request_place_fail(place, "the header %.*s is written by meantime-load itself",
						  (int)name, line);
	return 0;
}

/* The value of a header; NULL when it is not given. */
static const char *header_of(const struct request_draft *draft, const char *name)
{
	size_t length = strlen(name);

	for (unsigned i = 0; i < draft->headers.count; i++) {
		const char *line = draft->headers.lines[i];

		if (strncasecmp(line, name, length) == 0 && line[length] == ':')
			return line + length + 1 + strspn(line + length + 1, " \t");
	}
	return NULL;
}

static unsigned count_headers(const struct request_draft *draft, const char *name)
{
	unsigned count = 0;

	for (unsigned i = 0; i < draft->headers.count; i++)
		count += strncasecmp(draft->headers.lines[i], name, strlen(name)) == 0 &&
			 draft->headers.lines[i][strlen(name)] == ':';
	return count;
}

static int add_line(struct request_set *set, struct request *request, const char *text,
		    const struct request_place *place)
{
	return request_template_add(&request->template,
				    (struct text){arena_printf(&set->arena, "%s\r\n", text), strlen(text) + 2}, false,
				    place);
}

/* A server may refuse one of these without a length, though it has no body (RFC 9110, section 8.6). */
static bool needs_length(const char *method)
{
	return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
}

static int add_content_headers(struct request_set *set, struct request *request, const struct request_draft *draft,
			       const struct request_place *place)
{
	request->content_from = request->template.count;
	if (draft->body.at == NULL && needs_length(draft->method))
		return add_line(set, request, "Content-Length: 0\r\n", place);
	if (draft->body.at == NULL)
		return add_line(set, request, "", place);
	if (header_of(draft, "Content-Type") == NULL &&
	    add_line(set, request, "Content-Type: application/json", place) != 0)
		return -1;
	if (request_template_add_piece(&request->template, (struct request_piece){.text = TEXT("Content-Length: ")},
				       place) != 0 ||
	    request_template_add_piece(&request->template, (struct request_piece){.kind = PIECE_LENGTH}, place) != 0)
		return -1;
	return request_template_add_piece(&request->template, (struct request_piece){.text = TEXT("\r\n\r\n")}, place);
}

static int add_head(struct request_set *set, struct request *request, const struct request_draft *draft,
		    const struct request_place *place)
{
	const char *line = arena_printf(&set->arena, "%s %s HTTP/1.1", draft->method, draft->path);

	if (add_line(set, request, line, place) != 0)
		return -1;
	request->headers_from = request->template.count;
	if (count_headers(draft, "Host") > 1)
		return request_place_fail(place, "the header Host is given twice");
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

int request_draft_make(const struct request_draft *draft, struct request_set *set, struct request *request,
		       const struct request_place *place)
{
	if (draft->body.length > REQUEST_BYTES_MAX)
		return request_place_fail(place, "a body of %zu bytes; at most %d", draft->body.length,
					  REQUEST_BYTES_MAX);
	if (check(draft, place) != 0 || add_head(set, request, draft, place) != 0)
		return -1;
	request->body_from = request->template.count;
	if (draft->body.at != NULL && request_template_add(&request->template, draft->body, true, place) != 0)
		return -1;
	request->label = arena_printf(&set->arena, "%s %s", draft->method, draft->path);
	request->method = draft->method;
	request->weight = draft->weight;
	return 0;
}
