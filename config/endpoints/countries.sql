-- name: country_by_code :one
-- route: GET /countries/{code}
-- summary: One country by its ISO 3166-1 alpha-2 code, in upper or lower case.
SELECT alpha_2 AS code, alpha_3, numeric, name, official_name, common_name, flag
FROM country
WHERE alpha_2 = upper(:code);

-- name: list_countries :many
-- route: GET /countries
-- summary: Countries in the order of their codes.
-- param: q = null  only countries whose name, official name or common name contains this text, in upper or lower case
-- param: limit = 50  how many at most
-- param: offset = 0  how many to skip first
SELECT alpha_2 AS code, alpha_3, numeric, name, official_name, common_name, flag
FROM country
WHERE :q::text IS NULL OR strpos(lower(concat_ws(chr(10), name, official_name, common_name)), lower(:q)) > 0
ORDER BY alpha_2
LIMIT :limit OFFSET :offset;

-- name: country_page
-- route: GET /countries/{code}/page
-- summary: A country with its subdivisions and the last ten notes on it: three reads at once.
-- gather: country :one
SELECT alpha_2 AS code, alpha_3, numeric, name, official_name, common_name, flag
FROM country
WHERE alpha_2 = upper(:code);
-- gather: subdivisions :many
SELECT code, name, type, parent
FROM subdivision
WHERE country = upper(:code)
ORDER BY code;
-- gather: notes :many
-- max-rows: 10
-- optional
SELECT id, body, tags, created_at
FROM note
WHERE country = upper(:code)
ORDER BY id DESC
LIMIT 10;
