-- name: session_get :one
-- route: GET /session
-- summary: What the session is like that serves reads.
SELECT current_setting('transaction_' || 'read_only') AS read_only, current_setting('TimeZone') AS time_zone,
       current_setting('DateStyle') AS date_style, current_setting('IntervalStyle') AS interval_style,
       current_setting('client_encoding') AS encoding;

-- name: session_post :one
-- route: POST /session
SELECT current_setting('transaction_' || 'read_only') AS read_only;

-- name: session_unlock :one
-- route: GET /session/unlock
-- summary: Tries to make its session writable for those that come after it, past the check of the text.
SELECT set_config('default_transaction' || '_read_only', 'off', false) AS setting;
