#include "server/http/forwarded.h"

/* The last hops, in a ring. */
struct hops {
	struct text items[FORWARDED_HOPS_MAX];
	unsigned count; /* all that there were */
};

static void add_hop(struct hops *hops, struct text hop)
{
	hops->items[hops->count++ % FORWARDED_HOPS_MAX] = hop;
}

/* Takes what is before the next `separator`. It is in no quoted string, where these are looked at. */
static struct text take_item(struct text *rest, char separator, bool has_quotes)
{
	struct text item = {rest->at, 0};
	bool is_quoted = false;

	while (item.length < rest->length && (is_quoted || rest->at[item.length] != separator)) {
		if (has_quotes && rest->at[item.length] == '"')
			is_quoted = !is_quoted;
		else if (is_quoted && rest->at[item.length] == '\\')
			item.length++;
		item.length++;
	}
	if (item.length > rest->length)
		item.length = rest->length;
	*rest = item.length == rest->length ? (struct text){rest->at + item.length, 0}
					    : (struct text){rest->at + item.length + 1, rest->length - item.length - 1};
	return text_trimmed(item);
}

/* The value of `for` in `for="[2001:db8::1]:80";proto=https`; nothing when there is none. */
static struct text for_of(struct text element)
{
	while (element.length > 0) {
		struct text value = take_item(&element, ';', true), name = text_trimmed(text_cut_at(&value, '='));

		if (!text_equal_nocase(name, TEXT("for")))
			continue;
		value = text_trimmed(value);
		if (value.length >= 2 && value.at[0] == '"' && value.at[value.length - 1] == '"')
			value = (struct text){value.at + 1, value.length - 2};
		return value;
	}
	return TEXT("");
}

/* A quoted string that does not end is a client's: it hides nothing of what a proxy has added behind it. */
static bool ends_its_quotes(struct text list)
{
	bool is_quoted = false;

	for (size_t i = 0; i < list.length; i++) {
		if (list.at[i] == '"')
			is_quoted = !is_quoted;
		else if (is_quoted && list.at[i] == '\\')
			i++;
	}
	return !is_quoted;
}

static void add_list(struct hops *hops, struct text list, bool is_forwarded)
{
	/* X-Forwarded-For has none */
	bool has_quotes = is_forwarded && ends_its_quotes(list);

	do {
		struct text item = take_item(&list, ',', has_quotes);

		/* RFC 9110, section 5.6.1: what is empty does not count */
		if (item.length > 0)
			add_hop(hops, is_forwarded ? for_of(item) : item);
	} while (list.length > 0);
}

static void find_hops(struct hops *hops, const struct http_field *fields, unsigned count, const char *name)
{
	bool is_forwarded = name[0] == 'f';

	for (unsigned i = 0; i < count; i++)
		if (text_equal_nocase(fields[i].name, text_of(name)))
			add_list(hops, fields[i].value, is_forwarded);
}

/* "1.2.3.4", "1.2.3.4:80", "[::1]", "[::1]:80", and "::1" without brackets, which some proxies write. */
static bool read_node(struct text node, struct network_address *address)
{
	const char *end;

	if (node.length > 0 && node.at[0] == '[') {
		end = memchr(node.at, ']', node.length);
		return end != NULL &&
		       network_address_read((struct text){node.at + 1, (size_t)(end - node.at) - 1}, address);
	}
	if (network_address_read(node, address))
		return true;
	end = node.length > 0 ? memchr(node.at, ':', node.length) : NULL;
	return end != NULL && network_address_read((struct text){node.at, (size_t)(end - node.at)}, address);
}

static void follow(const struct http_field *fields, unsigned count, const char *name, const struct networks *trusted,
		   struct network_address *address)
{
	struct hops hops = {.count = 0};
	struct network_address before;
	unsigned left;

	find_hops(&hops, fields, count, name);
	left = hops.count < FORWARDED_HOPS_MAX ? hops.count : FORWARDED_HOPS_MAX;
	while (left-- > 0 && networks_hold(trusted, address)) {
		if (!read_node(hops.items[--hops.count % FORWARDED_HOPS_MAX], &before))
			return;
		*address = before;
	}
}

static bool has_field(const struct http_field *fields, unsigned count, const char *name)
{
	for (unsigned i = 0; i < count; i++)
		if (text_equal_nocase(fields[i].name, text_of(name)))
			return true;
	return false;
}

bool forwarded_find_client(const struct http_field *fields, unsigned count, const struct networks *trusted,
			   struct network_address *address)
{
	static const char *const names[] = {"forwarded", "x-forwarded-for"};
	struct network_address found[] = {*address, *address};
	bool has[ARRAY_LENGTH(names)];

	for (unsigned i = 0; i < ARRAY_LENGTH(names); i++) {
		has[i] = has_field(fields, count, names[i]);
		follow(fields, count, names[i], trusted, &found[i]);
	}
	/* most proxies write one of them, and hand on what the client has put into the other */
	if (has[0] && has[1] && memcmp(&found[0], &found[1], sizeof(found[0])) != 0)
		return false;
	*address = found[has[0] ? 0 : 1];
	return true;
}
