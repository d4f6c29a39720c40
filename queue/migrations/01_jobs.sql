-- The log of the queue: a row is inserted once and deleted once. What becomes of it meanwhile is the service's to know.

-- What was made, by `meantime migrate`.
CREATE TABLE meantime_queue.version (
	number integer PRIMARY KEY,
	name text NOT NULL,
	made_at timestamptz NOT NULL DEFAULT now()
);

-- One service owns a shard. Each owner has a higher epoch than the one before, and a write of an older epoch writes nothing.
-- An owner says so again and again; one that has not for some seconds is replaced.
CREATE TABLE meantime_queue.owner (
	shard smallint PRIMARY KEY,
	epoch bigint NOT NULL,
	node text NOT NULL,
	seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);
INSERT INTO meantime_queue.owner VALUES (0, 0, '', '-infinity');

-- Names of queues as numbers, since each job has one.
CREATE TABLE meantime_queue.queue (
	id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL UNIQUE
);

-- Numbers of jobs are given out in blocks: nextval() is the first of 1000.
CREATE SEQUENCE meantime_queue.job_id AS bigint INCREMENT BY 1000;

-- No index but the key, and no state: nothing looks for the next job here. A failed attempt updates its row in place, for
-- which pages have some room. Dead rows grow in number with the jobs and not with the table, so vacuum counts them.
CREATE TABLE meantime_queue.job (
	id bigint PRIMARY KEY,
	queue integer NOT NULL,
	shard smallint NOT NULL,
	priority smallint NOT NULL,
	attempt smallint NOT NULL,
	max_attempts smallint NOT NULL,
	not_before timestamptz,
	enqueued_at timestamptz NOT NULL,
	group_key text,
	payload text NOT NULL
) WITH (
	fillfactor = 95,
	autovacuum_vacuum_scale_factor = 0,
	autovacuum_vacuum_threshold = 20000,
	autovacuum_vacuum_cost_delay = 0,
	toast.autovacuum_vacuum_scale_factor = 0,
	toast.autovacuum_vacuum_threshold = 20000,
	toast.autovacuum_vacuum_cost_delay = 0
);
