#include "lib/fake_rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static struct arena arena;

void fake_rows_reset(void)
{
	arena_cleanup(&arena);
	arena = (struct arena){0};
}

struct db_result *fake_rows(unsigned rows, unsigned columns, unsigned long affected)
{
	struct db_result *result = arena_alloc_zeroed(&arena, sizeof(*result));

	*result = (struct db_result){
	    .values = arena_alloc_zeroed(&arena, (rows * columns + 1) * sizeof(char *)),
	    .row_count = rows,
	    .column_count = columns,
	    .affected_rows = affected,
	};
	return result;
}

void fake_rows_set(struct db_result *result, unsigned row, unsigned column, const char *value)
{
	((const char **)result->values)[row * result->column_count + column] = value;
}

const char *fake_rows_number(int64_t value)
{
	return arena_printf(&arena, "%" PRId64, value);
}

struct db_result *fake_rows_one(unsigned columns, const char *const values[])
{
	struct db_result *result = fake_rows(1, columns, 1);

	for (unsigned i = 0; i < columns; i++)
		fake_rows_set(result, 0, i, values[i]);
	return result;
}

bool fake_rows_next(const char **array, int64_t *value)
{
	char *end;

	*array += strspn(*array, "{,\"");
	if (**array == '}' || **array == '\0')
		return false;
	*value = strtoll(*array, &end, 10);
	*array = end + strspn(end, "\"");
	return true;
}
