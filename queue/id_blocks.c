#include "queue/id_blocks.h"

#include "base/require.h"

#include <stdlib.h>
#include <string.h>

void id_blocks_add(struct id_blocks *ids, const struct db_result *rows)
{
	for (unsigned i = 0; i < db_row_count(rows) && ids->count < ID_BLOCKS_MAX; i++) {
		int64_t first = strtoll(db_value(rows, i, 0).at, NULL, 10);

		ids->blocks[ids->count++] = (struct id_block){first, first + ID_BLOCK_IDS};
	}
}

unsigned id_blocks_left(const struct id_blocks *ids)
{
	unsigned left = 0;

	for (unsigned i = 0; i < ids->count; i++)
		left += (unsigned)(ids->blocks[i].end - ids->blocks[i].next);
	return left;
}

int64_t id_blocks_next(struct id_blocks *ids)
{
	struct id_block *first = ids->blocks;
	int64_t id;

	REQUIRE(ids->count > 0);
	id = first->next++;
	if (first->next == first->end)
		memmove(first, first + 1, --ids->count * sizeof(*first));
	return id;
}
