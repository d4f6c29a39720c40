#include "db/pipeline_parts.h"

#include "base/clock.h"
#include "db/rerun.h"

bool pipeline_rest(struct db_pipeline *pipeline, struct db_batch *batch)
{
	uint64_t now_ns = clock_now_ns(), rest_ns = rerun_rest_ns(batch, now_ns);

	if (rest_ns == 0)
		return false;
	db_batch_rewind(batch);
	batch->was_run_again = true;
	batch->rests_until_ns = now_ns + rest_ns;
	list_append(&pipeline->resting, &batch->link);
	pipeline->waiting++;
	pipeline->numbers.run_again++;
	return true;
}

void pipeline_wake_rested(struct db_pipeline *pipeline, uint64_t now_ns)
{
	LIST_EACH (item, &pipeline->resting) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, link);

		if (now_ns < batch->rests_until_ns)
			continue;
		pipeline_leave_lane(pipeline, batch);
		pipeline_wait(pipeline, batch, true);
	}
}
