-- A first endpoint, good for every database: curl localhost:8080/database
-- /usr/share/meantime/endpoints has more to read; man meantime-endpoints explains them.

-- name: database :one
-- route: GET /database
-- summary: Which database answers.
SELECT current_database() AS name, version() AS version;
