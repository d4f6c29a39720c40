#include "loadgen/engine/relay_address.h"

#include <libpq-fe.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
	for (; options != NULL && options->keyword != NULL; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val;
	return NULL;
}

static int read_unix(struct relay_address *address, const char *folder, const char *port, char *why, size_t why_size)
{
	struct sockaddr_un *unix_address = (struct sockaddr_un *)&address->address;
	int length;

	unix_address->sun_family = AF_UNIX;
	length = snprintf(unix_address->sun_path, sizeof(unix_address->sun_path), "%s/.s.PGSQL.%s", folder, port);
	address->length = sizeof(*unix_address);
	if (length > 0 && (size_t)length < sizeof(unix_address->sun_path))
		return 0;
	snprintf(why, why_size, "%s: the path of a socket has at most %zu bytes", folder,
		 sizeof(unix_address->sun_path) - 1);
	return -1;
}

static int read_tcp(struct relay_address *address, const char *host, const char *port, char *why, size_t why_size)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
	int result = getaddrinfo(host, port, &hints, &found);

	if (result != 0) {
		snprintf(why, why_size, "--database: its host and port lead nowhere: %s", gai_strerror(result));
		return -1;
	}
	memcpy(&address->address, found->ai_addr, found->ai_addrlen);
	address->length = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

/* What the string says, else what the environment and libpq itself would take. */
static const char *first_of(const PQconninfoOption *options, const PQconninfoOption *defaults, const char *keyword,
			    const char *otherwise)
{
	const char *value = value_of(options, keyword);

	if (value == NULL || value[0] == '\0')
		value = value_of(defaults, keyword);
	return value == NULL || value[0] == '\0' ? otherwise : value;
}

int relay_address_read(struct relay_address *address, const char *database, char *why, size_t why_size)
{
	PQconninfoOption *options = PQconninfoParse(database, NULL), *defaults = PQconndefaults();
	const char *host, *port;
	int result = -1;

	*address = (struct relay_address){0};
	if (options == NULL) {
		/* libpq's own words repeat parts of the string, which holds a password */
		snprintf(why, why_size, "--database: neither a URL nor key=value that libpq can read");
	} else {
		host = first_of(options, defaults, "hostaddr", NULL);
		if (host == NULL)
			host = first_of(options, defaults, "host", "/var/run/postgresql");
		port = first_of(options, defaults, "port", "5432");
		if (strchr(host, ',') != NULL || strchr(port, ',') != NULL)
			snprintf(why, why_size, "--database: the delay needs one host, not a list");
		else if (host[0] == '/')
			result = read_unix(address, host, port, why, why_size);
		else
			result = read_tcp(address, host, port, why, why_size);
	}
	PQconninfoFree(options);
	PQconninfoFree(defaults);
	return result;
}

static void write_pair(FILE *out, const char *keyword, const char *value)
{
	fprintf(out, "%s='", keyword);
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\')
			fputc('\\', out);
		fputc(*value, out);
	}
	fputs("' ", out);
}

char *relay_address_replace(const char *database, unsigned port)
{
	PQconninfoOption *options = PQconninfoParse(database, NULL);
	char *text = NULL;
	size_t length;
	FILE *out = options == NULL ? NULL : open_memstream(&text, &length);

	if (out != NULL) {
		for (const PQconninfoOption *option = options; option->keyword != NULL; option++)
			if (option->val != NULL && strcmp(option->keyword, "host") != 0 &&
			    strcmp(option->keyword, "hostaddr") != 0 && strcmp(option->keyword, "port") != 0)
				write_pair(out, option->keyword, option->val);
		fprintf(out, "host='127.0.0.1' port='%u'", port);
		if (fclose(out) != 0) {
			free(text);
			text = NULL;
		}
	}
	PQconninfoFree(options);
	return text;
}
