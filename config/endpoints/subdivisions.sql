-- name: subdivisions_of_country :many
-- route: GET /countries/{code}/subdivisions
-- summary: The ISO 3166-2 subdivisions of a country; none for a code that is no country's.
SELECT code, name, type, parent
FROM subdivision
WHERE country = upper(:code)
ORDER BY code;

-- name: subdivision_by_code :one
-- route: GET /subdivisions/{code}
-- summary: One subdivision by its ISO 3166-2 code, such as DE-BE.
SELECT subdivision.code, subdivision.country, country.name AS country_name, subdivision.name, subdivision.type,
	subdivision.parent
FROM subdivision
JOIN country ON country.alpha_2 = subdivision.country
WHERE subdivision.code = upper(:code);

-- name: all_subdivisions :many
-- route: GET /subdivisions
-- summary: All subdivisions of all countries, streamed.
-- stream
SELECT code, country, name, type, parent
FROM subdivision
ORDER BY code;
