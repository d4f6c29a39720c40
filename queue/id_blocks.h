/* id_blocks.h - numbers of jobs to come, in blocks from the sequence meantime_queue.job_id.
 *
 * Owner:   the caller's memory; all zero is empty.
 * Thread:  one at a time.
 * Limits:  ID_BLOCKS_MAX blocks; what comes beyond them is not used.
 */
#pragma once

#include <stdint.h>

#include "db/values/result.h"

enum {
	ID_BLOCK_IDS = 1000, /* the increment of the sequence */
	ID_BLOCKS_MAX = 4,
};

struct id_block {
	int64_t next, end;
};

struct id_blocks {
	struct id_block blocks[ID_BLOCKS_MAX];
	unsigned count;
};

/* Rows of nextval(). */
void id_blocks_add(struct id_blocks *ids, const struct db_result *rows);
unsigned id_blocks_left(const struct id_blocks *ids);
/* There has to be one. Each is larger than the one before. */
int64_t id_blocks_next(struct id_blocks *ids);
