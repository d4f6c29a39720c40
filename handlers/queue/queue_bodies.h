/* queue_bodies.h - jobs, and what is said of them, as bodies have them.
 *
 * Owner:   the arena.
 * Thread:  any.
 * Limits:  as in queue/values/job.h.
 * Errors:  a sentence for the client, or NULL.
 */
#pragma once

#include "handlers/queue/fields.h"
#include "queue/values/order.h"

/* {"payload", "delay", "priority", "max_attempts", "group"}, an array of these, or a line each: struct order_draft. */
const char *queue_bodies_read_jobs(struct text body, bool is_lines, unsigned max_depth, struct arena *arena,
				   struct fields_read *drafts);
/* {"token"}, of a nack {"token", "delay", "reason"}, of an extension {"token", "lease"}: struct order_receipt. With `id`,
 * where the path has none. */
const char *queue_bodies_read_receipts(struct text body, enum order_errand errand, bool has_id, unsigned max_depth,
				       struct arena *arena, struct fields_read *receipts);
/* {"length", "rate", "group_concurrency"}: what is left out, or null, is no bound. */
const char *queue_bodies_read_limits(struct text body, unsigned max_depth, struct arena *arena,
				     struct queue_settings *limits);
/* {"ack": [{"id", "token"}]}, of a claim: struct order_receipt, and there may be none. */
const char *queue_bodies_read_claim(struct text body, unsigned max_depth, struct arena *arena,
				    struct fields_read *receipts);
