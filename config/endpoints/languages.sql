-- name: language_by_code :one
-- route: GET /languages/{code}
-- summary: One language by its ISO 639-3 code (deu) or its two-letter ISO 639-1 code (de).
SELECT alpha_3 AS code, alpha_2, name, scope, type
FROM language
WHERE alpha_3 = lower(:code) OR alpha_2 = lower(:code);

-- name: list_languages :many
-- route: GET /languages
-- summary: Languages in the order of their ISO 639-3 codes, a page at a time.
-- param: q = null  only languages whose name contains this text, in upper or lower case
-- param: type = null  only living, extinct, ancient, historical, constructed or special ones
-- param: after = null  only codes after this one: the last code of the page before
-- param: limit = 50  how many at most
SELECT alpha_3 AS code, alpha_2, name, scope, type
FROM language
WHERE (:q::text IS NULL OR strpos(lower(name), lower(:q)) > 0)
	AND (:type::text IS NULL OR type = :type)
	AND (:after::text IS NULL OR alpha_3 > lower(:after))
ORDER BY alpha_3
LIMIT :limit;
