/* link_fixture.h - a link and its batches.
 *
 * What a link notes of the batches on it, and what becomes of them.
 */
#pragma once

#include "pipeline_fixture.h"

static inline void hold_on(int i, const struct db_statement *statement, unsigned left_ms)
{
	link_of(0)->conn.prepared[statement->index].seen = 0;
	submit_until(i, statement, left_ms);
	turn();
	assert_null(batches[i].slot);
}
