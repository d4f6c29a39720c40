#include "config/options_parts.h"

#include <string.h>

/* Returns the value of "NAME=value" when `variable` is that one, else NULL. */
static const char *value_of(const char *variable, const char *name)
{
	size_t length = strlen(name);

	return strncmp(variable, name, length) == 0 && variable[length] == '=' ? variable + length + 1 : NULL;
}

/* Returns NULL when the variable is not there or empty, as compose files leave it. */
const char *option_find_variable(char *const *environment, const char *name)
{
	const char *value;

	for (; *environment != NULL; environment++) {
		value = value_of(*environment, name);
		if (value != NULL)
			return value[0] != '\0' ? value : NULL;
	}
	return NULL;
}

/* Kubernetes' service links: each pod gets variables for each Service of its namespace, named after it. So has Docker for
 * its old links. A Service called meantime, or meantime-postgresql, has names that begin as those of options do. */

static const char digits[] = "0123456789", address_characters[] = "0123456789abcdefABCDEF.:";

/* Whether `text` is not empty, and all of these characters. */
static bool is_of(const char *text, const char *characters)
{
	return text[0] != '\0' && text[strspn(text, characters)] == '\0';
}

/* Cuts `word` off the front of *text. */
static bool skip(const char **text, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*text, word, length) != 0)
		return false;
	*text += length;
	return true;
}

/* "tcp", or in capitals as in a name. */
static bool skip_protocol(const char **text, bool is_upper)
{
	static const char *const protocols[][2] = {{"tcp", "TCP"}, {"udp", "UDP"}, {"sctp", "SCTP"}};

	for (size_t i = 0; i < ARRAY_LENGTH(protocols); i++)
		if (skip(text, protocols[i][is_upper]))
			return true;
	return false;
}

static bool is_url(const char *value)
{
	return skip_protocol(&value, false) && strncmp(value, "://", 3) == 0;
}

/* Behind "_PORT": "" or "_80_TCP", which are URLs; "_80_TCP_PROTO", "_80_TCP_PORT", "_80_TCP_ADDR". */
static bool is_port_link(const char *name, const char *value)
{
	const char *protocol = value;

	if (name[0] == '\0')
		return is_url(value);
	if (!skip(&name, "_") || strspn(name, digits) == 0)
		return false;
	name += strspn(name, digits);
	if (!skip(&name, "_") || !skip_protocol(&name, true))
		return false;
	return (name[0] == '\0' && is_url(value)) ||
	       (strcmp(name, "_PROTO") == 0 && skip_protocol(&protocol, false) && protocol[0] == '\0') ||
	       (strcmp(name, "_PORT") == 0 && is_of(value, digits)) ||
	       (strcmp(name, "_ADDR") == 0 && is_of(value, address_characters));
}

/* Behind the Service's name. */
static bool is_link(const char *name, const char *value)
{
	if (skip(&name, "_SERVICE_HOST"))
		return name[0] == '\0' && is_of(value, address_characters);
	if (skip(&name, "_SERVICE_PORT")) /* of a port with a name: _SERVICE_PORT_HTTP */
		return (name[0] == '\0' || (name[0] == '_' && name[1] != '\0')) && is_of(value, digits);
	return skip(&name, "_PORT") && is_port_link(name, value);
}

static bool is_service_link(struct options *options, const char *variable)
{
	const char *equals = strchr(variable, '='), *name;

	if (equals == NULL)
		return false;
	name = arena_copy(&options->arena, (struct text){variable, (size_t)(equals - variable)});
	for (const char *at = strchr(name, '_'); at != NULL; at = strchr(at + 1, '_'))
		if (is_link(at, equals + 1))
			return true;
	return false;
}

static void note_service_link(struct options *options, struct text name)
{
	options->service_links++;
	if (options->service_links == 1)
		options->service_link = arena_copy(&options->arena, name);
}

static int set_from_variable(struct options *options, const char *variable)
{
	const char *equals = strchr(variable, '=');
	struct text name = {variable, equals != NULL ? (size_t)(equals - variable) : strlen(variable)};
	const struct option_row *row = option_find(name, SPELLED_AS_VARIABLE);
	const char *origin;

	if (text_equal(name, TEXT("MEANTIME_CONFIG")))
		return 0;
	if (row == NULL && is_service_link(options, variable)) {
		note_service_link(options, name);
		return 0;
	}
	if (row == NULL || equals == NULL)
		return option_fail_unknown(options, "environment", name, SPELLED_AS_VARIABLE);
	if (equals[1] == '\0')
		return 0;
	origin = arena_copy(&options->arena, name);
	return option_set_row(options, row, equals + 1, origin, origin);
}

int options_load_environment(struct options *options, char *const *environment)
{
	const char *url = option_find_variable(environment, "DATABASE_URL");

	if (url != NULL && options_set(options, "database", url, "DATABASE_URL") < 0)
		return -1;
	for (; *environment != NULL; environment++)
		if (strncmp(*environment, "MEANTIME_", 9) == 0 && set_from_variable(options, *environment) < 0)
			return -1;
	return 0;
}
