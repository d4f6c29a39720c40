/* explained.h - a plan, as EXPLAIN (VERBOSE, FORMAT JSON) shows it: does it write?
 *
 * A plan that changes a table or locks rows is refused by every read-only transaction. nextval() and setval() are
 * refused when they are called; some plans always call them. What any other function does is not looked at.
 *
 * Owner:   the arena.
 * Thread:  any.
 */
#pragma once

#include "base/arena.h"

enum explained_verdict {
	EXPLAINED_READS,     /* or the text is not understood */
	EXPLAINED_MAY_WRITE, /* where it comes to what it calls */
	EXPLAINED_WRITES,    /* always */
};

struct explained {
	enum explained_verdict verdict;
	const char *what; /* "INSERT on item", "a row lock such as FOR UPDATE", "nextval('s'::regclass)"; NULL: reads */
	const char *word; /* that the SQL has where it does so, in any case of its letters; NULL: reads */
};

struct explained explained_judge(struct text json, struct arena *arena);
