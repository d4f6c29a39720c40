-- name: a :one
-- route: GET /a/{id}
-- roles: editor, editor
-- public
-- settings: claims, claims
-- param: id = claim sub
SELECT :id;

-- name: b :one
-- route: GET /b
-- roles: none
-- settings: cookies,
-- param: a = header Authorization
-- param: b = cookie a;b
-- param: c = claim a..b
-- param: d = address here
-- param: e = header
SELECT :a, :b, :c, :d, :e;

-- name: c :one
-- route: GET /c
-- roles:
-- public: no
-- settings:
-- work: delay
SELECT 1;
