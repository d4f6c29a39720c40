#include "server/http/guard.h"

#include "server/http/target.h"
#include "base/http_token.h"
#include "base/run.h"

#include <stdint.h>

enum {
	LENGTH_DIGITS_MAX = 18, /* fits 64 bits without a look at the value; more is never an honest length */
	EMPTY_LINES_MAX = 8,    /* before a request; RFC 9112 2.2 asks for one */
};

struct scan {
	const char *at, *end;
	struct http_head *head;
	unsigned lengths, codings, hosts;
	uint64_t length;             /* the last Content-Length */
	struct text coding;          /* the last Transfer-Encoding */
	bool is_closing, is_keeping; /* what Connection has said so far */
};

/* What is wrong with a head of which nothing more has come. */
static const char unfinished[] = "the request head does not end with an empty line";
/* These have an error of their own. */
static const char too_many_fields[] = "the request has more than 100 header lines";
static const char too_large[] = "the body is too large";
static const char unknown_coding[] = "chunked is the only Transfer-Encoding that is understood";
static const char unknown_expectation[] = "the only expectation that is met is 100-continue";

static inline bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

/* Returns the first control byte, in a well-formed line its CR. A tab is none. */
static const char *find_control(const char *at, const char *end)
{
	static const struct run_end control = {0x20, 0x7f, 0x7f};

	for (;; at++) {
		at += run_length((struct text){at, (size_t)(end - at)}, control);
		if (at == end || *at != '\t')
			return at;
	}
}

static const char *what_is_wrong_here(const struct scan *scan)
{
	if (scan->at == scan->end || (*scan->at == '\r' && scan->end - scan->at == 1))
		return unfinished;
	if (*scan->at == '\n')
		return "a line of the request head ends with LF alone; it must end with CR LF";
	if (*scan->at == '\r')
		return "the request head contains a CR that is not followed by LF";
	if (*scan->at == '\0')
		return "the request head contains a NUL byte";
	return "the request head contains a control byte";
}

static const char *end_line(struct scan *scan)
{
	if (scan->end - scan->at < 2 || scan->at[0] != '\r' || scan->at[1] != '\n')
		return what_is_wrong_here(scan);
	scan->at += 2;
	return NULL;
}

/* Returns a line without its CR LF, and moves behind it. */
static const char *take_line(struct scan *scan, struct text *line)
{
	const char *start = scan->at;

	scan->at = find_control(start, scan->end);
	*line = (struct text){start, (size_t)(scan->at - start)};
	return end_line(scan);
}

static const char *check_method(struct text method)
{
	if (method.length == 0)
		return "the request line does not begin with a method";
	for (size_t i = 0; i < method.length; i++)
		if (http_token_char(method.at[i]) == ' ')
			return "the method contains a character that a method cannot have";
	return NULL;
}

/* Takes " HTTP/1.0" or " HTTP/1.1" off what follows the method. */
static bool take_version(struct text *target, unsigned *minor_version)
{
	const struct text version = TEXT(" HTTP/1.");
	const char *space = target->length > 0 ? memchr(target->at, ' ', target->length) : NULL;
	size_t length = space != NULL ? (size_t)(space - target->at) : target->length;

	if (target->length - length != version.length + 1 || memcmp(space, version.at, version.length) != 0 ||
	    (space[version.length] != '0' && space[version.length] != '1'))
		return false;
	*minor_version = (unsigned)(space[version.length] - '0');
	target->length = length;
	return true;
}

static const char *read_request_line(struct scan *scan)
{
	struct text line, target;
	const char *wrong = take_line(scan, &line), *space;

	if (wrong != NULL)
		return wrong;
	if (line.length == 0)
		return "more than 8 empty lines precede the request line";
	space = memchr(line.at, ' ', line.length);
	if (space == NULL)
		return "the request line must be METHOD, one space, /path, one space, HTTP/1.1";
	scan->head->method = (struct text){line.at, (size_t)(space - line.at)};
	wrong = check_method(scan->head->method);
	if (wrong != NULL)
		return wrong;
	target = (struct text){space + 1, line.length - (size_t)(space + 1 - line.at)};
	if (!take_version(&target, &scan->head->minor_version))
		return "the request line must end with one space and HTTP/1.1 or HTTP/1.0";
	wrong = http_target_read(scan->head->method, &target);
	scan->head->target = target;
	return wrong;
}

