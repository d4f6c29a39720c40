/* outer_joins.h - the tables of an SQL text whose columns an outer join may leave null.
 *
 * Text alone is looked at. What it does not understand counts as all of them. A table too many costs a client a check for
 * null; one too few costs it a fault.
 *
 * Owner:   names are views of the text.
 * Thread:  any.
 * Limits:  OUTER_JOINS_MAX tables; more are all.
 */
#pragma once

#include "base/text.h"

enum { OUTER_JOINS_MAX = 16 };

struct outer_joins {
	bool is_any; /* a column of any table may be null */
	unsigned count;
	struct text tables[OUTER_JOINS_MAX]; /* as they are written: public.item, "Item" */
};

struct outer_joins outer_joins_find(struct text sql);
