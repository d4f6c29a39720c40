/* json_items.h - the items of a JSON array that is known to be well-formed, one after the other.
 *
 * Thread:  any.
 */
#pragma once

#include "base/json_scan.h"

enum { JSON_ITEMS_DEPTH_MAX = 64 };

/* `array` is the whole array with its brackets. */
static inline struct text json_items_begin(struct text array)
{
	return (struct text){array.at + 1, array.length - 2};
}

/* False: there is no further one. */
static inline bool json_items_next(struct text *rest, struct text *item)
{
	size_t start = json_scan_space(*rest, 0), length;

	if (start < rest->length && rest->at[start] == ',')
		start = json_scan_space(*rest, start + 1);
	*rest = (struct text){rest->at + start, rest->length - start};
	if (!json_scan_value(*rest, JSON_ITEMS_DEPTH_MAX, &length))
		return false;
	*item = (struct text){rest->at, length};
	*rest = (struct text){rest->at + length, rest->length - length};
	return true;
}