static const char *read_length(struct text value, uint64_t *length)
{
	uint64_t number = 0;

	if (value.length == 0)
		return "Content-Length is empty; a number of bytes was expected";
	for (size_t i = 0; i < value.length; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return "Content-Length must be one number of bytes, digits alone";
		number = number * 10 + (uint64_t)(value.at[i] - '0');
	}
	if (value.length > LENGTH_DIGITS_MAX)
		return "Content-Length has more than 18 digits";
	*length = number;
	return NULL;
}

static bool is_name(struct text name, struct text lower)
{
	for (size_t i = 0; i < lower.length; i++)
		if (http_token_char(name.at[i]) != lower.at[i])
			return false;
	return true;
}

/* Whether `option` is one of a list's; it is in lower case. */
static bool has_option(struct text list, struct text option)
{
	while (list.length > 0) {
		struct text one = text_trimmed(text_cut_at(&list, ','));

		if (one.length == option.length && is_name(one, option))
			return true;
	}
	return false;
}

/* libh2o would let keep-alive win where both are said, and the last line where there are several. It would close where
 * HTTP/1.1 names other options alone, as `TE` or `Upgrade`. It would answer an expectation that HTTP/1.0 does not know
 * (RFC 9112 9.3, RFC 9110 10.1.1). */
static void settle(struct scan *scan)
{
	struct http_head *head = scan->head;
	struct http_field *field = &head->fields[head->field_count - 1];

	if (field->name.length == 10 && is_name(field->name, TEXT("connection"))) {
		scan->is_closing = scan->is_closing || has_option(field->value, TEXT("close"));
		scan->is_keeping =
		    scan->is_keeping || head->minor_version > 0 || has_option(field->value, TEXT("keep-alive"));
		field->value = scan->is_keeping && !scan->is_closing ? TEXT("keep-alive") : TEXT("close");
	}
	if (field->name.length == 6 && head->minor_version == 0 && is_name(field->name, TEXT("expect")))
		head->field_count--;
}

/* By length first: only few headers matter here. `name` is a token. */
static const char *check_header(struct scan *scan, struct text name, struct text value)
{
	if (name.length == 4 && is_name(name, TEXT("host"))) {
		scan->hosts++;
		return http_target_is_host(value) ? NULL : "Host contains a character that a name and port cannot have";
	}
	if (name.length == 14 && is_name(name, TEXT("content-length"))) {
		scan->lengths++;
		return read_length(value, &scan->length);
	}
	if (name.length == 17 && is_name(name, TEXT("transfer-encoding"))) {
		scan->codings++;
		scan->coding = value;
	}
	if (name.length == 6 && scan->head->minor_version > 0 && is_name(name, TEXT("expect")) &&
	    !text_equal_nocase(value, TEXT("100-continue")))
		return unknown_expectation;
	return NULL;
}

static const char *what_is_wrong_with_name(struct scan *scan, const char *start)
{
	char stop = scan->at < scan->end ? *scan->at : '\0';

	if (scan->at == scan->end || is_control(stop)) {
		const char *wrong = end_line(scan);

		return wrong != NULL ? wrong : "a header line has no colon";
	}
	if (scan->at == start && (stop == ' ' || stop == '\t'))
		return "a header line begins with a blank; folded header lines are not accepted";
	if (scan->at == start && stop == ':')
		return "a header line has no name before its colon";
	if (stop == ' ' || stop == '\t')
		return "a header name is followed by a blank; its colon must follow at once";
	return "a header name contains a character that a name cannot have";
}

static const char *read_header_line(struct scan *scan)
{
	const char *start = scan->at, *wrong;
	struct http_head *head = scan->head;
	struct text name, value;

	while (scan->at < scan->end && http_token_char(*scan->at) != ' ')
		scan->at++;
	if (scan->at == start || scan->at == scan->end || *scan->at != ':')
		return what_is_wrong_with_name(scan, start);
	name = (struct text){start, (size_t)(scan->at - start)};
	scan->at++;
	wrong = take_line(scan, &value);
	if (wrong != NULL)
		return wrong;
	if (head->field_count == HTTP_FIELDS_MAX)
		return too_many_fields;
	value = text_trimmed(value);
	head->fields[head->field_count++] = (struct http_field){name, value};
	settle(scan);
	return check_header(scan, name, value);
}

