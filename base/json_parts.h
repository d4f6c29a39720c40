/* json_parts.h - how a JSON text is read, for base/json_*.c only: json_scan.c reads values, json_string.c strings.
 *
 * Thread:  any.
 */
#pragma once

#include "base/json_scan.h"

/* The first fault counts. */
static inline bool json_fail(struct json_scan *scan, const char *at, const char *wrong)
{
	if (scan->wrong == NULL) {
		scan->wrong = wrong;
		scan->wrong_at = at;
	}
	return false;
}

static inline void json_skip_space(struct json_scan *scan)
{
	while (scan->at < scan->end &&
	       (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t'))
		scan->at++;
}

static inline bool json_next_is(const struct json_scan *scan, char c)
{
	return scan->at < scan->end && *scan->at == c;
}

/* Takes the character if it stands next. */
static inline bool json_take(struct json_scan *scan, char c)
{
	if (!json_next_is(scan, c))
		return false;
	scan->at++;
	return true;
}

/* Takes the character that has to stand next. */
static inline bool json_expect(struct json_scan *scan, char c, const char *wrong)
{
	return json_take(scan, c) || json_fail(scan, scan->at, wrong);
}

static inline struct json_scan json_scan_of(struct text text)
{
	const char *at = text.length > 0 ? text.at : "";

	return (struct json_scan){.at = at, .end = at + text.length};
}

/* A string with its quotes. False where it is wrong, and where none begins. */
bool json_take_string(struct json_scan *scan);
