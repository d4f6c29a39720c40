#include "db/conninfo.h"

#include "base/compiler.h"
#include "db/hosts.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECTED "; expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE or host=HOST dbname=DATABASE ..."
#define ESCAPE   "in a user's name or a password @ : / ? # % are written as %40 %3A %2F %3F %23 %25"

static const char neither[] = "neither a URL nor key=value" EXPECTED;
static const char begins_wrong[] = "neither a URL nor key=value: it begins with a quote or a blank" EXPECTED;
static const char breaks_off[] = "neither a URL nor key=value: a URL has no blank, line break or quote in it" EXPECTED;
static const char ambiguous[] = "a URL that has no host as it stands: " ESCAPE;

/* What libpq says of a string that it cannot read repeats parts of it: only the beginning of its words is looked at. */
static const struct {
	const char *begins, *fault;
} unreadable[] = {
    {"invalid URI query parameter", "a URL with an option that libpq does not know; and " ESCAPE},
    {"invalid percent-encoded token", "a URL with a % that two hexadecimal digits do not follow: " ESCAPE},
    {"invalid connection option", "key=value with a key that libpq does not know" EXPECTED},
    {"unterminated quoted string", "key=value with a quote that does not end" EXPECTED},
    {"missing \"=\"", "neither a URL nor key=value: a key has no value; one with blanks is quoted: password='a b'"},
};

static bool is_url(const char *text)
{
	return strncmp(text, "postgresql://", 13) == 0 || strncmp(text, "postgres://", 11) == 0;
}

/* libpq takes the first '@' for the end of the password, and a '/' before it for the end of the host. */
static bool is_ambiguous(const char *url)
{
	const char *authority = strstr(url, "://") + 3, *end = authority + strcspn(authority, "?");
	const char *at = memchr(authority, '@', (size_t)(end - authority));

	if (at == NULL)
		return false;
	return memchr(authority, '/', (size_t)(at - authority)) != NULL ||
	       memchr(at + 1, '@', (size_t)(end - at - 1)) != NULL;
}

static const char *fault_of_shape(const char *conninfo)
{
	const char *first = conninfo + strspn(conninfo, " \t\r\n\v\f\"'`");

	if (first != conninfo && (is_url(first) || strchr("\"'`", first[-1]) != NULL))
		return begins_wrong;
	if (!is_url(conninfo))
		return strchr(conninfo, '=') != NULL ? NULL : neither;
	for (const char *c = conninfo; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || *c == '\x7f' || *c == '"')
			return breaks_off;
	return is_ambiguous(conninfo) ? ambiguous : NULL;
}

static const char *fault_of_reading(const char *said)
{
	for (size_t i = 0; said != NULL && i < ARRAY_LENGTH(unreadable); i++)
		if (strncmp(said, unreadable[i].begins, strlen(unreadable[i].begins)) == 0)
			return unreadable[i].fault;
	return "neither a URL nor key=value that libpq can read; " ESCAPE;
}

/* One, or one for each host. */
static bool are_ports(const char *ports)
{
	for (const char *port = ports;; port++) {
		char *end;
		unsigned long number = strtoul(port, &end, 10);

		if (end != port && (*port < '0' || *port > '9' || number < 1 || number > 65535))
			return false;
		if (*end == '\0')
			return true;
		if (*end != ',')
			return false;
		port = end;
	}
}

/* Another pair, as other drivers separate them, or a URL: libpq would take all of it for a value, and repeat it. */
static bool swallows_another(const char *value)
{
	const char *next = strchr(value, ';');

	return strstr(value, "://") != NULL || strstr(value, " password=") != NULL ||
	       (next != NULL && strchr(next, '=') != NULL);
}

/* It is only ever repeated by libpq as it was understood. */
static const char *fault_of_value(const char *keyword, const char *value)
{
	if (strcmp(keyword, "password") == 0 || strcmp(keyword, "options") == 0)
		return NULL;
	if (swallows_another(value))
		return "one value holds another key=value, or a URL; pairs are separated by blanks" EXPECTED;
	if (strcmp(keyword, "port") == 0 && !are_ports(value))
		return "its port is no number from 1 to 65535; and " ESCAPE;
	if (strcmp(keyword, "host") == 0 && value[0] != '/' && strpbrk(value + (value[0] == '@'), "@=\"' ") != NULL)
		return "its host has a character that no host has; and " ESCAPE;
	return NULL;
}

