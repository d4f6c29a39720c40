#include "lib/fake_result.h"

#include "base/require.h"
#include "db/values/signature.h"

unsigned db_row_count(const struct db_result *result)
{
	return result->row_count;
}

unsigned db_column_count(const struct db_result *result)
{
	return result->column_count;
}

bool db_columns_are_those_of(const struct db_result *result, const struct db_signature *signature)
{
	return result->column_count == signature->column_count && !result->has_other_types;
}

unsigned long db_affected_rows(const struct db_result *result)
{
	return result->affected_rows;
}

static const char *value_at(const struct db_result *result, unsigned row, unsigned column)
{
	REQUIRE(result->destroyed_count == 0);
	REQUIRE(row < result->row_count && column < result->column_count);
	return result->values[row * result->column_count + column];
}

bool db_is_null(const struct db_result *result, unsigned row, unsigned column)
{
	return value_at(result, row, column) == NULL;
}

struct text db_value(const struct db_result *result, unsigned row, unsigned column)
{
	const char *value = value_at(result, row, column);

	return value == NULL ? TEXT("") : text_of(value);
}

void db_result_destroy(struct db_result *result)
{
	REQUIRE(result->destroyed_count == 0);
	result->destroyed_count++;
}
