-- name: media_rows :many
-- route: GET /media/rows
-- max-rows: 5
SELECT * FROM (VALUES
    (1, 'plain', NULL, true, '{"a": 1}'::json, ARRAY[1, 2], '\x00ff'::bytea, '2026-11-22 10:00:00+00'::timestamptz),
    (2, 'a "b", c', '', false, E'[\n1,\r\n2]'::json, '{}'::int[], ''::bytea, 'infinity'),
    (3, E'two\nlines', E'\r', NULL, NULL, NULL, NULL, NULL),
    (4, '=1+1', ' ', true, '"x"', ARRAY[NULL, 4], NULL, NULL),
    (5, 'größer', ',', true, '1', NULL, NULL, NULL),
    (6, 'is cut', '', true, '1', NULL, NULL, NULL))
    AS rows (n, "te""xt", "other, one", flag, doc, ints, bytes, at);

-- name: media_none :many
-- route: GET /media/none
SELECT 1 AS one, 'x' AS two WHERE false;

-- name: media_row :one
-- route: GET /media/rows/{n}
SELECT n, CASE WHEN n > 1 THEN repeat('x', n) END AS text FROM generate_series(1, 3) AS n WHERE n = :n::integer;

-- name: media_single :many
-- route: GET /media/single
SELECT text FROM (VALUES ('a'), (NULL), (''), ('b')) AS rows (text);

-- name: media_written :one
-- route: POST /media/written
INSERT INTO item (name) VALUES (:name) RETURNING name;

-- name: media_done :exec
-- route: POST /media/done
SELECT 1;

-- name: media_stream :many
-- route: GET /media/stream/{count}
-- stream
SELECT n, E'a\n"b"' AS text, E'{"x":\n1}'::json AS doc FROM generate_series(1, :count::integer) AS n;
