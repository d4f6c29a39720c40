/* queue_answers.h - what the queues answer, as JSON.
 *
 * Owner:   the arena.
 * Thread:  any.
 */
#pragma once

#include "queue/values/order.h"

/* {"ids":[1,2]} */
struct text queue_answer_ids(struct arena *arena, const struct queue_order *order);
/* [{"id", "token", "payload", "attempt", "max_attempts", "priority", "group", "enqueued_at", "redelivered"}] */
struct text queue_answer_jobs(struct arena *arena, const struct queue_order *order);
/* {"jobs":[as above],"done":[ids],"stale":[ids],"missing":[ids]}, of a claim that acks */
struct text queue_answer_round(struct arena *arena, const struct queue_order *order);
/* {"done":[ids],"stale":[ids],"missing":[ids]} */
struct text queue_answer_verdicts(struct arena *arena, const struct queue_order *order);
/* [{"id", "payload", "attempt", "max_attempts", "priority", "group", "enqueued_at", "died_at", "reason"}] */
struct text queue_answer_dead(struct arena *arena, const struct queue_order *order);
/* {"done": how many, "left": how many} */
struct text queue_answer_settled(struct arena *arena, const struct queue_order *order);
/* {"queue", "depth", "ready", "delayed", "in_flight", "parked", "dead", "oldest_age_ms", "paused", "limits"} */
struct text queue_answer_figures(struct arena *arena, const struct queue_order *order);
