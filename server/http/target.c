#include "server/http/target.h"

#include "base/compiler.h"
#include "base/http_token.h"

/* No control byte gets here: strchr() would find a NUL. */
bool http_target_is_host(struct text host)
{
	for (size_t i = 0; i < host.length; i++)
		if (http_token_char(host.at[i]) == ' ' && strchr(":[](),;=", host.at[i]) == NULL)
			return false;
	return true;
}

/* Takes a scheme that is served off a whole URL. TLS ends at a proxy in front, which may pass https on. */
static bool take_scheme(struct text *target)
{
	const struct text schemes[] = {TEXT("http://"), TEXT("https://")};

	for (size_t i = 0; i < ARRAY_LENGTH(schemes); i++) {
		struct text front = {target->at, schemes[i].length};

		if (target->length < front.length || !text_equal_nocase(front, schemes[i]))
			continue;
		*target = (struct text){target->at + front.length, target->length - front.length};
		return true;
	}
	return false;
}

/* Leaves of a whole URL what follows its authority: "/path?query", "?query" or nothing. The authority is of no
 * account, as Host is: every name is served alike. */
static const char *take_authority(struct text *target)
{
	struct text authority = {target->at, 0};

	while (authority.length < target->length && strchr("/?", target->at[authority.length]) == NULL)
		authority.length++;
	*target = (struct text){target->at + authority.length, target->length - authority.length};
	if (authority.length == 0 || authority.at[0] == ':')
		return "the request target is a URL without a host";
	if (memchr(authority.at, '@', authority.length) != NULL)
		return "the request target is a URL with a user name; a host was expected behind \"//\"";
	return http_target_is_host(authority)
		   ? NULL
		   : "the host in the request target contains a character that a host cannot have";
}

const char *http_target_read(struct text method, struct text *target)
{
	if (target->length == 0)
		return "the request line has no target; METHOD, one space, /path, one space, HTTP/1.1 was expected";
	if (memchr(target->at, '\t', target->length) != NULL)
		return "the request target contains a tab; a tab in data is %09";
	if (memchr(target->at, '#', target->length) != NULL)
		return "the request target contains a \"#\"; a fragment is not sent, and a \"#\" in data is %23";
	if (target->at[0] == '/')
		return NULL;
	if (text_equal(method, TEXT("CONNECT")))
		return "CONNECT is not served: this server is no proxy";
	if (text_equal(*target, TEXT("*")))
		return text_equal(method, TEXT("OPTIONS")) ? NULL : "the request target \"*\" is for OPTIONS alone";
	if (take_scheme(target))
		return take_authority(target);
	return "the request target must begin with \"/\", \"http://\" or \"https://\"";
}
