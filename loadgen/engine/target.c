#include "loadgen/engine/target.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { TRY_MS = 1000, HOST_MAX = 255 };

static int fail(const char *url, const char *what, char *why, size_t why_size)
{
	snprintf(why, why_size, "%s: %s; expected http://HOST[:PORT]/PATH", url, what);
	return -1;
}

/* Does a server accept there? Only asked when a name has several addresses: "localhost" may be ::1 and 127.0.0.1. */
static bool is_answered(const struct addrinfo *address)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error = 0;
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
	socklen_t size = sizeof(error);
	bool is_good;

	if (fd < 0)
		return false;
	is_good = connect(fd, address->ai_addr, address->ai_addrlen) == 0 ||
		  (errno == EINPROGRESS && poll(&poll_fd, 1, TRY_MS) == 1 &&
		   getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0);
	close(fd);
	return is_good;
}

static int resolve(struct target *target, const char *url, const char *host, const char *port, char *why,
		   size_t why_size)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *all, *chosen;
	int error = getaddrinfo(host, port, &hints, &all);

	if (error != 0) {
		snprintf(why, why_size, "%s: the host %s cannot be resolved: %s", url, host, gai_strerror(error));
		return -1;
	}
	chosen = all;
	if (all->ai_next != NULL)
		for (struct addrinfo *each = all; each != NULL; each = each->ai_next)
			if (is_answered(each)) {
				chosen = each;
				break;
			}
	memcpy(&target->address, chosen->ai_addr, chosen->ai_addrlen);
	target->address_length = chosen->ai_addrlen;
	freeaddrinfo(all);
	return 0;
}

/* RFC 6874: in a URL the % before a zone is %25, and the zone is not sent in Host. */
static const char *split_zone(char *authority, char host[static HOST_MAX + 1], const char **port)
{
	char *in_host = strchr(host, '%'), *in_authority = strchr(authority, '%'), *end = strchr(authority, ']');

	if (in_host == NULL)
		return NULL;
	if (strncmp(in_host, "%25", 3) != 0 || in_host[3] == '\0')
		return "a zone that does not begin with %25, as in [fe80::1%25eth0]";
	memmove(in_host + 1, in_host + 3, strlen(in_host + 3) + 1);
	if (end[1] == ':')
		*port -= end - in_authority;
	memmove(in_authority, end, strlen(end) + 1);
	return NULL;
}

static const char *split_authority(const char *authority, char host[static HOST_MAX + 1], const char **port)
{
	const char *end = authority[0] == '[' ? strchr(authority, ']') : NULL, *colon;
	size_t length;

	if (strchr(authority, '@') != NULL)
		return "a user in the URL is not supported, give --header 'Authorization: ...'";
	if (authority[0] == '[' && end == NULL)
		return "an IPv6 address without its ]";
	colon = strchr(end == NULL ? authority : end, ':');
	length = colon == NULL ? strlen(authority) : (size_t)(colon - authority);
	if (end != NULL) {
		if (length != (size_t)(end + 1 - authority))
			return "something between ] and the port";
		authority++;
		length -= 2;
	}
	if (length == 0 || length > HOST_MAX)
		return "no host";
	memcpy(host, authority, length);
	host[length] = '\0';
	*port = colon == NULL ? "80" : colon + 1;
	if ((*port)[0] == '\0' || strspn(*port, "0123456789") != strlen(*port) || strlen(*port) > 5 ||
	    atoi(*port) < 1 || atoi(*port) > 65535)
		return "a port that is no number from 1 to 65535";
	return NULL;
}

int target_parse(struct target *target, const char *url, struct arena *arena, const char **path, char *why,
		 size_t why_size)
{
	const char *port, *wrong;
	char host[HOST_MAX + 1], *authority;
	size_t length;

	for (const char *c = url; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || *c == '#')
			return fail(url, "a space, a control character, a # or a byte that is not ASCII", why,
				    why_size);
	if (strncasecmp(url, "https://", 8) == 0)
		return fail(url, "https is not measured here; measure behind the proxy that ends it", why, why_size);
	if (strncasecmp(url, "http://", 7) != 0)
		return fail(url, "it does not begin with http://", why, why_size);
	url += 7;
	length = strcspn(url, "/?");
	authority = arena_copy(arena, (struct text){url, length});
	wrong = split_authority(authority, host, &port);
	if (wrong == NULL && authority[0] == '[')
		wrong = split_zone(authority, host, &port);
	url -= 7;
	if (wrong != NULL)
		return fail(url, wrong, why, why_size);
	*path = url[7 + length] == '/' ? arena_copy(arena, text_of(url + 7 + length))
				       : arena_printf(arena, "/%s", url + 7 + length);
	target->authority = authority;
	return resolve(target, url, host, port, why, why_size);
}
