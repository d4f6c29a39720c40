/* source.h - a parameter that the client does not give: it is taken from a claim, a header, a cookie, the address or If-Match.
 *
 * A claim comes from the identity, which was proved. Headers and cookies are as the client sends them, and only their
 * place is not its choice.
 *
 * Owner:   the endpoint set's arena.
 * Thread:  any, once start-up is over.
 * Errors:  sql_source_bind(): an error and a sentence for the client.
 */
#pragma once

#include "db/values/signature.h"
#include "exchange/exchange.h"

enum source_kind {
	SOURCE_CLIENT,
	SOURCE_CLAIM,
	SOURCE_HEADER,
	SOURCE_COOKIE,
	SOURCE_ADDRESS,
	SOURCE_IF_MATCH,
	SOURCE_KIND_COUNT, /* of those that an annotation names */
	SOURCE_GIVEN,      /* `:name?`: whether another was given */
};

struct source {
	enum source_kind kind;
	/* the claim's path, the header's name in lower case, the cookie's, the parameter's that is asked for; else NULL */
	const char *name;
};

/* "claim", "header"...; NULL of SOURCE_CLIENT, which has no word. */
const char *sql_source_word(enum source_kind kind);
/* Credentials, which neither an endpoint nor PostgreSQL needs, and whose log must not hold them. */
bool sql_source_is_secret(struct text header);
/* Is it one that a source of this kind can have? */
bool sql_source_name_is_valid(enum source_kind kind, struct text name);
/* The value to bind to `parameter`, which is NULL where there is none. Of an identity without the claim it is none: then
 * it is refused, since a condition with NULL may be taken for one that holds. */
enum error sql_source_bind(struct exchange *x, const struct source *source, const struct db_parameter *parameter,
			   const char **value, const char **problem);
