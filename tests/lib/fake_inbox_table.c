#include "lib/fake_inbox_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/require.h"
#include "lib/fake_queue_tables.h"
#include "lib/fake_rows.h"

struct inbox_row {
	int64_t place, id;
	const char *queue;
};

static struct inbox_row inbox[FAKE_ROWS_MAX];
static unsigned count;

void fake_inbox_reset(void)
{
	count = 0;
}

void fake_inbox_add(int64_t place, int64_t id, const char *queue)
{
	REQUIRE(count < FAKE_ROWS_MAX && (count == 0 || place > inbox[count - 1].place));
	inbox[count++] = (struct inbox_row){place, id, queue};
}

const unsigned *fake_inbox_count(void)
{
	return &count;
}

bool fake_inbox_take(int64_t place, int64_t *id)
{
	for (unsigned i = 0; i < count; i++) {
		if (inbox[i].place != place)
			continue;
		*id = inbox[i].id;
		memmove(&inbox[i], &inbox[i + 1], (--count - i) * sizeof(*inbox));
		return true;
	}
	return false;
}

struct db_result *fake_inbox_read(const char *const *values)
{
	int64_t after = strtoll(values[0], NULL, 10);
	unsigned most = (unsigned)strtoul(values[2], NULL, 10), rows = 0;
	struct db_result *result = fake_rows(most, 9, 0);

	for (unsigned i = 0; i < count && rows < most; i++) {
		if (inbox[i].place <= after)
			continue;
		fake_rows_set(result, rows, 0, fake_rows_number(inbox[i].place));
		fake_rows_set(result, rows, 1, fake_rows_number(inbox[i].id));
		fake_rows_set(result, rows, 2, inbox[i].queue);
		fake_rows_set(result, rows, 3, "0");
		fake_rows_set(result, rows, 4, "2");
		fake_rows_set(result, rows, 5, "1");
		fake_rows_set(result, rows++, 8, "7");
	}
	result->row_count = rows;
	return result;
}
