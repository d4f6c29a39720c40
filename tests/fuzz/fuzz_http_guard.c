/* Any bytes as a request head. What the guard accepts is read once more by a slow, obvious reader, which must find
 * nothing that two servers could read differently. */
#include "server/http/guard.h"

#include "base/require.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

struct seen {
	unsigned hosts, lengths, codings;
};

static bool name_is(struct text name, const char *lower)
{
	return name.length == strlen(lower) && strncasecmp(name.at, lower, name.length) == 0;
}

static void read_header(struct text line, struct seen *seen)
{
	const char *colon = memchr(line.at, ':', line.length);
	struct text name;

	REQUIRE(colon != NULL && colon > line.at);
	name = (struct text){line.at, (size_t)(colon - line.at)};
	for (size_t i = 0; i < name.length; i++)
		REQUIRE(isgraph((unsigned char)name.at[i]) && strchr("\"(),/:;<=>?@[\\]{}", name.at[i]) == NULL);
	for (size_t i = 0; i < line.length; i++)
		REQUIRE(line.at[i] == '\t' || !iscntrl((unsigned char)line.at[i]));
	seen->hosts += name_is(name, "host");
	if (name_is(name, "transfer-encoding")) {
		seen->codings++;
		REQUIRE(strncasecmp(colon + 1 + strspn(colon + 1, " \t"), "chunked", strlen("chunked")) == 0);
	}
	if (!name_is(name, "content-length"))
		return;
	seen->lengths++;
	REQUIRE(strspn(colon + 1, " \t0123456789") == line.length - name.length - 1);
	REQUIRE(strtoull(colon + 1, NULL, 10) <= 1000);
}

static void read_request_line(struct text line)
{
	unsigned spaces = 0;
	const char *target = memchr(line.at, ' ', line.length);

	for (size_t i = 0; i < line.length; i++) {
		REQUIRE(!iscntrl((unsigned char)line.at[i]));
		spaces += line.at[i] == ' ';
	}
	REQUIRE(spaces == 2 && target > line.at);
	REQUIRE(memchr(target, '#', line.length - (size_t)(target - line.at)) == NULL);
}

/* Of the target only what stands before a path may be left out: scheme and authority. */
static void read_target(struct text line, const struct http_head *head)
{
	const char *sent = line.at + head->method.length + 1, *end = line.at + line.length - strlen(" HTTP/1.1");
	size_t left_out = (size_t)(head->target.at - sent);
	bool is_https = strncasecmp(sent, "https://", 8) == 0;

	REQUIRE(head->target.at + head->target.length == end);
	if (left_out == 0) {
		REQUIRE(*sent == '/' || (end - sent == 1 && *sent == '*' && line.at[0] == 'O'));
		return;
	}
	REQUIRE(is_https || strncasecmp(sent, "http://", 7) == 0);
	REQUIRE(left_out > (is_https ? 8 : 7));
	REQUIRE(strcspn(sent + (is_https ? 8 : 7), "/?@# ") == left_out - (is_https ? 8 : 7));
	REQUIRE(head->target.length == 0 || *head->target.at == '/' || *head->target.at == '?');
}

/* The line up to CR LF; only a CR with an LF behind it ends one. */
static struct text next_line(struct text *rest)
{
	const char *end = memmem(rest->at, rest->length, "\r\n", 2);
	struct text line;

	REQUIRE(end != NULL);
	line = (struct text){rest->at, (size_t)(end - rest->at)};
	*rest = (struct text){end + 2, rest->length - line.length - 2};
	return line;
}

static void read_accepted(struct text rest, const struct http_head *head)
{
	struct seen seen = {0, 0, 0};
	const char *begin = rest.at;
	struct text line = next_line(&rest);
	unsigned count = 0;

	for (unsigned empty_lines = 0; line.length == 0; line = next_line(&rest))
		REQUIRE(++empty_lines <= 8);
	read_request_line(line);
	read_target(line, head);
	REQUIRE(line.at[line.length - 1] == (head->minor_version == 0 ? '0' : '1'));
	for (line = next_line(&rest); line.length > 0; line = next_line(&rest)) {
		/* which HTTP/1.0 has not */
		if (head->minor_version == 0 && line.length >= 7 && strncasecmp(line.at, "expect:", 7) == 0)
			continue;
		REQUIRE(count < head->field_count && head->fields[count].name.at == line.at);
		read_header(line, &seen);
		count++;
	}
	REQUIRE(count == head->field_count && (size_t)(rest.at - begin) == head->bytes);
	REQUIRE(seen.codings + seen.lengths <= 1 && (seen.codings == 0 || head->minor_version == 1));
	REQUIRE(seen.hosts == 1 || (seen.hosts == 0 && head->minor_version == 0));
}

static struct http_guard_verdict read_head(struct http_head *head, struct text raw)
{
	static struct http_field fields[HTTP_FIELDS_MAX];

	*head = (struct http_head){.fields = fields, .max_body_bytes = 1000};
	return http_guard_read(head, raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct text raw = {(const char *)bytes, length};
	struct http_head head;
	struct http_guard_verdict verdict = read_head(&head, raw);

	REQUIRE(verdict.error == ERROR_NONE || verdict.error == ERROR_BAD_INPUT ||
		verdict.error == ERROR_NOT_IMPLEMENTED || verdict.error == ERROR_TOO_LARGE ||
		verdict.error == ERROR_EXPECTATION_FAILED || verdict.error == ERROR_HEAD_TOO_LARGE);
	REQUIRE((verdict.error == ERROR_NONE) == (verdict.detail == NULL));
	if (verdict.is_incomplete || verdict.error != ERROR_NONE)
		return 0;
	read_accepted(raw, &head);
	/* what follows the head does not matter, and a byte less is too few */
	raw.length = head.bytes;
	REQUIRE(read_head(&head, raw).error == ERROR_NONE && head.bytes == raw.length);
	raw.length--;
	REQUIRE(read_head(&head, raw).is_incomplete);
	return 0;
}
