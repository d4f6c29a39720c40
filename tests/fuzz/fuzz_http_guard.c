/* Any bytes as a request head. What the guard accepts is read once more by a slow, obvious reader, which must find
 * nothing that two servers could read differently. */
#include "server/http_guard.h"

#include "base/require.h"

#include <ctype.h>
#include <stdint.h>
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
	seen->codings += name_is(name, "transfer-encoding");
	if (!name_is(name, "content-length"))
		return;
	seen->lengths++;
	REQUIRE(strspn(colon + 1, " \t0123456789") == line.length - name.length - 1);
}

static void read_request_line(struct text line)
{
	unsigned spaces = 0;
	const char *target = memchr(line.at, ' ', line.length);

	for (size_t i = 0; i < line.length; i++) {
		REQUIRE(!iscntrl((unsigned char)line.at[i]));
		spaces += line.at[i] == ' ';
	}
	REQUIRE(spaces == 2 && target > line.at && target[1] == '/');
	REQUIRE(memchr(target, '#', line.length - (size_t)(target - line.at)) == NULL);
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

static void read_accepted(struct text rest, bool is_http_1_0, bool has_entity)
{
	struct seen seen = {0, 0, 0};
	struct text line = next_line(&rest);

	read_request_line(line.length > 0 ? line : next_line(&rest));
	while ((line = next_line(&rest)).length > 0)
		read_header(line, &seen);
	REQUIRE(seen.codings == 0 && seen.lengths == has_entity);
	REQUIRE(seen.hosts == 1 || (seen.hosts == 0 && is_http_1_0));
}

static void check(struct text raw, bool is_http_1_0, bool has_entity)
{
	struct http_head head = {raw, is_http_1_0 ? 0x100 : 0x101, has_entity};
	struct http_guard_verdict verdict = http_guard_check(&head);

	REQUIRE(verdict.error == ERROR_NONE || verdict.error == ERROR_BAD_INPUT ||
		verdict.error == ERROR_LENGTH_REQUIRED);
	REQUIRE((verdict.error == ERROR_NONE) == (verdict.detail == NULL));
	REQUIRE(verdict.error != ERROR_LENGTH_REQUIRED || (has_entity && !is_http_1_0));
	if (verdict.error == ERROR_NONE)
		read_accepted(raw, is_http_1_0, has_entity);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	for (unsigned i = 0; i < 4; i++)
		check((struct text){(const char *)bytes, length}, i & 1, i & 2);
	return 0;
}
