-- name: session_get :one
-- route: GET /session
-- summary: What the session is like that serves reads.
SELECT current_setting('transaction_' || 'read_only') AS read_only, current_setting('TimeZone') AS time_zone,
       current_setting('DateStyle') AS date_style, current_setting('IntervalStyle') AS interval_style,
       current_setting('client_encoding') AS encoding;

-- name: session_post :one
-- route: POST /session
SELECT current_setting('transaction_' || 'read_only') AS read_only;

-- name: session_set :one
-- route: GET /session/set/{setting}
-- summary: Changes its session for those that come after it, past the check of the text.
SELECT set_config(:setting, :value, false) AS setting;

-- name: session_set_by_post :one
-- route: POST /session/set/{setting}
SELECT set_config(:setting, :value, false) AS setting;

-- name: session_forget :one
-- route: GET /session/forget
-- summary: Takes the session's prepared statements away.
SELECT forget_statements() AS nothing;

-- name: session_missing :one
-- route: GET /session/missing
SELECT run_what_is_missing() AS nothing;

-- name: session_stream :many
-- route: GET /session/stream/{count}
-- stream
SELECT set_config('TimeZone', 'Europe/Berlin', true) AS zone, n FROM generate_series(1, :count::integer) AS n;

-- name: session_date :one
-- route: GET /session/date
SELECT date '2026-12-31' AS date;

-- name: session_date_by_post :one
-- route: POST /session/date
SELECT date '2026-12-31' AS date;
