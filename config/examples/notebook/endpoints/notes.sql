-- Which rows an identity reads and changes, the policies of schema.sql say. Each endpoint tells PostgreSQL the claims.

-- name: about :one
-- route: GET /about
-- public
-- summary: What this service is, for any client.
SELECT 'notebook' AS name, 'notes that only their owner changes' AS purpose;

-- name: list_notes :many
-- route: GET /notes
-- settings: claims
-- summary: What is shared, and what is one's own; for an editor, all.
-- param: before = null  Only notes with a lower id, for the next page.
-- max-rows: 100
SELECT id, owner, is_shared, body, created_at FROM notebook.note WHERE id < :before OR :before IS NULL ORDER BY id DESC;

-- name: read_note :one
-- route: GET /notes/{id}
-- settings: claims
-- summary: One note.
SELECT id, owner, is_shared, body, created_at FROM notebook.note WHERE id = :id;

-- name: add_note :one
-- route: POST /notes
-- settings: claims
-- status: 201
-- summary: Adds a note, whose owner is the name in the token.
-- param: owner = claim sub
-- param: is_shared = false  Whether every identity reads it.
INSERT INTO notebook.note (owner, is_shared, body) VALUES (:owner, :is_shared, :body) RETURNING id, owner, is_shared, body;

-- name: change_note :one
-- route: PUT /notes/{id}
-- settings: claims
-- summary: Changes one's own note.
-- param: is_shared = false
UPDATE notebook.note SET is_shared = :is_shared, body = :body WHERE id = :id RETURNING id, owner, is_shared, body;

-- name: remove_note :exec
-- route: DELETE /notes/{id}
-- settings: claims
-- summary: Removes one's own note; an editor removes any.
DELETE FROM notebook.note WHERE id = :id;

-- name: count_notes :many
-- route: GET /owners
-- settings: claims
-- roles: notebook_editor
-- summary: How many notes each owner has, for editors.
SELECT owner, count(*) AS notes FROM notebook.note GROUP BY owner ORDER BY owner;
