#include "fetch/values/robots.h"

#include <stdlib.h>
#include <strings.h>

#include "base/hex.h"
#include "base/memory.h"

/* Octets are compared as what they stand for: "%7E" is "~", "%e3" is "%E3" is the byte itself, on both sides. RFC 9309
 * (2.2.2) encodes reserved characters before it compares, so that "https%3A%2F%2F" is "https://". To decode them
 * instead is the same, without a wildcard ever ending inside of an escape. Only %00 stays as it is written: the byte
 * is what stands for `*` in a pattern, where "%2A" is the character. */
enum { WILDCARD = '\0' };

struct rule {
	struct rule *next;
	struct text pattern; /* decoded, WILDCARD for `*`, without a last `$` */
	size_t octets;       /* decoded too, with wildcards and `$`: of two rules that match, the longer one counts */
	bool is_anchored;    /* it ended with `$` */
	bool allows;
};

struct robots {
	struct rule *rules;
	unsigned count;
};

enum line_kind { LINE_OTHER, LINE_AGENT, LINE_ALLOW, LINE_DISALLOW };

/* Whose group a line is in. */
struct group {
	const char *product; /* NULL: that of `*` */
	bool is_ours;
	bool has_rules; /* so that the next User-agent begins another group */
};

/* The octet at the front of `left`, taken off. What is no escape stands for itself. */
static char take_octet(struct text *left)
{
	int high = -1, low = -1;
	size_t length = 1;
	char octet = left->at[0];

	if (octet == '%' && left->length >= 3) {
		high = hex_value(left->at[1]);
		low = hex_value(left->at[2]);
	}
	if (high >= 0 && low >= 0 && high + low > 0) {
		octet = (char)(high * 16 + low);
		length = 3;
	}
	left->at += length;
	left->length -= length;
	return octet;
}

/* `place` has as many bytes as `input`. */
static struct text decode(struct text input, bool is_pattern, char *place)
{
	char *out = place;

	while (input.length > 0) {
		bool is_wildcard = is_pattern && input.at[0] == '*';
		char octet = take_octet(&input);

		*out++ = is_wildcard ? WILDCARD : octet;
	}
	return (struct text){place, (size_t)(out - place)};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Without the line's end: CR, LF, or both, which leaves an empty line between. */
static struct text take_line(struct text *left)
{
	struct text line = {left->at, 0};

	while (line.length < left->length && line.at[line.length] != '\r' && line.at[line.length] != '\n')
		line.length++;
	left->at += line.length;
	left->length -= line.length;
	if (left->length > 0) {
		left->at++;
		left->length--;
	}
	return line;
}

static bool equals_word(struct text text, const char *word)
{
	return text.length == strlen(word) && strncasecmp(text.at, word, text.length) == 0;
}

/* A NUL is no text (and would be a wildcard): such a line says nothing. */
static enum line_kind read_line(struct text line, struct text *value)
{
	const char *comment = line.length > 0 ? memchr(line.at, '#', line.length) : NULL;
	const char *colon;
	struct text key;

