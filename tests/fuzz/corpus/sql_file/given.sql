-- name: change :one
-- route: PATCH /things/{id}
-- param: version = if-match
UPDATE things SET name = CASE WHEN :name? THEN :name ELSE name END, note = CASE WHEN :note? THEN :note ELSE note END
WHERE id = :id AND version = :version RETURNING id, name, note, version;

-- name: thing :one
-- route: GET /things/{id}
-- etag: version
-- last-modified: changed
-- cache-control: no-cache
-- compression: off
SELECT id, name, note, version, changed FROM things WHERE id = :id;

-- name: given_alone :many
-- route: GET /things
SELECT :p?, :p, :q?,:q;
