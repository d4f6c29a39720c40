/* The annotation `-- cache: TIME [stale TIME] [by role | by claim PATH]`. */
#include "handlers/sql/draft.h"

#include <stdatomic.h>

#include "cache/store.h"
#include "handlers/sql/cached.h"

enum { CACHE_SECONDS_MAX = 24 * 60 * 60 };

const char sql_cache_expected[] =
    "TIME, TIME stale TIME, each with `by role` or `by claim PATH` behind it where identity matters, such as "
    "10s stale 60s by claim sub; a TIME is from 1ms to 86400s";

static bool take_time(struct text *rest, uint64_t *time_ms)
{
	struct text digits = sql_take_word(rest);
	unsigned number, unit_ms = 1000;

	if (digits.length < 2 || digits.at[digits.length - 1] != 's')
		return false;
	digits.length--;
	if (digits.at[digits.length - 1] == 'm') {
		digits.length--;
		unit_ms = 1;
	}
	if (!sql_read_number(digits, 1, CACHE_SECONDS_MAX * (1000 / unit_ms), &number))
		return false;
	*time_ms = (uint64_t)number * unit_ms;
	return true;
}

static bool take_word(struct text *rest, struct text expected)
{
	struct text behind = *rest;

	if (!text_equal(sql_take_word(&behind), expected))
		return false;
	*rest = behind;
	return true;
}

static bool take_by(struct parser *parser, struct text *rest, struct endpoint_cache *cache)
{
	struct source source = {.kind = SOURCE_CLIENT};

	if (take_word(rest, TEXT("role"))) {
		cache->by = CACHE_BY_ROLE;
		return true;
	}
	if (!sql_take_source(parser, rest, &source) || source.kind != SOURCE_CLAIM)
		return false;
	cache->by = CACHE_BY_CLAIM;
	cache->claim = text_of(source.name);
	return true;
}

bool sql_read_cache(struct parser *parser, const struct note *note)
{
	struct endpoint *endpoint = &parser->draft.endpoint;
	struct endpoint_cache *cache = arena_alloc_zeroed(&parser->set->arena, sizeof(*cache));
	static atomic_uint_least64_t last_id;
	struct text rest = note->value;

	cache->line = note->line;
	cache->id = atomic_fetch_add(&last_id, 1) + 1;
	if (endpoint->name != NULL)
		cache->subject = cache_subject_of(text_of(endpoint->name));
	endpoint->cache = cache;
	if (!take_time(&rest, &cache->fresh_ms))
		return false;
	if (take_word(&rest, TEXT("stale")) && !take_time(&rest, &cache->stale_ms))
		return false;
	if (take_word(&rest, TEXT("by"))) {
		if (!take_by(parser, &rest, cache))
			return false;
		if (endpoint->identity_line == 0 || note->line < endpoint->identity_line)
			endpoint->identity_line = note->line;
	}
	return rest.length == 0;
}

static bool has_cookies(const struct answer *answer)
{
	for (unsigned i = 0; i < answer->header_count; i++)
		if (text_equal(text_of(answer->headers[i].name), TEXT("set-cookie")))
			return true;
	return false;
}

/* One client's cookie would be another's. */
static void check_answer(struct parser *parser, unsigned line)
{
	const struct endpoint *endpoint = &parser->draft.endpoint;

	if (endpoint->is_stream || endpoint->events != NULL)
		complain(parser, line, "`-- cache:` and `-- %s`: what is sent in parts is not kept",
			 endpoint->is_stream ? "stream" : "events:");
	if (endpoint->work != NULL)
		complain(parser, line, "`-- cache:` and `-- work:`: it is for what SQL answers");
	if (has_cookies(&parser->draft.answer))
		complain(parser, line, "`-- cache:` and `-- header: set-cookie`: a cookie is one client's");
}

void sql_check_cache(struct parser *parser)
{
	const struct endpoint *endpoint = &parser->draft.endpoint;
	const struct endpoint_cache *cache = endpoint->cache;

	if (cache == NULL)
		return;
	if (endpoint->method != HTTP_GET || endpoint->shape == ENDPOINT_EXEC ||
	    (endpoint->status != 0 && endpoint->status != 200))
		complain(parser, cache->line, "`-- cache:` is for :one and :many on GET with the status 200 only");
	check_answer(parser, cache->line);
	if (endpoint->access.role_count > 0 && cache->by == CACHE_BY_ALL)
		complain(
		    parser, cache->line,
		    "`-- cache:` and `-- roles:`: by what do the answers differ? `by role`, or `by claim PATH` such as "
		    "`by claim sub`, must stand behind the time");
}
