-- name: fail_read :one
-- route: GET /fail/{state}
SELECT fail_with(:state, 'failed on purpose') AS nothing;

-- name: fail_write :one
-- route: POST /fail/{state}
SELECT fail_with(:state, 'failed on purpose') AS nothing;

-- name: fail_isolated :one
-- route: GET /fail-alone/{state}
-- isolated
SELECT fail_with(:state, 'failed on purpose') AS nothing;

-- name: divide :one
-- route: GET /divide
SELECT :a::integer / :b::integer AS quotient;

-- name: write_by_get :one
-- route: GET /write-by-get/{name}
SELECT write_in_secret(:name) AS id;

-- name: secret_get :many
-- route: GET /secret
SELECT id FROM read_secret();

-- name: cast_fails :one
-- route: GET /cast/{text}
SELECT (:text::text)::integer AS number;

-- name: slow :one
-- route: GET /slow/{ms}
SELECT :ms::integer AS ms FROM pg_sleep(:ms::integer / 1000.0);

-- name: slow_write :one
-- route: POST /slow
-- status: 201
INSERT INTO item (name) SELECT :name FROM pg_sleep(:ms::integer / 1000.0) RETURNING id, name;

-- name: slow_limited :one
-- route: GET /slow-limited/{ms}
-- timeout: 200ms
SELECT :ms::integer AS ms FROM pg_sleep(:ms::integer / 1000.0);

-- name: slow_allowed :one
-- route: GET /slow-allowed/{ms}
-- timeout: 20s
SELECT :ms::integer AS ms FROM pg_sleep(:ms::integer / 1000.0);

-- name: backend :one
-- route: GET /backend
SELECT pg_backend_pid() AS pid;

-- name: end_itself :one
-- route: GET /end-itself
SELECT pg_terminate_backend(pg_backend_pid()) AS ended;

-- name: stream_end_itself :many
-- route: GET /stream-end-itself
-- stream
SELECT pg_terminate_backend(pg_backend_pid()) AS ended;
