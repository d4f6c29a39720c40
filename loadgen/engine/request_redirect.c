#include "loadgen/engine/request_redirect.h"

#include <string.h>
#include <strings.h>

bool request_redirect_is_status(unsigned status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool request_redirect_turns_to_get(const struct request *request, unsigned status)
{
	const char *method = request->method;

	if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		return false;
	return status == 303 || ((status == 301 || status == 302) && strcmp(method, "POST") == 0);
}

static bool is_same_host(struct text host, const char *ours)
{
	struct text rest = text_of(ours);

	if (text_equal_nocase(host, rest))
		return true;
	/* port 80 may be said or not */
	if (host.length > rest.length)
		return text_begins_with((struct text){host.at + rest.length, host.length - rest.length}, TEXT(":80")) &&
		       host.length == rest.length + 3 && text_equal_nocase((struct text){host.at, rest.length}, rest);
	return rest.length == host.length + 3 && strcmp(ours + host.length, ":80") == 0 &&
	       text_equal_nocase(host, (struct text){ours, host.length});
}

bool request_redirect_may_follow(const struct request *request, const char *authority, struct text location,
				 struct text *target)
{
	struct text host;
	size_t length = 0;

	if (location.length >= 5 && strncasecmp(location.at, "http:", 5) == 0)
		location = (struct text){location.at + 5, location.length - 5};
	if (text_begins_with(location, TEXT("//"))) {
		location = (struct text){location.at + 2, location.length - 2};
		while (length < location.length && location.at[length] != '/')
			length++;
		host = (struct text){location.at, length};
		if (!is_same_host(host, authority) && !is_same_host(host, request->host))
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
