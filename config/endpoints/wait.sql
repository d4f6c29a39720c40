-- name: wait :one
-- route: GET /wait/{ms}
-- summary: One row after a wait of 0 to 60000 milliseconds in PostgreSQL, to show which requests wait for which.
-- timeout: 61000ms
-- isolated
SELECT :ms AS ms FROM pg_sleep(:ms::wait_ms / 1000.0);
