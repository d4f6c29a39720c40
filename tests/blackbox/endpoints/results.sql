-- name: item_get :one
-- route: GET /items/{id}
SELECT id, name, amount, parent FROM item WHERE id = :id;

-- name: item_list :many
-- route: GET /items
-- param: like = '%'
SELECT id, name, amount, parent FROM item WHERE name LIKE :like ORDER BY id;

-- name: item_add :one
-- route: POST /items
-- status: 201
-- param: amount = null
-- param: parent = null
INSERT INTO item (name, amount, parent) VALUES (:name, :amount, :parent) RETURNING id, name, amount, parent;

-- name: item_put :exec
-- route: PUT /items/{id}
UPDATE item SET name = :name WHERE id = :id;

-- name: item_change :one
-- route: PATCH /items/{id}
UPDATE item SET amount = :amount WHERE id = :id RETURNING id, amount;

-- name: item_delete :exec
-- route: DELETE /items/{id}
DELETE FROM item WHERE id = :id;

-- name: item_call :exec
-- route: POST /items/calls
CALL add_item(:name);

-- name: item_accept :exec
-- route: POST /items/accepted
-- status: 202
INSERT INTO item (name) VALUES (:name);

-- name: item_fixed :exec
-- route: POST /items/fixed
-- summary: A violation's message shows the row; without a number of the sequence it is the same each time.
-- param: name = null
-- param: amount = null
INSERT INTO item (id, name, amount) OVERRIDING SYSTEM VALUE VALUES (1000000, :name, :amount);

-- name: none_at_all :many
-- route: GET /none
SELECT 1 AS one WHERE false;

-- name: series :many
-- route: GET /series/{count}
SELECT n FROM generate_series(1, :count::integer) AS n;

-- name: series_short :many
-- route: GET /series-short/{count}
-- max-rows: 5
SELECT n FROM generate_series(1, :count::integer) AS n;

-- name: large :one
-- route: GET /large/{bytes}
SELECT repeat('x', :bytes::integer) AS text;

-- name: large_rows :many
-- route: GET /large-rows/{count}
SELECT n, repeat('x', 1000) AS text FROM generate_series(1, :count::integer) AS n;

-- name: stream_rows :many
-- route: GET /stream/{count}
-- stream
SELECT n, repeat('x', 100) AS text FROM generate_series(1, :count::integer) AS n;

-- name: stream_failing :many
-- route: GET /stream-failing/{at}
-- stream
SELECT 1000000 / (:at::integer - n) AS n, repeat('x', 100) AS text FROM generate_series(1, 1000000) AS n;