const char *db_conninfo_fault(const char *conninfo)
{
	const char *fault = fault_of_shape(conninfo);
	PQconninfoOption *options;
	char *said = NULL;

	if (fault != NULL || conninfo[0] == '\0')
		return conninfo[0] == '\0' ? NULL : fault;
	options = PQconninfoParse(conninfo, &said);
	if (options == NULL)
		fault = fault_of_reading(said);
	for (const PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
		if (fault == NULL && option->val != NULL)
			fault = fault_of_value(option->keyword, option->val);
	PQfreemem(said);
	PQconninfoFree(options);
	return fault;
}

void db_conninfo_reason(const char *message, char *reason, size_t size)
{
	const char *first = strchr(message, '"'), *last = strrchr(message, '"');

	if (first == NULL || first == last || strncmp(message, "connection to server ", 21) == 0)
		snprintf(reason, size, "%s", message);
	else
		snprintf(reason, size, "%.*s\"***%s", (int)(first - message), message, last);
}

static unsigned add(struct db_conninfo *info, unsigned count, const char *keyword, const char *value)
{
	info->keywords[count] = keyword;
	info->values[count] = value;
	return count + 1;
}

static const char *const host_words[] = {"host", "hostaddr", "port"};

/* What the string says of hosts. Where a service file or the environment does, the order is theirs. */
static void turn_string(struct db_conninfo *info, const char *conninfo, unsigned first)
{
	PQconninfoOption *options = PQconninfoParse(conninfo, NULL);

	for (const PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
		for (unsigned i = 0; i < ARRAY_LENGTH(host_words); i++)
			if (strcmp(option->keyword, host_words[i]) == 0)
				info->hosts[i] = db_hosts_from(option->val, first);
	PQconninfoFree(options);
}

static unsigned add_hosts(struct db_conninfo *info, unsigned count, const struct db_settings *settings,
			  const struct db_found *found, unsigned first)
{
	const char *lists[ARRAY_LENGTH(host_words)] = {NULL};

	memset(info->hosts, 0, sizeof(info->hosts));
	if (found != NULL) {
		lists[0] = found->host;
		lists[1] = found->hostaddr;
		lists[2] = found->port;
		for (unsigned i = 0; i < ARRAY_LENGTH(lists); i++)
			info->hosts[i] = db_hosts_from(lists[i], first);
	} else if (UNLIKELY(first > 0)) {
		turn_string(info, settings->conninfo, first);
	}
	for (unsigned i = 0; i < ARRAY_LENGTH(lists); i++)
		if (info->hosts[i] != NULL || lists[i] != NULL)
			count = add(info, count, host_words[i], info->hosts[i] != NULL ? info->hosts[i] : lists[i]);
	return count;
}

void db_conninfo_cleanup(struct db_conninfo *info)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(info->hosts); i++)
		free(info->hosts[i]);
}

void db_conninfo_fill(struct db_conninfo *info, const struct db_settings *settings, const struct db_found *found,
		      unsigned first)
{
	/* Before `dbname`: defaults that the user's string may change. After it: what the program relies on. GSS would
	 * cost a round trip; a dead peer of an idle connection is noticed within 11 s. */
	static const char *const defaults[][2] = {
	    {"gssencmode", "disable"}, {"keepalives_idle", "5"},     {"keepalives_interval", "2"},
	    {"keepalives_count", "3"}, {"tcp_user_timeout", "5000"}, {"fallback_application_name", "meantime"},
	};
	unsigned count = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(defaults); i++)
		count = add(info, count, defaults[i][0], defaults[i][1]);
	/* where libpq blocks; it counts in seconds, and takes less than 2 as 2 */
	snprintf(info->connect_seconds, sizeof(info->connect_seconds), "%u",
		 (settings->connect_timeout_ms + 999) / 1000);
	count = add(info, count, "connect_timeout", info->connect_seconds);
	count = add(info, count, "dbname", settings->conninfo);
	count = add(info, count, "client_encoding", "UTF8");
	count = add_hosts(info, count, settings, found, first);
	add(info, count, NULL, NULL);
}
