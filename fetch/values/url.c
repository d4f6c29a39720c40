#include "fetch/values/url.h"

#include "base/require.h"

#include <ctype.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

static bool has_part(CURLU *parsed, CURLUPart part)
{
	char *value = NULL;
	bool has = curl_url_get(parsed, part, &value, 0) == CURLUE_OK;

	curl_free(value);
	return has;
}

static const char *check_parsed(CURLU *parsed)
{
	char *scheme = NULL;
	bool is_http = curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		       (strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0);

	curl_free(scheme);
	if (!is_http)
		return "it must begin with http:// or https://";
	if (has_part(parsed, CURLUPART_USER) || has_part(parsed, CURLUPART_PASSWORD))
		return "it must not hold a user or a password";
	return NULL;
}

const char *url_check(const char *url)
{
	size_t length = strlen(url);
	const char *problem;
	CURLU *parsed;

	if (length > URL_BYTES_MAX)
		return "it is longer than 8192 bytes";
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)url[i] <= ' ' || url[i] == 0x7f || url[i] == '\\')
			return "it holds a space, a control character or a backslash: those are percent-encoded";
	parsed = curl_url();
	REQUIRE(parsed != NULL);
	/* with no scheme to guess: "host/path" is none */
	if (curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
		problem = "it is not an absolute URL such as https://example.org/path";
	else
		problem = check_parsed(parsed);
	curl_url_cleanup(parsed);
	return problem;
}

/* Returns a copy of the part in the arena. */
static char *copy_part(CURLU *parsed, CURLUPart part, struct arena *arena)
{
	char *value = NULL, *copy;

	if (curl_url_get(parsed, part, &value, part == CURLUPART_PORT ? CURLU_NO_DEFAULT_PORT : 0) != CURLUE_OK)
		return NULL;
	copy = arena_copy(arena, text_of(value));
	curl_free(value);
	return copy;
}

void url_split(const char *url, struct arena *arena, struct url_parts *parts)
{
	CURLU *parsed = curl_url();
	char *scheme, *host, *port, *path, *query;

	REQUIRE(parsed != NULL && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK);
	scheme = copy_part(parsed, CURLUPART_SCHEME, arena);
	host = copy_part(parsed, CURLUPART_HOST, arena);
	port = copy_part(parsed, CURLUPART_PORT, arena);
	path = copy_part(parsed, CURLUPART_PATH, arena);
	query = copy_part(parsed, CURLUPART_QUERY, arena);
	REQUIRE(scheme != NULL && host != NULL && path != NULL);
	for (char *c = scheme; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	for (char *c = host; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	parts->origin =
	    arena_printf(arena, "%s://%s%s%s", scheme, host, port != NULL ? ":" : "", port != NULL ? port : "");
	parts->target = arena_printf(arena, "%s%s%s", path, query != NULL ? "?" : "", query != NULL ? query : "");
	curl_url_cleanup(parsed);
}
