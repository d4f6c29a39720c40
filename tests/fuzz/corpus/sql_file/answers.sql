-- name: picture :one
-- route: GET /pictures/{id}
-- content-type: column "kind"
-- header: Content-Disposition = column disposition
-- header: Location=column url
-- status: column status
SELECT bytes, kind, disposition, status FROM picture WHERE id = :id;

-- name: wrong :many
-- route: GET /wrong
-- content-type: image
-- header: Content-Length = column x
-- header = column
-- status: 304
SELECT 1;

-- name: columns :one
-- route: GET /columns
-- column: one not null
-- column: "a b" NOT NULL
-- column: "open not null
SELECT 1 AS one;
