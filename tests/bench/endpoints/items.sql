-- What scripts/bench loads: on pgbench's own table, so that pgbench and the peers do the same work.

-- name: item :one
-- route: GET /items/{id}
-- summary: One row by its key.
SELECT aid AS id, abalance AS balance FROM pgbench_accounts WHERE aid = :id;

-- name: items :many
-- route: GET /items
-- summary: Twenty rows by a range of keys.
SELECT aid AS id, bid, abalance AS balance, filler FROM pgbench_accounts WHERE aid >= :from ORDER BY aid LIMIT 20;

-- name: add_entry :one
-- route: POST /entries
-- summary: One insert.
-- status: 201
INSERT INTO bench_entry (body) VALUES (:body) RETURNING id;

-- name: nap :one
-- route: GET /wait/{ms}
-- summary: One row, after so many milliseconds.
SELECT :ms::integer AS ms FROM pg_sleep(:ms::double precision / 1000);
