-- name: add_note :one
-- route: POST /notes
-- status: 201
-- summary: Adds a note on a country.
-- param: tags = null  at most 20 words; none when absent
-- param: extra = null  any JSON, kept as it is; {} when absent
INSERT INTO note (country, body, tags, extra)
VALUES (upper(:country), :body, coalesce(:tags::text[], '{}'), coalesce(:extra::jsonb, '{}'))
RETURNING id, country, body, tags, extra, created_at, updated_at;

-- name: note_by_id :one
-- route: GET /notes/{id}
-- summary: One note.
SELECT id, country, body, tags, extra, created_at, updated_at
FROM note
WHERE id = :id;

-- name: notes_live :many
-- route: GET /notes/live
-- summary: The last notes, then what happens to any of them, as it happens.
-- events: notes
-- param: limit = 20  how many of the last notes
SELECT id, country, body, tags, extra, created_at, updated_at
FROM note
ORDER BY id DESC
LIMIT :limit;

-- name: list_notes :many
-- route: GET /notes
-- summary: Notes in the order they were added, a page at a time.
-- param: country = null  only notes on the country of this code
-- param: tag = null  only notes with this tag
-- param: after = 0  only notes after this id: the last id of the page before
-- param: limit = 20  how many at most
-- param: offset = 0  how many to skip first
SELECT id, country, body, tags, extra, created_at, updated_at
FROM note
WHERE id > :after
	AND (:country::text IS NULL OR country = upper(:country))
	AND (:tag::text IS NULL OR :tag = ANY (tags))
ORDER BY id
LIMIT :limit OFFSET :offset;

-- name: replace_note :one
-- route: PUT /notes/{id}
-- summary: Replaces a note: what is absent becomes empty.
-- param: tags = null  at most 20 words; none when absent
-- param: extra = null  any JSON, kept as it is; {} when absent
UPDATE note
SET country = upper(:country), body = :body, tags = coalesce(:tags::text[], '{}'),
	extra = coalesce(:extra::jsonb, '{}'), updated_at = now()
WHERE id = :id
RETURNING id, country, body, tags, extra, created_at, updated_at;

-- name: change_note :one
-- route: PATCH /notes/{id}
-- summary: Changes a note: what is absent or null stays as it is.
-- param: country = null  the code of a country
-- param: body = null  the text, 1 to 2000 characters
-- param: tags = null  at most 20 words
-- param: extra = null  any JSON
UPDATE note
SET country = coalesce(upper(:country::text), country), body = coalesce(:body::text, body),
	tags = coalesce(:tags::text[], tags), extra = coalesce(:extra::jsonb, extra), updated_at = now()
WHERE id = :id
RETURNING id, country, body, tags, extra, created_at, updated_at;

-- name: delete_note :exec
-- route: DELETE /notes/{id}
-- summary: Deletes a note.
DELETE FROM note WHERE id = :id;
