-- Jobs that came through a service that does not own the queues. The owner makes jobs of them, by their places.
CREATE TABLE meantime_queue.inbox (
	place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id bigint NOT NULL,
	queue integer NOT NULL,
	priority smallint NOT NULL,
	max_attempts smallint NOT NULL,
	not_before timestamptz,
	enqueued_at timestamptz NOT NULL,
	group_key text,
	payload text NOT NULL
) WITH (
	autovacuum_vacuum_scale_factor = 0,
	autovacuum_vacuum_threshold = 20000,
	autovacuum_vacuum_cost_delay = 0,
	toast.autovacuum_vacuum_scale_factor = 0,
	toast.autovacuum_vacuum_threshold = 20000,
	toast.autovacuum_vacuum_cost_delay = 0
);
