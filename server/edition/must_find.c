#include "server/edition/must_find.h"

#include "handlers/sql/steps.h"
#include "server/edition/as_json.h"

const char *must_find_row(const char *sql, const char *list, bool is_first_only, struct arena *arena)
{
	const char *rows = as_json_in_with(sql, list, arena);

	if (rows == NULL)
		return NULL;
	return arena_printf(arena,
			    "%s LIMIT (SELECT CASE WHEN count(*) = 0 THEN ('" STEPS_FOUND_NOTHING
			    "' || count(*))::bigint%s END FROM %s)",
			    rows, is_first_only ? " ELSE 1" : "", as_json_own_table);
}
