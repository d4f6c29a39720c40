#include "db/pipeline_parts.h"

#include "base/clock.h"

/* What it will keep its connection busy with; quick ones travel the way at the same time. */
static uint64_t work_of(struct db_pipeline *pipeline, const struct db_batch *batch)
{
	uint64_t expected_ns = pipeline_share_of(pipeline, batch);

	if (batch->travels_alone)
		return expected_ns;
	return expected_ns > pipeline->distance_ns ? expected_ns - pipeline->distance_ns : 0;
}

void pipeline_let_in(struct db_pipeline *pipeline, struct queue *queue, struct db_batch *batch, uint64_t now_ns)
{
	batch->waits_ns = work_of(pipeline, batch);
	batch->congestion = &queue->congestion;
	congestion_enter(batch->congestion, batch->waits_ns, now_ns);
	deadlines_put(&pipeline->deadlines, &batch->waits_until, batch->deadline_ns);
}

/* Connections that serve the queue, those that may still be opened included. */
static unsigned servers_of(const struct db_pipeline *pipeline, const struct lane *lane, const struct queue *queue)
{
	const struct lane *other = pipeline_other_lane(pipeline, lane);
	unsigned others = other->link_count > 0 ? other->link_count : 1, most = lane->link_count;

	if (pipeline->failures == 0)
		most = pipeline->settings.connections - others;
	if (queue == &lane->alone)
		return most > 1 ? most - 1 : 1;
	if (most > pipeline_shared(pipeline, lane))
		most = pipeline_shared(pipeline, lane);
	return most > 0 ? most : 1;
}

static void refuse(struct db_pipeline *pipeline, const struct lane *lane, const struct queue *queue,
		   struct db_batch *batch, enum refusal refusal)
{
	pipeline_leave_lane(pipeline, batch);
	batch->retry_s = congestion_retry_s(congestion_wait_ns(&queue->congestion, servers_of(pipeline, lane, queue)));
	pipeline_fail_later(pipeline, batch, ERROR_BUSY, refusal_words(refusal));
}

/* What has just come is tried, whatever is expected of it. */
bool pipeline_refuse_late(struct db_pipeline *pipeline, struct lane *lane, struct db_batch *batch, uint64_t now_ns)
{
	if (batch->congestion == NULL ||
	    !congestion_is_hopeless(batch->congestion, batch->deadline_ns, pipeline_share_of(pipeline, batch), now_ns))
		return false;
	refuse(pipeline, lane, pipeline_queue_of(lane, batch), batch, REFUSAL_TIME);
	return true;
}

/* Those that have just come are the last, and not let in yet. */
static struct list *first_new(struct queue *queue)
{
	struct list *item = &queue->batches;

	while (item->previous != &queue->batches &&
	       CONTAINER_OF(item->previous, struct db_batch, link)->congestion == NULL)
		item = item->previous;
	return item;
}

/* `queue_limit` is of all queues together. */
static unsigned limit_of(const struct db_pipeline *pipeline, const struct queue *queue)
{
	unsigned limit = pipeline->settings.queue_limit, others = 0;

	for (unsigned i = 0; i < ARRAY_LENGTH(pipeline->lanes); i++)
		others += pipeline->lanes[i].quick.congestion.count + pipeline->lanes[i].alone.congestion.count;
	others -= queue->congestion.count;
	return limit > others ? limit - others : 0;
}

/* As server/run/line.c's: an endpoint with more time of its own may keep a longer queue. */
static uint64_t usual_ns(const struct db_pipeline *pipeline, const struct db_batch *batch)
{
	unsigned usual_ms = pipeline->settings.db->statement_timeout_ms;
	unsigned own_ms = batch->queries[0].statement->timeout_ms;

	return (own_ms > usual_ms ? own_ms : usual_ms) * NS_PER_MS;
}

static void admit(struct db_pipeline *pipeline, const struct lane *lane, struct queue *queue, uint64_t now_ns)
{
	for (struct list *item = first_new(queue), *next = item->next; item != &queue->batches;
	     item = next, next = item->next) {
		struct db_batch *batch = CONTAINER_OF(item, struct db_batch, link);
		enum refusal refusal = congestion_judge(&queue->congestion,
							&(struct congestion_guest){
							    .deadline_ns = batch->deadline_ns,
							    .expected_ns = pipeline_share_of(pipeline, batch),
							    .usual_ns = usual_ns(pipeline, batch),
							    .limit = limit_of(pipeline, queue),
							    .servers = servers_of(pipeline, lane, queue),
							},
							now_ns);

		if (refusal == REFUSAL_NONE)
			pipeline_let_in(pipeline, queue, batch, now_ns);
		else
			refuse(pipeline, lane, queue, batch, refusal);
	}
}

void pipeline_admit(struct db_pipeline *pipeline, struct lane *lane, uint64_t now_ns)
{
	admit(pipeline, lane, &lane->quick, now_ns);
	admit(pipeline, lane, &lane->alone, now_ns);
}
