-- name: a :one
-- route: GET /a
SELECT 'Ã'
