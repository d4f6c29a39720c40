-- Idempotency-Key: what was answered to an enqueue with a key, so that it is answered again. A row is written with its jobs.
CREATE TABLE meantime_queue.enqueue_key (
	queue integer NOT NULL,
	key text NOT NULL,
	body uuid NOT NULL, -- a hash of it
	ids bigint[] NOT NULL,
	expires_at timestamptz NOT NULL,
	PRIMARY KEY (queue, key)
);
CREATE INDEX enqueue_key_by_time ON meantime_queue.enqueue_key (expires_at);
