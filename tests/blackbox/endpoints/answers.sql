-- name: answer_image :one
-- route: GET /answers/image/{size}
-- content-type: image/png
SELECT decode(repeat('89504e470d0a1a0a00ff', nullif(:size::integer, 9)), 'hex') AS picture
WHERE :size::integer < 1000000;

-- name: answer_page :one
-- route: GET /answers/page
-- content-type: text/html; charset=utf-8
SELECT E'<h1>"größer"</h1>\n' AS html;

-- name: answer_typed :one
-- route: GET /answers/typed
-- content-type: column "media type"
-- header: Content-Disposition = column disposition
-- param: type = null
-- param: disposition = null
SELECT :type::text AS "media type", 'a,b' AS text, :disposition::text AS disposition;

-- name: answer_empty :one
-- route: GET /answers/empty
-- content-type: text/plain
SELECT '' AS text;

-- name: answer_headers :one
-- route: GET /answers/headers
-- header: X-Text = column text
-- header: cache-control = column cache
-- header: last-modified = column at
-- status: column status
-- param: status = null
-- param: cache = null
SELECT 1 AS one, :text::text AS text, '2026-11-22 10:00:00+00'::timestamptz AS at, :status::integer AS status,
       2 AS two, :cache::text AS cache;

-- name: answer_location :one
-- route: POST /answers/items
-- status: 201
-- header: location = column location
INSERT INTO item (name) VALUES (:name) RETURNING :name::text || :suffix::text AS location, name;

-- name: answer_elsewhere :one
-- route: POST /answers/elsewhere
-- status: 303
-- header: location = column url
SELECT '/items' AS url;
