-- name: given_patch :one
-- route: PATCH /given/{id}
UPDATE item SET name = CASE WHEN :name? THEN :name ELSE name END,
                amount = CASE WHEN :amount? THEN :amount ELSE amount END
WHERE id = :id RETURNING id, name, amount;

-- name: given_query :one
-- route: GET /given
-- param: b = 'default'
SELECT :a? AS has_a, :a::text AS a, (:b?) AS has_b, :b::text AS b, :c? AS has_c, :c::integer[] AS c;

-- name: given_operator :one
-- route: POST /given/operator
SELECT :doc::jsonb AS doc, :doc?'a' AS has_a, :doc?|ARRAY['a', 'b'] AS has_any, :doc ? 'b' AS has_b;

-- name: given_body :one
-- route: POST /given/body
-- body: raw
SELECT :body? AS has_body, :body::text AS body;
