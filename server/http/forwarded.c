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

/* Takes what is before the next `separator` that is in no quoted string. */
static struct text take_item(struct text *rest, char separator)
{
	struct text item = {rest->at, 0};
	bool is_quoted = false;

	while (item.length < rest->length && (is_quoted || rest->at[item.length] != separator)) {
		if (rest->at[item.length] == '"')
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
		struct text value = take_item(&element, ';'), name = text_trimmed(text_cut_at(&value, '='));

		if (!text_equal_nocase(name, TEXT("for")))
			continue;
		value = text_trimmed(value);
		if (value.length >= 2 && value.at[0] == '"' && value.at[value.length - 1] == '"')
			value = (struct text){value.at + 1, value.length - 2};
		return value;
	}
	return TEXT("");
}

static void add_list(struct hops *hops, struct text list, bool is_forwarded)
{
	do {
		struct text item = take_item(&list, ',');

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

void forwarded_find_client(const struct http_field *fields, unsigned count, const struct networks *trusted,
			   struct network_address *address)
{
	struct hops hops = {.count = 0};
	struct network_address before;
	unsigned left;

	find_hops(&hops, fields, count, "forwarded");
	if (hops.count == 0)
		find_hops(&hops, fields, count, "x-forwarded-for");
	left = hops.count < FORWARDED_HOPS_MAX ? hops.count : FORWARDED_HOPS_MAX;
	while (left-- > 0 && networks_hold(trusted, address)) {
		if (!read_node(hops.items[--hops.count % FORWARDED_HOPS_MAX], &before))
			return;
		*address = before;
	}
}
