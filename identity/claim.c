#include "identity/claim.h"

#include "base/json_scan.h"

bool claims_hold_nul(struct text json)
{
	for (size_t i = 0; i + 1 < json.length; i++) {
		if (json.at[i] != '\\')
			continue;
		i++;
		if (json.length - i >= 5 && memcmp(json.at + i, "u0000", 5) == 0)
			return true;
	}
	return false;
}

/* Takes a name in quotes. */
static bool take_quoted(struct text *rest, char *name, size_t *length)
{
	size_t at = 1;

	for (; at < rest->length && rest->at[at] != '"'; at++) {
		if (rest->at[at] == '\\' && ++at == rest->length)
			return false;
		name[(*length)++] = rest->at[at];
	}
	if (at == rest->length)
		return false;
	*rest = (struct text){rest->at + at + 1, rest->length - at - 1};
	return rest->length == 0 || rest->at[0] == '.';
}

static bool take_bare(struct text *rest, char *name, size_t *length)
{
	for (; *length < rest->length && rest->at[*length] != '.'; ++*length) {
		name[*length] = rest->at[*length];
		if (name[*length] == '"' || name[*length] == '\\')
			return false;
	}
	*rest = (struct text){rest->at + *length, rest->length - *length};
	return *length > 0;
}

/* Takes the next name of the path, and the dot behind it. `name` has room for all of the path. */
static bool take_name(struct text *rest, char *name, size_t *length, bool *is_last)
{
	*length = 0;
	if (rest->length == 0 ||
	    !(rest->at[0] == '"' ? take_quoted(rest, name, length) : take_bare(rest, name, length)))
		return false;
	*is_last = rest->length == 0;
	if (!*is_last)
		*rest = (struct text){rest->at + 1, rest->length - 1};
	return true;
}

bool claim_path_is_valid(struct text path)
{
	struct arena arena = {0};
	char *name = arena_alloc(&arena, path.length + 1);
	unsigned count = 0;
	size_t length;
	bool is_last = false, is_valid = true;

	while (is_valid && !is_last)
		is_valid = take_name(&path, name, &length, &is_last) && ++count <= CLAIM_PATH_NAMES_MAX;
	arena_cleanup(&arena);
	return is_valid;
}

static bool find_member(struct text object, struct text name, struct arena *scratch, struct text *value)
{
	struct json_members members;

	if (object.at[0] != '{')
		return false;
	json_members_begin(&members, object, CLAIMS_DEPTH_MAX, scratch);
	while (json_members_next(&members))
		if (text_equal(json_scan_unescape(members.name, scratch), name)) {
			*value = members.value;
			return true;
		}
	return false;
}

bool claim_find(struct text claims, struct text path, struct arena *scratch, struct text *raw)
{
	char *name = arena_alloc(scratch, path.length + 1);
	struct text value = claims;
	size_t length;
	bool is_last = false;

	while (!is_last)
		if (!take_name(&path, name, &length, &is_last) ||
		    !find_member(value, (struct text){name, length}, scratch, &value))
			return false;
	*raw = value;
	return true;
}

bool claim_text(struct text claims, struct text path, struct arena *arena, struct text *text)
{
	struct text raw;

	if (!claim_find(claims, path, arena, &raw) || text_equal(raw, TEXT("null")))
		return false;
	if (raw.at[0] == '"')
		return json_scan_string(raw, arena, text);
	*text = raw;
	return true;
}
