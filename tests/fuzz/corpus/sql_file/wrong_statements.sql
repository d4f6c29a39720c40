-- name: a :one
-- route: GET /a
SELECT 1; SELECT 2;
-- name: a :one
-- route: GET /a
BEGIN;
-- name: a
SELECT $1;;
