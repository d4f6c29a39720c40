#include "identity/claims_text.h"

#include "base/buffer.h"
#include "base/json_scan.h"
#include "base/percent.h"
#include "identity/claim.h"

enum { JSON_DEPTH_MAX = 1000 }; /* what is nested deeper than claims may be is told, and is no text */

static bool is_time(struct text name)
{
	return text_equal(name, TEXT("exp")) || text_equal(name, TEXT("nbf")) || text_equal(name, TEXT("iat"));
}

static int64_t seconds_of(char unit)
{
	return unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : unit == 'd' ? 86400 : 0;
}

/* Words end in NUL. A time from now: a sign or none, one to nine digits, and a unit. */
static bool read_duration(struct text value, int64_t *seconds)
{
	bool is_negative = value.at[0] == '-';
	size_t at = is_negative || value.at[0] == '+', digits = 0;

	*seconds = 0;
	for (; value.at[at] >= '0' && value.at[at] <= '9'; at++, digits++)
		if (digits < 9)
			*seconds = 10 * *seconds + (value.at[at] - '0');
	if (digits == 0 || digits > 9 || at + 1 != value.length || seconds_of(value.at[at]) == 0)
		return false;
	*seconds *= is_negative ? -seconds_of(value.at[at]) : seconds_of(value.at[at]);
	return true;
}

static bool is_json(struct text value)
{
	size_t end;

	return value.at[0] != ' ' && json_scan_value(value, JSON_DEPTH_MAX, &end) && end == value.length;
}

static void add_value(struct buffer *claims, struct text name, struct text value, int64_t now_s)
{
	int64_t seconds;

	if (is_time(name) && read_duration(value, &seconds))
		buffer_printf(claims, "%lld", (long long)(now_s + seconds));
	else if (is_json(value))
		buffer_add(claims, value);
	else
		buffer_add_json_string(claims, value);
}

/* Returns what is wrong, or NULL. */
static const char *add_word(struct buffer *claims, struct text word, int64_t now_s)
{
	struct text value = word, name = text_cut_at(&value, '=');

	if (name.length == 0 || name.length == word.length)
		return arena_printf(claims->arena, "NAME=VALUE was expected, got \"%.*s\"", TEXT_ARGS(word));
	if (!utf8_is_valid(word))
		return arena_printf(claims->arena, "a word of the claims is not UTF-8");
	if (is_time(name) && !is_json(value) && !read_duration(value, &(int64_t){0}))
		return arena_printf(claims->arena, "%.*s is a Unix time, or a time from now such as 90s, 15m, 1h or 7d",
				    TEXT_ARGS(name));
	if (claims->length > 1)
		buffer_add_char(claims, ',');
	buffer_add_json_string(claims, name);
	buffer_add_char(claims, ':');
	add_value(claims, name, value, now_s);
	return NULL;
}

/* Names may be equal, and values deep: the whole is read once more. */
static const char *check(struct text claims, struct arena *arena)
{
	struct json_members members;

	json_members_begin(&members, claims, CLAIMS_DEPTH_MAX, arena);
	while (json_members_next(&members))
		continue;
	return members.scan.wrong == NULL  ? NULL
	       : members.scan.is_duplicate ? "a claim, or a member of one, stands twice"
					   : members.scan.wrong;
}

const char *claims_text_make(char *const *words, unsigned count, int64_t now_s, struct arena *arena,
			     struct text *claims)
{
	struct buffer text = buffer_in(arena);

	buffer_add_char(&text, '{');
	for (unsigned i = 0; i < count; i++) {
		const char *wrong = add_word(&text, text_of(words[i]), now_s);

		if (wrong != NULL)
			return wrong;
	}
	buffer_add_char(&text, '}');
	*claims = buffer_text(&text);
	return check(*claims, arena);
}