/* RFC 9112 6.1 and 6.3: a coding that is unknown is a 501; where the last is not chunked, the end is not certain. */
static const char *check_coding(struct text list)
{
	const char *comma = list.length > 0 ? memrchr(list.at, ',', list.length) : NULL;
	size_t before = comma != NULL ? (size_t)(comma - list.at) : 0, skipped = before + (comma != NULL);
	struct text last = text_trimmed((struct text){list.at + skipped, list.length - skipped});

	if (!text_equal_nocase(last, TEXT("chunked")))
		return "the last Transfer-Encoding must be chunked";
	if (comma == NULL)
		return NULL;
	list.length = before;
	return has_option(list, TEXT("chunked")) ? "Transfer-Encoding has chunked more than once" : unknown_coding;
}

static const char *check_framing(const struct scan *scan)
{
	bool is_http_1_0 = scan->head->minor_version == 0;

	if (scan->lengths > 1)
		return "the request has more than one Content-Length";
	if (scan->codings > 1)
		return "the request has more than one Transfer-Encoding";
	if (scan->lengths > 0 && scan->codings > 0)
		return "the request has both Content-Length and Transfer-Encoding";
	if (scan->codings > 0 && is_http_1_0)
		return "HTTP/1.0 has no Transfer-Encoding; Content-Length was expected";
	if (scan->hosts > 1)
		return "the request has more than one Host";
	if (scan->hosts == 0 && !is_http_1_0)
		return "the request has no Host, which HTTP/1.1 requires";
	if (scan->length > scan->head->max_body_bytes)
		return too_large;
	return scan->codings > 0 ? check_coding(scan->coding) : NULL;
}

size_t http_guard_empty_lines(struct text raw)
{
	size_t bytes = 0;

	while (bytes < 2 * EMPTY_LINES_MAX && raw.length - bytes >= 2 && memcmp(raw.at + bytes, "\r\n", 2) == 0)
		bytes += 2;
	return bytes;
}

static const char *read_head(struct scan *scan)
{
	const char *wrong;

	scan->at += http_guard_empty_lines((struct text){scan->at, (size_t)(scan->end - scan->at)});
	wrong = read_request_line(scan);
	while (wrong == NULL && scan->at < scan->end && *scan->at != '\r')
		wrong = read_header_line(scan);
	if (wrong == NULL)
		wrong = end_line(scan);
	return wrong != NULL ? wrong : check_framing(scan);
}

static enum error error_of(const char *wrong)
{
	if (wrong == too_many_fields)
		return ERROR_HEAD_TOO_LARGE;
	if (wrong == too_large)
		return ERROR_TOO_LARGE;
	if (wrong == unknown_coding)
		return ERROR_NOT_IMPLEMENTED;
	return wrong == unknown_expectation ? ERROR_EXPECTATION_FAILED : ERROR_BAD_INPUT;
}

static struct http_guard_verdict refuse(enum error error, const char *detail)
{
	return (struct http_guard_verdict){.error = error, .detail = detail};
}

struct http_guard_verdict http_guard_read(struct http_head *head, struct text raw)
{
	size_t most = raw.length < HTTP_HEAD_BYTES_MAX ? raw.length : HTTP_HEAD_BYTES_MAX;
	struct scan scan = {.at = raw.at, .end = raw.at + most, .head = head};
	const char *wrong;

	head->field_count = 0;
	wrong = read_head(&scan);
	head->bytes = (size_t)(scan.at - raw.at);
	if (wrong == unfinished && most == HTTP_HEAD_BYTES_MAX)
		return refuse(ERROR_HEAD_TOO_LARGE, "the request head is longer than 128 KiB");
	if (wrong == unfinished)
		return (struct http_guard_verdict){.is_incomplete = true};
	if (wrong != NULL)
		return refuse(error_of(wrong), wrong);
	head->has_body = scan.length > 0 || scan.codings > 0;
	return (struct http_guard_verdict){.error = ERROR_NONE};
}
