-- name: wait :one
-- route: GET /wait/{ms}
-- summary: One row after a wait of 0 to 60000 milliseconds in PostgreSQL, to show which requests wait for which.
-- timeout: 61000ms
-- isolated
SELECT :ms AS ms FROM pg_sleep(:ms::wait_ms / 1000.0);

-- name: three_waits
-- route: GET /three-waits/{ms}
-- summary: Three waits in PostgreSQL, at once where nothing blocks, to show what gathering is worth.
-- timeout: 61000ms
-- gather: first :one
-- isolated
SELECT :ms AS ms FROM pg_sleep(:ms::wait_ms / 1000.0);
-- gather: second :one
-- isolated
SELECT :ms AS ms FROM pg_sleep(:ms::wait_ms / 1000.0);
-- gather: third :one
-- isolated
SELECT :ms AS ms FROM pg_sleep(:ms::wait_ms / 1000.0);
