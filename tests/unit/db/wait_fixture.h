/* wait_fixture.h - batches that are waited for. */
#pragma once

#include "conn_fixture.h"

#include "db/rerun.h"

/* As often as a write of one row where sixteen serializable clients do the same. */
enum { RERUNS_NEEDED = 20 };

static inline void run(int i, const struct db_statement *statement)
{
	fake_pq.answers_everything = true;
	db_batch_add(&batches[i], statement, values[i]);
	batches[i].deadline_ns = clock_now_ns() + 5 * NS_PER_S;
	db_wait_run(&wait, &batches[i]);
}
