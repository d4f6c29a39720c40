-- name: a :one
-- route: GET /a
SELECT 'open
-- name: b :one
-- route: GET /b
SELECT $t$ open $$
-- name: c :one
-- route: GET /c
SELECT "open
-- name: d :one
-- route: GET /d
SELECT /* /* */