	if (comment != NULL)
		line.length = (size_t)(comment - line.at);
	if (line.length == 0 || memchr(line.at, '\0', line.length) != NULL)
		return LINE_OTHER;
	colon = memchr(line.at, ':', line.length);
	if (colon == NULL)
		return LINE_OTHER;
	key = text_trimmed((struct text){line.at, (size_t)(colon - line.at)});
	*value = text_trimmed((struct text){colon + 1, line.length - (size_t)(colon + 1 - line.at)});
	if (equals_word(key, "user-agent"))
		return LINE_AGENT;
	if (equals_word(key, "allow"))
		return LINE_ALLOW;
	return equals_word(key, "disallow") ? LINE_DISALLOW : LINE_OTHER;
}

static bool is_of_token(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* `product` NULL: whether it is `*`. */
static bool names_agent(struct text value, const char *product)
{
	struct text token = {value.at, 0};

	if (product == NULL)
		return value.length > 0 && value.at[0] == '*' && (value.length == 1 || is_blank(value.at[1]));
	while (token.length < value.length && is_of_token(value.at[token.length]))
		token.length++;
	return equals_word(token, product);
}

static void enter_agent(struct group *group, struct text value)
{
	if (group->has_rules)
		group->is_ours = group->has_rules = false;
	if (names_agent(value, group->product))
		group->is_ours = true;
}

static void add_rule(struct robots *robots, struct arena *arena, bool allows, struct text value)
{
	struct rule *rule;

	/* An empty pattern matches nothing: "Disallow:" allows everything. */
	if (value.length == 0 || robots->count == ROBOTS_RULES_MAX)
		return;
	rule = arena_alloc(arena, sizeof(*rule));
	*rule = (struct rule){.next = robots->rules, .allows = allows};
	rule->is_anchored = value.at[value.length - 1] == '$';
	if (rule->is_anchored)
		value.length--;
	rule->pattern = decode(value, true, arena_alloc(arena, value.length + 1));
	rule->octets = rule->pattern.length + rule->is_anchored;
	robots->rules = rule;
	robots->count++;
}

/* Adds the rules of every group of `product`. False: it has no group. */
static bool read_groups(struct robots *robots, struct arena *arena, struct text file, const char *product)
{
	struct group group = {.product = product};
	bool is_named = false;

	while (file.length > 0) {
		struct text value;
		enum line_kind kind = read_line(take_line(&file), &value);

		if (kind == LINE_OTHER)
			continue;
		if (kind == LINE_AGENT) {
			enter_agent(&group, value);
			is_named |= group.is_ours;
			continue;
		}
		group.has_rules = true;
		if (group.is_ours)
			add_rule(robots, arena, kind == LINE_ALLOW, value);
	}
	return is_named;
}

/* The part of the file that counts: what is cut off could have been the rest of the last line, and "/" is not
 * "/private". */
static struct text readable_part(struct text file)
{
	if (file.length >= ROBOTS_BYTES_MAX) {
		file.length = ROBOTS_BYTES_MAX;
		while (file.length > 0 && file.at[file.length - 1] != '\n' && file.at[file.length - 1] != '\r')
			file.length--;
	}
	if (file.length >= 3 && memcmp(file.at, "\xef\xbb\xbf", 3) == 0) {
		file.at += 3;
		file.length -= 3;
	}
	return file;
}

/* Hosts without a robots.txt answer with a page, and the page may well show one. */
static bool is_html(struct text file)
{
	size_t i = 0;

	while (i < file.length && (is_blank(file.at[i]) || file.at[i] == '\r' || file.at[i] == '\n'))
		i++;
	return i < file.length && file.at[i] == '<';
}

const struct robots *robots_parse(struct arena *arena, struct text file, const char *product)
{
	struct robots *robots = arena_alloc_zeroed(arena, sizeof(*robots));

	file = readable_part(file);
	if (!is_html(file) && !read_groups(robots, arena, file, product))
		read_groups(robots, arena, file, NULL);
	return robots;
}

/* What stands before the next wildcard, or all. */
static struct text take_piece(struct text *left)
{
	const char *wildcard = memchr(left->at, WILDCARD, left->length);
	struct text piece = {left->at, wildcard != NULL ? (size_t)(wildcard - left->at) : left->length};

	left->at += piece.length;
	left->length -= piece.length;
	return piece;
}

/* Each piece is looked for behind the one before and taken where it is found first. Whatever else can match then
 * still can, so nothing is ever tried twice. */
static bool matches(const struct rule *rule, struct text path)
{
	struct text left = rule->pattern, piece = take_piece(&left);

	if (piece.length > path.length || memcmp(path.at, piece.at, piece.length) != 0)
		return false;
	path.at += piece.length;
	path.length -= piece.length;
	while (left.length > 0) {
		const char *found, *end = path.at + path.length;

		left.at++;
		left.length--;
		piece = take_piece(&left);
		if (left.length == 0 && rule->is_anchored)
			return piece.length <= path.length && memcmp(end - piece.length, piece.at, piece.length) == 0;
		found = memmem(path.at, path.length, piece.at, piece.length);
		if (found == NULL)
			return false;
		path.at = found + piece.length;
		path.length = (size_t)(end - path.at);
	}
	return !rule->is_anchored || path.length == 0;
}

bool robots_allow(const struct robots *robots, struct text target)
{
	const struct rule *best = NULL;
	struct text path;
	char *place;

	if (robots->rules == NULL || text_equal(target, TEXT("/robots.txt")))
		return true;
	place = memory_alloc(target.length + 1);
	path = decode(target, false, place);
	for (const struct rule *rule = robots->rules; rule != NULL; rule = rule->next) {
		if (best != NULL && (rule->octets < best->octets || (rule->octets == best->octets && best->allows)))
			continue;
		if (matches(rule, path))
			best = rule;
	}
	free(place);
	return best == NULL || best->allows;
}
