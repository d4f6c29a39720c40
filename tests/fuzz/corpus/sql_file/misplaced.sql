SELECT 1;
-- summary: early
-- name:
-- name: x :many
-- name
