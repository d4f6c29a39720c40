-- name: body_json :one
-- route: POST /bodies/json
-- body: json
SELECT :body::jsonb AS body, jsonb_typeof(:body) AS type;

-- name: body_rows :many
-- route: POST /bodies/rows
-- body: rows
SELECT * FROM json_to_recordset(:body) AS rows (a integer, b text, c boolean);

-- name: body_array :one
-- route: PUT /bodies/rows/{tag}
-- body: rows
-- param: note = 'none'
SELECT :body::json AS body, :tag::text AS tag, :note::text AS note;

-- name: body_bytes :one
-- route: POST /bodies/bytes
-- body: raw
SELECT length(:body::bytea) AS length, md5(:body) AS md5;

-- name: body_text :one
-- route: POST /bodies/text
-- body: raw
-- param: kind = header Content-Type
SELECT :body::text AS text, :kind::text AS kind;

-- name: body_optional :one
-- route: PATCH /bodies/optional
-- body: raw
-- param: body = null
SELECT :body::bytea AS body;

-- name: body_kept :exec
-- route: POST /bodies/kept
-- body: rows
INSERT INTO item (name, amount) SELECT name, amount FROM json_to_recordset(:body) AS rows (name text, amount numeric);
