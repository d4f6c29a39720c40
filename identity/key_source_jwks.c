#include "identity/key_source.h"

#include "base/percent.h"
#include "identity/json_items.h"
#include "identity/jwk.h"

enum { JWKS_DEPTH_MAX = 16 };

static unsigned line_of(const struct key_source *source, const char *at)
{
	unsigned line = 1;

	for (const char *c = source->text.at; c < at; c++)
		line += *c == '\n';
	return line;
}

static void say(struct key_source *source, const char *at, const char *what)
{
	diagnostics_add(source->diagnostics, source->file, line_of(source, at), "%s", what);
}

/* Reads the members of the whole text: with them all duplicates in it are found. Returns the object's "keys". */
static bool find_keys(struct key_source *source, struct text object, struct text *keys)
{
	struct json_members members;

	json_members_begin(&members, object, JWKS_DEPTH_MAX, &source->set->arena);
	while (json_members_next(&members))
		if (text_equal(json_scan_unescape(members.name, &source->set->arena), TEXT("keys")))
			*keys = members.value;
	if (members.scan.wrong == NULL)
		return true;
	diagnostics_add(source->diagnostics, source->file, line_of(source, members.scan.wrong_at),
			members.scan.is_duplicate ? "a JWK set was expected: a member stands twice in its object"
						  : "a JWK set was expected: this is no JSON: %s",
			members.scan.wrong);
	return false;
}

static void read_key(struct key_source *source, struct text object, unsigned number)
{
	struct key key;
	const char *wrong = NULL;

	switch (jwk_read(object, source->use, &source->set->arena, &key, &wrong)) {
	case JWK_KEY:
	case JWK_FAULTY:
		key_source_add(source, &key, wrong, arena_printf(&source->set->arena, "key %u", number));
		break;
	case JWK_WRONG:
		diagnostics_add(source->diagnostics, source->file, line_of(source, object.at), "key %u: %s", number,
				wrong);
		break;
	case JWK_PASSED_OVER:
		break;
	}
}

static void read_keys(struct key_source *source, struct text keys)
{
	struct text rest, item;

	if (keys.at[0] != '[') {
		say(source, keys.at, "a JWK set was expected: \"keys\" must be an array");
		return;
	}
	rest = json_items_begin(keys);
	for (unsigned number = 1; json_items_next(&rest, &item); number++) {
		if (item.at[0] == '{')
			read_key(source, item, number);
		else
			say(source, item.at, "a JWK set was expected: \"keys\" must have objects only");
	}
}

void key_source_read_jwks(struct key_source *source)
{
	size_t start = json_scan_space(source->text, 0);
	struct text object = {source->text.at + start, source->text.length - start}, keys = {0};

	if (!utf8_is_valid(object)) {
		say(source, object.at, "a JWK set was expected: this is not UTF-8");
		return;
	}
	if (!find_keys(source, object, &keys))
		return;
	if (keys.at != NULL)
		read_keys(source, keys);
	else
		read_key(source, object, 1);
}
