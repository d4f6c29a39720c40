-- Jobs that have failed too often, until they are sent again or purged.
CREATE TABLE meantime_queue.dead_letter (
	id bigint PRIMARY KEY,
	queue integer NOT NULL,
	shard smallint NOT NULL,
	priority smallint NOT NULL,
	attempt smallint NOT NULL,
	max_attempts smallint NOT NULL,
	enqueued_at timestamptz NOT NULL,
	group_key text,
	payload text NOT NULL,
	died_at timestamptz NOT NULL,
	reason text
);
CREATE INDEX dead_letter_by_queue ON meantime_queue.dead_letter (queue, id);
