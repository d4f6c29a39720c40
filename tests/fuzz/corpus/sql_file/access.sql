-- name: a :one
-- route: GET /a/{id}
-- roles: editor, "quoted, name", admin
-- settings: claims, headers, method, path
-- param: id
-- param: owner = claim "https://example.com/a b".sub  whose it is
-- param: tenant = header X-Tenant
-- param: session = cookie session
-- param: client = address
-- param: kind = 'claim'
SELECT :id::int AS id, :owner::text AS owner, :tenant::text, :session::text, :client::inet, :kind::text;

-- name: b :many
-- route: GET /b
-- public
-- settings: method
-- rate: 9/hour by claim app.tenant
SELECT 1 AS one;

-- name: c :exec
-- route: POST /c
-- public: true
-- param: sub = claim app.sub
DELETE FROM c WHERE sub = :sub;
