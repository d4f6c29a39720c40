-- What is set for a queue, over HTTP. NULL: there is no bound.
ALTER TABLE meantime_queue.queue
	ADD COLUMN is_paused boolean NOT NULL DEFAULT false,
	ADD COLUMN length_max integer,
	ADD COLUMN group_concurrency integer,
	ADD COLUMN rate_count integer,
	ADD COLUMN rate_period_s integer;
