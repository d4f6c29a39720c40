-- name: number_get :one
-- route: GET /numbers/{n}
-- summary: The number back, but every tenth fails.
SELECT number_or_failure(:n::bigint) AS n;

-- name: number_other :one
-- route: GET /other-numbers/{n}
SELECT :n::bigint AS n, 10 / (:n::bigint % 10) AS quotient;

-- name: number_add :one
-- route: POST /numbers
-- status: 201
INSERT INTO number (n) VALUES (number_or_failure(:n)) RETURNING n;

-- name: path_text :one
-- route: GET /path/{text}
SELECT :text::text AS text;

-- name: path_two :one
-- route: GET /path/{first}/and/{second}
SELECT :first::text AS first, :second::integer AS second;

-- name: path_literal :one
-- route: GET /path/literal
SELECT 'the literal route' AS text;

-- name: with_defaults :one
-- route: GET /defaults
-- summary: Parameters of every sort of default.
-- param: required  No default, so it must be there.
-- param: count = 20  How many.
-- param: name = 'it''s me'  A name.
-- param: missing = null  May be left out.
SELECT :required::text AS required, :count::integer AS count, :name::text AS name, :missing::text AS missing;

-- name: precedence :one
-- route: POST /precedence/{a}
-- param: b = 'default'
SELECT :a::text AS a, :b::text AS b, :c::text AS c;

-- name: twice :one
-- route: GET /twice
SELECT :value::int AS first, :value::int + 1 AS second, ':value' AS literal, '1'::text AS cast, $$:value$$ AS dollar,
       (ARRAY[1,2,3])[1:2] AS slice /* :comment */ -- :comment
;
