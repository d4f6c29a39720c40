-- name: s :many
-- route: GET /s
-- stream: true
VALUES (1), (2)