-- name: page
-- route: GET /page/{id}
-- timeout: 2s
-- errors: BK001 = 402
-- param: up_to = 3  how many
-- gather: first :one
-- optional
SELECT :id, ':no' AS text;
-- Between them.
;
-- gather: more :many
-- max-rows: 5
-- isolated
SELECT :up_to, :id, :up_to
-- gather: last :many
SELECT 1;

-- name: wrong :one
-- route: GET /wrong
-- gather: a
-- gather: a :one
-- status: 201
SELECT 1;
 -- gather: b :one
SELECT 2;

-- name: plain :one
-- route: GET /plain
SELECT :x;

-- name: order
-- route: POST /order/{id}
-- step: take :one
UPDATE stock SET n = n - 1 WHERE id = :id RETURNING id;
-- step: sale :exec
INSERT INTO sale VALUES (:id, :buyer);
-- step: left :many
-- max-rows: 3
SELECT n FROM stock WHERE id = :id
